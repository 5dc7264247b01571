"""An order that a person enters once: code, diagnoses, planned day and place.

For a chart whose orders cannot be read at all, and for an order without a billing code. Preclear
never guesses a code: what fits the typed words is offered, and a person chooses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from smart_app.cases.model import ChartSnapshot, Coding, Resource, entered_here
from smart_app.chart import entered, orders
from smart_app.errors import PreclearError
from smart_app.fhir import codes, refs
from smart_app.programs.base import Program
from smart_app.sites import Site

T = TypeVar("T")

ORDERING = ("20", "363A", "363L", "364S", "367A", "122", "213E", "152W", "103T", "1041", "3902")
"""How the taxonomy codes begin of those who order for Medicare, from physicians to residents.

https://www.cms.gov/Medicare/Provider-Enrollment-and-Certification/Ordering-and-Certifying
"""
UNKNOWN_WORDS = (
    "No code that Medicare asks about goes by these words: type others, or the billing code itself."
)
FURTHEST = timedelta(days=366)
CODE = re.compile(r"[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}")
ICD = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?")


class EntryError(PreclearError):
    """What was entered of an order cannot be taken; what was typed is kept.

    ``faults`` are the fields to mend, by their name on the page, with a sentence each.
    """

    code = "entry"
    http_status = 422
    say = "The order is not complete."
    do = "Mend it below: what you typed is kept, and nothing is sent."

    def __init__(self, faults: Mapping[str, str] | None = None, *, say: str = "", do: str = ""):
        super().__init__(say=say, do=do)
        self.faults = dict(faults or {})


class Fault(ValueError):
    """One field of an order cannot be taken, as its text says."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, chose and ticked, as it came."""

    order_ref: str = ""
    code: str = ""
    diagnoses: tuple[str, ...] = ()
    more: str = ""
    planned: str = ""
    place: str = ""
    requester: str = ""

    @classmethod
    def of(cls, form: Mapping[str, Sequence[str]]) -> Typed:
        """Read a posted form."""

        def one(key: str) -> str:
            return (form.get(key) or [""])[0].strip()

        return cls(
            order_ref=one("order"),
            code=one("chosen") or one("code"),
            diagnoses=tuple(filter(None, form.get("diagnosis") or ())),
            more=one("more"),
            planned=one("planned"),
            place=one("place"),
            requester=one("requester"),
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What an order of the chart says itself, beside the code that it lacks."""

    diagnoses: tuple[Coding, ...] = ()
    planned: date | None = None
    place: bool = False
    requester: bool = False


def said(chart: ChartSnapshot, order_ref: str) -> Said:
    """Return what a chart's order says itself; nothing of an order that is entered whole."""
    order = chart.by_reference(order_ref)
    if order is None or entered_here(order_ref):
        return Said()
    return Said(
        orders.diagnoses(order, chart),
        orders.planned_date((order,)),
        bool(order.get("locationReference")),
        bool(refs.relative(order.get("requester"))),
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


def orderers(chart: ChartSnapshot, user: str) -> tuple[tuple[str, str], ...]:
    """Return who may have ordered: the clinicians of a chart with a valid NPI, the user first."""
    found = [
        (refs.of(one), codes.human_name(one))
        for one in chart.of("Practitioner")
        if codes.npi_valid(codes.identifier(one, codes.NPI) or "") and _orders(one, chart)
    ]
    return tuple(sorted(found, key=lambda one: (one[0] != user, one[1])))


def _orders(person: Resource, chart: ChartSnapshot) -> bool:
    """Tell whether a person's kind may order for Medicare; who has no kind in the chart may."""
    roles = [
        one
        for one in chart.of("PractitionerRole")
        if refs.relative(one.get("practitioner")) == refs.of(person)
    ]
    said = [one.get("code") for one in codes.objects(person.get("qualification"))]
    for role in roles:
        said += [*codes.objects(role.get("code")), *codes.objects(role.get("specialty"))]
    kinds = [
        coding.get("code") or ""
        for one in said
        for coding in codes.codings(one)
        if coding.get("system") == codes.NUCC
    ]
    return not kinds or any(one.startswith(ORDERING) for one in kinds)


def may_enter(chart: ChartSnapshot, order_ref: str) -> bool:
    """Tell whether an order may be entered: the chart gives none, or this one lacks its code.

    ``chart`` is as the EHR gives it: what was entered before may be entered anew.
    """
    if order_ref:
        order = chart.by_reference(order_ref)
        mine = order is not None and order.get("resourceType") == "ServiceRequest"
        return mine and codes.code_in((order or {}).get("code"), orders.BILLING) is None
    theirs = [one for one in chart.of("ServiceRequest") if not entered_here(refs.of(one))]
    unread = chart.unavailable.get("ServiceRequest")
    return unread in orders.NEVER_READ or (unread is None and not theirs)


def why(chart: ChartSnapshot, order_ref: str) -> str:
    """Return why an order is to be entered; empty where the chart gives it."""
    return orders.wanting(chart, order_ref).say if may_enter(chart, order_ref) else ""


def entry(
    program: Program, site: Site, chart: ChartSnapshot, typed: Typed, user: str, now: datetime
) -> entered.Entered:
    """Return what was entered of an order; raises EntryError that says what is missing.

    What the chart's order says itself stands, whatever was typed. ``chart`` is as the EHR gives
    it, ``user`` is who types.
    """
    order_ref = "" if entered_here(typed.order_ref) else typed.order_ref
    if not may_enter(chart, order_ref):
        raise EntryError(
            say="This chart gives its orders to Preclear.",
            do="Go back to the chart and open Preclear from the order.",
        )
    known, faults = said(chart, order_ref), dict[str, str]()
    code = _read(faults, "code", lambda: _code(typed.code, program))
    found = () if known.diagnoses else _read(faults, "more", lambda: _diagnoses(typed, chart))
    planned = known.planned or _read(faults, "planned", lambda: planned_day(typed.planned, now))
    place = site.facility(typed.place)
    if place is None and not known.place:
        faults["place"] = "Choose where it will be done."
    if not known.requester and typed.requester not in dict(orderers(chart, user)):
        faults["requester"] = "Choose the clinician who orders it."
    if code is None or found is None or planned is None or faults:
        raise EntryError(faults)
    own = entered.name(refs.of(chart.patient), code.code, planned)
    who = chart.by_reference(user)
    by = codes.human_name(who) if who else ""
    return entered.Entered(
        order_ref or own, code, found, planned, place, by or user, now, typed.requester
    )


def _read(faults: dict[str, str], field: str, read: Callable[[], T]) -> T | None:
    """Return what a field says; None for a fault, which is noted."""
    try:
        return read()
    except Fault as cause:
        faults[field] = str(cause)
        return None


def _code(typed: str, program: Program) -> Coding:
    code, *more = [one.strip(",;") for one in typed.upper().split()] or [""]
    if any(CODE.fullmatch(one) for one in more):
        raise Fault("Enter one code here. Enter the other one as an order of its own after it.")
    if not code:
        raise Fault("Type the billing code (CPT or HCPCS), or words to find it by.")
    if not CODE.fullmatch(code):
        raise Fault(UNKNOWN_WORDS)
    system = codes.CPT if code[0].isdigit() else codes.HCPCS
    return Coding(system, code, program.words(code))


def _diagnoses(typed: Typed, chart: ChartSnapshot) -> tuple[Coding, ...]:
    words = dict(diagnoses(chart))
    more = [one for one in re.split(r"[\s,;]+", typed.more.upper()) if one]
    found = tuple(dict.fromkeys((*typed.diagnoses, *more)))
    for one in found:
        if not ICD.fullmatch(one):
            raise Fault(f"{one[:12]} is no ICD-10-CM code. Write it with its dot, such as M54.16.")
    if not found:
        raise Fault("Choose the diagnosis that it is ordered for.")
    return tuple(Coding(codes.ICD10CM, one, words.get(one, "")) for one in found)


def planned_day(typed: str, now: datetime) -> date:
    """Return the day on which a service is planned, as a person typed it; raises Fault."""
    try:
        day = date.fromisoformat(typed)
    except ValueError as cause:
        raise Fault(f"Enter the planned day{', such as 2026-12-01' * bool(typed)}.") from cause
    if day > now.date() + FURTHEST:
        raise Fault("The planned day is more than a year ahead: enter another.")
    return day
