"""What may be a denial and cannot be used, and what came before a change or a second sending."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.beside import WARNED
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit import test_crossing as crossing
from tests.unit import test_updating as updating
from tests.unit.kit import FakeClock, Reply
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_agreement import DAY, ERROR, GONE, ask, beside
from tests.unit.test_follow import headline, ok
from tests.unit.test_hearing import EARLY, LATE, MIDDLE, N1, N2, pended, says, tell
from tests.unit.test_sent_twice import SECOND, dismissed, listing, sent_twice
from tests.unit.told import Told, comes_late, event

DOWN = PayerUnknown("down")
OLD = says("A1", MIDDLE, utn=N1)
BETWEEN = says("A1", "2026-11-25T12:00:00Z", utn=N1)
DENIED_BADLY = beside(says("A3", LATE, utn=N2), ERROR)
TOO_LATE, HALF_PAST = "dismissed: too late to withdraw", "2026-11-25T10:30:00Z"
pytestmark = pytest.mark.usefixtures("asked_of_the_case")


def not_withdrawn(store: Store, clock: FakeClock) -> Told:
    """Return an affirmed case whose withdrawal its payer dismissed."""
    refused = ok(outcome="error", disposition=TOO_LATE, created=HALF_PAST)
    line = crossing.affirmed(store, clock, refused, tells=True)
    assert isinstance(line, Told)
    clock.pass_by(2 * DAY)
    line.payer.answers["$inquire"] = [DOWN]
    crossing.withdraw(line)
    return line


@pytest.mark.parametrize("last", [GONE, DENIED_BADLY], ids=["withdrawn", "denied beside an error"])
@pytest.mark.parametrize("way", ["listed", "told"])
@pytest.mark.parametrize("stood", [True, False])
def test_an_approval_from_before_what_cannot_be_used_counts_for_nothing(
    store: Store, clock: FakeClock, last: dict[str, Any], way: str, stood: bool
) -> None:
    line = pended(store, clock)
    line.payer.answers["$inquire"] = [DOWN]
    if stood:
        tell(line, OLD)
    ask(line, last)  # made at LATE
    assert line.case().tracks.claim == "hold"
    if way == "listed":
        ask(line, BETWEEN)  # made before LATE: a list that lags, once
    else:
        line.payer.answers["$inquire"] = [DOWN]
        line.tell(event(9, BETWEEN))
        line.work()
    assert line.case().tracks.claim == "hold"


def test_nor_does_one_from_before_the_dismissal_of_what_was_sent_twice(
    store: Store, clock: FakeClock
) -> None:
    line = sent_twice(store, clock, says("A4", EARLY), dismissed(SECOND))
    clock.pass_by(DAY * 10)
    ask(line, dismissed("2026-12-03T10:00:00Z"))
    assert headline(line) == "unreadable"
    assert not ask(line, OLD)


def test_a_denial_of_a_day_that_is_told_keeps_its_day(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.payer.answers["$inquire"] = [DOWN]
    tell(line, OLD, says("A3", "2026-11-25", utn=N2))
    assert line.case().tracks.claim == "hold"
    assert not ask(line, BETWEEN)


def test_nor_does_one_from_before_late_answers_that_differ(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    tell(line, OLD)
    line.payer.answers["$inquire"] = [DOWN]
    comes_late(line, says("A3", LATE, utn=N2), says("A1", None, utn=N1))
    line.work()
    assert line.case().tracks.claim == "hold"
    assert not ask(line, BETWEEN)


@pytest.mark.parametrize("old", [OLD, says("A1", None, utn=N1)])
def test_a_late_withdrawal_is_not_forgotten_by_the_next_list(
    store: Store, clock: FakeClock, old: dict[str, Any]
) -> None:
    line = pended(store, clock)
    tell(line, OLD)
    line.payer.answers["$inquire"] = [DOWN]
    comes_late(line, GONE)
    line.work()
    assert line.case().tracks.claim == "hold"
    assert not ask(line, old)


def test_what_may_deny_is_not_forgotten_by_what_denies_nothing(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    old, item = says("A1", None, utn=N1), an_answer_item("A1", utn=N1)
    ask(line, beside(says("A3", None, utn=N2), ERROR))
    assert headline(line) == "unreadable"
    ask(line, an_answer(item, item))  # the item stands twice
    assert not ask(line, old)


def test_nor_by_what_waits(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    ask(line, beside(says("A3", None, utn=N2), ERROR))
    assert headline(line) == "unreadable"
    ask(line, says("A4", None), 60)
    assert not ask(line, says("A1", None, utn=N1), 60)


def test_the_same_reason_does_not_hide_that_the_second_may_deny(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    old = says("A1", None, utn=N1)
    ask(line, beside(old, ERROR))
    ask(line, beside(says("A3", None, utn=N2), ERROR), DAY)
    assert not ask(line, old, DAY)


@pytest.mark.parametrize("more", [[], [an_answer_item(None, 2)]], ids=["left out", "no word"])
@pytest.mark.parametrize("outcome", ["complete", "queued", "partial"])
def test_an_item_of_which_nothing_is_said_beside_an_error_holds_an_approval(
    store: Store, clock: FakeClock, more: list[Any], outcome: str
) -> None:
    line = updating.pended(store, clock, orders=2, tells=True)
    both = an_answer_item("A1", utn=N1), an_answer_item("A1", 2, utn=N1)
    assert ask(line, an_answer(*both))
    assert not ask(line, beside(an_answer(both[0], *more, outcome=outcome), ERROR), DAY)


def test_that_it_waited_once_holds_nothing(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    clock.pass_by(DAY)
    tell(line, OLD)
    assert ask(line, listing(says("A4", EARLY), OLD).body)
    assert ask(line, beside(OLD, ERROR)), "as it is without what waited"
    both = listing(says("A4", EARLY), OLD).body
    assert ask(line, beside(both, ERROR))


def test_a_late_answer_that_denies_nothing_holds_nothing(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    tell(line, OLD)
    line.payer.answers["$inquire"] = [DOWN]
    assert ask(line, beside(OLD, ERROR)), "as a list"
    comes_late(line, beside(says("A1", None, utn=N1), ERROR))
    line.work()
    assert line.case().tracks.claim == "ready"


def test_a_notification_that_is_repeated_agrees_with_nothing(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    ask(line, beside(says("A3", None, utn=N2), ERROR))
    assert headline(line) == "unreadable"
    line.payer.answers["$inquire"] = [DOWN]
    for number in range(1, 5):
        line.tell(event(number, says("A1", None, utn=N1)))
        line.work()
        clock.pass_by(3600)
    assert line.case().tracks.claim == "hold"


def test_a_denial_beside_what_waited_is_not_lost(store: Store, clock: FakeClock) -> None:
    line = updating.pended(store, clock, orders=2, tells=True)

    def two(one: str, other: str) -> dict[str, Any]:
        numbers = {"A1": N1, "A3": N2}
        several = [
            an_answer_item(code, n, **({"utn": numbers[code]} if code in numbers else {}))
            for n, code in enumerate((one, other), 1)
        ]
        body: dict[str, Any] = an_answer(*several)
        return body

    ask(line, two("A1", "A1"))
    assert line.case().tracks.claim == "ready"
    ask(line, two("A1", "A4"), DAY)
    ask(line, two("A3", "A1"), DAY)
    active = {one.number for one in store.utns("case-1") if one.status == "active"}
    assert N1 not in active or set(WARNED) & set(line.events())


def test_people_are_told_of_replicas_that_alternate(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    one, other = says("A1", None, utn=N1), says("A4", None)
    ask(line, one)
    ask(line, other, DAY)
    line.payer.answers["$inquire"] = [Reply(200, one), Reply(200, other)] * 300
    line.pass_by(24 * 10, each=3600.0)
    assert line.case().tracks.claim == "ready" or set(WARNED) & set(line.events())


def test_a_replaced_number_that_comes_back_is_told_of(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    first, second = says("A1", None, utn=N1), says("A1", None, utn=N2)
    ask(line, first)
    ask(line, second, DAY)
    ask(line, first, DAY)
    assert "older_listed" in line.events()


def test_so_is_a_stale_denial(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.payer.answers["$inquire"] = [DOWN]
    old = says("A3", "2026-11-25T10:00:00Z", utn=N2)
    tell(line, old, says("A1", LATE, utn=N1))
    assert line.case().tracks.claim == "ready"
    ask(line, says("A3", "2026-11-26", utn=N2))
    assert "older_listed" in line.events()


@pytest.mark.parametrize("way", ["a denial told", "withdrawn"])
@pytest.mark.parametrize("held", [False, True])
def test_a_number_from_before_a_denial_does_not_come_back(
    store: Store, clock: FakeClock, way: str, held: bool
) -> None:
    line = pended(store, clock)
    tell(line, OLD)
    line.payer.answers["$inquire"] = [DOWN]
    if held:
        ask(line, says("A3", "2026-11-25T09:00:00Z", utn=N2))
        assert line.case().tracks.claim == "hold"
    if way == "withdrawn":
        ask(line, GONE)
    else:
        line.tell(event(7, says("A3", None, utn=N2)))
        line.work()
    ask(line, says("A1", "2026-11-28T10:00:00Z"))
    assert headline(line) == "affirmed_number_awaited"


# a second sending, a withdrawal and a change ------------------------------------------------------


def test_a_dismissal_without_a_moment_holds_what_was_sent_twice(
    store: Store, clock: FakeClock
) -> None:
    def bare(body: dict[str, Any]) -> dict[str, Any]:
        del body["entry"][0]["resource"]["created"]
        return body

    first, second = says("A1", None, utn=N1), bare(dismissed(SECOND))
    line = sent_twice(store, clock, first, second)
    line.payer.answers["$inquire"] = [listing(first)]
    line.pass_by(24 * 14, each=3600.0)
    assert line.case().tracks.claim == "ready"
    line.payer.answers["$inquire"] = [listing(first, second)]
    ask(line, listing(first, second).body)
    assert line.case().tracks.claim == "hold"


def test_so_does_one_of_the_same_day(store: Store, clock: FakeClock) -> None:
    first = says("A1", "2026-11-24", utn=N1)
    line = sent_twice(store, clock, first, dismissed(SECOND))
    clock.pass_by(6 * 3600)
    assert not ask(line, listing(first, dismissed("2026-11-24")).body)


@pytest.mark.parametrize("way", ["told", "listed"])
def test_a_dismissal_of_the_withdrawal_is_none_of_the_request(
    store: Store, clock: FakeClock, way: str
) -> None:
    line = not_withdrawn(store, clock)
    assert headline(line) == "affirmed", "as the answer itself is read"
    name = {"identifier": crossing.cancel(line)}
    gone = an_answer(outcome="error", disposition=TOO_LATE, created=HALF_PAST, request=name)
    stands = says("A1", MIDDLE, utn=N1)
    line.payer.answers["$inquire"] = [listing(stands, *([gone] if way == "listed" else []))]
    if way == "told":
        line.tell(event(1, gone))
    line.pass_by(48, each=3600.0)
    assert headline(line) == "affirmed"


def test_a_change_whose_answer_keeps_its_first_moment(store: Store, clock: FakeClock) -> None:
    line = updating.pended(store, clock, tells=True)
    line.payer.answers["$inquire"] = [DOWN]
    clock.pass_by(3 * DAY)
    updating.change(line)
    # the payer changes its result in place and keeps the day on which it was created
    line.payer.answers["$submit"] = [ok(an_answer_item("A4"), created=EARLY)]
    line.work()
    assert headline(line) == "pended"
    ask(line, says("A1", MIDDLE, utn=N1))  # of two days before the change
    assert line.case().tracks.claim == "hold"


def test_an_approval_of_a_day_long_after_a_change_counts(store: Store, clock: FakeClock) -> None:
    line = updating.pended(store, clock, tells=True)
    line.payer.answers["$inquire"] = [DOWN]
    updating.change(line)
    line.payer.answers["$submit"] = [ok(an_answer_item("A4"), created="2026-11-24")]
    line.work()
    clock.pass_by(12 * DAY)
    line.payer.answers["$inquire"] = [Reply(200, says("A1", "2026-12-05", utn=N1))]
    line.pass_by(24 * 30, each=3600.0)
    assert headline(line) == "affirmed"
