"""The entries of a PAS request: each chart resource transformed into what its profile knows.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/artifacts.html
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import CaseItem, Place, Resource
from smart_app.errors import MissingFact
from smart_app.fhir import codes, refs
from smart_app.pas import names
from smart_app.pas.names import concept, profile, x12


@dataclass(frozen=True, slots=True)
class Clinic:
    """Who asks: the site's own organization, with the contact that decisions are sent to."""

    name: str
    npi: str
    ptan: str | None
    address: dict[str, Any]
    contact_name: str
    phone: str
    fax: str | None
    email: str | None


def link(url: str) -> dict[str, str]:
    """Return a Reference to an entry."""
    return {"reference": url}


def _address(address: dict[str, Any]) -> dict[str, Any]:
    keys = ("line", "city", "state", "postalCode", "country")
    return {key: address[key] for key in keys if address.get(key)}


def phone(clinic: Clinic) -> list[dict[str, str]]:
    """Return the telecom rows of a clinic."""
    pairs = (("phone", clinic.phone), ("fax", clinic.fax), ("email", clinic.email))
    return [{"system": system, "value": value} for system, value in pairs if value]


def numbers(npi: str | None, ptan: str | None, ccn: str | None = None) -> list[dict[str, Any]]:
    """Return NPI and Medicare numbers as identifiers."""
    found: list[dict[str, Any]] = []
    if npi:
        found.append({"system": codes.NPI, "value": npi})
    medicare = {"type": concept(names.V2_0203, "MCR")}
    if ptan:
        found.append({**medicare, "system": names.PTAN, "value": ptan})
    if ccn:
        found.append({**medicare, "system": names.CCN, "value": ccn})
    return found


def organization(
    kind: str, profile_name: str, identifiers: list[dict[str, Any]], name: str, address: Any
) -> Resource:
    """Return an Organization entry of an X12 98 kind."""
    made = {
        "resourceType": "Organization",
        "meta": profile(profile_name),
        "identifier": identifiers,
        "active": True,
        "type": [x12("98", kind)],
        "name": name,
    }
    if address:
        made["address"] = [_address(address)]
    return made


def facility(place: Place) -> Resource:
    """Return the place of service as an Organization."""
    return organization(
        "FA",
        "profile-organization",
        numbers(place.npi, place.ptan, place.ccn),
        place.name,
        place.address,
    )


def requestor(clinic: Clinic) -> Resource:
    """Return who asks, with the contact that decisions are sent to."""
    made = organization(
        "X3", "profile-requestor", numbers(clinic.npi, clinic.ptan), clinic.name, clinic.address
    )
    made["contact"] = [{"name": {"text": clinic.contact_name}, "telecom": phone(clinic)}]
    return made


def member_id(coverage: Resource, patient: Resource) -> str:
    """Return the Medicare number; raises MissingFact when the chart has none."""
    for one in coverage.get("identifier") or []:
        kinds = {coding.get("code") for coding in (one.get("type") or {}).get("coding") or []}
        if one.get("system") == codes.MBI or "MB" in kinds:
            return str(one["value"])
    found = coverage.get("subscriberId") or codes.identifier(patient, codes.MBI)
    if not found:
        raise MissingFact(
            "no member id",
            say="The chart has no Medicare number for this patient.",
            do="Add the Medicare number to the coverage in the chart, then open Preclear again.",
        )
    return str(found)


def beneficiary(patient: Resource, mbi: str) -> Resource:
    """Return the patient, only what the profile knows."""
    made: Resource = {
        "resourceType": "Patient",
        "meta": profile("profile-beneficiary"),
        "identifier": [{"type": concept(names.V2_0203, "MB"), "system": codes.MBI, "value": mbi}],
    }
    for key in ("name", "gender", "birthDate"):
        if key not in patient:
            raise MissingFact(
                f"patient has no {key}",
                say="The chart lacks the patient's name, sex or birth date.",
                do="Complete the patient's record in the chart, then open Preclear again.",
            )
        made[key] = patient[key]
    official = [one for one in patient["name"] if one.get("use") in (None, "official", "usual")]
    made["name"] = [
        {key: name[key] for key in ("use", "family", "given") if key in name}
        for name in official[:1] or patient["name"][:1]
    ]
    home = [_address(one) for one in patient.get("address") or []]
    if home:
        made["address"] = home[:1]
    return made


