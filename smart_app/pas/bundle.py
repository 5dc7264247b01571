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

from smart_app.cases.model import Case, CaseItem, Resource
from smart_app.errors import MissingFact
from smart_app.fhir import codes, refs
from smart_app.pas import entries, names
from smart_app.pas.names import concept, extension, profile, x12


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
    clinic: entries.Clinic
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
            extension("extension-requestedService", valueReference=entries.link(request_url)),
        ],
        "sequence": item.sequence,
        "careTeamSequence": team,
        "diagnosisSequence": sorted({diagnosis[one.code] for one in item.diagnoses}),
        "informationSequence": information,
        "category": x12("1365", "3"),
        "productOrService": entries.billing(item),
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
    mbi = entries.member_id(parts.coverage, parts.patient)
    patient = graph.name(refs.of(parts.patient))
    insurer, clinic = graph.name("insurer"), graph.name("clinic")
    coverage = graph.name(refs.of(parts.coverage))
    claim: Resource = {"resourceType": "Claim"}
    graph.add("claim", claim)
    graph.add("clinic", entries.requestor(parts.clinic))
    graph.add(
        "insurer",
        entries.organization(
            "PR",
            "profile-insurer",
            [{"system": parts.insurer.system, "value": parts.insurer.value}],
            parts.insurer.name,
            None,
        ),
    )
    graph.add(refs.of(parts.coverage), entries.coverage(parts.coverage, mbi, patient, insurer))
    graph.add(refs.of(parts.patient), entries.beneficiary(parts.patient, mbi))
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
            "identifier": entries.numbers(npi, parts.practitioner_ptan),
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
            "practitioner": entries.link(practitioner),
            "organization": entries.link(clinic),
            "telecom": entries.phone(parts.clinic)[:1],
        },
    )


def _team(parts: RequestParts, graph: _Graph, role: str) -> list[dict[str, Any]]:
    members = [role]
    places = {item.place.facility_id: item.place for item in parts.case.items if item.place}
    for place in places.values():
        if place.npi and place.npi != parts.clinic.npi:
            members.append(graph.add(f"facility:{place.facility_id}", entries.facility(place)))
    scope = extension("extension-careTeamClaimScope", valueBoolean=True)
    return [
        {"extension": [scope], "sequence": number, "provider": entries.link(url)}
        for number, url in enumerate(members, start=1)
    ]


def _requests(parts: RequestParts, graph: _Graph, patient: str, mbi: str) -> dict[str, str]:
    by_ref = {refs.of(order): order for order in parts.orders}
    for item in parts.case.items:
        graph.name(item.order_ref)
    return {
        item.trace: graph.add(
            item.order_ref,
            entries.service_request(
                by_ref[item.order_ref], item, patient, mbi, refs.of(parts.coverage)
            ),
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
    rows = [entries.information(1, url, "PY", "Questionnaire answers")]
    for number, document in enumerate(parts.documents, start=2):
        url = graph.add(refs.of(document), entries.document(document, patient))
        title = document.get("description") or (document.get("type") or {}).get("text")
        rows.append(entries.information(number, url, "PY", str(title or "Clinical document")))
    return rows


def _context(extension_: dict[str, Any], parts: RequestParts) -> dict[str, Any]:
    """Return a response's context named by identifier: a PAS entry is no CRD resource."""
    reference = refs.relative(extension_.get("valueReference"))
    if reference is None:
        return extension_
    found = {refs.of(parts.coverage): (codes.MBI, entries.member_id(parts.coverage, parts.patient))}
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
        "patient": entries.link(patient),
        "created": parts.at.isoformat(timespec="seconds"),
        "insurer": entries.link(insurer),
        "provider": entries.link(clinic),
        "priority": concept(names.PRIORITY, "normal"),
        "careTeam": team,
        "supportingInfo": information + event,
        "diagnosis": diagnoses,
        "insurance": [{"sequence": 1, "focal": True, "coverage": entries.link(coverage)}],
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
