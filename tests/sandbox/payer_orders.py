"""An order-sign call about 62323 in Arizona, as a client would send it."""

from __future__ import annotations

import uuid
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SIGN = "/crd/cds-services/order-sign-wiser"
URL = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
Json = dict[str, Any]


def order(code: str = "62323", name: str = "opal-esi") -> Json:
    """Return an order."""
    return {
        "resourceType": "ServiceRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "category": [
            {"coding": [{"system": "http://snomed.info/sct", "code": "387713003"}]},
        ],
        "code": {
            "coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": code}],
            "text": "injection between the vertebrae",
        },
        "subject": {"reference": "Patient/opal"},
        "occurrenceDateTime": "2026-12-03",
        "authoredOn": "2026-11-20T09:00:00-07:00",
        "requester": {"reference": "Practitioner/dr-sampleton"},
        "locationReference": [{"reference": "Location/mockingbird-hopd"}],
        "insurance": [{"reference": "Coverage/opal-medicare"}],
    }


def coverage() -> Json:
    """Return the coverage, with the payor's identifier beside its reference."""
    return {
        "resourceType": "Coverage",
        "id": "opal-medicare",
        "status": "active",
        "identifier": [
            {
                "type": {
                    "coding": [
                        {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}
                    ]
                },
                "system": "http://hl7.org/fhir/sid/us-mbi",
                "value": "1SA0A00AA11",
            }
        ],
        "beneficiary": {"reference": "Patient/opal"},
        "payor": [
            {
                "reference": "Organization/medicare",
                "identifier": {"system": "urn:oid:2.16.840.1.113883.6.300", "value": "00001"},
            }
        ],
    }


def found(*resources: Json) -> Json:
    """Return a searchset."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [{"resource": one} for one in resources],
    }


def call(*orders: Json, state: str = "AZ") -> Json:
    """Return an order-sign request."""
    place = {"resourceType": "Location", "id": "mockingbird-hopd", "address": {"state": state}}
    return {
        "hook": "order-sign",
        "hookInstance": str(uuid.uuid4()),
        "context": {
            "userId": "Practitioner/dr-sampleton",
            "patientId": "opal",
            "draftOrders": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {"fullUrl": f"http://127.0.0.1/fhir/ServiceRequest/{one['id']}",
                     "resource": one}
                    for one in orders or (order(),)
                ],
            },
        },
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "opal"},
            "encounter": None,
            "coverage": found(coverage()),
            "practitionerRoles": found(),
            "practitioners": found(),
            "organizations": found(),
            "locations": found(place),
        },
    }  # fmt: skip


def sign(client: FlaskClient, body: Json) -> TestResponse:
    """Call the service."""
    return client.post(SIGN, json=body)


def answers(client: FlaskClient, body: Json | None = None) -> list[Json]:
    """Return the coverage-information of each action, as sub-extension name -> values."""
    response = sign(client, body or call())
    assert response.status_code == 200, response.get_data(as_text=True)
    return [read(one["resource"]) for one in response.get_json()["systemActions"]]


def read(resource: Json) -> Json:
    """Return the resource's only coverage-information as name -> values."""
    (extension,) = [one for one in resource["extension"] if one["url"] == URL]
    made: Json = {}
    for one in extension["extension"]:
        value = next(value for key, value in one.items() if key.startswith("value"))
        made.setdefault(one["url"], []).append(value)
    return made
