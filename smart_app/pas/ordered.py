"""The orders of a request, each as the PAS profile of its type knows it.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-servicerequest.html
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-devicerequest.html
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-medicationrequest.html
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import CaseItem, Resource
from smart_app.fhir import codes, refs
from smart_app.pas.names import link, profile

ONCE = {"repeat": {"count": 1}}


@dataclass(frozen=True, slots=True)
class About:
    """Whom an order is for, by which coverage, and the entry of who placed it."""

    patient: str
    member: str
    coverage_ref: str | None
    requester: str | None


def billing(item: CaseItem) -> dict[str, Any]:
    """Return an item's billing code."""
    return {"coding": [{"system": one.system, "code": one.code} for one in item.coding]}


def quantity(item: CaseItem) -> dict[str, Any]:
    """Return how much of it is asked for."""
    return {"value": item.units, "unit": item.unit or "unit"}


def request(order: Resource, item: CaseItem, about: About) -> Resource:
    """Return an order as PAS knows it: billing code, timing, the payer's own assertion kept."""
    kind = order["resourceType"]
    made: Resource = {
        "resourceType": kind,
        "meta": profile(f"profile-{kind.lower()}"),
        "status": order.get("status", "active"),
        "intent": "order",
        "subject": link(about.patient),
    }
    made |= codes.only(order, "authoredOn")
    if about.requester:
        made["requester"] = link(about.requester)
    if order.get("reasonCode"):
        made["reasonCode"] = [codes.plain(one) for one in codes.objects(order["reasonCode"])]
    if kept := _assertions(order, about):
        made["extension"] = kept
    return made | OWN[kind](order, item)


def _service(order: Resource, item: CaseItem) -> Resource:
    made: Resource = {
        "code": billing(item),
        "quantityQuantity": quantity(item),
        "occurrenceTiming": _timing(order.get("occurrenceTiming")) or ONCE,
    }
    if order.get("bodySite"):
        made["bodySite"] = [codes.plain(one) for one in codes.objects(order["bodySite"])]
    return made


def _device(order: Resource, item: CaseItem) -> Resource:
    timing = _timing(order.get("occurrenceTiming")) or ONCE
    return {"codeCodeableConcept": billing(item), "occurrenceTiming": timing}


def _medication(order: Resource, item: CaseItem) -> Resource:
    own = codes.plain(order.get("medicationCodeableConcept"))
    billed = billing(item)["coding"]
    named = [(one["system"], one["code"]) for one in billed]
    others = [one for one in own.get("coding", []) if _pair(one) not in named]
    medication: Resource = {
        "status": "active",
        "medicationCodeableConcept": own | {"coding": [*billed, *others]},
        "dispenseRequest": _dispensed(order.get("dispenseRequest"), item),
    }
    several = codes.objects(order.get("dosageInstruction"))
    doses = [made for one in several if (made := _dosage(one))]
    return medication | ({"dosageInstruction": doses} if doses else {})


OWN = {"ServiceRequest": _service, "DeviceRequest": _device, "MedicationRequest": _medication}
"""What each type of order has for itself."""


def _pair(coding: dict[str, Any]) -> tuple[str, Any]:
    return codes.system(coding.get("system")), coding.get("code")


def _dosage(given: dict[str, Any]) -> dict[str, Any]:
    made = codes.only(given, "text")
    if timing := _timing(given.get("timing")):
        made["timing"] = timing
    rates = codes.objects(given.get("doseAndRate"))
    if doses := [dose for one in rates if (dose := codes.only(one, "doseQuantity"))]:
        made["doseAndRate"] = doses
    return made


def _dispensed(given: Any, item: CaseItem) -> dict[str, Any]:
    made = {"quantity": quantity(item)}
    return made | codes.only(given, "quantity", "numberOfRepeatsAllowed")


def _timing(given: Any) -> dict[str, Any] | None:
    """Return a Timing as PASTiming allows it (prof-1): a frequency, or a count, or None."""
    repeat = codes.member(given, "repeat")
    for keys in (("frequency", "period", "periodUnit"), ("count",)):
        if len(found := codes.only(repeat, *keys)) == len(keys):
            return {"repeat": found}
    return None


def _assertions(order: Resource, about: About) -> list[dict[str, Any]]:
    """Return what the payer said of this coverage, which is named by member number.

    A literal reference would have to meet CRD's own coverage profile, which PAS's is not. What
    other payers said of other coverages is none of this one's business.
    """
    kept = []
    for one in codes.objects(order.get("extension")):
        parts = copy.deepcopy(codes.objects(one.get("extension")))
        told = [part for part in parts if part.get("url") == "coverage"]
        named = {refs.relative(part.get("valueReference")) for part in told}
        if one.get("url") != codes.COVERAGE_INFORMATION or named != {about.coverage_ref}:
            continue
        for part in told:
            identifier = {"system": codes.MBI, "value": about.member}
            part["valueReference"] = {"identifier": identifier}
        kept.append({**one, "extension": parts})
    return kept
