"""The parts of a request in words: which one a payer means, and where it can be changed."""

from __future__ import annotations

import re
from typing import Literal

from smart_app.cases.model import Part

Mend = Literal["chart", "entered", "again", "change", "settings", ""]
SUBJECTS = {
    "item": "Service {row}",
    "diagnosis": "Diagnosis {row}",
    "patient": "The patient",
    "coverage": "The coverage",
    "provider": "The clinic that asks",
    "insurer": "The reviewer",
    "team": "A clinician or the place",
    "request": "The request as a whole",
}
ELEMENTS = {
    "code": "the code",
    "modifiers": "the modifiers",
    "units": "the units",
    "planned": "the planned day",
    "place": "the place",
    "diagnosis": "its diagnosis",
    "information": "what is sent with it",
    "team": "who does it",
    "number": "the number",
    "name": "the name",
    "born": "the birth date",
    "sex": "the sex",
    "address": "the address",
    "contact": "the contact",
}
MENDS: dict[Mend, str] = {
    "chart": "Change it in the chart, then begin a new request.",
    "entered": "Begin a new request, then enter the order again on its page.",
    "again": "Begin a new request, then change it on its page.",
    "change": "Change it again with “Change this request” on this page.",
    "settings": "It stands in Preclear’s settings: tell the person who runs Preclear.",
    "": "",
}
"""Where a part can be changed."""


_CODE = re.compile(r"[0-9A-Z]{1,3}")


def fault(words: str) -> str:
    """Return what a payer complains about; X12's error codes come without words."""
    return f"Error code {words}" if _CODE.fullmatch(words) else f"“{words}”"


def part(found: Part) -> str:
    """Return what a payer means, as ``Service 1 (62323): the units``."""
    if found.subject == "information":
        return f"What is sent along: {found.label or 'the answers of the form'}"
    several = f"{found.number or ''} ({found.label})" if found.label else str(found.number or "")
    about = SUBJECTS[found.subject].format(row=several).strip()
    if found.subject == "request" and found.element:
        return ELEMENTS[found.element].capitalize()
    element = ELEMENTS.get(found.element, "")
    return f"{about}: {element}" if element else about


def mended(found: Part, *, entered: bool) -> Mend:
    """Return where a part can be changed; ``entered`` is whether a person entered the orders."""
    if found.subject in ("patient", "coverage"):
        return "chart"
    if found.subject == "information" or found.element == "information":
        return "again"
    if found.subject in ("provider", "insurer"):
        return "settings"
    if found.subject == "request" and not found.element:
        return "settings"
    return "entered" if entered else "chart"
