"""What a form must look like to be shown: checked once, when the payer sends it.

https://hl7.org/fhir/R4/questionnaire.html. Tolerant where nothing of ours breaks.
"""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import Resource
from smart_app.errors import PackageError

TYPES = frozenset(
    {
        "group",
        "display",
        "boolean",
        "decimal",
        "integer",
        "date",
        "dateTime",
        "time",
        "string",
        "text",
        "url",
        "choice",
        "open-choice",
        "attachment",
        "reference",
        "quantity",
    }
)
DEEPEST = 12
MOST_ITEMS = 2000
LISTS = ("extension", "item", "enableWhen", "answerOption")


def check(form: Resource) -> None:
    """Raise PackageError, naming the rule, for a form that cannot be shown."""
    _lists(form, ("item", "extension", "contained"), "form")
    seen: set[str] = set()
    ahead = [(one, 1) for one in form["item"]]
    while ahead:
        item, depth = ahead.pop()
        link_id = _link_id(item)
        if link_id in seen:
            raise PackageError(f"linkId {link_id} stands twice")
        seen.add(link_id)
        if depth > DEEPEST or len(seen) > MOST_ITEMS:
            raise PackageError("the form is nested too deep, or too long")
        _item(item, link_id)
        ahead += [(one, depth + 1) for one in item.get("item") or []]


def _link_id(item: Resource) -> str:
    link_id = item.get("linkId")
    if not isinstance(link_id, str) or not link_id.strip():
        raise PackageError("an item has no linkId")
    if "[" in link_id:  # would be read as the index of a repeat in an answer's path
        raise PackageError(f"linkId {link_id} holds a bracket")
    return link_id


def _item(item: Resource, link_id: str) -> None:
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise PackageError(f"{link_id}: no known type")
    _lists(item, LISTS, link_id)
    for option in item.get("answerOption") or []:
        if not any(key.startswith("value") for key in option):
            raise PackageError(f"{link_id}: an option has no value")
    longest = item.get("maxLength")
    if longest is not None and (isinstance(longest, bool) or not isinstance(longest, int)):
        raise PackageError(f"{link_id}: maxLength is no number")


def _lists(element: Resource, names: tuple[str, ...], where: str) -> None:
    """Check that members are lists of objects, where they are given."""
    for name in names:
        value: Any = element.get(name)
        if value is None:
            continue
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise PackageError(f"{where}: {name} is no list of objects")
