"""From which day to which day a number holds, and which values are numbers at all."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app import formatters
from smart_app.cases.model import Decision, ItemDecision
from smart_app.utn.record import NumberForm, record
from smart_app.utn.window import days_left, last_day
from tests.unit.kit import NOW

FORM = NumberForm(
    "wiser", re.compile("^[A-Z0-9]{14}$"), re.compile("^[A-Z0-9]{2}[A-Z][0-9]{11}$"), 120
)
UTN, OTHER = "JFA99900004417", "JFA99900004418"
TODAY = date(2026, 11, 24)


def test_the_decision_day_is_the_first_of_120() -> None:
    assert last_day(date(2026, 1, 5), 120) == date(2026, 5, 4)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 400))
def test_the_window_has_as_many_days_as_it_says(decided: date, days: int) -> None:
    assert (last_day(decided, days) - decided).days + 1 == days


@pytest.mark.parametrize(
    ("today", "left", "words"),
    [
        (date(2026, 11, 20), 4, "4 days left"),
        (date(2026, 11, 23), 1, "1 day left"),
        (date(2026, 11, 24), 0, "today is the last day"),
        (date(2026, 11, 25), -1, "over"),
    ],
)
def test_the_last_day_is_still_a_day(today: date, left: int, words: str) -> None:
    assert days_left(TODAY, today) == left
    assert formatters.days_left(left) == words


def decision(*items: tuple[str | None, dict[str, Any]], **more: Any) -> Decision:
    made = tuple(
        replace(ItemDecision(f"trace-{index}", "affirmed", number=number), **extra)
        for index, (number, extra) in enumerate(items, start=1)
    )
    return replace(Decision("d1", "case-1", made, NOW, "pas"), **more)


def test_items_that_share_a_number_share_a_record() -> None:
    found, refused = record(decision((UTN, {}), (UTN, {})), FORM, "member", TODAY)
    assert [(one.number, one.traces) for one in found] == [(UTN, ("trace-1", "trace-2"))]
    assert (found[0].verdict, found[0].warnings, refused) == ("affirmed", (), ())


def test_different_numbers_have_records_of_their_own() -> None:
    found, _ = record(decision((UTN, {}), (OTHER, {})), FORM, "member", TODAY)
    assert [one.number for one in found] == [UTN, OTHER]


def test_one_number_for_unlike_items_is_partial() -> None:
    both = decision((UTN, {}), (UTN, {"decision": "non_affirmed"}))
    assert record(both, FORM, "member", TODAY)[0][0].verdict == "partial"


def test_the_window_runs_from_the_decision_not_from_its_arrival() -> None:
    found = record(decision((UTN, {}), decided_on=date(2026, 1, 5)), FORM, "m", TODAY)[0][0]
    assert (found.valid_from, found.valid_to) == (date(2026, 1, 5), date(2026, 5, 4))


def test_without_a_decision_date_it_runs_from_today() -> None:
    found = record(decision((UTN, {})), FORM, "m", TODAY)[0][0]
    assert (found.decided_on, found.valid_to) == (TODAY, date(2027, 3, 23))


def test_each_number_runs_from_the_day_of_its_own_items() -> None:
    early, late = date(2026, 11, 1), date(2026, 11, 20)
    both = decision((UTN, {"decided_on": late}), (OTHER, {}), decided_on=early)
    found, _ = record(both, FORM, "m", TODAY)
    assert [(one.decided_on, one.valid_from, one.valid_to) for one in found] == [
        (late, late, date(2027, 3, 19)),
        (early, early, date(2027, 2, 28)),
    ]


def test_one_number_of_two_days_holds_while_both_windows_do() -> None:
    early, late = date(2026, 11, 1), date(2026, 11, 20)
    both = decision((UTN, {"decided_on": late}), (UTN, {}), decided_on=early)
    found = record(both, FORM, "m", TODAY)[0][0]
    assert (found.decided_on, found.valid_from, found.valid_to) == (early, late, date(2027, 2, 28))


def test_a_period_that_the_payer_states_is_kept() -> None:
    stated = {"valid_from": date(2026, 12, 1), "valid_to": date(2026, 12, 31)}
    found = record(decision((UTN, stated)), FORM, "m", TODAY)[0][0]
    assert (found.valid_from, found.valid_to) == (date(2026, 12, 1), date(2026, 12, 31))


def test_one_number_with_two_periods_holds_while_both_do() -> None:
    early = {"valid_from": date(2026, 11, 24), "valid_to": date(2026, 12, 10)}
    late = {"valid_from": date(2026, 12, 1), "valid_to": date(2027, 3, 20)}
    found = record(decision((UTN, early), (UTN, late), (UTN, {})), FORM, "m", TODAY)[0][0]
    assert (found.valid_from, found.valid_to) == (date(2026, 12, 1), date(2026, 12, 10))


@pytest.mark.parametrize("apart", [True, False], ids=["two items", "one item"])
def test_periods_without_a_common_day_are_no_window(apart: bool) -> None:
    ends, begins = {"valid_to": date(2026, 12, 10)}, {"valid_from": date(2026, 12, 11)}
    items = [(UTN, ends), (UTN, begins)] if apart else [(UTN, ends | begins)]
    found = record(decision(*items), FORM, "m", TODAY)[0][0]
    assert (found.valid_from, found.valid_to, found.holds) == (None, None, False)


@pytest.mark.parametrize("value", ["", "AUTH0001", "jfa99900004417", UTN + "0", "JFA 9990000441"])
def test_what_is_no_number_of_the_program_is_refused(value: str) -> None:
    assert record(decision((value, {})), FORM, "m", TODAY) == ((), (value,))


def test_an_unusual_form_is_a_warning() -> None:
    found = record(decision(("99999900004417", {})), FORM, "m", TODAY)[0][0]
    assert found.warnings == ("unusual form",)


def test_an_item_without_a_number_has_no_record() -> None:
    assert record(decision((None, {})), FORM, "m", TODAY) == ((), ())
