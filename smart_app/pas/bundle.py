"""Stage 9: the PAS request Bundle.

Chart resources are transformed, never copied: what a PAS profile does not know is dropped, every
reference resolves to exactly one entry, every entry is a new ``urn:uuid``.
https://hl7.org/fhir/us/davinci-pas/2.2.1/StructureDefinition-profile-pas-request-bundle.html
"""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from smart_app.cases.model import Case, CaseItem, Place, Resource
from smart_app.errors import MissingFact
from smart_app.fhir import codes, refs
from smart_app.pas import names
from smart_app.pas.names import concept, extension, profile, x12


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


@dataclass(frozen=True, slots=True)
class Insurer:
    """Who decides, as named in the request."""

    name: str
    system: str
    value: str


@dataclass(frozen=True, slots=True)
class RequestParts:
    """Everything that one request is made of."""

    case: Case
    patient: Resource
    coverage: Resource
    orders: tuple[Resource, ...]
    practitioner: Resource
    practitioner_ptan: str | None
    clinic: Clinic
    insurer: Insurer
    response: Resource
    documents: tuple[Resource, ...]
    identifier: str
    at: datetime


class _Graph:
    """Entries in order, and the new name of each chart reference."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.names: dict[str, str] = {}

    def name(self, reference: str) -> str:
        return self.names.setdefault(reference, f"urn:uuid:{uuid.uuid4()}")

    def add(self, key: str, resource: Resource) -> str:
        url = self.name(key)
        resource = {**resource, "id": url.removeprefix("urn:uuid:")}
        self.entries.append({"fullUrl": url, "resource": resource})
        return url


def _link(url: str) -> dict[str, str]:
    return {"reference": url}


def _repoint(value: Any, known: dict[str, str]) -> Any:
    """Return a copy whose references name entries; others keep their display or go."""
    if isinstance(value, list):
        return [made for one in value if (made := _repoint(one, known)) not in (None, {}, [])]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("reference"), str):
        target = known.get(refs.relative(value) or "")
        if target:
            return {"reference": target}
        kept = {key: value[key] for key in ("identifier", "display") if key in value}
        return kept or None
    made = {key: _repoint(one, known) for key, one in value.items()}
    return {key: one for key, one in made.items() if one not in (None, {}, [])}


def _address(address: dict[str, Any]) -> dict[str, Any]:
    keys = ("line", "city", "state", "postalCode", "country")
    return {key: address[key] for key in keys if address.get(key)}


def _phone(clinic: Clinic) -> list[dict[str, str]]:
    pairs = (("phone", clinic.phone), ("fax", clinic.fax), ("email", clinic.email))
    return [{"system": system, "value": value} for system, value in pairs if value]


def _organization(
    kind: str, profile_name: str, identifiers: list[dict[str, Any]], name: str, address: Any
) -> Resource:
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


def _numbers(npi: str | None, ptan: str | None, ccn: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if npi:
        found.append({"system": codes.NPI, "value": npi})
    medicare = {"type": concept(names.V2_0203, "MCR")}
    if ptan:
        found.append({**medicare, "system": names.PTAN, "value": ptan})
    if ccn:
        found.append({**medicare, "system": names.CCN, "value": ccn})
    return found


def _patient(patient: Resource, mbi: str) -> Resource:
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


def _coverage(coverage: Resource, mbi: str, patient: str, insurer: str) -> Resource:
    made: Resource = {
        "resourceType": "Coverage",
        "meta": profile("profile-coverage"),
        "identifier": [{"type": concept(names.V2_0203, "MB"), "system": codes.MBI, "value": mbi}],
        "status": "active",
        "subscriber": _link(patient),
        "subscriberId": mbi,
        "beneficiary": _link(patient),
        "relationship": {
            "coding": [
                {"system": names.RELATIONSHIP, "code": "self"},
                {"system": names.X12 + "1069", "code": "18"},
            ]
        },
        "payor": [_link(insurer)],
    }
    for key in ("type", "period"):
        if coverage.get(key):
            made[key] = coverage[key]
    return made


def _assertions(order: Resource, mbi: str) -> list[dict[str, Any]]:
    """Return the payer's coverage information, its coverage named by member number.

    A literal reference would have to meet CRD's own coverage profile, which PAS's is not.
    """
    kept = copy.deepcopy(
        [one for one in order.get("extension") or [] if one["url"] == codes.COVERAGE_INFORMATION]
    )
    for extension_ in kept:
        for part in extension_.get("extension") or []:
            if part.get("url") == "coverage":
                part["valueReference"] = {"identifier": {"system": codes.MBI, "value": mbi}}
    return kept


def _service_request(order: Resource, item: CaseItem, patient: str, mbi: str) -> Resource:
    quantity = {"value": item.units, "unit": "unit"}
    made: Resource = {
        "resourceType": "ServiceRequest",
        "meta": profile("profile-servicerequest"),
        "status": order.get("status", "active"),
        "intent": "order",
        "code": _billing(item),
        "quantityQuantity": quantity,
        "subject": _link(patient),
        "occurrenceTiming": {"repeat": {"count": 1}},
    }
    for key in ("authoredOn", "bodySite", "reasonCode"):
        if order.get(key):
            made[key] = order[key]
    if kept := _assertions(order, mbi):
        made["extension"] = kept
    return made


def _billing(item: CaseItem) -> dict[str, Any]:
    return {"coding": [{"system": one.system, "code": one.code} for one in item.coding]}


def _document(document: Resource, patient: str) -> Resource:
    made: Resource = {
        "resourceType": "DocumentReference",
        "meta": profile("profile-documentreference"),
        "status": "current",
        "subject": _link(patient),
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


def _information(sequence: int, url: str, report: str, description: str) -> dict[str, Any]:
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
        "valueReference": _link(url),
    }


def _item(
    item: CaseItem,
    planned: date | None,
    request_url: str,
    diagnosis: dict[str, int],
    information: list[int],
    team: list[int],
) -> dict[str, Any]:
    if item.place is None:
        raise MissingFact(
            "no place of service",
            say="It is not settled where the service will be done.",
            do="Choose the place on this page, then sign.",
        )
    made: dict[str, Any] = {
        "extension": [
            extension(
                "extension-itemTraceNumber",
                valueIdentifier={"system": names.TRACE, "value": item.trace},
            ),
            extension("extension-serviceItemRequestType", valueCodeableConcept=x12("1525", "HS")),
            extension("extension-certificationType", valueCodeableConcept=x12("1322", "I")),
            extension("extension-requestedService", valueReference=_link(request_url)),
        ],
        "sequence": item.sequence,
        "careTeamSequence": team,
        "diagnosisSequence": sorted({diagnosis[one.code] for one in item.diagnoses}),
        "informationSequence": information,
        "category": x12("1365", "3"),
        "productOrService": _billing(item),
        "locationCodeableConcept": concept(codes.POS, item.place.pos),
        "quantity": {"value": item.units, "unit": "unit"},
    }
    if item.modifiers:
        made["modifier"] = [concept(item.coding[0].system, one) for one in item.modifiers]
    if planned:
        made["servicedDate"] = planned.isoformat()
    return made


def _diagnoses(case: Case) -> tuple[list[dict[str, Any]], dict[str, int]]:
    found: dict[str, int] = {}
    for item in case.items:
        for one in item.diagnoses:
            found.setdefault(one.code, len(found) + 1)
    if not found:
        raise MissingFact(
            "no diagnosis",
            say="The order carries no diagnosis code (ICD-10-CM).",
            do="Add the diagnosis to the order in the chart, then open Preclear again.",
        )
    rows = [
        {"sequence": number, "diagnosisCodeableConcept": concept(codes.ICD10CM, code)}
        for code, number in found.items()
    ]
    rows[0]["type"] = [concept(names.TEMP, "principal")]
    return rows, found


def build(parts: RequestParts) -> Resource:
    """Return the request Bundle of a case.

    Raises MissingFact naming what the chart or the site's settings lack.
    """
    case, graph = parts.case, _Graph()
    mbi = member_id(parts.coverage, parts.patient)
    patient = graph.name(refs.of(parts.patient))
    insurer, clinic = graph.name("insurer"), graph.name("clinic")
    coverage = graph.name(refs.of(parts.coverage))
    claim: Resource = {"resourceType": "Claim"}
    graph.add("claim", claim)
    graph.add("clinic", _requestor(parts.clinic))
    graph.add(
        "insurer",
        _organization(
            "PR",
            "profile-insurer",
            [{"system": parts.insurer.system, "value": parts.insurer.value}],
            parts.insurer.name,
            None,
        ),
    )
    graph.add(refs.of(parts.coverage), _coverage(parts.coverage, mbi, patient, insurer))
    graph.add(refs.of(parts.patient), _patient(parts.patient, mbi))
    role = _people(parts, graph, clinic)
    team = _team(parts, graph, role)
    requests = _requests(parts, graph, patient, mbi)
    information = _supporting(parts, graph, patient)
    graph.entries[0]["resource"] |= _claim(
        parts, patient, insurer, clinic, coverage, team, requests, information
    )
    return {
        "resourceType": "Bundle",
        "meta": profile("profile-pas-request-bundle"),
        "identifier": {"system": names.TRANSACTION, "value": f"{case.id}-{case.attempt}"},
        "type": "collection",
        "timestamp": parts.at.isoformat(timespec="seconds"),
        "entry": graph.entries,
    }


def _requestor(clinic: Clinic) -> Resource:
    made = _organization(
        "X3", "profile-requestor", _numbers(clinic.npi, clinic.ptan), clinic.name, clinic.address
    )
    made["contact"] = [{"name": {"text": clinic.contact_name}, "telecom": _phone(clinic)}]
    return made


def _people(parts: RequestParts, graph: _Graph, clinic: str) -> str:
    npi = codes.identifier(parts.practitioner, codes.NPI)
    if not npi or not codes.npi_valid(npi):
        raise MissingFact(
            "no valid NPI",
            say="The ordering clinician has no valid NPI in the chart.",
            do="Add the NPI to the clinician's record in the chart, then open Preclear again.",
        )
    if not parts.practitioner_ptan:
        raise MissingFact(
            "no PTAN",
            say="The ordering clinician's Medicare PTAN is not in Preclear's settings.",
            do="Ask the person who runs Preclear to add it to the site's file, then sign again.",
        )
    practitioner = graph.add(
        refs.of(parts.practitioner),
        {
            "resourceType": "Practitioner",
            "meta": profile("profile-practitioner"),
            "identifier": _numbers(npi, parts.practitioner_ptan),
            "name": [
                {key: one[key] for key in ("family", "given", "prefix") if key in one}
                for one in parts.practitioner.get("name") or []
            ][:1],
        },
    )
    return graph.add(
        "role",
        {
            "resourceType": "PractitionerRole",
            "meta": profile("profile-practitionerrole"),
            "practitioner": _link(practitioner),
            "organization": _link(clinic),
            "telecom": _phone(parts.clinic)[:1],
        },
    )


def _facility(place: Place) -> Resource:
    return _organization(
        "FA",
        "profile-organization",
        _numbers(place.npi, place.ptan, place.ccn),
        place.name,
        place.address,
    )


def _team(parts: RequestParts, graph: _Graph, role: str) -> list[dict[str, Any]]:
    members = [role]
    places = {item.place.facility_id: item.place for item in parts.case.items if item.place}
    for place in places.values():
        if place.npi and place.npi != parts.clinic.npi:
            members.append(graph.add(f"facility:{place.facility_id}", _facility(place)))
    scope = extension("extension-careTeamClaimScope", valueBoolean=True)
    return [
        {"extension": [scope], "sequence": number, "provider": _link(url)}
        for number, url in enumerate(members, start=1)
    ]


def _requests(parts: RequestParts, graph: _Graph, patient: str, mbi: str) -> dict[str, str]:
    by_ref = {refs.of(order): order for order in parts.orders}
    for item in parts.case.items:
        graph.name(item.order_ref)
    return {
        item.trace: graph.add(
            item.order_ref,
            _service_request(by_ref[item.order_ref], item, patient, mbi),
        )
        for item in parts.case.items
    }


def _supporting(parts: RequestParts, graph: _Graph, patient: str) -> list[dict[str, Any]]:
    for document in parts.documents:
        graph.name(refs.of(document))
    named = copy.deepcopy(parts.response)
    named["extension"] = [_context(one, parts) for one in named.get("extension") or []]
    response = _repoint(named, graph.names)
    response.pop("id", None)
    url = graph.add("response", response)
    rows = [_information(1, url, "PY", "Questionnaire answers")]
    for number, document in enumerate(parts.documents, start=2):
        url = graph.add(refs.of(document), _document(document, patient))
        title = document.get("description") or (document.get("type") or {}).get("text")
        rows.append(_information(number, url, "PY", str(title or "Clinical document")))
    return rows


def _context(extension_: dict[str, Any], parts: RequestParts) -> dict[str, Any]:
    """Return a response's context named by identifier: a PAS entry is no CRD resource."""
    reference = refs.relative(extension_.get("valueReference"))
    if reference is None:
        return extension_
    found = {refs.of(parts.coverage): (codes.MBI, member_id(parts.coverage, parts.patient))}
    found |= {item.order_ref: (names.TRACE, item.trace) for item in parts.case.items}
    if reference not in found:
        return extension_
    system, value = found[reference]
    kind = reference.partition("/")[0]
    named = {"type": kind, "identifier": {"system": system, "value": value}}
    return {**extension_, "valueReference": named}


