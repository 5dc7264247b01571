"""What bears a day alone, the same moment or none affirms nothing that was not affirmed before."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit import test_hearing as hearing
from tests.unit import test_updating as updating
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer_item, extension
from tests.unit.test_follow import answering, headline, ok
from tests.unit.test_hearing import EARLY, LATE, MIDDLE, N1, N2, says, tell
from tests.unit.test_lagging import lists
from tests.unit.told import Told, event

DOWN = PayerUnknown("down")
OLD = says("A1", MIDDLE, utn=N1)
DAY = 86_400


def ready(line: Line) -> bool:
    """Tell whether a claim may be made."""
    return line.case().tracks.claim == "ready"


def listed(
    store: Store, clock: FakeClock, first: str, *several: dict[str, Any]
) -> list[tuple[str, bool]]:
    """Return what is shown after each list, of a request that was taken at a ``first`` moment."""
    clock.pass_by(3 * DAY)
    line = Told(store, clock, answering(ok(an_answer_item("A4"), created=first)))
    line.signed()
    line.work()
    shown = []
    for one in several:
        lists(line, one)
        shown.append((headline(line), ready(line)))
    return shown


@pytest.mark.parametrize("first", ["2026-11-24", EARLY])
@pytest.mark.parametrize("before", ["2026-11-24", MIDDLE, None])
@pytest.mark.parametrize("denied", ["2026-11-26", "2026-11-26T10:00:00", None, LATE])
def test_a_list_that_lags_undoes_no_denial_however_that_is_dated(
    store: Store, clock: FakeClock, first: str, before: str | None, denied: str | None
) -> None:
    old = says("A1", before, utn=N1)
    shown = listed(store, clock, first, old, says("A3", denied, utn=N2), old)
    assert shown[1:] == [("non_affirmed", False)] * 2


@pytest.mark.parametrize("moment", ["2026-11-26T00:00:00Z", LATE])
def test_nor_one_of_the_same_moment(store: Store, clock: FakeClock, moment: str) -> None:
    old = says("A1", moment, utn=N1)
    shown = listed(store, clock, EARLY, old, says("A3", moment, utn=N2), old)
    assert shown[2] == ("non_affirmed", False)


@pytest.mark.parametrize("word", ["A4", "CT"])
def test_nor_what_was_reopened_on_a_day(store: Store, clock: FakeClock, word: str) -> None:
    assert not listed(store, clock, EARLY, OLD, says(word, "2026-11-26"), OLD)[2][1]


def test_an_approval_of_a_later_day_counts(store: Store, clock: FakeClock) -> None:
    days = [says("A3", "2026-11-24", utn=N2), says("A1", "2026-11-26", utn=N1)]
    assert listed(store, clock, "2026-11-23", *days)[1] == ("affirmed", True)


def test_questions_that_meet_two_replicas(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A4"), created="2026-11-24")))
    line.signed()
    old, new = says("A1", "2026-11-24"), says("A3", "2026-11-26")
    numbered = says("A1", "2026-11-24", utn=N1)
    line.payer.answers["$inquire"] = [Reply(200, one) for one in (old, new, numbered)]
    line.pass_by(60)
    assert headline(line) == "non_affirmed"


# what is told -------------------------------------------------------------------------------------


@pytest.mark.parametrize("created", [None, "2026-11-25"])
@pytest.mark.parametrize("note", [False, True])
def test_what_was_reopened_is_not_affirmed_by_an_approval_that_is_told_again(
    store: Store, clock: FakeClock, created: str | None, note: bool
) -> None:
    line = hearing.pended(store, clock)
    tell(line, OLD, says("A4", LATE))
    assert headline(line) == "pended"
    line.payer.answers["$inquire"] = [DOWN]
    again = says("A1", created, utn=N1)
    if note:
        again["entry"][0]["resource"]["item"][0]["noteNumber"] = [1]
        again["entry"][0]["resource"]["processNote"] = [{"number": 1, "text": "copy"}]
    line.tell(event(3, again))
    line.pass_by(10, each=3600.0)
    assert not ready(line)


def test_the_same_denial_told_again_holds_an_approval_again(store: Store, clock: FakeClock) -> None:
    line = hearing.pended(store, clock)
    denial = says("A3", None, utn=N2)
    line.payer.answers["$inquire"] = [Reply(200, says("A1", LATE, utn=N1))]
    tell(line, OLD, denial)
    line.pass_by(3, each=3600.0)
    assert ready(line)
    line.payer.answers["$inquire"] = [DOWN]
    line.tell(event(3, denial))
    line.pass_by(10, each=3600.0)
    assert not ready(line)


def test_a_number_that_a_denial_ended_does_not_come_back_when_it_is_told_again(
    store: Store, clock: FakeClock
) -> None:
    days = {"start": "2026-11-26", "end": "2027-01-26"}
    period = [extension("extension-itemPreAuthPeriod", valuePeriod=days)]
    new = says("A1", LATE, extensions=period)
    line = hearing.pended(store, clock)
    tell(line, OLD, says("A3", "2026-11-25T20:00:00Z", utn=N2), new)
    assert headline(line) == "affirmed_number_awaited"
    line.payer.answers["$inquire"] = [Reply(200, new)]
    line.tell(event(4, OLD))
    line.pass_by(40, each=3600.0)
    assert not ready(line)


APPROVED, DENIED = says("A1", LATE, utn=N1), says("A3", LATE, utn=N2)


@pytest.mark.parametrize(
    ("stands", "again"),
    [
        (DENIED, [OLD]),
        (APPROVED, [APPROVED]),
        (APPROVED, [says("A4", MIDDLE), says("A4", EARLY)]),
    ],
    ids=["an approval", "what stands", "two in turn"],
)
def test_a_payer_that_tells_the_same_after_each_question_is_not_asked_each_time(
    store: Store, clock: FakeClock, stands: dict[str, Any], again: list[dict[str, Any]]
) -> None:
    line = hearing.pended(store, clock)
    tell(line, OLD, stands)
    line.payer.answers["$inquire"] = [Reply(200, stands)]
    seen, number = -1, 2
    for _ in range(120):
        asked = sum(url.endswith("$inquire") for url, _ in line.payer.posts)
        if asked > seen:
            seen = asked
            for one in again:
                number += 1
                line.tell(event(number, one))
        line.work()
        clock.pass_by(1)
    assert seen < 5


def test_an_older_denial_holds_an_approval_once_a_day(store: Store, clock: FakeClock) -> None:
    line = updating.pended(store, clock, orders=2)
    new = ok(an_answer_item("A1", utn=N1), an_answer_item("A4", 2), created=LATE)
    old = ok(an_answer_item("A3", utn=N2), an_answer_item("A4", 2), created=MIDDLE)
    line.settings.poll_first_seconds, line.settings.poll_longest_seconds = 600.0, 86_400.0
    line.payer.answers["$inquire"] = [new, old] * 500
    line.pass_by(24 * 10, each=3600.0)
    assert line.events().count("answers_disagree") <= 12


def test_replicas_that_alternate_are_told_of_once_a_day(store: Store, clock: FakeClock) -> None:
    line = hearing.pended(store, clock)
    entries = [*says("A1", None, utn=N1)["entry"], *says("A3", None, utn=N2)["entry"]]
    two = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    line.settings.poll_first_seconds = line.settings.poll_longest_seconds = 600.0
    several = (says("A4", LATE), two) * 60
    line.payer.answers["$inquire"] = [Reply(200, one) for one in several]
    line.pass_by(48, each=600.0)
    assert line.events().count("answers_disagree") <= 2
    assert line.events().count("decided") <= 4


# what is told once and listed seldom --------------------------------------------------------------


@pytest.mark.parametrize("code", ["A3", "A4", "CT", "C"])
@pytest.mark.parametrize("created", [None, "2026-11-25", MIDDLE])
def test_a_list_that_lags_once_does_not_settle_what_was_told(
    store: Store, clock: FakeClock, code: str, created: str | None
) -> None:
    line = hearing.pended(store, clock)
    tell(line, OLD)
    assert ready(line)
    new = says(code, created, utn=N2 if code == "A3" else None)
    line.payer.answers["$inquire"] = [Reply(200, OLD), Reply(200, new)]
    line.tell(event(2, new))
    shown = []
    for _ in range(60):
        line.work()
        shown.append(ready(line))
        clock.pass_by(3600)
    assert True not in shown


def test_what_was_told_counts_no_more_when_the_payer_agrees_again_and_again(
    store: Store, clock: FakeClock
) -> None:
    line = hearing.pended(store, clock)
    tell(line, OLD, says("A3", None, utn=N2))
    line.payer.answers["$inquire"] = [Reply(200, OLD)]
    line.pass_by(60, each=3600.0)
    assert ready(line)


def test_a_number_from_before_a_denial_is_not_taken_over(store: Store, clock: FakeClock) -> None:
    line = hearing.pended(store, clock)
    tell(line, OLD)
    line.payer.answers["$inquire"] = [Reply(200, says("A1", LATE))]
    line.tell(event(2, says("A3", None, utn=N2)))
    line.pass_by(10, each=3600.0)
    assert headline(line) == "affirmed_number_awaited"


def test_what_nobody_lists_is_told_to_a_person(store: Store, clock: FakeClock) -> None:
    line = hearing.pended(store, clock)
    tell(line, OLD)
    empty = {"resourceType": "Bundle", "type": "searchset", "entry": []}
    line.payer.answers["$inquire"] = [Reply(200, empty)]
    line.tell(event(2, says("A4", None)))
    line.pass_by(24 * 30, each=3600.0)
    assert not ready(line)
    assert "answers_disagree" in line.events()
