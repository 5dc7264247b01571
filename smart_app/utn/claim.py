"""Stage 14: where the number goes on the claim. CMS WISeR guide, chapters 7 and 8."""

from __future__ import annotations

from datetime import date
from typing import Literal

from smart_app.cases.model import Case, Check, ClaimCard, ClaimState, Placement, UtnRecord
from smart_app.programs.base import Program

MODIFIERS = (
    ("affirmed", "None", "None needed"),
    ("non_affirmed", "GA", "Signed before the service"),
    ("cosmetic", "GX", "Voluntary notice"),
)


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
    if decision in ("none", "pended", "contact_payer", "unreadable"):
        return "hold_decision"
    if decision in ("dismissed", "cancelled", "not_required"):
        return "review_expected"
    if record is None or case.tracks.utn == "awaited":
        return "hold_number"
    if decision == "non_affirmed" and len(active) == 1:
        return "number_with_abn"
    if decision != "affirmed" or len(active) > 1:
        return "hold_review"  # some of it is not what was asked: a person decides what is billed
    if _inside(record, on or today) is False:
        return "outside_window"
    return "ready"


def _inside(record: UtnRecord, on: date) -> bool | None:
    """Tell whether a date lies in a number's window; None when it has none."""
    if record.valid_from is None or record.valid_to is None:
        return None
    return record.valid_from <= on <= record.valid_to


def placement(
    case: Case, program: Program, numbers: tuple[UtnRecord, ...], today: date
) -> ClaimCard:
    """Return the claim card: whose claim, which number, which field, which dates."""
    active = [one for one in numbers if one.status == "active"]
    record = active[0] if len(active) == 1 else None
    whose = whose_claim(case, program)
    on = case.planned_date
    state = _state(case, active, on, today)
    tob = any(item.place and item.place.tob for item in case.items)
    claim = "institutional" if tob else "professional"
    number = record.number if record else None
    placements = tuple(
        Placement(
            form=one.form,
            form_words=one.words,
            field=one.field,
            position=one.position,
            text=one.text.replace("{number}", number or "…"),
            this_claim=number is not None and one.claim == claim,
            source=one.source,
        )
        for one in program.claim_places
    )
    verdict = case.tracks.decision
    return ClaimCard(
        whose_claim=whose,
        state=state,
        number=number,
        placements=placements,
        valid_from=record.valid_from if record else None,
        valid_to=record.valid_to if record else None,
        modifiers=tuple(
            (when, modifier, notice, when == verdict) for when, modifier, notice in MODIFIERS
        ),
        checks=_checks(case, active, on),
        chain=numbers,
    )


def _numbers(active: list[UtnRecord]) -> list[str]:
    return [one.number for one in active] if len(active) > 1 else []


def _checks(case: Case, active: list[UtnRecord], on: date | None) -> tuple[Check, ...]:
    inside = all(_inside(one, on) is not False for one in active) if active and on else None
    codes = ", ".join(item.code for item in case.items)
    affirmed = case.tracks.decision == "affirmed"
    return (
        Check("Number recorded", bool(active), "" if active else "not yet given"),
        Check("One number for the whole claim", len(active) < 2, ", ".join(_numbers(active))),
        Check("Every code affirmed", affirmed, "" if affirmed else codes),
        Check("Planned date is inside", inside, "" if on else "no planned date"),
    )
