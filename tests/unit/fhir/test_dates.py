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


START, END = date(2027, 1, 1), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("stated", "first", "last"),
    [
        ({}, None, None),
        ({"start": None, "end": " "}, None, None),
        ({"start": "2027-01-01", "end": "2027-03-10T23:59:00-07:00"}, START, date(2027, 3, 10)),
        ({"start": "2027-01", "end": "2027-02"}, START, date(2027, 2, 28)),
        ({"start": "2027", "end": "2028"}, START, date(2028, 12, 31)),
        ({"end": "2026-12"}, None, END),
        ({"start": "2027-01"}, START, None),
        ({"start": "0001-01-01", "end": "9999-12-31"}, None, None),
        ({"start": "0001", "end": "9999-12"}, None, None),
        *(
            ({"start": "2027-01-01", "end": odd}, *dates.NO_DAY)
            for odd in ("soon", "2026-13", "2026-02-30", "12/2026", 5, ["2026-12"], False)
        ),
        ({"start": "soon"}, *dates.NO_DAY),
    ],
    ids=str,
)
def test_a_period(stated: dict[str, Any], first: date | None, last: date | None) -> None:
    assert dates.period(stated) == (first, last)


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
