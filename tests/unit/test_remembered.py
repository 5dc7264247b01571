"""What was doubted, or cannot be used, is remembered whatever the payer says next."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.beside import WARNED
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.hearing import Hearing
from tests.unit import test_crossing as crossing
from tests.unit import test_updating as updating
from tests.unit.kit import FakeClock, Reply
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_agreement import DAY, ERROR, GONE, ask, beside
from tests.unit.test_doubted import not_withdrawn
from tests.unit.test_follow import headline
from tests.unit.test_hearing import EARLY, LATE, MIDDLE, N1, N2, pended, says, tell
from tests.unit.test_sent_twice import listing
from tests.unit.told import Told, comes_late, event

DOWN = PayerUnknown("down")
OLD = says("A1", MIDDLE, utn=N1)
BETWEEN = says("A1", "2026-11-25T12:00:00Z", utn=N1)
LATER = "2026-11-27T10:00:00Z"
DENIED_BADLY = beside(says("A3", LATE, utn=N2), ERROR)
pytestmark = pytest.mark.usefixtures("asked_of_the_case")


def ready(line: Told) -> bool:
    """Tell whether a claim may be made."""
    return bool(line.case().tracks.claim == "ready")


def days_on(store: Store, clock: FakeClock, *told: dict[str, Any]) -> Told:
    """Return a case some days after it was sent, of which a payer has told things."""
    line = pended(store, clock)
    clock.pass_by(5 * DAY)
    line.payer.answers["$inquire"] = [DOWN]
    tell(line, *told)
    return line


def old_approval(line: Told, way: str, old: dict[str, Any]) -> None:
    """Bring an approval from before in some way."""
    if way == "listed":
        ask(line, old)
    elif way == "told":
        line.tell(event(9, old))
    else:
        comes_late(line, old)
    line.work()


@pytest.mark.parametrize("gone", [GONE, DENIED_BADLY], ids=["gone", "denied"])
@pytest.mark.parametrize(
    ("way", "old"),
    [("listed", BETWEEN), ("told", says("A1", None, utn=N1)), ("late", BETWEEN)],
)
def test_what_may_deny_is_not_forgotten_once_the_request_waits_again(
    store: Store, clock: FakeClock, gone: Any, way: str, old: Any
) -> None:
    line = days_on(store, clock)
    ask(line, gone)  # LATE; nothing was decided before
    ask(line, says("A4", LATER))
    assert headline(line) == "pended"
    old_approval(line, way, old)
    assert not ready(line)


def test_nor_are_late_answers_that_differ(store: Store, clock: FakeClock) -> None:
    line = days_on(store, clock)
    comes_late(line, says("A3", LATE, utn=N2), OLD)
    line.work()
    ask(line, says("A4", LATER))
    assert not ask(line, OLD)


@pytest.mark.parametrize("way", ["listed", "told"])
def test_nor_is_it_after_weeks_of_waiting_without_moments(
    store: Store, clock: FakeClock, way: str
) -> None:
    line = pended(store, clock)
    ask(line, beside(says("A3", None, utn=N2), ERROR))
    for _ in range(14):
        ask(line, says("A4", None), DAY)
    assert headline(line) == "pended"
    old_approval(line, way, says("A1", None, utn=N1))
    assert not ready(line)


@pytest.mark.parametrize("code", ["A4", "CT", "86"])
def test_an_approval_two_days_older_than_what_waits_has_to_be_said_again(
    store: Store, clock: FakeClock, code: str
) -> None:
    line = days_on(store, clock)
    ask(line, says(code, LATER))
    assert not ask(line, OLD)


@pytest.mark.parametrize(
    ("stands", "lists"),
    [
        (says("A1", LATER, utn=N1), OLD),
        (says("A4", LATER), says("A4", EARLY)),
        (says("A3", LATER, utn=N2), says("A3", EARLY, utn=N2)),
    ],
    ids=["affirmed", "waits", "denied"],
)
def test_nobody_is_told_of_an_older_list_that_says_the_same(
    store: Store, clock: FakeClock, stands: dict[str, Any], lists: dict[str, Any]
) -> None:
    line = days_on(store, clock, stands)
    shown = headline(line)
    for _ in range(3):
        ask(line, lists, DAY)
    assert headline(line) == shown
    assert not set(WARNED) & set(line.events())


def test_the_moment_of_a_late_denial_counts(store: Store, clock: FakeClock) -> None:
    line = days_on(store, clock, OLD)
    line.tell(event(5, says("A3", None, utn=N2)))
    line.work()
    comes_late(line, says("A3", LATE, utn=N2))
    line.work()
    assert not ask(line, BETWEEN)


def test_a_number_from_before_a_late_denial_does_not_come_back(
    store: Store, clock: FakeClock
) -> None:
    line = days_on(store, clock, OLD)
    ask(line, says("A3", "2026-11-25T09:00:00Z", utn=N2))
    comes_late(line, says("A3", LATE, utn=N2))
    line.work()
    ask(line, says("A1", "2026-11-28T10:00:00Z"))
    assert headline(line) == "affirmed_number_awaited"


@pytest.mark.parametrize("last", [DENIED_BADLY, GONE], ids=["denied", "gone"])
def test_so_does_the_moment_of_what_cannot_be_used_beside_a_denial(
    store: Store, clock: FakeClock, last: Any
) -> None:
    line = days_on(store, clock, says("A3", MIDDLE, utn=N2))
    ask(line, last)
    assert headline(line) == "non_affirmed"
    assert not ask(line, BETWEEN)


def test_a_late_denial_in_the_words_of_an_older_one_holds_an_approval(
    store: Store, clock: FakeClock
) -> None:
    line = days_on(store, clock, says("A3", "2026-11-24T12:00:00Z", utn=N2), OLD)
    assert ready(line)
    comes_late(line, says("A3", LATE, utn=N2))
    line.work()
    assert not ready(line)


def test_a_dismissal_that_names_only_the_withdrawal_and_is_all_that_is_listed(
    store: Store, clock: FakeClock
) -> None:
    line = not_withdrawn(store, clock)
    name = {"identifier": crossing.cancel(line)}
    real = "dismissed: no longer eligible"
    gone = an_answer(outcome="error", disposition=real, created=LATER, request=name)
    clock.pass_by(5 * DAY)
    ask(line, listing(gone).body)
    line.payer.answers["$inquire"] = [listing(gone)]
    line.pass_by(24, each=3600.0)
    assert not ready(line) or "quarantined" in line.events()


def test_a_number_that_a_denial_ended_does_not_come_back_after_a_reopening(
    store: Store, clock: FakeClock
) -> None:
    line = days_on(store, clock, OLD, says("A3", LATE, utn=N2))
    ask(line, says("A1", LATER, utn="AB1234567890CF"))
    assert ready(line)
    ask(line, says("A4", None))
    for _ in range(3):
        ask(line, says("A1", None, utn=N1), DAY)
    assert N1 not in {one.number for one in store.utns("case-1") if one.status == "active"}


@pytest.mark.parametrize("hidden", ["A4", "CT"])
def test_a_numbered_denial_that_one_list_hid_is_shown_again(
    store: Store, clock: FakeClock, hidden: str
) -> None:
    line = pended(store, clock)
    ask(line, says("A3", None, utn=N2))
    ask(line, says(hidden, None), DAY)
    for _ in range(6):
        ask(line, says("A3", None, utn=N2), DAY)
    assert headline(line) == "non_affirmed"


def test_many_notifications_of_two_cases_break_no_reading_of_lists(
    store: Store, clock: FakeClock
) -> None:
    line = days_on(store, clock, OLD)
    deciding = line.follow.deciding
    line.payer.answers["$inquire"] = [Reply(200, OLD)]
    for _ in range(31):
        Hearing(line.world, deciding, line.follow.updating)._quarantined([line.case()])
        line.work()
    assert ready(line)
    other = {"identifier": {"system": deciding.sent(line.case()).system, "value": "other"}}
    odd = an_answer(an_answer_item("A1", utn=N1), created=LATER, request=other)
    assert ask(line, listing(OLD, odd).body), "as it is without those notifications"


def test_a_partial_approval_said_again_beside_an_error_stands(
    store: Store, clock: FakeClock
) -> None:
    line = updating.pended(store, clock, orders=2, tells=True)
    both = an_answer(an_answer_item("A1", utn=N1), an_answer_item("A3", 2, utn=N2))
    ask(line, both)
    assert headline(line) == "partial"
    ask(line, beside(both, ERROR), DAY)
    assert headline(line) == "partial"


def test_a_failure_that_bears_the_newest_moment_keeps_no_approval_out_for_ever(
    store: Store, clock: FakeClock
) -> None:
    line = days_on(store, clock, OLD)
    named, why = {"identifier": {"system": "s", "value": "id-1"}}, {"code": {"text": "down"}}
    ask(line, an_answer(outcome="error", created=LATE, request=named, error=[why]))
    assert any([ask(line, OLD, DAY) for _ in range(6)])


def test_a_reopening_in_a_list_that_keeps_its_first_moment_is_believed_in_time(
    store: Store, clock: FakeClock
) -> None:
    line = days_on(store, clock, OLD)
    for _ in range(10):
        ask(line, says("A4", EARLY), DAY)
    assert not ready(line)


def test_a_list_that_lags_and_is_dated_anew_is_no_newer(store: Store, clock: FakeClock) -> None:
    line = days_on(store, clock)
    for code, number in (("A1", N1), ("A3", N2)):
        ask(line, says(code, clock.now().isoformat(), utn=number), 60)
    clock.pass_by(60)
    assert not ask(line, says("A1", clock.now().isoformat(), utn=N1))
