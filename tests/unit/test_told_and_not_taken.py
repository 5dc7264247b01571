"""A payer that told of a decided case what could not be taken is asked what it decided."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock, Reply
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_follow import headline
from tests.unit.test_hearing import EARLY, LATE, MIDDLE, N1, N2, pended, says, tell
from tests.unit.told import Told, event, notification

DENIED = says("A3", LATE, utn=N2)
WEEKS = 24 * 14


def affirmed(store: Store, clock: FakeClock) -> Told:
    """Return a case that is affirmed, and of which a payer that is asked says that it is denied."""
    line = pended(store, clock)
    tell(line, says("A1", MIDDLE, utn=N1))
    line.pass_by(10, each=3600.0)
    assert (headline(line), line.case().tracks.claim) == ("affirmed", "ready")
    line.payer.answers["$inquire"] = [Reply(200, DENIED)]
    return line


def odd(body: dict[str, Any]) -> dict[str, Any]:
    """Return a result that is marked in a way that may change what it means."""
    return {**body["entry"][0]["resource"], "modifierExtension": [{"url": "x"}]}


def test_a_decision_that_is_only_named(store: Store, clock: FakeClock) -> None:
    line = affirmed(store, clock)
    assert line.tell(event(2, focus="ClaimResponse/7"))
    line.pass_by(24, each=3600.0)
    assert headline(line) == "non_affirmed"


def test_an_event_that_was_lost(store: Store, clock: FakeClock) -> None:
    line = affirmed(store, clock)
    line.payer.answers["$status"] = [Reply(200, notification("query-status", 2))]
    line.payer.answers["$events?eventsSinceNumber=1"] = [PayerUnknown("gone")]
    line.pass_by(24, each=3600.0)
    assert headline(line) == "non_affirmed"


def test_one_that_software_cannot_use(store: Store, clock: FakeClock) -> None:
    line = affirmed(store, clock)
    line.tell(event(2, odd(DENIED)))
    line.work()
    assert headline(line) == "non_affirmed"


def test_a_second_one_weeks_later(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    tell(line, odd(says("A4", EARLY)))
    line.payer.answers["$inquire"] = [Reply(200, says("A1", MIDDLE, utn=N1))]
    line.pass_by(WEEKS, each=3600.0)
    assert headline(line) == "affirmed"
    line.payer.answers["$inquire"] = [PayerUnknown("down")]
    told = line.events().count("quarantined")
    line.tell(event(2, odd(DENIED)))
    line.work()
    assert line.events().count("quarantined") == told + 1
    line.payer.answers["$inquire"] = [Reply(200, DENIED)]
    line.pass_by(24, each=3600.0)
    assert headline(line) == "non_affirmed"


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_an_approval_that_stands_no_more(store: Store, clock: FakeClock, status: str) -> None:
    line = affirmed(store, clock)
    gone = an_answer(an_answer_item("A1", utn=N1), status=status, created=LATE)
    line.payer.answers["$inquire"] = [Reply(200, gone)]
    line.tell(event(2, gone))
    line.pass_by(WEEKS, each=3600.0)
    assert line.case().tracks.claim == "hold"
    line.payer.answers["$inquire"] = [Reply(200, says("A1", MIDDLE, utn=N1))]
    line.pass_by(WEEKS, each=3600.0)
    assert line.case().tracks.claim == "ready", "it stands again"


def test_a_denied_request_is_asked_about_too(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    tell(line, says("A3", MIDDLE, utn=N2))
    line.payer.answers["$inquire"] = [Reply(200, says("A1", LATE, utn=N1))]
    line.tell(event(2, focus="ClaimResponse/7"))
    line.pass_by(24, each=3600.0)
    assert headline(line) == "affirmed"


def test_what_is_told_of_nobody_has_each_case_asked_about_once_in_a_while(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    tell(line, says("A1", LATE, utn=N1))
    line.payer.answers["$inquire"] = [Reply(200, says("A1", LATE, utn=N1))]
    stray = says("A1", utn=N1)
    trace = stray["entry"][0]["resource"]["item"][0]["extension"][0]
    trace["valueIdentifier"]["value"] = "other"
    for number in range(2, 102):
        line.tell(event(number, stray))
        line.work()
        clock.pass_by(10)
    assert sum(url.endswith("$inquire") for url, _ in line.payer.posts) <= 3


def test_what_cannot_be_used_is_told_ever_more_seldom(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.settings.poll_first_seconds = line.settings.poll_longest_seconds = 43_200.0
    ask = line.follow.deciding.ask

    def asked(case: Any, row: Any) -> Any:
        ask(case, row)
        now = clock.now().isoformat(timespec="seconds")
        return an_answer(an_answer_item("A4"), status="cancelled", created=now)

    line.follow.deciding.ask = asked  # type: ignore[method-assign]
    line.pass_by(60, each=86_400.0)
    assert 1 <= line.events().count("quarantined") < 10
