"""Documents that a payer asked for, as CDex's ``$submit-attachment`` takes them.

https://hl7.org/fhir/us/davinci-cdex/STU2.1/OperationDefinition-submit-attachment.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from smart_app.cases.model import Resource, Wanted
from smart_app.fhir import codes
from smart_app.pas import papers, versions

LOINC = "http://loinc.org"
REPORT = "https://codesystem.x12.org/005010/755"
PROFILE = (
    "http://hl7.org/fhir/us/davinci-cdex/StructureDefinition/cdex-parameters-submit-attachment"
)


def build(
    request: Resource,
    wanted: Wanted,
    documents: Iterable[Resource],
    reference: str | None,
    version: str,
) -> Resource:
    """Return the Parameters that answer one wish of a payer about a request, as that was sent.

    ``reference`` is the number under which the payer keeps the request. The documents' subject is
    named by member number alone.
    """
    found = {one["fullUrl"]: one["resource"] for one in request["entry"]}
    claim = request["entry"][0]["resource"]
    insurer = found[claim["insurer"]["reference"]]["identifier"][0]
    provider = found[claim["provider"]["reference"]]
    coverage = found[claim["insurance"][0]["coverage"]["reference"]]
    member = coverage["identifier"][0]
    subject = {"identifier": {"system": member["system"], "value": member["value"]}}
    parameters: list[dict[str, Any]] = [
        _named("TrackingId", {"system": wanted.system, "value": wanted.number}),
        {"name": "AttachTo", "valueCode": "preauthorization"},
        _named("PayerId", insurer),
        _named(
            "OrganizationId",
            {"system": codes.NPI, "value": codes.identifier(provider, codes.NPI) or ""},
        ),
        _named("MemberId", member),
        *(_attachment(wanted, one, subject, version) for one in documents),
        {"name": "Final", "valueBoolean": True},
    ]
    if reference:
        parameters.insert(1, _named("AdminRefNumber", {"value": reference}))
    return {"resourceType": "Parameters", "meta": {"profile": [PROFILE]}, "parameter": parameters}


def _named(name: str, identifier: dict[str, Any]) -> dict[str, Any]:
    kept = {key: one for key, one in identifier.items() if one}
    return {"name": name, "valueIdentifier": kept}


def _attachment(
    wanted: Wanted, document: Resource, subject: dict[str, Any], version: str
) -> dict[str, Any]:
    system = LOINC if "-" in wanted.code else REPORT
    coded = [{"system": system, "code": wanted.code}] if wanted.code else []
    made = papers.document(document, "", wanted.number, versions.VERSIONS[version])
    content = {key: one for key, one in made.items() if key != "meta"} | {"subject": subject}
    parts: list[dict[str, Any]] = [
        {"name": "LineItem", "valueString": str(line)} for line in wanted.lines
    ]
    if coded:
        parts.append({"name": "Code", "valueCodeableConcept": {"coding": coded}})
    return {"name": "Attachment", "part": [*parts, {"name": "Content", "resource": content}]}
