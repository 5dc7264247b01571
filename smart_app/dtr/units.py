"""Units: those that an item asks for, and the one that a number is in.

A number in another unit is another number: it never fills the item, and is not converted.
https://hl7.org/fhir/R4/extension-questionnaire-unitoption.html
"""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import Resource

UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
UNIT_OPTION = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption"
NONE = ("", "1")
"""How a quantity says that it has no unit: CQL and UCUM write it as one."""


def asked(item: Resource) -> list[dict[str, Any]]:
    """Return the units that an item takes, as codings; an empty list when it names none."""
    found = [
        one.get("valueCoding")
        for one in item.get("extension") or []
        if isinstance(one, dict) and one.get("url") in (UNIT, UNIT_OPTION)
    ]
    codings = [one for one in found if isinstance(one, dict) and _name(one)]
    return [one for number, one in enumerate(codings) if one not in codings[:number]]


def words(item: Resource) -> str:
    """Return the units of an item as a person reads them."""
    return " or ".join(_name(one) for one in asked(item))


def find(unit: str, item: Resource) -> dict[str, Any] | None:
    """Return the unit of an item that a code or its words name, or None."""
    for key in ("code", "display"):
        for one in asked(item):
            if one.get(key) == unit:
                return one
    return None


def quantity(number: float, unit: str, item: Resource) -> dict[str, Any]:
    """Return a number as the item's quantity; raises ValueError for a unit that it does not take.

    Without a unit the number is in the only one that the item takes.
    """
    units = asked(item)
    if not units:
        return {"value": number} | ({} if unit in NONE else {"unit": unit})
    coding = units[0] if not unit and len(units) == 1 else find(unit, item)
    if coding is None:
        raise ValueError(f"enter a number and its unit, {words(item)}")
    coded = {key: coding[key] for key in ("system", "code") if coding.get(key)}
    return {"value": number, "unit": _name(coding), **coded}


def _name(coding: dict[str, Any]) -> str:
    return str(coding.get("display") or coding.get("code") or "")
