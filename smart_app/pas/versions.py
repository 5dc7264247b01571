"""What each version of PAS knows of what we send: one shape, less what a version does not have.

2.2.1 is the shape. 2.0.1 and 2.1.0 allow the rest of it: their extensions are open.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/change_log.html
"""

from __future__ import annotations

from dataclasses import dataclass

LATEST = "2.2.1"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the guide, as far as our requests go.

    ``document`` is the profile of a document, ``described`` whether the Claim says what each is,
    ``routed`` whether it names the trading partners. ``relationship`` is how an update names what
    it updates, ``prior_included`` whether that Claim goes along.

    Of a Task: ``task_line`` is the extension of an item's number and its type,
    ``context_is_text`` whether a trace number is a string, ``owned_by_provider`` who its owner is.
    """

    document: str
    described: bool
    routed: bool
    relationship: str
    prior_included: bool
    task_line: tuple[str, str] = ("extension-serviceLineNumber", "valuePositiveInt")
    context_is_text: bool = True
    owned_by_provider: bool = True


VERSIONS = {
    "2.0.1": Version(
        document=US_CORE + "us-core-documentreference",
        described=False,
        routed=False,
        relationship="replaces",
        prior_included=False,
        task_line=("extension-paLineNumber", "valueInteger"),
        context_is_text=False,
        owned_by_provider=False,
    ),
    "2.1.0": Version(
        document=US_CORE + "us-core-documentreference",
        described=False,
        routed=False,
        relationship="prior",
        prior_included=True,
    ),
    LATEST: Version(
        document="http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-documentreference",
        described=True,
        routed=True,
        relationship="prior",
        prior_included=True,
    ),
}
