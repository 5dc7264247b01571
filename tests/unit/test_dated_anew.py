"""What a payer's denial ended stays ended: told beside an error, undated, or dated anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit import test_crossing as crossing
from tests.unit import test_updating as updating
from tests.unit.kit import FakeClock, Reply
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_agreement import DAY, ERROR, ask, beside
from tests.unit.test_follow import headline, ok
from tests.unit.test_hearing import EARLY, LATE, MIDDLE, N1, N2, WARNING, says
from tests.unit.test_remembered import OLD, days_on, old_approval, ready
from tests.unit.told import event

DOWN = PayerUnknown("down")
UNDATED: dict[str, Any] = {
    "denied": says("A3", None, utn=N2),
    "badly": beside(says("A3", None, utn=N2), ERROR),
    "gone": an_answer(an_answer_item("A1", utn=N1), status="cancelled"),
}
pytestmark = pytest.mark.usefixtures("asked_of_the_case")


@pytest.mark.parametrize("stood", [True, False])
@pytest.mark.parametrize("more", [ERROR, WARNING], ids=["error", "warning"])
def test_a_denial_that_is_told_beside_an_outcome_is_not_lost(
    store: Store, clock: FakeClock, stood: bool, more: Any
) -> None:
    line = days_on(store, clock, *([OLD] if stood else []))
    line.tell(event(5, beside(says("A3", LATE, utn=N2), more)))
    line.tell(event(6, says("A3", LATE, utn=N2), more))
    line.work()
    assert not ready(line)
    assert not ask(line, OLD, 60), "one list that lags, of the day before the denial"


@pytest.mark.parametrize("how", [*UNDATED])
@pytest.mark.parametrize("way", ["listed", "told", "late"])
def test_an_approval_of_days_before_an_undated_denial_is_no_newer(
    store: Store, clock: FakeClock, how: str, way: str
) -> None:
    line = days_on(store, clock)  # it is the 29th
    old_approval(line, way, UNDATED[how])
    clock.pass_by(60)
    assert not ask(line, says("A1", MIDDLE, utn=N1)), "of the 25th, seen for the first time"


@pytest.mark.parametrize("way", ["listed", "told"])
@pytest.mark.parametrize("created", [MIDDLE, None])
def test_a_letter_without_number_takes_none_that_a_denial_ended(
    store: Store, clock: FakeClock, way: str, created: str | None
) -> None:
    line = days_on(store, clock, OLD, says("A3", LATE, utn=N2))
    clock.pass_by(DAY)
    for _ in range(2):  # once warned of the denial, a person enters the letter again
        line.letter("affirmed")
    line.work()
    assert headline(line) == "affirmed_number_awaited"
    old_approval(line, way, says("A1", created, utn=N1))
    assert N1 not in {one.number for one in store.utns("case-1") if one.status == "active"}
    assert not ready(line)


def test_a_list_that_lags_and_bears_the_day_of_the_question_is_no_newer(
    store: Store, clock: FakeClock
) -> None:
    line = days_on(store, clock, OLD, says("A3", LATE, utn=N2))
    assert headline(line) == "non_affirmed"
    assert not ask(line, says("A1", clock.now().date().isoformat(), utn=N1))


@pytest.mark.parametrize("off", [1200, -1200])
def test_nor_is_one_of_a_clock_that_is_twenty_minutes_off(
    store: Store, clock: FakeClock, off: int
) -> None:
    line = days_on(store, clock, OLD, says("A3", LATE, utn=N2))
    made = clock.now() + timedelta(seconds=off)
    assert not ask(line, says("A1", made.isoformat(), utn=N1))


def test_a_list_that_lags_and_is_dated_anew_is_none_of_a_change(
    store: Store, clock: FakeClock
) -> None:
    line = updating.pended(store, clock, tells=True)
    line.payer.answers["$inquire"] = [DOWN]
    clock.pass_by(DAY)
    updating.change(line)
    line.payer.answers["$submit"] = [ok(an_answer_item("A4"), created=clock.now().isoformat())]
    line.work()
    assert headline(line) == "pended"
    clock.pass_by(2 * 3600)
    assert not ask(line, says("A1", clock.now().isoformat(), utn=N1)), "by its traces alone"


@pytest.mark.parametrize("what", ["denied", "dismissed"])
def test_a_denial_in_a_list_that_keeps_its_first_moment_is_told_of(
    store: Store, clock: FakeClock, what: str
) -> None:
    line = days_on(store, clock, OLD)
    named = {"identifier": {"system": "s", "value": "id-1"}}
    text = "dismissed: not eligible"
    gone = an_answer(outcome="error", disposition=text, created=EARLY, request=named)
    for _ in range(10):
        ask(line, says("A3", EARLY, utn=N2) if what == "denied" else gone, DAY)
    assert not ready(line)
    assert {"answers_disagree", "older_listed"} <= set(line.events())


def test_nor_is_it_newer_when_the_question_is_the_withdrawals(
    store: Store, clock: FakeClock
) -> None:
    line = updating.pended(store, clock, updating.CUT, tells=True)
    line.settings.recovery = "inquire"
    ask(line, OLD, DAY)
    ask(line, says("A4", LATE), 2 * DAY)
    assert headline(line) == "pended", "the payer reopened it"
    clock.pass_by(DAY)
    lags = says("A1", clock.now().isoformat(), utn=N1)
    line.payer.answers["$inquire"] = [Reply(200, lags)]
    crossing.withdraw(line)
    line.pass_by(3, each=3.0)
    line.payer.answers["$inquire"], line.payer.answers["$submit"] = [DOWN], [updating.REFUSED]
    line.pass_by(48, each=600.0)
    crossing.stands(line)  # a person asked: it is not withdrawn
    line.work()
    assert not ready(line)