def _claim(
    parts: RequestParts,
    patient: str,
    insurer: str,
    clinic: str,
    coverage: str,
    team: list[dict[str, Any]],
    requests: dict[str, str],
    information: list[dict[str, Any]],
) -> Resource:
    case = parts.case
    diagnoses, by_code = _diagnoses(case)
    institutional = any(item.place and item.place.tob for item in case.items)
    numbers = [row["sequence"] for row in information]
    event = []
    if case.planned_date:
        event = [
            {
                "sequence": len(information) + 1,
                "category": concept(names.TEMP, "patientEvent"),
                "timingDate": case.planned_date.isoformat(),
            }
        ]
    return {
        "meta": profile("profile-claim"),
        "identifier": [{"system": "urn:trnorg:" + parts.clinic.npi, "value": parts.identifier}],
        "status": "active",
        "type": concept(names.CLAIM_TYPE, "institutional" if institutional else "professional"),
        "use": "preauthorization",
        "patient": _link(patient),
        "created": parts.at.isoformat(timespec="seconds"),
        "insurer": _link(insurer),
        "provider": _link(clinic),
        "priority": concept(names.PRIORITY, "normal"),
        "careTeam": team,
        "supportingInfo": information + event,
        "diagnosis": diagnoses,
        "insurance": [{"sequence": 1, "focal": True, "coverage": _link(coverage)}],
        "item": [
            _item(
                item,
                case.planned_date,
                requests[item.trace],
                by_code,
                numbers,
                [row["sequence"] for row in team],
            )
            for item in case.items
        ],
    }
