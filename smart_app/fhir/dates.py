"""Days and moments in what comes from outside.

https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

YEARS = range(2000, 2101)
"""Years that a day of a decision can lie in; others stand for "none", as 0001 and 9999 do."""


def day(value: Any) -> date | None:
    """Return the day that a date or dateTime names, or None."""
    try:
        found = date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
    return found if found and found.year in YEARS else None


NO_DAY = (date.max, date.min)
"""The first and last day of a period of which nobody can tell any day."""
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d))?")


def period(value: dict[str, Any]) -> tuple[date | None, date | None]:
    """Return the first and last day of a Period, None for an end that it leaves open.

    Of a month or a year all days count. One that states what is no date has no day.
    https://hl7.org/fhir/R4/datatypes.html#Period
    """
    try:
        first, last = (_days(value.get(one)) for one in ("start", "end"))
    except ValueError:
        return NO_DAY
    return first[0] if first else None, last[1] if last else None


def _days(stated: Any) -> tuple[date, date] | None:
    """Return the first and last day of a date, a month or a year; raises ValueError for others."""
    text = "" if stated is None else str(stated).strip()
    if not text or text.startswith("0000"):
        return None
    if partial := _PARTIAL.fullmatch(text):
        year, month = int(partial[1]), int(partial[2] or 0)
        ending = month or 12
        days = date(year, month or 1, 1), date(year, ending, monthrange(year, ending)[1])
    else:
        days = (date.fromisoformat(text[:10]),) * 2
    return days if days[0].year in YEARS else None


def moment(value: Any) -> datetime | None:
    """Return the moment that an instant or a dateTime with its zone names, or None."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo and found.year in YEARS else None


def when(value: Any) -> date | None:
    """Return the moment that a value names, or its day where it tells no moment, or None."""
    return moment(value) or day(value)


EAST, WEST = UTC, timezone(timedelta(hours=-10))
"""Between which zones the payers of the programs tell their days: from UTC to Honolulu."""


def first(when: date) -> datetime:
    """Return the first moment that a moment, or a day of a zone that is not told, may mean."""
    return when if isinstance(when, datetime) else datetime.combine(when, time.min, EAST)


def last(when: date) -> datetime:
    """Return the last moment that a moment, or a day of a zone that is not told, may mean."""
    return when if isinstance(when, datetime) else datetime.combine(when, time.max, WEST)


def may_lie(when: date, between: tuple[datetime, datetime]) -> bool:
    """Tell whether a moment or any hour of a day lies between two moments."""
    return last(when) >= between[0] and first(when) <= between[1]


def surely_before(one: date, other: date) -> bool:
    """Tell whether a moment or a day lies before another; two days are of one zone."""
    if isinstance(one, datetime) == isinstance(other, datetime):
        return one < other
    return last(one) < first(other)