def coverage(coverage: Resource, mbi: str, patient: str, insurer: str) -> Resource:
    """Return the coverage with the member number."""
    made: Resource = {
        "resourceType": "Coverage",
        "meta": profile("profile-coverage"),
        "identifier": [{"type": concept(names.V2_0203, "MB"), "system": codes.MBI, "value": mbi}],
        "status": "active",
        "subscriber": link(patient),
        "subscriberId": mbi,
        "beneficiary": link(patient),
        "relationship": {
            "coding": [
                {"system": names.RELATIONSHIP, "code": "self"},
                {"system": names.X12 + "1069", "code": "18"},
            ]
        },
        "payor": [link(insurer)],
    }
    for key in ("type", "period"):
        if coverage.get(key):
            made[key] = coverage[key]
    return made


def _assertions(order: Resource, mbi: str, coverage_ref: str | None) -> list[dict[str, Any]]:
    """Return what the payer said of this coverage, which is named by member number.

    A literal reference would have to meet CRD's own coverage profile, which PAS's is not. What
    other payers said of other coverages is none of this one's business.
    """
    kept = []
    for one in order.get("extension") or []:
        parts = copy.deepcopy(one.get("extension") or [])
        about = [part for part in parts if part.get("url") == "coverage"]
        named = {refs.relative(part.get("valueReference")) for part in about}
        if one.get("url") != codes.COVERAGE_INFORMATION or named != {coverage_ref}:
            continue
        for part in about:
            part["valueReference"] = {"identifier": {"system": codes.MBI, "value": mbi}}
        kept.append({**one, "extension": parts})
    return kept


def billing(item: CaseItem) -> dict[str, Any]:
    """Return an item's billing code."""
    return {"coding": [{"system": one.system, "code": one.code} for one in item.coding]}


def service_request(
    order: Resource, item: CaseItem, patient: str, mbi: str, coverage_ref: str | None
) -> Resource:
    """Return an order as PAS knows it: billing code, once, the payer's own assertion kept."""
    quantity = {"value": item.units, "unit": "unit"}
    made: Resource = {
        "resourceType": "ServiceRequest",
        "meta": profile("profile-servicerequest"),
        "status": order.get("status", "active"),
        "intent": "order",
        "code": billing(item),
        "quantityQuantity": quantity,
        "subject": link(patient),
        "occurrenceTiming": {"repeat": {"count": 1}},
    }
    for key in ("authoredOn", "bodySite", "reasonCode"):
        if order.get(key):
            made[key] = order[key]
    if kept := _assertions(order, mbi, coverage_ref):
        made["extension"] = kept
    return made


def document(document: Resource, patient: str) -> Resource:
    """Return a document with its content inline."""
    made: Resource = {
        "resourceType": "DocumentReference",
        "meta": profile("profile-documentreference"),
        "status": "current",
        "subject": link(patient),
    }
    for key in ("type", "category", "date", "description"):
        if document.get(key):
            made[key] = document[key]
    made["content"] = [
        {
            "attachment": {
                key: content["attachment"][key]
                for key in ("contentType", "data", "title", "creation")
                if content["attachment"].get(key)
            }
        }
        for content in document.get("content") or []
        if content.get("attachment", {}).get("data")
    ]
    return made


def information(sequence: int, url: str, report: str, description: str) -> dict[str, Any]:
    """Return a supportingInfo row that points at an entry."""
    return {
        "extension": [
            {
                "url": names.PAS + "extension-documentInformation",
                "extension": [
                    {"url": "reportTypeCode", "valueCodeableConcept": x12("755", report)},
                    {"url": "transmissionMethod", "valueCodeableConcept": x12("756", "EL")},
                    {"url": "description", "valueString": description[:80]},
                ],
            }
        ],
        "sequence": sequence,
        "category": concept(names.TEMP, "additionalInformation"),
        "valueReference": link(url),
    }
