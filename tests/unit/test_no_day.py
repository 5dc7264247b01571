"""A number whose dates leave no day: affirmed, and yet nothing to be done or billed on any day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases.model import Decision
from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_taking_back import NO_ANSWER, raising, to_file, warned

NUMBER = "JFA99900004417"


def test_dates_that_leave_no_day_hold_the_claim_and_promise_nothing(
    store: Store, clock: FakeClock
) -> None:
    item = an_answer_item("A1", utn=NUMBER)
    period = {"start": "2026-12-11", "end": "2026-12-10"}
    answer = Reply(200, an_answer(item, preAuthPeriod=period))
    line = Line(store, clock, FakePayer({"$submit": [answer], "$inquire": [answer]}))
    line.signed()
    line.step()
    case, found = line.case(), store.latest("case-1", "decision", Decision)
    assert found is not None
    assert (case.tracks.decision, case.tracks.utn, case.tracks.claim) == (
        "affirmed",
        "recorded",
        "hold",
    )
    text = formatters.chart_text(case, found, store.utns("case-1"), "Zyter")
    assert "leave no valid day: ask the payer" in text
    assert "Valid for dates of service" not in text
    assert "Do it by" not in formatters.headline(case, "affirmed", "Zyter", None, "UTC")


def without_a_day(line: Line) -> None:
    """Let the payer say anew what it decided, with dates that leave no day."""
    store, case = line.store, line.case()
    found = store.latest(case.id, "decision", Decision)
    assert found is not None
    period = {"valid_from": date(2026, 12, 11), "valid_to": date(2026, 12, 10)}
    items = tuple(replace(one, **period) for one in found.items)
    with store.write() as db:
        line.follow.deciding.take(db, case, replace(found, id="D2", items=items), 0)


def test_a_number_that_holds_on_no_day_goes_to_no_order(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock)
    without_a_day(line)
    line.pass_by(5)
    assert (chart.updates, warned(line)) == ([], False)
    assert line.case().tracks.chart == "filed_and_read_back"


def test_a_number_that_holds_on_no_day_any_more_goes_from_its_order(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    assert chart.bears()
    chart.reading = raising(NO_ANSWER)
    without_a_day(line)
    line.step()
    assert (chart.bears(), warned(line)) == (True, True)
    chart.reading = lambda _: None
    line.pass_by(20)
    assert (chart.bears(), warned(line)) == (False, False)


@pytest.mark.parametrize(
    ("period", "window", "claim"),
    [
        ({"end": "2026-12"}, (date(2026, 11, 24), date(2026, 12, 31)), "ready"),
        ({"start": "2027-01"}, (date(2027, 1, 1), date(2027, 3, 23)), "ready"),
        ({"start": "2027"}, (date(2027, 1, 1), date(2027, 3, 23)), "ready"),
        ({"end": "by the end of the year"}, (None, None), "hold"),
    ],
    ids=str,
)
def test_a_month_or_year_is_heard_and_what_is_no_date_holds_the_claim(
    store: Store, clock: FakeClock, period: dict[str, Any], window: tuple[Any, Any], claim: str
) -> None:
    item = an_answer_item("A1", utn=NUMBER)
    answer = Reply(200, an_answer(item, preAuthPeriod=period))
    line = Line(store, clock, FakePayer({"$submit": [answer]}))
    line.signed()
    line.step()
    [number] = store.utns("case-1")
    assert ((number.valid_from, number.valid_to), line.case().tracks.claim) == (window, claim)


def test_a_letter_gives_days_to_a_number_whose_period_is_no_date(
    store: Store, clock: FakeClock
) -> None:
    answer = an_answer(an_answer_item("A1", utn=NUMBER), preAuthPeriod={"end": "12/01/2026"})
    line = Line(store, clock, FakePayer({"$submit": [Reply(200, answer)]}))
    line.signed()
    line.step()
    assert [one.holds for one in store.utns("case-1")] == [False]
    line.letter("affirmed", NUMBER)
    assert [one.holds for one in store.utns("case-1")] == [True]
