"""Whether an answer is of the version before a change or a withdrawal, by clocks that differ."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock
from tests.unit.line import SIGNER
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_crossing import withdraw
from tests.unit.test_follow import headline, ok
from tests.unit.test_hearing import LATE, MIDDLE, says, tell
from tests.unit.test_lagging import lists
from tests.unit.test_updating import CUT, FIRST, Wished, change, pended, update
from tests.unit.told import Told, comes_late, event

pytestmark = pytest.mark.usefixtures("asked_of_the_case")
N1, N2 = "AB1234567890CD", "AB1234567890CE"
DOWN = PayerUnknown("down")


@pytest.mark.parametrize("tells", ["a moment", "a day", "nothing"])
@pytest.mark.parametrize("way", ["told", "listed"])
def test_a_clock_that_is_ahead_of_the_one_that_answered_a_change(
    store: Store, clock: FakeClock, tells: str, way: str
) -> None:
    line = pended(store, clock, DOWN, tells=True)
    assert isinstance(line, Told)
    line.payer.answers["$inquire"] = [DOWN]
    clock.pass_by(3600)
    ahead = (clock.now() + timedelta(minutes=5)).isoformat(timespec="seconds")
    before = says("A1", ahead, utn=N1)
    clock.pass_by(60)
    change(line)
    stated = {
        "a moment": clock.now().isoformat(timespec="seconds"),
        "a day": clock.now().date().isoformat(),
    }
    head = {"created": stated[tells]} if tells in stated else {}
    line.payer.answers["$submit"] = [ok(an_answer_item("A4"), **head)]
    line.work()
    assert headline(line) == "pended"
    if way == "told":
        line.tell(event(1, before))
        line.pass_by(5, each=60)
    else:
        lists(line, before)
    assert line.case().tracks.claim != "ready"


def test_a_part_that_was_decided_just_before_a_change(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, orders=2)
    items = an_answer_item("A1", utn=N1), an_answer_item("A4", 2)
    line.payer.answers["$inquire"] = [ok(*items, created="2026-11-24T10:00:03Z")]
    with store.write() as db:
        line.follow.deciding.ask_once(db, line.case())
    line.pass_by(2, each=3.0)
    assert store.utns("case-1")
    change(line, Wished(FIRST, units={"trace-1": 9}))
    waits = an_answer_item("A4"), an_answer_item("A4", 2)
    line.payer.answers["$submit"] = [ok(*waits, created="2026-11-24T10:00:30Z")]
    line.work()
    assert headline(line) == "pended"
    named = {"identifier": update(line)["entry"][0]["resource"]["identifier"][0]}
    both = an_answer_item("A1", utn=N2), an_answer_item("A1", 2, utn=N2)
    line.payer.answers["$inquire"] = [ok(*both, created="2026-11-24T10:00:20Z", request=named)]
    line.pass_by(24 * 10, each=3600.0)
    assert headline(line) == "affirmed"


def test_a_withdrawal_that_the_payer_confirms_with_an_earlier_moment(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    approved = ok(an_answer_item("A1", utn=N1), created="2026-11-24T12:00:00Z")
    line.payer.answers["$inquire"] = [approved]
    line.pass_by(15, each=100.0)
    assert headline(line) == "affirmed"
    case = line.case()
    line.follow.withdrawing.begin(case, case.revision, SIGNER)
    gone = ok(an_answer_item("C"), created="2026-11-24T11:58:00Z")
    line.payer.answers["$submit"] = line.payer.answers["$inquire"] = [gone]
    line.pass_by(24, each=3600.0)
    assert headline(line) == "cancelled"


def test_a_change_that_a_person_asked_about_is_as_old_as_their_word(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, recovery="person")
    clock.pass_by(3600)
    change(line)
    line.work()
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=True)
    made = (clock.now() + timedelta(minutes=20)).isoformat(timespec="seconds")
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=made)]
    line.pass_by(40, each=3600.0)
    assert headline(line) == "affirmed"


@pytest.mark.parametrize("word", ["pended", "contact_payer"])
@pytest.mark.parametrize("who", ["a person", "the payer"])
def test_a_withdrawal_ends_what_a_letter_left_open(
    store: Store, clock: FakeClock, word: str, who: str
) -> None:
    gone = ok(an_answer_item("C"), created=LATE)
    person = who == "a person"
    recovery = "person" if person else "inquire"
    line = pended(store, clock, CUT if person else gone, recovery=recovery)
    line.letter(word)
    line.payer.answers["$inquire"] = [DOWN if person else gone]
    withdraw(line)
    line.pass_by(3)
    if person:
        case = line.case()
        line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=True)
    line.pass_by(24, each=3600.0)
    assert headline(line) == "cancelled"


def test_an_approval_from_before_a_reopening_is_not_hidden_by_a_later_answer(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, tells=True, orders=2)
    assert isinstance(line, Told)
    half = ok(an_answer_item("A1", utn=N1), an_answer_item("A4", 2), created=MIDDLE).body
    tell(line, half, ok(an_answer_item("A4"), an_answer_item("A4", 2), created=LATE).body)
    line.payer.answers["$inquire"] = [DOWN]
    after = "2026-11-26T11:00:00Z"
    other = ok(an_answer_item("A4"), an_answer_item("A1", 2, utn=N1), created=after).body
    comes_late(line, half, other)
    line.work()
    assert headline(line) != "affirmed"
