"""A form with its logic as ELM, a chart, and an engine that is a script."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from smart_app.cases.model import ChartSnapshot, QuestionnairePackage, Resource
from smart_app.dtr.engine import Load, Outcome
from smart_app.dtr.items import INITIAL
from tests.unit.kit import NOW

PATIENT: Resource = {"resourceType": "Patient", "id": "p1"}
READ = ("Observation", "Condition", "MedicationRequest", "DocumentReference")


def a_question(link_id: str, kind: str = "boolean", define: str = "", **more: Any) -> Resource:
    """Return a question, answered by a define when one is named."""
    made: Resource = {"linkId": link_id, "text": f"Text of {link_id}", "type": kind, **more}
    if define:
        expression = {"language": "text/cql-identifier", "expression": define}
        made["extension"] = [{"url": INITIAL, "valueExpression": expression}]
    return made


def a_group(link_id: str, *items: Resource, **more: Any) -> Resource:
    """Return a criterion of questions."""
    return {"linkId": link_id, "text": f"Text of {link_id}", "type": "group", **more} | {
        "item": list(items)
    }


def a_library(name: str, defines: dict[str, Any], **includes: str) -> Resource:
    """Return a library; ``includes`` is alias → path."""
    library = {
        "identifier": {"id": name, "version": "1"},
        "includes": {
            "def": [{"localIdentifier": one, "path": path} for one, path in includes.items()]
        },
        "statements": {"def": [{"name": one, **body} for one, body in defines.items()]},
    }
    data = base64.b64encode(json.dumps({"library": library}).encode()).decode()
    content = [{"contentType": "application/elm+json", "data": data}]
    return {"resourceType": "Library", "name": name, "content": content}


def retrieve(kind: str) -> dict[str, Any]:
    """Return a define that asks whether there is a resource of a type."""
    inner = {"type": "Retrieve", "dataType": f"{{http://hl7.org/fhir}}{kind}"}
    return {"expression": {"type": "Exists", "operand": inner}}


def names(name: str, library: str = "", kind: str = "ExpressionRef") -> dict[str, Any]:
    """Return a define that names another define or a function."""
    inner: dict[str, Any] = {"type": kind, "name": name, "operand": []}
    return {"expression": inner | ({"libraryName": library} if library else {})}


def a_package(
    items: list[Resource], libraries: tuple[Resource, ...] = (), **more: Any
) -> QuestionnairePackage:
    """Return a package of one form."""
    form = {
        "resourceType": "Questionnaire",
        "url": "http://payer.example/form",
        "title": "Form",
        "item": items,
    }
    return QuestionnairePackage((form,), libraries, **more)


def a_chart(*unavailable: str, read: tuple[str, ...] = READ) -> ChartSnapshot:
    """Return a chart that was read and is empty, some types of it not read."""
    resources: dict[str, tuple[Resource, ...]] = {one: () for one in read if one not in unavailable}
    return ChartSnapshot(PATIENT, resources, dict.fromkeys(unavailable, "status 500"), NOW)


@dataclass
class Script:
    """An engine whose defines give what a test says, else False; it keeps what it was asked."""

    gives: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @contextmanager
    def session(self, load: Load) -> Iterator[Script]:
        yield self

    def define(self, library: str, name: str) -> Outcome:
        self.asked.append(name)
        return Outcome(self.gives.get(name, False))

    def path(self, expression: str, resource: Resource, variables: dict[str, Any]) -> Outcome:
        return Outcome(None)
