"""A day or moment from outside, and what stands for none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from smart_app.fhir import dates


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-11-24", date(2026, 11, 24)),
        ("2026-11-24T23:30:00-07:00", date(2026, 11, 24)),
        ("2000-01-01", date(2000, 1, 1)),
        ("2100-12-31", date(2100, 12, 31)),
        ("1999-12-31", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("2026-11", None),
        ("soon", None),
        (["2026-11-24"], None),
        ("", None),
        (None, None),
    ],
)
def test_a_day(value: Any, day: date | None) -> None:
    assert dates.day(value) == day


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00", None),
        ("2026-11-24", None),
        ("0001-01-01T00:00:00+00:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        (7, None),
        (None, None),
    ],
)
def test_a_moment(value: Any, moment: datetime | None) -> None:
    assert dates.moment(value) == moment
