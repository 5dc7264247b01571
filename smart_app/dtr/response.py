"""Stage 8: the completed QuestionnaireResponse.

Profile ``dtr-questionnaireresponse`` (DTR 2.0.1): context names coverage and orders, every answer
carries its origin, an author stands with what a person said and never with what was computed
(dtrx-1), items that do not apply are absent.
https://hl7.org/fhir/us/davinci-dtr/STU2/StructureDefinition-dtr-questionnaireresponse.html
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from smart_app.cases.model import Answer, Draft, Person, QuestionnairePackage, Resource
from smart_app.dtr import enable, gaps, items, values
from smart_app.fhir import refs

DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
CRD_TEMP = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"
DISPLAY = "http://hl7.org/fhir/StructureDefinition/display"
ROLE = "http://terminology.hl7.org/CodeSystem/practitioner-role"
SOURCES = {"auto": "auto", "payer": "auto", "override": "override", "manual": "manual"}


def _origin(answer: Answer) -> dict[str, Any]:
    source = SOURCES[answer.origin]
    parts: list[dict[str, Any]] = [{"url": "source", "valueCode": source}]
    if source != "auto" and answer.author:
        role = {"coding": [{"system": ROLE, "code": "doctor"}]}
        parts.append(
            {
                "url": "author",
                "extension": [
                    {"url": "role", "valueCodeableConcept": role},
                    {"url": "practitioner", "valueReference": {"reference": answer.author}},
                ],
            }
        )
    return {"url": DTR + "information-origin", "extension": parts}


def _items(element: Resource, draft: Draft, applies: set[str]) -> list[dict[str, Any]]:
    made = []
    for item in element.get("item") or []:
        link_id = str(item["linkId"])
        if link_id not in applies:
            continue
        row: dict[str, Any] = {"linkId": link_id}
        if item.get("text"):
            row["text"] = item["text"]
        answers = [
            {"extension": [_origin(one)], **values.fhir(one.value, item)}
            for one in gaps.answers_of(draft, link_id)
        ]
        inner = _items(item, draft, applies)
        if answers:
            row["answer"] = answers
        if inner:
            row["item"] = inner
        if answers or inner:
            made.append(row)
    return made


def sign(
    package: QuestionnairePackage,
    draft: Draft,
    *,
    patient: Resource,
    orders: tuple[Resource, ...],
    coverage: Resource,
    person: Person,
    at: datetime,
    intended_use: str = "withpa",
) -> Resource:
    """Return the completed response, references relative as in the chart."""
    form = items.questionnaire(package)
    applies = enable.applicable(form, gaps.standing(draft))
    context = [refs.of(coverage), *(refs.of(one) for one in orders)]
    use = {"coding": [{"system": CRD_TEMP, "code": intended_use}]}
    return {
        "resourceType": "QuestionnaireResponse",
        "id": str(uuid.uuid4()),
        "meta": {"profile": [DTR + "dtr-questionnaireresponse"]},
        "extension": [
            *({"url": DTR + "qr-context", "valueReference": {"reference": one}} for one in context),
            {"url": DTR + "intendedUse", "valueCodeableConcept": use},
        ],
        "questionnaire": draft.questionnaire,
        "_questionnaire": {
            "extension": [{"url": DISPLAY, "valueString": str(form.get("title") or "Form")}]
        },
        "status": "completed",
        "subject": {"reference": refs.of(patient)},
        "authored": at.isoformat(timespec="seconds"),
        "author": {"reference": person.fhir_user},
        "item": _items(form, draft, applies),
    }
