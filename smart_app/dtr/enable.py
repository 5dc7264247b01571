"""Which items apply, by ``enableWhen``.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from smart_app.cases.model import Resource

Given = dict[str, list[Any]]
"""Answers by linkId, only those that stand."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def comparable(value: Any) -> Any:
    """Return what is compared of a value: a coding's code, a quantity's number."""
    if isinstance(value, dict):
        return value.get("code") if "code" in value and "value" not in value else value.get("value")
    return value


def _holds(condition: Resource, given: Given) -> bool:
    answers = [comparable(one) for one in given.get(str(condition.get("question")), [])]
    wanted = next((v for key, v in condition.items() if key.startswith("answer")), None)
    how = condition.get("operator")
    if how == "exists":
        return bool(answers) is (wanted is not False)
    wanted = comparable(wanted)
    if how == "=":
        return wanted in answers
    if how == "!=":
        return wanted not in answers
    compare = _ORDER.get(str(how))
    try:
        return compare is not None and any(compare(one, wanted) for one in answers)
    except TypeError:
        return False


def questions(item: Resource) -> set[str]:
    """Return the linkIds that an item's own conditions ask about."""
    return {str(one.get("question")) for one in item.get("enableWhen") or []}


def enabled(item: Resource, given: Given) -> bool:
    """Tell whether an item's own conditions hold; its parents are the caller's matter."""
    conditions = item.get("enableWhen") or []
    if not conditions:
        return True
    held = [_holds(one, given) for one in conditions]
    return any(held) if item.get("enableBehavior") == "any" else all(held)


def applicable(form: Resource, given: Given) -> set[str]:
    """Return the linkIds that apply, parents considered."""
    found: set[str] = set()

    def visit(element: Resource) -> None:
        for item in element.get("item") or []:
            if enabled(item, given):
                found.add(str(item.get("linkId")))
                visit(item)

    visit(form)
    return found
