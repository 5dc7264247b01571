"""The versions of PAS that the payer speaks, one base address each, and where they differ.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/change_log.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version; what is False or short in the older ones came with a later one.

    ``filters`` are the names that its subscriptions may be narrowed by, ``contents`` what its
    notifications may say; ``added_items`` tells whether a modified item comes with a line that
    replaces it, ``items_referenced`` whether an item that is not authorized has its own number,
    ``error_parts`` whether errorElement has parts, ``line_on_request`` whether a
    CommunicationRequest itself names the item. Requests: ``items_in_full`` demands request
    type, certification type and place of each item, ``documented`` documentInformation and
    documents that hold their data, ``coded_types`` a claim type of its list. Updates:
    ``update_relation`` is how they name the prior Claim, which is ``prior_included`` in the
    bundle, and what differs is ``changes_marked``. ``member_on`` is where the member's number is
    looked for.
    """

    name: str
    filters: tuple[str, ...] = ("org-identifier", "orgIdentifier")
    contents: tuple[str, ...] = ("full-resource",)
    pended_outcome: str = "complete"
    added_items: bool = True
    items_referenced: bool = True
    error_parts: bool = True
    line_on_request: bool = True
    items_in_full: bool = True
    documented: bool = True
    coded_types: bool = True
    identifiers: int = 2
    member_on: tuple[str, ...] = ("coverage",)
    update_relation: str = "prior"
    prior_included: bool = True
    changes_marked: bool = True
    inquiry_in_parameters: bool = True

    @property
    def path(self) -> str:
        """Return the path of its base address."""
        return f"/pas/{self.name}"


VERSIONS = (
    Version(
        name="2.0.1",
        filters=("identifier",),
        contents=("id-only", "full-resource"),
        pended_outcome="queued",
        added_items=False,
        items_referenced=False,
        error_parts=False,
        line_on_request=False,
        items_in_full=False,
        documented=False,
        coded_types=False,
        identifiers=1,
        member_on=("coverage", "patient", "subscriber"),
        update_relation="replaces",
        prior_included=False,
        changes_marked=False,
        inquiry_in_parameters=False,
    ),
    Version(
        name="2.1.0",
        error_parts=False,
        line_on_request=False,
        documented=False,
        coded_types=False,
        member_on=("patient",),
        inquiry_in_parameters=False,
    ),
    Version(name="2.2.1"),
)
