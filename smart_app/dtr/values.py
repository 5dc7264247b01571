"""Answer values: as form fields, as words, and as R4 ``value[x]``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from smart_app.cases.model import Resource
from smart_app.dtr import terminology, units

_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_MOMENT = re.compile(
    rf"([0-9]{{4}})(?:-([0-9]{{2}})(?:-([0-9]{{2}})(T{_CLOCK}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}}))?)?)?"
)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_LARGEST = 2**31 - 1  # of a FHIR integer
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
        named = (value.get(one) for one in ("code", "display", "reference"))
        return next((str(one) for one in named if one), "")
    return str(value)


def raw(value: Any) -> str:
    """Return the form value of an answer."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quantity(value) if _is_quantity(value) else key(value)


def words(value: Any) -> str:
    """Return an answer as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if _is_quantity(value):
        return _quantity(value)
    if isinstance(value, dict):
        return str(value.get("display") or key(value))
    return _plain(value)


def _is_quantity(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value


def _quantity(value: Resource) -> str:
    return f"{_plain(value['value'])} {value.get('unit') or value.get('code') or ''}".strip()


def _plain(value: Any) -> str:
    """Return a value as text, a whole number without its zero."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST:
        return str(int(value))
    return str(value)


def day(text: str) -> str:
    """Return a date as a person reads it; a partial one as it stands."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.day} {found:%b %Y}"


def number(text: str, integer: bool = False) -> float:
    """Return a written number; raises ValueError with the sentence for the person.

    A comma is taken only where it can mean nothing but thousands.
    """
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    if not _NUMBER.fullmatch(plain) or not math.isfinite(float(plain)):
        raise ValueError("enter a number, such as 1250 or 1,250 or 12.5")
    found = float(plain)
    return whole(found) if integer else found


def whole(found: float) -> int:
    """Return a number as a FHIR integer; raises ValueError when it is none."""
    if abs(found) > _LARGEST or found != int(found):
        raise ValueError("enter a whole number")
    return int(found)


def moment(text: str, kind: str) -> str:
    """Return a written date, dateTime or time; raises ValueError with the sentence for the person.

    A date may be partial, and a dateTime may be a date.
    """
    if kind == "time":
        full = f"{text}:00" if text.count(":") == 1 else text
        if not re.fullmatch(_CLOCK, full) or not _exists(time.fromisoformat, full):
            raise ValueError("enter a time as HH:MM")
        return full
    found = _MOMENT.fullmatch(text)
    if not found or (found[4] and kind == "date"):
        raise ValueError("enter a date as YYYY-MM-DD")
    first = f"{found[1]}-{found[2] or '01'}-{found[3] or '01'}{found[4] or ''}"
    if not _exists(datetime.fromisoformat, first):
        raise ValueError("that day does not exist")
    return text


def _exists(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _measured(text: str, item: Resource) -> dict[str, Any]:
    """Return a number with its unit, such as ``70 kg``, as a quantity."""
    written, _, unit = text.partition(" ")
    unit = unit.strip()
    if unit[:1].isdigit() and units.find(unit, item) is None:
        raise ValueError("enter a number, such as 1250 or 1,250 or 12.5, then its unit")
    return units.quantity(number(written), unit, item)


def parse(text: str, item: Resource, options: list[Any]) -> Any:
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
        return number(text, kind == "integer")
    if kind in ("date", "dateTime", "time"):
        return moment(text, kind)
    if kind == "quantity":
        return _measured(text, item)
    if len(text) > int(item.get("maxLength") or 4000):
        raise ValueError("the text is too long")
    return text


def fhir(value: Any, item: Resource) -> dict[str, Any]:
    """Return an answer as ``value[x]``."""
    kind = str(item["type"])
    if kind in ("choice", "open-choice"):
        for element, option in terminology.listed_options(item):
            if option == value and type(option) is type(value):
                return {element: value}
        return {"valueCoding" if isinstance(value, dict) else "valueString": value}
    return {f"value{_SUFFIX.get(kind, 'String')}": value}
