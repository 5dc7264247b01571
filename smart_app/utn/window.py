"""From which day to which day a number may be used. CMS WISeR guide 7.1."""

from __future__ import annotations

from datetime import date, timedelta


def last_day(decided_on: date, window_days: int) -> date:
    """Return the last date of service: the decision day counts as the first.

    Decided 2026-01-05, 120 days: through 2026-05-04.
    """
    return decided_on + timedelta(days=window_days - 1)


def days_left(valid_to: date, today: date) -> int:
    """Return how many days are left after today: 0 on the last day, negative when it is over."""
    return (valid_to - today).days
