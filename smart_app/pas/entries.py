"""The parties of a PAS request: each chart resource transformed into what its profile knows.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/artifacts.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import Place, Resource
from smart_app.errors import MissingFact
from smart_app.fhir import codes
from smart_app.pas import names
from smart_app.pas.names import concept, link, profile, x12


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


def _address(address: dict[str, Any]) -> dict[str, Any]:
    return codes.only(address, "line", "city", "state", "postalCode", "country")


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
    for one in codes.objects(coverage.get("identifier")):
        kinds = {coding["code"] for coding in codes.codings(one.get("type"))}
        if one.get("value") and (one.get("system") == codes.MBI or "MB" in kinds):
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
        if not patient.get(key):
            raise MissingFact(
                f"patient has no {key}",
                say="The chart lacks the patient's name, sex or birth date.",
                do="Complete the patient's record in the chart, then open Preclear again.",
            )
        made[key] = patient[key]
    every = codes.objects(patient["name"])
    official = [one for one in every if one.get("use") in (None, "official", "usual")]
    made["name"] = [
        codes.only(name, "use", "family", "given", "prefix", "suffix")
        for name in official[:1] or every[:1]
    ]
    home = [_address(one) for one in codes.objects(patient.get("address"))]
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
    if coverage.get("type"):
        made["type"] = codes.plain(coverage["type"])
    if coverage.get("period"):
        made["period"] = codes.only(coverage["period"], "start", "end")
    if several := [kind for one in codes.objects(coverage.get("class")) if (kind := _class(one))]:
        made["class"] = several
    return made


def _class(one: dict[str, Any]) -> dict[str, Any] | None:
    """Return a group or plan of a coverage, or None for what PAS does not ask for."""
    kind = codes.code_in(one.get("type"), [names.COVERAGE_CLASS])
    if kind not in ("group", "plan") or not one.get("value"):
        return None
    return {"type": concept(names.COVERAGE_CLASS, kind), **codes.only(one, "value", "name")}
