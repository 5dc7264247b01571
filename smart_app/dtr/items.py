"""Walk a questionnaire's items, tolerantly: what a payer sends is parsed as plain JSON.

https://hl7.org/fhir/R4/questionnaire.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smart_app.cases.model import QuestionnairePackage, Resource

HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
INITIAL = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-initialExpression"
SHORT = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-shortText"
LIBRARY = "http://hl7.org/fhir/StructureDefinition/cqf-library"
DOCUMENT, MISSING = "-document", "-missing"
"""Suffixes of the items by which a group is closed by a document, or sent without an answer."""


def extension(element: Resource, url: str) -> Any:
    """Return the value of an element's extension, or None."""
    for one in element.get("extension") or []:
        if isinstance(one, dict) and one.get("url") == url:
            return next((value for key, value in one.items() if key.startswith("value")), None)
    return None


def questionnaire(package: QuestionnairePackage) -> Resource:
    """Return the form that is filled: the package's first."""
    return package.questionnaires[0]


def canonical(form: Resource) -> str:
    """Return the version-specific canonical of a form."""
    version = form.get("version")
    return f"{form['url']}|{version}" if version else str(form["url"])


def walk(element: Resource) -> Iterator[Resource]:
    """Yield every item below an element, parents first."""
    for item in element.get("item") or []:
        yield item
        yield from walk(item)


def groups(form: Resource) -> list[Resource]:
    """Return the criteria: the top-level groups, and lone top-level questions."""
    return [one for one in form.get("item") or [] if one.get("type") != "display"]


def questions(element: Resource) -> list[Resource]:
    """Return the items of an element that take answers."""
    own = [element] if element.get("type") not in (None, "group", "display") else []
    inner = [one for one in walk(element) if one.get("type") not in ("group", "display")]
    return own + inner


def hidden(item: Resource) -> bool:
    """Tell whether an item is not meant to be shown."""
    return extension(item, HIDDEN) is True
