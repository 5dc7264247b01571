"""Answer values: as form fields, as words, and as R4 ``value[x]``."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

from smart_app.cases.model import Resource

_DATE = re.compile(r"^\d{4}(-\d{2}(-\d{2})?)?$")
_SUFFIX = {
    "boolean": "Boolean",
    "integer": "Integer",
    "decimal": "Decimal",
    "date": "Date",
    "dateTime": "DateTime",
    "time": "Time",
    "string": "String",
    "text": "String",
    "url": "Uri",
    "quantity": "Quantity",
    "reference": "Reference",
    "attachment": "Attachment",
}


def key(value: Any) -> str:
    """Return the form value of an option."""
    if isinstance(value, dict):
        return str(value.get("code") or value.get("display") or value.get("value"))
    return str(value)


def raw(value: Any) -> str:
    """Return the form value of an answer."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return key(value)


def words(value: Any) -> str:
    """Return an answer as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    if isinstance(value, dict):
        if "value" in value:
            return f"{value['value']} {value.get('unit') or ''}".strip()
        return str(value.get("display") or value.get("code") or "")
    return str(value)


def day(text: str) -> str:
    """Return a date as a person reads it; a partial one as it stands."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.day} {found:%b %Y}"


def _number(text: str, whole: bool) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError as cause:
        raise ValueError("enter a number") from cause
    if not math.isfinite(number):
        raise ValueError("enter a number")
    if whole:
        if number != int(number):
            raise ValueError("enter a whole number")
        return int(number)
    return number


def parse(text: str, item: Resource, options: list[dict[str, Any]]) -> Any:
    """Return a posted value as an answer; raises ValueError with the sentence for the person."""
    kind, text = str(item["type"]), text.strip()
    if kind in ("choice", "open-choice"):
        found = next((one for one in options if key(one) == text), None)
        if found is None and kind == "choice":
            raise ValueError("choose one of the options")
        return text if found is None else found
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError("choose yes or no")
        return text == "true"
    if kind in ("integer", "decimal"):
        return _number(text, kind == "integer")
    if kind == "date":
        if not _DATE.match(text):
            raise ValueError("enter a date as YYYY-MM-DD")
        if len(text) == 10:
            try:
                date.fromisoformat(text)
            except ValueError as cause:
                raise ValueError("that day does not exist") from cause
        return text
    if kind == "quantity":
        return {"value": _number(text, False)}
    if len(text) > int(item.get("maxLength") or 4000):
        raise ValueError("the text is too long")
    return text


def fhir(value: Any, item: Resource) -> dict[str, Any]:
    """Return an answer as ``value[x]``."""
    kind = str(item["type"])
    if kind in ("choice", "open-choice"):
        if isinstance(value, dict):
            return {"valueCoding": value}
        return {"valueString": value}
    return {f"value{_SUFFIX.get(kind, 'String')}": value}
