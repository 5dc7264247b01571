"""The Claim of a PAS request: who asks whom for which items, for which diagnoses.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claim.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from smart_app.cases.model import Case, CaseItem, Resource
from smart_app.errors import MissingFact
from smart_app.fhir import codes
from smart_app.pas import names, ordered, papers, team
from smart_app.pas.names import concept, extension, link, profile, x12
from smart_app.pas.papers import Paper
from smart_app.pas.versions import Version

NUMBERS: dict[str, str] = {
    "affirmed": "extension-authorizationNumber",
    "non_affirmed": "extension-administrationReferenceNumber",
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A number that the payer gave before to the order of an item, and with which verdict."""

    order_ref: str
    number: str
    verdict: Literal["affirmed", "non_affirmed"]


@dataclass(frozen=True, slots=True)
class Partners:
    """How two trading partners name themselves to each other: X12 GS02, GS03, ISA06, ISA08."""

    sender: str
    receiver: str
    sender_interchange: str
    receiver_interchange: str | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """The entries that a Claim points at, by fullUrl; ``requests`` by trace."""

    patient: str
    insurer: str
    provider: str
    coverage: str
    encounter: str | None
    team: tuple[team.Row, ...]
    requests: Mapping[str, str]
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a Claim says of itself: its name, when, why at once, and what it quotes."""

    system: str
    identifier: str
    at: datetime
    urgency: str | None
    quoted: tuple[Quoted, ...]
    partners: Partners | None
    recorded: Mapping[str, date]


def build(case: Case, around: Around, asked: Asked, version: Version) -> Resource:
    """Return the Claim; raises MissingFact for a diagnosis, a place or a reason that is missing."""
    if case.expedited and not asked.urgency:
        raise MissingFact(
            "no reason why it is expedited",
            say="It is not said why this request cannot wait.",
            do="Say why waiting could harm the patient, or send it as a standard request.",
        )
    diagnoses, by_code = _diagnoses(case, asked.recorded)
    institutional = any(item.place and item.place.tob for item in case.items)
    information = papers.rows(around.papers, case.planned_date, asked.urgency, version)
    numbers = [row["sequence"] for row in information[: len(around.papers)]]
    made: Resource = {
        "resourceType": "Claim",
        "meta": profile("profile-claim"),
        "identifier": [{"system": asked.system, "value": asked.identifier}],
        "status": "active",
        "type": concept(names.CLAIM_TYPE, "institutional" if institutional else "professional"),
        "use": "preauthorization",
        "patient": link(around.patient),
        "created": asked.at.isoformat(timespec="seconds"),
        "insurer": link(around.insurer),
        "provider": link(around.provider),
        "priority": concept(names.PRIORITY, "stat" if case.expedited else "normal"),
        "careTeam": team.rows(list(around.team)),
        "supportingInfo": information,
        "diagnosis": diagnoses,
        "insurance": [{"sequence": 1, "focal": True, "coverage": link(around.coverage)}],
        "item": [_item(one, case, around, asked, by_code, numbers) for one in case.items],
    }
    if extensions := _extensions(case, around, asked, version):
        made["extension"] = extensions
    return made


def _extensions(case: Case, around: Around, asked: Asked, version: Version) -> list[dict[str, Any]]:
    made = []
    if asked.partners and version.routed:
        made.append(_partners(asked.partners))
    if case.expedited:
        urgent = x12("1338", "U")
        made.append(extension("extension-levelOfServiceCode", valueCodeableConcept=urgent))
    if around.encounter:
        made.append({"url": names.ENCOUNTER, "valueReference": link(around.encounter)})
    return made


def _partners(partners: Partners) -> dict[str, Any]:
    parts = {
        "applicationSenderCode": partners.sender,
        "applicationReceiverCode": partners.receiver,
        "interchangeSenderID": partners.sender_interchange,
        "interchangeReceiverID": partners.receiver_interchange,
    }
    several = [{"url": url, "valueString": value} for url, value in parts.items() if value]
    return {"url": names.ROUTED, "extension": several}


def _diagnoses(
    case: Case, recorded: Mapping[str, date]
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the rows of ``diagnosis``, the first item's first as principal, and their numbers.

    PAS has no word for the others: its only other types are of an admission.
    """
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
    rows: list[dict[str, Any]] = []
    for code, number in found.items():
        coded = concept(codes.ICD10CM, code)
        row: dict[str, Any] = {"sequence": number, "diagnosisCodeableConcept": coded}
        if code in recorded:
            day = recorded[code].isoformat()
            row["extension"] = [extension("extension-diagnosisRecordedDate", valueDate=day)]
        rows.append(row)
    rows[0]["type"] = [concept(names.TEMP, "principal")]
    return rows, found


def _item(
    item: CaseItem,
    case: Case,
    around: Around,
    asked: Asked,
    diagnosis: Mapping[str, int],
    information: list[int],
) -> dict[str, Any]:
    if item.place is None:
        raise MissingFact(
            "no place of service",
            say="It is not settled where the service will be done.",
            do="Choose the place on this page, then sign.",
        )
    team_rows = enumerate(around.team, start=1)
    made: dict[str, Any] = {
        "extension": _item_extensions(item, around.requests[item.trace], asked.quoted),
        "sequence": item.sequence,
        "careTeamSequence": [number for number, one in team_rows if one.has_part_in(item)],
        "diagnosisSequence": sorted({diagnosis[one.code] for one in item.diagnoses}),
        "informationSequence": information,
        "category": x12("1365", _service_type(item)),
        "productOrService": ordered.billing(item),
        "locationCodeableConcept": concept(codes.POS, item.place.pos),
        "quantity": ordered.quantity(item),
    }
    if item.modifiers:
        made["modifier"] = [concept(item.coding[0].system, one) for one in item.modifiers]
    if case.planned_date:
        made["servicedDate"] = case.planned_date.isoformat()
    return made


def _item_extensions(
    item: CaseItem, request_url: str, quoted: tuple[Quoted, ...]
) -> list[dict[str, Any]]:
    """Return trace, kind and order of an item, and the number that the payer gave it before."""
    trace = {"system": names.TRACE, "value": item.trace}
    made = [
        extension("extension-itemTraceNumber", valueIdentifier=trace),
        extension("extension-serviceItemRequestType", valueCodeableConcept=x12("1525", "HS")),
        extension("extension-certificationType", valueCodeableConcept=x12("1322", "I")),
        extension("extension-requestedService", valueReference=link(request_url)),
    ]
    for one in quoted:
        if one.order_ref == item.order_ref:
            made.append(extension(NUMBERS[one.verdict], valueString=one.number))
    return made


def _service_type(item: CaseItem) -> str:
    """Return the X12 1365 service type: surgical for CPT's surgery, medical care for the rest."""
    surgery = item.coding[0].system == codes.CPT and "10" <= item.code[:2] <= "69"
    return "2" if surgery else "1"
