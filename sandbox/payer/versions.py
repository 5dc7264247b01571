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
    replaces it, ``refused_numbers`` whether a refused item carries its number itself,
    ``error_parts`` whether errorElement has parts.
    """

    name: str
    filters: tuple[str, ...] = ("org-identifier", "orgIdentifier")
    contents: tuple[str, ...] = ("full-resource",)
    pended_outcome: str = "complete"
    added_items: bool = True
    refused_numbers: bool = True
    error_parts: bool = True

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
        refused_numbers=False,
        error_parts=False,
    ),
    Version(name="2.1.0", error_parts=False),
    Version(name="2.2.1"),
)
