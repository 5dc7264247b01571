"""Days and moments in what comes from outside.

https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

from datetime import date, datetime
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


def moment(value: Any) -> datetime | None:
    """Return the moment that an instant or a dateTime with its zone names, or None."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo and found.year in YEARS else None
