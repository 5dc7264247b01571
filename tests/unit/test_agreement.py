"""What was doubted counts again when the payer says it three times, in a row and apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smart_app.agreement import Agreement
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock, Reply
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_follow import headline
from tests.unit.test_hearing import LATE, MIDDLE, N1, N2, pended, says, tell
from tests.unit.test_overtaken import ask_once
from tests.unit.told import Told, comes_late, event

OLD, LATER = says("A1", MIDDLE, utn=N1), says("A1", "2026-11-28T10:00:00Z", utn=N1)
DENIED, WAITS, DATELESS = says("A3", None, utn=N2), says("A4", None), says("A1", None, utn=N1)
GONE = an_answer(an_answer_item("A1", utn=N1), status="cancelled", created=LATE)
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
DOWN = PayerUnknown("down")
DAY = 86_400.0


def beside(body: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with other resources beside it."""
    return {**body, "entry": [*body["entry"], *({"resource": one} for one in more)]}


def ask(line: Told, answer: dict[str, Any], after: float = 0.0) -> bool:
    """Have the payer asked after some seconds; return whether a claim may be made then."""
    line.clock.pass_by(after)
    line.payer.answers["$inquire"] = [Reply(200, answer)]
    ask_once(line)
    line.work()
    line.payer.answers["$inquire"] = [DOWN]
    return line.case().tracks.claim == "ready"


def withdraws(line: Told) -> None:
    """List that the approval is cancelled."""
    ask(line, GONE)


def tells(*bodies: dict[str, Any]) -> Callable[[Told], None]:
    """Return what tells of things."""

    def told(line: Told) -> None:
        for number, one in enumerate(bodies, start=5):
            line.tell(event(number, one))
            line.work()

    return told


def holds(line: Told) -> None:
    """List a denial from before the approval."""
    ask(line, says("A3", "2026-11-25T09:00:00Z", utn=N2))


def errs(line: Told) -> None:
    """List a denial beside an error."""
    ask(line, beside(says("A3", LATE, utn=N2), ERROR))


def twice(line: Told) -> None:
    """List a denial that stands twice in one result."""
    item = an_answer_item("A3", utn=N2)
    ask(line, an_answer(item, item, created=LATE))


def late(line: Told) -> None:
    """Find late answers that contradict what was affirmed."""
    comes_late(line, DENIED, DATELESS)
    line.work()


WAYS: list[Any] = [
    pytest.param(tells(DENIED), id="a denial is told"),
    pytest.param(tells(WAITS), id="a reopening is told"),
    pytest.param(withdraws, id="a list withdraws it"),
    pytest.param(tells(GONE), id="a notification withdraws it"),
    pytest.param(holds, id="an older denial is listed"),
    pytest.param(errs, id="a denial beside an error"),
    pytest.param(twice, id="a denial that stands twice"),
    pytest.param(late, id="late answers differ"),
    pytest.param(tells(DENIED, OLD, GONE), id="one thing after another"),
]


@pytest.fixture
def line(store: Store, clock: FakeClock, request: pytest.FixtureRequest) -> Told:
    """Return a case whose approval was put out in some way."""
    found = pended(store, clock)
    tell(found, OLD)
    assert found.case().tracks.claim == "ready"
    found.payer.answers["$inquire"] = [DOWN]
    request.param(found)
    assert found.case().tracks.claim == "hold"
    return found


each_way = pytest.mark.parametrize("line", WAYS, indirect=True)


@each_way
@pytest.mark.parametrize("old", [OLD, DATELESS], ids=["a moment", "none"])
def test_lists_that_lag_bring_it_back_only_when_three_are_apart(
    line: Told, old: dict[str, Any]
) -> None:
    assert [ask(line, old, 1.0) for _ in range(5)] == [False] * 5, "five questions at once"
    assert not ask(line, old, DAY)
    assert ask(line, old, DAY)
    assert headline(line) == "affirmed"


