"""Turn what logic gave into an answer of the item's type, or into nothing.

The SDC rule and what is met in practice: a list of one is its one, a code finds its option, a
DateTime gives the day in its own offset, the string ``null`` is nothing, False is an answer.
"""

from __future__ import annotations

import math
from typing import Any

from smart_app.cases.model import Resource


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
    return value.strip() if isinstance(value, str) else None


def choice(value: Any, options: list[dict[str, Any]]) -> Any:
    """Return the option that a result names, by code, then by display."""
    code = _code(value)
    if code is None:
        return None
    for key in ("code", "display"):
        for option in options:
            if option.get(key) == code:
                return option
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if _tag(value) == "quantity":
        value = value.get("value")
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    return value if isinstance(value, int | float) else number


def _text(value: Any) -> str | None:
    if _tag(value) in ("date",):
        return str(value["value"])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        kept = value.strip()
        return kept if kept and kept != "null" else None
    return None


def one(value: Any, kind: str, options: list[dict[str, Any]]) -> Any:
    """Return one result as an answer value of an item type, or None."""
    if kind in ("choice", "open-choice"):
        found = choice(value, options)
        return _text(value) if found is None and kind == "open-choice" else found
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "integer":
        number = _number(value)
        return int(number) if number is not None and number == int(number) else None
    if kind == "decimal":
        return _number(value)
    if kind in ("date", "dateTime", "time"):
        text = _text(value)
        return text[:10] if text and kind == "date" else text
    if kind in ("string", "text", "url"):
        return _text(value)
    if kind == "quantity" and _tag(value) == "quantity":
        return {"value": value.get("value"), "unit": value.get("unit") or "1"}
    return None


def answers(value: Any, item: Resource, options: list[dict[str, Any]]) -> list[Any]:
    """Return the answers that a result gives to an item.

    Several results for an item that takes one are no answer: a person chooses.
    """
    found = [
        made
        for inner in flat(value)
        if (made := one(inner, str(item["type"]), options)) is not None
    ]
    unique = [made for index, made in enumerate(found) if made not in found[:index]]
    if not item.get("repeats") and len(unique) > 1:
        return []
    return unique
