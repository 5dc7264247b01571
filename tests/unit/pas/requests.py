"""A request that is fit to be sent, to be spoiled one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from smart_app.cases.model import Case, Coding, Place
from smart_app.fhir import codes
from smart_app.pas import bundle
from smart_app.pas.entries import Clinic
from smart_app.pas.team import Clinician
from tests.unit.kit import CPT, NOW, a_case, an_item

IDENTIFIER = "identifier-1"
MEMBER = "1S00EX0MP78"
ADDRESS = {"line": ["1 Example St"], "city": "Mesa", "state": "AZ", "postalCode": "85201"}
CLINIC = Clinic("Clinic", "1999999042", "Z00001", ADDRESS, "Remy", "555-0100", None, None)
HOSPITAL = Place("hopd", "Hospital", "22", "AZ", "131", "1999999059", ccn="039999", address=ADDRESS)
DIAGNOSIS = (Coding(codes.ICD10CM, "M54.16"),)
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Test", "given": ["Ann"]}],
    "gender": "female",
    "birthDate": "1950-01-01",
    "address": [ADDRESS],
    "telecom": [{"value": "not sent"}],
}
COVERAGE = {
    "resourceType": "Coverage",
    "id": "c1",
    "status": "active",
    "identifier": [{"system": codes.MBI, "value": MEMBER}],
    "beneficiary": {"reference": "Patient/p1"},
    "payor": [{"display": "Medicare"}],
}
DOCTOR = {
    "resourceType": "Practitioner",
    "id": "dr",
    "identifier": [{"system": codes.NPI, "value": "1999999018"}],
    "name": [{"family": "Ord", "given": ["Ering"]}],
}
NOTE = {
    "resourceType": "DocumentReference",
    "id": "n1",
    "status": "current",
    "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}], "text": "Note"},
    "category": [{"text": "note"}],
    "date": "2026-11-01T10:00:00Z",
    "subject": {"reference": "Patient/p1"},
    "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}],
}
RESPONSE = {
    "resourceType": "QuestionnaireResponse",
    "questionnaire": "http://p.example/q|1",
    "status": "completed",
    "subject": {"reference": "Patient/p1"},
    "authored": "2026-11-24T10:00:00Z",
    "author": {"reference": "Practitioner/dr"},
    "item": [{"linkId": "1", "answer": [{"valueBoolean": False}]}],
}


def an_order(number: int = 1) -> dict[str, Any]:
    """Return an order of the chart."""
    return {
        "resourceType": "ServiceRequest",
        "id": str(number),
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": CPT, "code": "62323"}]},
        "subject": {"reference": "Patient/p1"},
        "performer": [{"reference": "Practitioner/nobody"}],
        "authoredOn": "2026-11-20",
    }


def the_case(orders: int = 1) -> Case:
    """Return a case that is ready to be sent."""
    items = tuple(an_item(one, place=HOSPITAL, diagnoses=DIAGNOSIS) for one in range(1, orders + 1))
    return a_case(orders=orders, items=items, planned_date=date(2026, 12, 1))


def parts(**change: Any) -> bundle.RequestParts:
    """Return what a request is made of."""
    made = bundle.RequestParts(
        case=the_case(),
        patient=PATIENT,
        coverage=COVERAGE,
        orders=(an_order(),),
        ordering=Clinician(DOCTOR, "Z10001"),
        clinic=CLINIC,
        insurer=bundle.Insurer("Insurer", "urn:payers", "p1"),
        response=RESPONSE,
        documents=(NOTE,),
        identifier=IDENTIFIER,
        at=NOW,
    )
    return replace(made, **change)


def a_request(**change: Any) -> dict[str, Any]:
    """Return a request Bundle."""
    return bundle.build(parts(**change))


def asked(case: Case) -> dict[str, Any]:
    """Return the request of a case as it is now."""
    place, diagnoses = HOSPITAL, DIAGNOSIS
    items = tuple(replace(one, place=place, diagnoses=diagnoses) for one in case.items)
    orders = tuple(an_order(one.sequence) for one in items)
    return a_request(case=replace(case, items=items), orders=orders)


def of(request: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the first resource of a kind in a Bundle."""
    every = [one["resource"] for one in request["entry"]]
    found: dict[str, Any] = next(one for one in every if one["resourceType"] == kind)
    return found
