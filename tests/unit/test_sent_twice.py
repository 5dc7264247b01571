"""What a payer dismisses of a request that was sent twice may be the second sending alone."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock, Reply
from tests.unit.pas.test_decision import an_answer
from tests.unit.test_follow import answering, headline
from tests.unit.test_hearing import EARLY, LATE, N1, says
from tests.unit.test_overtaken import ask_once
from tests.unit.told import Told, event

CUT = PayerUnknown("cut")
SECOND = "2026-11-24T10:00:05Z"


def dismissed(created: str) -> dict[str, Any]:
    """Return what a payer says of a duplicate."""
    named = {"identifier": {"system": "s", "value": "id-1"}}
    said = "dismissed: duplicate"
    return an_answer(outcome="error", disposition=said, created=created, request=named)


def listing(*several: dict[str, Any]) -> Reply:
    """Return a list of results."""
    entries = [entry for one in several for entry in one["entry"]]
    return Reply(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries})


def sent_twice(store: Store, clock: FakeClock, first: dict[str, Any], second: Any) -> Told:
    """Return a case whose first sending was cut off, whose second was dismissed, then answered."""
    payer = answering(CUT, Reply(200, second), inquire=CUT)
    line = Told(store, clock, payer, recovery="idempotent_resend")
    line.signed()
    line.work()
    line.pass_by(5)
    assert line.case().tracks.submission == "unknown"
    assert "person_needed" in line.events()
    line.tell(event(1, first))
    line.pass_by(5)
    return line


@pytest.mark.parametrize("way", ["told", "listed"])
@pytest.mark.parametrize(("made", "shown"), [(SECOND, "affirmed"), (LATE, "unreadable")])
def test_it_undoes_no_approval_unless_it_came_long_after(
    store: Store, clock: FakeClock, way: str, made: str, shown: str
) -> None:
    first, second = says("A1", EARLY, utn=N1), dismissed(made)
    line = sent_twice(store, clock, first, second)
    assert headline(line) == "affirmed"
    line.payer.answers["$inquire"] = [listing(first, second)]
    if way == "told":
        line.tell(event(2, second))
    else:
        ask_once(line)
    line.pass_by(48, each=3600.0)
    assert headline(line) == shown


@pytest.mark.parametrize("way", ["told", "listed"])
def test_nor_does_it_end_the_waiting(store: Store, clock: FakeClock, way: str) -> None:
    first, second = says("A4", EARLY), dismissed(SECOND)
    line = sent_twice(store, clock, first, second)
    assert headline(line) == "pended"
    line.payer.answers["$inquire"] = [listing(first, second)]
    if way == "told":
        line.tell(event(2, second))
        line.work()
    else:
        line.pass_by(2, each=1000.0)
    line.payer.answers["$inquire"] = [listing(says("A1", LATE, utn=N1), second)]
    line.pass_by(24 * 14, each=3600.0)
    assert headline(line) == "affirmed"


def test_one_that_came_long_after_is_told_of(store: Store, clock: FakeClock) -> None:
    line = sent_twice(store, clock, says("A4", EARLY), dismissed(SECOND))
    line.payer.answers["$inquire"] = [listing(says("A4", EARLY), dismissed(LATE))]
    line.pass_by(24, each=3600.0)
    assert headline(line) == "unreadable"


WEEKS = 24 * 28


@pytest.mark.parametrize("way", ["told", "listed", "listed alone"])
@pytest.mark.parametrize("made", ["2026-12-15T10:00:00Z", "2026-12-15"])
def test_one_that_came_weeks_after_an_approval_holds_it(
    store: Store, clock: FakeClock, way: str, made: str
) -> None:
    first, second = says("A1", EARLY, utn=N1), dismissed(SECOND)
    line = sent_twice(store, clock, first, second)
    line.payer.answers["$inquire"] = [listing(first, second)]
    line.pass_by(WEEKS, each=3600.0)
    assert line.case().tracks.claim == "ready"
    real = dismissed(made)
    line.payer.answers["$inquire"] = [listing(first, real) if way == "listed" else listing(real)]
    if way == "told":
        line.tell(event(2, real))
    else:
        ask_once(line)
    line.pass_by(24, each=3600.0)
    assert line.case().tracks.claim == "hold"
    assert headline(line) == "unreadable"


def test_one_of_the_second_that_is_told_holds_an_approval_until_the_payer_agrees(
    store: Store, clock: FakeClock
) -> None:
    first, second = says("A1", EARLY, utn=N1), dismissed(SECOND)
    line = sent_twice(store, clock, first, second)
    line.payer.answers["$inquire"] = [CUT]
    line.tell(event(2, second))
    line.work()
    assert line.case().tracks.claim == "hold"
    line.payer.answers["$inquire"] = [listing(first, second)]
    line.pass_by(60, each=3600.0)
    assert line.case().tracks.claim == "ready"


def test_alone_it_is_left_to_a_person(store: Store, clock: FakeClock) -> None:
    line = sent_twice(store, clock, says("A4", EARLY), dismissed(SECOND))
    line.payer.answers["$inquire"] = [listing(dismissed(LATE))]
    line.pass_by(24, each=3600.0)
    assert headline(line) == "unreadable"
    assert "quarantined" in line.events()
