"""What a payer asked for, documents or a form, as CDex's ``$submit-attachment`` takes them.

https://hl7.org/fhir/us/davinci-cdex/STU2.1/OperationDefinition-submit-attachment.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import Resource, Wanted
from smart_app.fhir import codes
from smart_app.pas import papers, versions

LOINC = "http://loinc.org"
REPORT = "https://codesystem.x12.org/005010/755"
PROFILE = (
    "http://hl7.org/fhir/us/davinci-cdex/StructureDefinition/cdex-parameters-submit-attachment"
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What answers a wish: documents of the chart, and a signed form as ``papers.answers`` made it.

    ``reference`` is the number under which the payer keeps the request.
    """

    documents: tuple[Resource, ...]
    reference: str | None = None
    form: Resource | None = None


def member(request: Resource) -> dict[str, Any]:
    """Return the member number of a request, as it was sent."""
    found = {one["fullUrl"]: one["resource"] for one in request["entry"]}
    claim = request["entry"][0]["resource"]
    coverage = found[claim["insurance"][0]["coverage"]["reference"]]
    number: dict[str, Any] = coverage["identifier"][0]
    return number


def build(request: Resource, wanted: Wanted, sent: Sent, version: str) -> Resource:
    """Return the Parameters that answer one wish of a payer about a request, as that was sent.

    The documents' subject is named by member number alone.
    """
    found = {one["fullUrl"]: one["resource"] for one in request["entry"]}
    claim = request["entry"][0]["resource"]
    insurer = found[claim["insurer"]["reference"]]["identifier"][0]
    provider = found[claim["provider"]["reference"]]
    insured = member(request)
    parameters: list[dict[str, Any]] = [
        _named("TrackingId", {"system": wanted.system, "value": wanted.number}),
        {"name": "AttachTo", "valueCode": "preauthorization"},
        _named("PayerId", insurer),
        _named(
            "OrganizationId",
            {"system": codes.NPI, "value": codes.identifier(provider, codes.NPI) or ""},
        ),
        _named("MemberId", insured),
        *_attachments(wanted, sent, insured, version),
        {"name": "Final", "valueBoolean": True},
    ]
    if sent.reference:
        parameters.insert(1, _named("AdminRefNumber", {"value": sent.reference}))
    return {"resourceType": "Parameters", "meta": {"profile": [PROFILE]}, "parameter": parameters}


def _named(name: str, identifier: dict[str, Any]) -> dict[str, Any]:
    kept = {key: one for key, one in identifier.items() if one}
    return {"name": name, "valueIdentifier": kept}


def _attachments(
    wanted: Wanted, sent: Sent, insured: dict[str, Any], version: str
) -> Iterator[dict[str, Any]]:
    """Yield the form first; the code that was asked for is its own, else each document's."""
    subject = {"identifier": {"system": insured["system"], "value": insured["value"]}}
    if sent.form is not None:
        yield _attachment(wanted, coded(wanted.code), sent.form)
    for one in sent.documents:
        made = papers.document(one, "", wanted.number, versions.VERSIONS[version])
        content = {key: value for key, value in made.items() if key != "meta"}
        code = coded(wanted.code) if sent.form is None else _own(one)
        yield _attachment(wanted, code, content | {"subject": subject})


def coded(code: str) -> dict[str, Any] | None:
    """Return what is asked for as a concept: LOINC's codes have a check digit after a dash."""
    system = LOINC if "-" in code else REPORT
    return {"coding": [{"system": system, "code": code}]} if code else None


def _own(document: Resource) -> dict[str, Any] | None:
    """Return the LOINC code of a document's kind, if it has one."""
    known = [one for one in codes.codings(document.get("type")) if one["system"] == LOINC]
    return coded(known[0]["code"]) if known else None


def _attachment(wanted: Wanted, code: dict[str, Any] | None, content: Resource) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"name": "LineItem", "valueString": str(line)} for line in wanted.lines
    ]
    if code:
        parts.append({"name": "Code", "valueCodeableConcept": code})
    return {"name": "Attachment", "part": [*parts, {"name": "Content", "resource": content}]}