@each_way
@pytest.mark.parametrize(
    "other",
    [WAITS, DENIED, GONE, beside(OLD, ERROR), says("A1", None, utn=N2)],
    ids=["waits", "denies", "withdraws", "an error", "another number"],
)
def test_any_other_answer_begins_the_count_anew(line: Told, other: dict[str, Any]) -> None:
    assert not ask(line, OLD, DAY)
    assert not ask(line, OLD, DAY)
    ask(line, other, DAY)
    assert not ask(line, OLD, DAY)


@each_way
def test_so_does_what_is_told(line: Told) -> None:
    ask(line, OLD, DAY)
    ask(line, OLD, DAY)
    line.tell(event(50, DENIED))
    line.work()
    assert not ask(line, OLD, DAY)
    assert not ask(line, OLD, DAY)


@each_way
def test_so_does_a_late_answer(line: Told) -> None:
    ask(line, OLD, DAY)
    ask(line, OLD, DAY)
    comes_late(line, DENIED)
    line.work()
    assert not ask(line, OLD, DAY)


@each_way
def test_what_was_counted_for_one_doubt_counts_for_no_other(line: Told) -> None:
    ask(line, OLD, DAY)
    ask(line, OLD, DAY)
    assert ask(line, LATER, DAY)
    comes_late(line, DENIED, DATELESS)
    line.work()
    assert not ask(line, says("A1", None, utn=N1), DAY)


@each_way
def test_what_is_surely_newer_counts_at_once(line: Told) -> None:
    assert ask(line, LATER)


@each_way
def test_a_list_without_the_request_begins_the_count_anew(line: Told) -> None:
    ask(line, OLD, DAY)
    ask(line, OLD, DAY)
    ask(line, {"resourceType": "Bundle", "type": "searchset", "entry": []}, DAY)
    assert not ask(line, OLD, DAY)


@each_way
def test_the_payer_is_asked_until_it_agrees(line: Told) -> None:
    line.payer.answers["$inquire"] = [Reply(200, OLD)]
    line.pass_by(60, each=3600.0)
    assert line.case().tracks.claim == "ready"


def test_an_error_beside_what_is_affirmed_holds_nothing(store: Store, clock: FakeClock) -> None:
    found = pended(store, clock)
    tell(found, OLD)
    assert ask(found, beside(OLD, ERROR))
    assert "quarantined" in found.events()


@pytest.mark.parametrize("code", ["A3", "A4", "C", "CT", "A2"])
def test_any_other_word_beside_an_error_holds_what_was_affirmed(
    store: Store, clock: FakeClock, code: str
) -> None:
    found = pended(store, clock)
    tell(found, OLD)
    assert not ask(found, beside(says(code, LATE), ERROR))


# payers that tell no moments ----------------------------------------------------------------------


def test_one_list_that_lags_keeps_no_approval_from_counting_for_ever(
    store: Store, clock: FakeClock
) -> None:
    found = pended(store, clock)
    ask(found, says("A1", None))
    ask(found, WAITS, DAY)
    assert headline(found) == "pended"
    shown = [ask(found, DATELESS, DAY) for _ in range(3)]
    assert shown == [False, False, True]


def test_a_denial_between_keeps_it_from_counting(store: Store, clock: FakeClock) -> None:
    found = pended(store, clock)
    for one in (DATELESS, DENIED, WAITS):
        ask(found, one, DAY)
    assert not any(ask(found, DATELESS, DAY) for _ in range(6))
    assert "older_listed" in found.events()


# the count itself ---------------------------------------------------------------------------------

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "after", "times"),
    [("a", 60, 2), ("a", 61, 2), ("a", 59, 1), ("a", 0, 1), ("a", -60, 1), ("b", 60, 1)],
)
def test_the_same_counts_once_in_a_pause(said: str, after: int, times: int) -> None:
    found = Agreement("a", 1, NOW).again(said, NOW + timedelta(seconds=after), 60.0)
    assert (found.said, found.times) == (said, times)
