"""A form that was asked for and comes back: the right one, about the right person, and whole.

https://hl7.org/fhir/us/davinci-dtr/STU2/StructureDefinition-dtr-questionnaireresponse.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.payer.outcome import Faults
from sandbox.payer.r4 import Json, mapping, objects

DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
ORIGIN = DTR + "information-origin"
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
Given = dict[str, list[Any]]


def check(response: Json, form: Json, canonical: str, member: str, trace: str) -> Faults:
    """Return everything for which a payer would send the answers back."""
    faults, at = Faults(), "QuestionnaireResponse"
    faults.need(
        response.get("questionnaire") == canonical, at, f"the form is {canonical}", "business-rule"
    )
    subject = mapping(mapping(response.get("subject")).get("identifier")).get("value")
    faults.need(subject == member, f"{at}.subject", "is not that of the request", "business-rule")
    about = [
        mapping(mapping(one.get("valueReference")).get("identifier")).get("value")
        for one in objects(response.get("extension"))
    ]
    faults.need(trace in about, f"{at}.extension", "no context is the item asked about", "value")
    for name in ("authored", "author"):
        faults.need(response.get(name), f"{at}.{name}", "is required", "required")
    _items(response, form, faults)
    return faults


def _items(response: Json, form: Json, faults: Faults) -> None:
    """Hold the answers against the form's own items: which apply, and which must be there."""
    rows = {str(one.get("linkId")): one for one in _walk(response)}
    given = {name: list(map(_value, objects(one.get("answer")))) for name, one in rows.items()}
    applying = set(_applying(form, given))
    for name in rows:
        where = f"QuestionnaireResponse.item.where(linkId='{name}')"
        faults.need(name in applying, where, "does not apply, or is not of this form", "value")
    for item in _walk(form):
        name = str(item.get("linkId"))
        missing = item.get("required") and name in applying and not given.get(name)
        faults.need(not missing, f"QuestionnaireResponse.item '{name}'", "is required", "required")
    for one in rows.values():
        for answer in objects(one.get("answer")):
            told = [ext for ext in objects(answer.get("extension")) if ext.get("url") == ORIGIN]
            faults.need(told, "QuestionnaireResponse.item.answer", "says no origin", "required")


def _walk(element: Json) -> Iterator[Json]:
    for item in objects(element.get("item")):
        yield item
        yield from _walk(item)


def _applying(element: Json, given: Given) -> Iterator[str]:
    for item in objects(element.get("item")):
        held = [_holds(one, given) for one in objects(item.get("enableWhen"))]
        if not held or (any(held) if item.get("enableBehavior") == "any" else all(held)):
            yield str(item.get("linkId"))
            yield from _applying(item, given)


def _holds(condition: Json, given: Given) -> bool:
    answers, how = given.get(str(condition.get("question")), []), str(condition.get("operator"))
    wanted = _value(condition, "answer")
    if how == "exists":
        return bool(answers) is wanted
    if how in ("=", "!="):
        return (wanted in answers) is (how == "=")
    return how in COMPARE and any(COMPARE[how](one, wanted) for one in answers)


def _value(element: Json, begin: str = "value") -> Any:
    """Return what is compared of an answer: a coding's code, a quantity's number."""
    found = next((one for key, one in element.items() if key.startswith(begin)), None)
    return found.get("code", found.get("value")) if isinstance(found, dict) else found
