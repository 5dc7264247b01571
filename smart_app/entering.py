"""An order that a person enters once: code, diagnoses, planned day and place.

For a chart whose orders cannot be read at all, and for an order without a billing code. Preclear
never guesses a code: what fits the typed words is offered, and a person chooses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from smart_app.cases.model import ChartSnapshot, Coding
from smart_app.chart import entered, orders
from smart_app.errors import PreclearError
from smart_app.fhir import codes, refs
from smart_app.programs.base import Program
from smart_app.sites import Site

CODE = re.compile(r"[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}")
ICD = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?")


class EntryError(PreclearError):
    """Something that was entered of an order cannot be taken; what was typed is kept."""

    code = "entry"
    http_status = 422
    say = "The order is not complete."
    do = "Mend it below. Nothing else was changed."


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, chose and ticked, as it came."""

    order_ref: str
    code: str
    diagnoses: tuple[str, ...]
    more: str
    planned: str
    place: str

    @classmethod
    def of(cls, form: Mapping[str, Sequence[str]]) -> Typed:
        """Read a posted form."""

        def one(key: str) -> str:
            return (form.get(key) or [""])[0].strip()

        ticked = tuple(form.get("diagnosis") or ())
        return cls(
            one("order"),
            one("chosen") or one("code"),
            ticked,
            one("more"),
            one("planned"),
            one("place"),
        )


def known_codes(program: Program) -> tuple[tuple[str, str], ...]:
    """Return every code of a program with our own plain words, in the order of the codes."""
    found = {c.code: c.words for service in program.services for c in service.codes}
    return tuple(sorted(found.items()))


def matches(program: Program, typed: str) -> tuple[tuple[str, str], ...]:
    """Return the program's codes that every typed word stands by, as its service's name too."""
    wanted = typed.casefold().split()
    found = {
        entry.code: entry.words
        for service in program.services
        for entry in service.codes
        if all(one in f"{entry.code} {entry.words} {service.name}".casefold() for one in wanted)
    }
    return tuple(sorted(found.items())) if wanted else ()


def diagnoses(chart: ChartSnapshot) -> tuple[tuple[str, str], ...]:
    """Return the ICD-10-CM codes of a chart's active conditions, with the chart's words."""
    found: dict[str, str] = {}
    for one in chart.of("Condition"):
        state = {each["code"] for each in codes.codings(one.get("clinicalStatus"))}
        code = codes.code_in(one.get("code"), [codes.ICD10CM])
        if code and not state & {"inactive", "remission", "resolved"}:
            found.setdefault(code, str((one.get("code") or {}).get("text") or ""))
    return tuple(sorted(found.items()))


def blank(chart: ChartSnapshot, order_ref: str) -> Typed:
    """Return what is known before a person types: what the order says itself."""
    order = chart.by_reference(order_ref)
    if order is None:
        return Typed("", "", (), "", "", "")
    said = tuple(one.code for one in orders.diagnoses(order, chart))
    planned = orders.planned_date((order,))
    return Typed(order_ref, "", said, "", planned.isoformat() if planned else "", "")


def entry(
    program: Program,
    site: Site,
    chart: ChartSnapshot,
    typed: Typed,
    who: tuple[str, str],
    now: datetime,
) -> entered.Entered:
    """Return what was entered of an order; raises EntryError that says what is missing.

    ``who`` is the reference and name of the person, ``now`` an aware moment.
    """
    code = _code(typed.code, program)
    found = _diagnoses(typed, chart)
    planned = _planned(typed.planned)
    place = site.facility(typed.place)
    if place is None:
        raise EntryError(say="Choose where it will be done.")
    patient = refs.of(chart.patient)
    order_ref = typed.order_ref
    if order_ref and chart.by_reference(order_ref) is None:
        raise EntryError(say="That order is not in this chart.")
    own = entered.name(patient, code.code, planned)
    by_ref, by = who
    return entered.Entered(order_ref or own, code, found, planned, place, by_ref, by, now)


def _code(typed: str, program: Program) -> Coding:
    code = typed.split(" ")[0].upper()
    if not CODE.fullmatch(code):
        raise EntryError(say="Choose the billing code (CPT or HCPCS), or type it.")
    system = codes.CPT if code[0].isdigit() else codes.HCPCS
    return Coding(system, code, program.words(code))


def _diagnoses(typed: Typed, chart: ChartSnapshot) -> tuple[Coding, ...]:
    words = dict(diagnoses(chart))
    more = [one for one in re.split(r"[\s,;]+", typed.more.upper()) if one]
    wrong = [one for one in more if not ICD.fullmatch(one)]
    if wrong:
        raise EntryError(say=f"{wrong[0]} is no ICD-10-CM code. Write it with its dot: M54.16.")
    found = dict.fromkeys((*typed.diagnoses, *more))
    if not found:
        raise EntryError(say="Choose the diagnosis that it is ordered for.")
    return tuple(Coding(codes.ICD10CM, one, words.get(one, "")) for one in found)


def _planned(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as cause:
        raise EntryError(say="Enter the planned day, such as 2026-12-01.") from cause
