"""The answers of signed forms, as the document in the chart tells them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from smart_app.cases.model import Resource
from smart_app.formatters.dates import day

BY_HAND = ("override", "manual")
"""Origins of answers that a person gave or changed."""


def answers(signed: Iterable[Resource], zone: str) -> str:
    """Return what was answered in forms, each as it was signed last; empty for none."""
    last = {str(one.get("questionnaire")): one for one in signed}
    return "".join("\n".join(["", *_form(one, zone)]) + "\n" for one in last.values())


def _form(response: Resource, zone: str) -> Iterator[str]:
    named: dict[str, Any] = next(
        iter((response.get("_questionnaire") or {}).get("extension", [])), {}
    )
    title = named.get("valueString") or "Form"
    signed = datetime.fromisoformat(str(response["authored"]))
    yield f"What was answered: {title}, signed {day(signed, zone, year=True)}"
    for item in _items(response):
        several = [_said(one) for one in item.get("answer") or []]
        by_hand = any(_origin(one) in BY_HAND for one in item.get("answer") or [])
        if several:
            how = " (answered by hand)" if by_hand else ""
            yield f"{item.get('text') or item.get('linkId')}: {', '.join(several)}{how}"


def _items(element: Resource) -> Iterator[Resource]:
    for item in element.get("item") or []:
        yield item
        yield from _items(item)


def _origin(answer: Resource) -> str:
    """Return where an answer comes from: the first part of its origin."""
    parts = [part for one in answer.get("extension") or [] for part in one.get("extension") or []]
    return next((str(one.get("valueCode")) for one in parts if one.get("url") == "source"), "")


def _said(answer: Resource) -> str:
    kind, value = next(((k, one) for k, one in answer.items() if k.startswith("value")), ("", ""))
    if kind == "valueBoolean":
        return "Yes" if value else "No"
    if kind == "valueDate":
        return day(value, year=True) if len(str(value)) == 10 else str(value)
    if isinstance(value, dict):
        told = value.get("display") or value.get("code") or value.get("value")
        unit = value.get("unit") if "value" in value else None
        return " ".join(str(one) for one in (told, unit) if one is not None)
    return str(value)
