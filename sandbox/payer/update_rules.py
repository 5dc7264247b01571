"""What an update owes to the request that it changes, and what it cancels.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claim-update.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.payer import r4
from sandbox.payer.bundle_rules import Index
from sandbox.payer.outcome import Faults
from sandbox.payer.r4 import PAS, X12, Json, mapping, objects
from sandbox.payer.versions import Version

RELATION = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"
REPLACING = "http://hl7.org/fhir/document-relationship-type"
"""Where FHIR has the word *replaces*: the codes of related claims have not."""
CHANGED = PAS + "extension-infoChanged"
CANCELLED = PAS + "modifierextension-infoCancelled"
CERTIFICATION = PAS + "extension-certificationType"
NO_CONTENT = (
    CHANGED, CANCELLED, CERTIFICATION,
    PAS + "extension-authorizationNumber", PAS + "extension-administrationReferenceNumber",
)  # fmt: skip
KINDS = ("item", "supportingInfo")


@dataclass(frozen=True, slots=True)
class Prior:
    """What an update calls the request that it changes; ``whole`` when it cancels all of it."""

    identifiers: tuple[tuple[str, str], ...]
    url: str
    whole: bool

    def means(self, identifier: Json, url: str) -> bool:
        """Tell whether a request of this Claim.identifier and fullUrl is meant."""
        pair = str(identifier.get("system")), str(identifier.get("value"))
        return pair in self.identifiers or (not self.identifiers and url == self.url)


def cancelled(row: Json) -> bool:
    """Tell whether a row is flagged as cancelled."""
    flags = objects(row.get("modifierExtension"))
    return any(one.get("url") == CANCELLED and one.get("valueBoolean") is True for one in flags)


def certification(element: Json) -> str | None:
    """Return the element's certification type (X12 1322), or None."""
    return r4.code_in(r4.extension_value(element, CERTIFICATION), X12 + "1322")


def read(claim: Json, at: str, index: Index, version: Version, faults: Faults) -> Prior | None:
    """Return what an update changes, or None for a new request; note what is wrong with it."""
    if "related" not in claim:
        others = [one for one, _ in list(index.values())[1:] if _is_claim(index, one)]
        for one in others:
            faults.add(one, "a new request has one Claim only", "not-supported")
        return None
    related = objects(claim["related"])
    one = related[0] if related else {}
    faults.need(len(related) == 1, f"{at}.related", "exactly one related claim", "required")
    faults.need(
        r4.code_in(one.get("relationship"), RELATION, REPLACING) == version.update_relation,
        f"{at}.related.relationship",
        f"must be {version.update_relation}",
        "code-invalid",
    )
    reference = mapping(one.get("claim"))
    url = str(reference.get("reference"))
    prior = index.get(url, ("", {}))[1]
    if version.prior_included:
        faults.need(
            prior.get("resourceType") == "Claim" and prior is not claim,
            f"{at}.related.claim",
            "the prior Claim must be in the bundle",
            "not-found",
        )
    named = [*objects(prior.get("identifier")), mapping(reference.get("identifier"))]
    pairs = tuple((str(n.get("system")), str(n.get("value"))) for n in named if n.get("value"))
    whole = certification(claim) == "3"
    _certifications(claim, at, whole, version, faults)
    return Prior(pairs, url, whole)


def _is_claim(index: Index, path: str) -> bool:
    return any(at == path and one.get("resourceType") == "Claim" for at, one in index.values())


def _certifications(claim: Json, at: str, whole: bool, version: Version, faults: Faults) -> None:
    """A cancelled item has certificationType 3 and the flag; cancelling all says so above them."""
    items = objects(claim.get("item"))
    for number, item in enumerate(items):
        here = f"{at}.item[{number}]"
        said = certification(item)
        faults.need(
            (said == "3") == cancelled(item) or (said is None and not version.items_in_full),
            f"{here}.extension",
            "certificationType 3 and infoCancelled go together",
        )
        faults.need(
            cancelled(item) or not whole,
            f"{here}.modifierExtension",
            "all is to be cancelled: each item needs infoCancelled",
            "required",
        )
    faults.need(
        whole or not items or not all(cancelled(one) for one in items),
        f"{at}.extension",
        "cancelling every item needs certificationType 3 on the Claim",
        "required",
    )


def against(claim: Json, prior: Json, version: Version, faults: Faults) -> set[int]:
    """Note what an update gets wrong of the recorded request; return the items to decide anew."""
    anew: set[int] = set()
    for kind in KINDS:
        before = _rows(prior, kind)
        now = _rows(claim, kind)
        for sequence in before.keys() - now.keys():
            faults.add(
                f"Bundle.entry[0].resource.{kind}",
                f"{kind} {sequence} of the prior request is missing: what was sent stays, "
                "flagged when it is cancelled",
                "required",
            )
        for sequence, (at, row) in now.items():
            old = before.get(sequence, ("", {}))[1]
            if version.changes_marked:
                _marked(row, old, at, faults)
            differs = not old or _content(row) != _content(old)
            if kind == "item" and differs and not cancelled(row):
                anew.add(sequence)
    return anew


def _marked(row: Json, old: Json, at: str, faults: Faults) -> None:
    """Note a row whose infoChanged does not say what happened to it."""
    said = r4.extension_value(row, CHANGED)
    faults.need(
        not cancelled(old) or cancelled(row),
        f"{at}.modifierExtension",
        "what was cancelled stays cancelled",
    )
    newly = cancelled(row) and not cancelled(old)
    wanted = "changed" if newly or _content(row) != _content(old) else None
    if not old:
        wanted = "added"
    words = f"infoChanged must be {wanted}" if wanted else "nothing changed here: no infoChanged"
    faults.need(said == wanted, f"{at}.extension", words, "value")


def _rows(claim: Json, kind: str) -> dict[int, tuple[str, Json]]:
    return {
        int(row.get("sequence") or 0): (f"Bundle.entry[0].resource.{kind}[{number}]", row)
        for number, row in enumerate(objects(claim.get(kind)))
    }


def _content(value: Any) -> Any:
    """Return a row without what an update may add to it and without the names of its entries."""
    if isinstance(value, list):
        return [_content(one) for one in value if mapping(one).get("url") not in NO_CONTENT]
    if isinstance(value, dict):
        kept = {name: _content(one) for name, one in value.items() if name != "reference"}
        return {name: one for name, one in kept.items() if one != []}
    return value
