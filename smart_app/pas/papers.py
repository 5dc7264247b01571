"""What supports a request: the form's answers, documents, a visit, and plain words.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import codes, refs
from smart_app.pas import names
from smart_app.pas.names import concept, link, profile, x12
from smart_app.pas.versions import Version

ATTACHMENT = ("contentType", "data", "title", "creation")
EMPTY: tuple[Any, ...] = (None, {}, [])
Named = Mapping[str | None, tuple[str, str]]
"""System and value of the identifier by which a payer knows a resource of the chart."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One entry that supports the request; ``number`` is its attachment control number."""

    url: str
    title: str
    number: str


def document(document: Resource, patient: str, number: str, version: Version) -> Resource:
    """Return a document with its content inline, known by its control number."""
    made: Resource = {
        "resourceType": "DocumentReference",
        "meta": profile(version.document),
        "identifier": [{"system": names.CONTROL, "value": number}],
        "status": "current",
        "subject": link(patient),
    }
    made |= codes.only(document, "date", "description")
    if document.get("type"):
        made["type"] = codes.plain(document["type"])
    if document.get("category"):
        made["category"] = [codes.plain(one) for one in codes.objects(document["category"])]
    made["content"] = [
        {"attachment": codes.only(content["attachment"], *ATTACHMENT)}
        for content in codes.objects(document.get("content"))
        if codes.member(content.get("attachment"), "data")
    ]
    return made


def context(extension: dict[str, Any], named: Named) -> dict[str, Any]:
    """Return a context of a form's answers named by identifier: a PAS entry is no CRD resource."""
    reference = refs.relative(extension.get("valueReference"))
    if reference not in named:
        return extension
    return {**extension, "valueReference": logical(reference, named)}


def logical(reference: str | None, named: Named) -> dict[str, Any]:
    """Return a Reference that names a chart's resource by an identifier that a payer knows."""
    system, value = named[reference]
    kind = str(reference).partition("/")[0]
    return {"type": kind, "identifier": {"system": system, "value": value}}


def answers(
    response: Resource, named: Named, shown: Mapping[str | None, str], number: str
) -> Resource:
    """Return a form's answers that travel alone, known by their control number.

    No entry stands beside them: what they refer to is named by identifier, and by name where
    ``shown`` has one; what a payer cannot know goes.
    """

    def made(value: Any) -> Any:
        if isinstance(value, list):
            return [one for each in value if (one := made(each)) not in EMPTY]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("reference"), str):
            reference = refs.relative(value)
            name = {"display": shown[reference]} if reference in shown else {}
            return (logical(reference, named) if reference in named else {}) | name
        left = {key: one for key, each in value.items() if (one := made(each)) not in EMPTY}
        return left if len(value) == 1 or set(left) != {"url"} else {}  # an extension of nothing

    identified = {"identifier": {"system": names.CONTROL, "value": number}}
    sent: Resource = made({key: one for key, one in response.items() if key != "id"})
    return sent | identified


def title(document: Resource) -> str:
    """Return what a document is called."""
    named = document.get("description") or codes.member(document.get("type"), "text")
    return str(named or "Clinical document")


def visit(encounter: Resource, patient: str) -> Resource | None:
    """Return the visit that the service is planned for, or None for what PAS has no word for.

    PASEncounter is of status ``planned`` alone, and its type is one of NUBC's: another visit, or
    one without such a type, is not made into it.
    """
    kinds = [
        one
        for kind in codes.objects(encounter.get("type"))
        for one in codes.codings(kind)
        if one["system"] == names.VISIT
    ]
    if encounter.get("status") != "planned" or not kinds:
        return None
    made: Resource = {
        "resourceType": "Encounter",
        "meta": profile("profile-encounter"),
        "status": "planned",
        "class": codes.only(encounter.get("class"), "system", "code", "display"),
        "type": [concept(names.VISIT, kinds[0]["code"])],
        "subject": link(patient),
    }
    if encounter.get("period"):
        made["period"] = codes.only(encounter["period"], "start", "end")
    if encounter.get("reasonCode"):
        made["reasonCode"] = [codes.plain(one) for one in codes.objects(encounter["reasonCode"])]
    return made


def rows(
    papers: tuple[Paper, ...], event: date | None, reason: str | None, version: Version
) -> list[dict[str, Any]]:
    """Return the rows of ``supportingInfo``: papers first, then the day, then why it is urgent."""
    made = [_paper(one, version) for one in papers]
    if event:
        made.append(_row("patientEvent", timingDate=event.isoformat()))
    if reason:
        made.append(_row("freeFormMessage", valueString=reason))
    return [{"sequence": number, **one} for number, one in enumerate(made, start=1)]


def _row(category: str, **value: Any) -> dict[str, Any]:
    return {"category": concept(names.TEMP, category), **value}


def _paper(paper: Paper, version: Version) -> dict[str, Any]:
    """Return a row that points at an entry, and says what it is where the version can."""
    made = _row("additionalInformation", valueReference=link(paper.url))
    if not version.described:
        return made
    parts = [
        {"url": "reportTypeCode", "valueCodeableConcept": x12("755", "PY")},
        {"url": "transmissionMethod", "valueCodeableConcept": x12("756", "EL")},
        {"url": "controlNumber", "valueString": paper.number},
        {"url": "description", "valueString": paper.title[:80]},
    ]
    return {"extension": [{"url": names.INFORMATION, "extension": parts}], **made}
