"""Stage 12: keep the number of a decision. The form of a number belongs to the program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from smart_app.cases.model import Decision, DecisionWord, UtnRecord
from smart_app.utn.window import last_day


@dataclass(frozen=True, slots=True)
class NumberForm:
    """What a program's number looks like and how long it holds."""

    program: str
    pattern: re.Pattern[str]
    expected: re.Pattern[str]
    window_days: int


NUMBERED = ("affirmed", "affirmed_modified", "partial", "non_affirmed")
"""Words of an item that a number belongs to."""


def missing(decision: Decision, records: tuple[UtnRecord, ...]) -> tuple[str, ...]:
    """Return the traces of the decided items whose number has not come."""
    given = {trace for one in records for trace in one.traces}
    return tuple(
        one.trace for one in decision.items if one.decision in NUMBERED and one.trace not in given
    )


def record(
    decision: Decision,
    form: NumberForm,
    member_hash: str,
    told_on: date,
    known: tuple[UtnRecord, ...] = (),
) -> tuple[tuple[UtnRecord, ...], tuple[str, ...]]:
    """Return the numbers of a decision and the values that are no number of this program.

    One record per number: items of one request often share it. The window runs from the day on
    which its items were decided; a period that the payer states is kept when it is there, of
    several what all of them cover: where no day is left, there is no window. A decision that does
    not say its day keeps the one under which its number is ``known``, else it is the day on which
    the verdict was first ``told_on``: a number that comes later does not move its window.
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
    records = []
    for number, indexes in by_number.items():
        items = [decision.items[one] for one in indexes]
        words = {one.decision for one in items}
        verdict: DecisionWord = items[0].decision if len(words) == 1 else "partial"
        before = (one.decided_on for one in known if (one.number, one.verdict) == (number, verdict))
        told = decision.decided_on or next(before, told_on)
        days = [one.decided_on or told for one in items]
        starts = [one.valid_from for one in items if one.valid_from]
        ends = [one.valid_to for one in items if one.valid_to]
        first = max(starts or days)
        last = min(ends or [last_day(min(days), form.window_days)])
        window = (first, last) if first <= last else (None, None)
        records.append(
            UtnRecord(
                number=number,
                program=form.program,
                member_hash=member_hash,
                traces=tuple(one.trace for one in items),
                decision_id=decision.id,
                verdict=verdict,
                decided_on=min(days),
                valid_from=window[0],
                valid_to=window[1],
                warnings=() if form.expected.match(number) else ("unusual form",),
            )
        )
    return tuple(records), tuple(refused)
