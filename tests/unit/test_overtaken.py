"""What the payer says next overtakes the answer to a question that was asked before."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit import test_updating as updating
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import SIGNER
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import card, headline, ok
from tests.unit.test_hearing import LATE, MIDDLE, N1, N2, pended, says, tell
from tests.unit.told import Told, event

BETWEEN = "2026-11-25T12:00:00Z"
READY = ("ready", N1)


def while_asked(line: Told, answer: Any, meanwhile: Any, number: int) -> None:
    """Have the payer tell of something just when it has answered a question."""
    ask, told = line.follow.deciding.ask, []

    def asked(case: Any, row: Any) -> Any:
        body = ask(case, row)
        if not told:
            told.append(line.tell(event(number, meanwhile)))
            assert line.step()
        return body

    line.follow.deciding.ask = asked  # type: ignore[method-assign]
    line.payer.answers["$inquire"] = [Reply(200, answer), Reply(200, meanwhile)]


def ask_once(line: Told) -> None:
    """Have the payer asked about what is decided."""
    with line.store.write() as db:
        line.follow.deciding.ask_once(db, line.case())


@pytest.mark.parametrize("dates", [(MIDDLE, BETWEEN, LATE), (None, None, None)])
def test_a_denial_that_is_repeated(
    store: Store, clock: FakeClock, dates: tuple[str | None, ...]
) -> None:
    line = pended(store, clock)
    tell(line, says("A3", dates[0], utn=N2))
    ask_once(line)
    while_asked(line, says("A1", dates[1], utn=N1), says("A3", dates[2], utn=N2), 2)
    line.pass_by(60, each=3600.0)
    assert (headline(line), card(line) == READY) == ("non_affirmed", False)


@pytest.mark.parametrize("dates", [(MIDDLE, LATE), (None, None)])
def test_that_it_still_waits(store: Store, clock: FakeClock, dates: tuple[str | None, ...]) -> None:
    line = pended(store, clock)
    while_asked(line, says("A1", dates[0], utn=N1), says("A4", dates[1]), 1)
    line.pass_by(60, each=3600.0)
    assert (headline(line), card(line) == READY) == ("pended", False)


def test_another_question_that_was_answered_sooner(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    ask_once(line)
    with store.write() as db:
        line.world.tasks.wake(db, "poll", "case-1")
    ask, asked = line.follow.deciding.ask, []

    def late(case: Any, row: Any) -> Any:
        body = ask(case, row)
        if not asked:
            asked.append(case)
            assert line.step()  # another worker does the other question
        return body

    line.follow.deciding.ask = late  # type: ignore[method-assign]
    old, new = says("A1", MIDDLE, utn=N1), says("A4", LATE)
    line.payer.answers["$inquire"] = [Reply(200, old), Reply(200, new)]
    line.pass_by(60, each=3600.0)
    assert headline(line) == "pended"


@pytest.mark.usefixtures("asked_of_the_case")
def test_a_question_whether_it_is_withdrawn(store: Store, clock: FakeClock) -> None:
    line = updating.pended(store, clock, updating.CUT, tells=True)
    inquired, asked = line.follow.withdrawing.inquired, []
    newer = ok(an_answer_item("A4"), created=updating.LATE)

    def late(case: Any) -> Any:
        found = inquired(case)
        if not asked:
            asked.append(case)
            assert isinstance(line, Told)
            line.tell(event(1, newer.body))
            assert line.step()
        return found

    line.follow.withdrawing.inquired = late  # type: ignore[method-assign]
    old = ok(an_answer_item("A1", utn=updating.N1), created=updating.MIDDLE)
    line.payer.answers["$inquire"] = [old, PayerUnknown("down")]
    case = line.case()
    line.follow.withdrawing.begin(case, case.revision, SIGNER)
    line.work()
    assert "notified" in line.events()
    assert line.case().tracks.decision == "pended"
    assert store.utns("case-1") == []


@pytest.mark.parametrize("then", ["A3", "A4"])
def test_a_list_that_lags_affirms_nothing_and_a_person_is_told(
    store: Store, clock: FakeClock, then: str
) -> None:
    line = pended(store, clock)
    tell(line, says("A1", MIDDLE, utn=N1), says(then, LATE))
    before = headline(line)
    ask_once(line)
    line.payer.answers["$inquire"] = [Reply(200, says("A1", MIDDLE, utn=N1))]
    line.pass_by(60, each=3600.0)
    assert headline(line) == before != "affirmed"
    assert line.events().count("older_listed") == 1
    line.payer.answers["$inquire"] = [Reply(200, says("A1", "2026-11-29T12:00:00Z", utn=N1))]
    ask_once(line)
    line.pass_by(60, each=3600.0)
    assert headline(line) == "affirmed"
    assert "older_gone" in line.events()


def test_clocks_that_differ_hold_no_first_approval_back(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    tell(line, says("A4", LATE))
    line.payer.answers["$inquire"] = [Reply(200, says("A1", MIDDLE, utn=N1))]
    line.pass_by(60, each=3600.0)
    assert headline(line) == "affirmed"
