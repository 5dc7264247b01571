"""Stage 12: keep the number of a decision. The form of a number belongs to the program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from smart_app.cases.model import Decision, UtnRecord
from smart_app.utn.window import last_day


@dataclass(frozen=True, slots=True)
class NumberForm:
    """What a program's number looks like and how long it holds."""

    program: str
    pattern: re.Pattern[str]
    expected: re.Pattern[str]
    window_days: int


def record(
    decision: Decision, form: NumberForm, member_hash: str, today: date
) -> tuple[tuple[UtnRecord, ...], tuple[str, ...]]:
    """Return the numbers of a decision and the values that are no number of this program.

    One record per number: items of one request often share it. The window runs from the decision
    day; a period that the payer states is kept when it is there.
    """
    by_number: dict[str, list[int]] = {}
    refused: list[str] = []
    for index, item in enumerate(decision.items):
        if item.number is None:
            continue
        if form.pattern.match(item.number):
            by_number.setdefault(item.number, []).append(index)
        else:
            refused.append(item.number)
    decided_on = decision.decided_on or today
    records = []
    for number, indexes in by_number.items():
        items = [decision.items[one] for one in indexes]
        words = {one.decision for one in items}
        starts = [one.valid_from for one in items if one.valid_from]
        ends = [one.valid_to for one in items if one.valid_to]
        records.append(
            UtnRecord(
                number=number,
                program=form.program,
                member_hash=member_hash,
                traces=tuple(one.trace for one in items),
                decision_id=decision.id,
                verdict=items[0].decision if len(words) == 1 else "partial",
                decided_on=decided_on,
                valid_from=min(starts) if starts else decided_on,
                valid_to=max(ends) if ends else last_day(decided_on, form.window_days),
                warnings=() if form.expected.match(number) else ("unusual form",),
            )
        )
    return tuple(records), tuple(refused)
