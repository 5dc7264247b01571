"""Turn what logic gave into an answer of the item's type, or into nothing.

The SDC rule and what is met in practice: a list of one is its one, a code finds its option, a
DateTime gives the day in its own offset, the string ``null`` is nothing, False is an answer, a
number in a unit that the item does not take is none.
"""

from __future__ import annotations

import math
from typing import Any

from smart_app.cases.model import Resource
from smart_app.dtr import units, values


def flat(value: Any) -> list[Any]:
    """Return a result as a list without empties."""
    if value is None:
        return []
    if isinstance(value, list):
        return [inner for one in value for inner in flat(one)]
    return [value]


def _tag(value: Any) -> str | None:
    return value.get("$") if isinstance(value, dict) else None


def _code(value: Any) -> str | None:
    if _tag(value) == "code":
        return str(value.get("code"))
    if _tag(value) == "concept":
        return next((str(one.get("code")) for one in value.get("codes") or []), None)
    if isinstance(value, dict) and "code" in value:
        return str(value["code"])
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else None


def choice(value: Any, options: list[Any]) -> Any:
    """Return the option that a result names, by code, then by display."""
    code = _code(value)
    if code is None:
        return None
    for key in ("code", "display"):
        for option in options:
            if (option.get(key) if isinstance(option, dict) else str(option)) == code:
                return option
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, str):
            return values.number(value.strip())
        return value if isinstance(value, int | float) and math.isfinite(value) else None
    except (ValueError, OverflowError):
        return None


def _measured(value: Any, item: Resource) -> dict[str, Any] | None:
    """Return a result with its unit as a quantity in a unit that the item takes, or None."""
    number = _number(value.get("value"))
    unit = "" if value.get("unit") in (None, *units.NONE) else str(value["unit"])
    if number is None or (not unit and units.asked(item)):
        return None
    try:
        return units.quantity(number, unit, item)
    except ValueError:
        return None


def _moment(value: Any, kind: str) -> str | None:
    """Return a day or time, of a moment its day where the item takes a date; no other text."""
    text = (_text(value) or "") if isinstance(value, str) or _tag(value) == "date" else ""
    dated, _, clock = text.partition("T")
    if kind == "date" and clock[:1].isdigit():
        text = dated
    try:
        return values.moment(text, kind)
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    if _tag(value) in ("date",):
        return str(value["value"])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        kept = value.strip()
        return kept if kept and kept != "null" else None
    return None


def one(value: Any, item: Resource, options: list[Any]) -> Any:
    """Return one result as an answer value of an item's type, or None."""
    kind = str(item["type"])
    if kind in ("choice", "open-choice"):
        found = choice(value, options)
        return _text(value) if found is None and kind == "open-choice" else found
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind in ("date", "dateTime", "time"):
        return _moment(value, kind)
    if kind in ("string", "text", "url"):
        return _text(value)
    measured = _measured(value, item) if _tag(value) == "quantity" else None
    if kind == "quantity":
        return measured
    number = measured["value"] if measured else _number(value)
    if kind == "integer" and number is not None:
        return _whole(number)
    return number if kind == "decimal" else None


def _whole(number: float) -> int | None:
    try:
        return values.whole(number)
    except ValueError:
        return None


def answers(value: Any, item: Resource, options: list[Any]) -> list[Any]:
    """Return the answers that a result gives to an item.

    Several results for an item that takes one are no answer: a person chooses.
    """
    found = [made for inner in flat(value) if (made := one(inner, item, options)) is not None]
    unique = [made for index, made in enumerate(found) if made not in found[:index]]
    if not item.get("repeats") and len(unique) > 1:
        return []
    return unique
