"""Stage 14: where the number goes on the claim. CMS WISeR guide, chapters 7 and 8."""

from __future__ import annotations

from datetime import date
from typing import Literal

from smart_app.cases.model import (
    FAVOURABLE,
    NUMBERLESS,
    OPEN,
    UNCOUNTED,
    Case,
    Check,
    ClaimCard,
    ClaimState,
    Decision,
    Placement,
    UtnRecord,
)
from smart_app.programs.base import Program

USED = ("ready", "number_with_abn")
"""States in which a number is put on a claim."""


def whose_claim(case: Case, program: Program) -> Literal["facility", "professional", "unknown"]:
    """Return whose claim carries the number: in a facility only the facility's is selected."""
    places = {item.place.pos for item in case.items if item.place}
    if not places:
        return "unknown"
    return "facility" if places & set(program.facility_claim_pos) else "professional"


def _state(case: Case, active: list[UtnRecord], on: date | None, today: date) -> ClaimState:
    """Return the state; without a planned date a number counts while its window is open.

    A claim carries one number: two of them hold it until a person has read which is for what.
    """
    record = active[-1] if active else None
    decision = case.tracks.decision
    open_to = decision in ("none", "pended", "contact_payer", "unreadable")
    leaves = case.tracks.submission in UNCOUNTED and decision not in NUMBERLESS
    if open_to or leaves:
        return "hold_decision"
    if decision in NUMBERLESS:
        return "review_expected"
    if record is None or case.tracks.utn == "awaited":
        return "hold_number"
    if decision == "non_affirmed" and len(active) == 1:
        return "number_with_abn"
    if decision != "affirmed" or len(active) > 1:
        return "hold_review"  # some of it is not what was asked: a person decides what is billed
    if not record.holds:
        return "hold_window"
    if not _inside(record, on or today):
        return "outside_window"
    return "ready"


def _inside(record: UtnRecord, on: date) -> bool:
    """Tell whether a date lies in a number's window."""
    if record.valid_from is None or record.valid_to is None:
        return False
    return record.valid_from <= on <= record.valid_to


def placement(
    case: Case,
    program: Program,
    numbers: tuple[UtnRecord, ...],
    today: date,
    decision: Decision | None = None,
) -> ClaimCard:
    """Return the claim card: whose claim, which number, which field, which dates."""
    active = [one for one in numbers if one.status == "active"]
    record = active[0] if len(active) == 1 else None
    on = case.planned_date
    state = _state(case, active, on, today)
    verdict = case.tracks.decision
    dated = record if verdict == "affirmed" else None
    return ClaimCard(
        whose_claim=whose_claim(case, program),
        state=state,
        number=record.number if record else None,
        placements=_placements(case, program, record.number if record else "", state),
        valid_from=dated.valid_from if dated else None,
        valid_to=dated.valid_to if dated else None,
        modifiers=tuple(
            (one.words, one.modifier, one.notice, one.when == verdict)
            for one in program.claim_modifiers
        ),
        checks=_checks(case, active, on, decision),
        chain=numbers,
    )


def _placements(
    case: Case, program: Program, number: str, state: ClaimState
) -> tuple[Placement, ...]:
    """Return the fields of each form, this claim's first; a number only where it is to be used."""
    facility = whose_claim(case, program) == "facility"
    tob = any(item.place and item.place.tob for item in case.items)
    kind = "institutional" if tob else "professional"
    usable = number if state in USED else ""
    rows = [
        Placement(
            form=one.form,
            form_words=(facility and kind == one.claim and one.facility_words) or one.words,
            field=one.field,
            position=one.position,
            text=one.text.replace("{number}", usable) if usable and one.claim == kind else "",
            this_claim=one.claim == kind,
            source=one.source,
        )
        for one in program.claim_places
    ]
    if facility and kind == "professional":
        rows.append(Placement("", "", "", "", "", False, program.source))
    return tuple(sorted(rows, key=lambda row: not row.this_claim))


def _checks(
    case: Case, active: list[UtnRecord], on: date | None, decision: Decision | None
) -> tuple[Check, ...]:
    """Return what was checked; ``words`` name the check, its outcome and facts stand apart.

    Nothing is, where no number will come: ``why`` is then the decision.
    """
    if case.tracks.decision in NUMBERLESS and not active:
        return (Check("no_number", False, case.tracks.decision),)
    dated = active if case.tracks.decision in FAVOURABLE else []  # a denial covers no day
    inside = all(_inside(one, on) for one in dated) if on else None
    items = decision.items if decision else ()
    affirmed = {one.trace for one in items if one.decision == "affirmed"}
    denied = {one.trace for one in items if one.decision not in OPEN} - affirmed
    left = [item.code for item in case.items if item.trace not in affirmed]
    refused = [item.code for item in case.items if item.trace in denied]
    waits = case.tracks.decision in ("none", *OPEN)
    passed = None if waits and not refused else not left
    several = [one.number for one in active] if len(active) > 1 else []
    found = [
        Check("number", bool(active)),
        Check("codes", passed, ", ".join(refused if waits and refused else left)),
        *[Check("date", inside, on.isoformat() if on else "")] * bool(dated),
    ]
    return tuple(found + [Check("one_number", False, ", ".join(several))] * bool(several))
