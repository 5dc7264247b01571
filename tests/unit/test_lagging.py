"""A list that lags, or an answer from before, counts for nothing against what was said since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from smart_app.cases.model import Decision
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.web import sent
from tests.unit import test_hearing as hearing
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import SIGNER, Line
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_crossing import stands, withdraw
from tests.unit.test_follow import card, headline, ok
from tests.unit.test_hearing import EARLY, LATE, MIDDLE, N1, N2, says, tell
from tests.unit.test_overtaken import ask_once
from tests.unit.test_updating import CUT, NOTHING, change, named, pended
from tests.unit.told import Told, comes_late, event

pytestmark = pytest.mark.usefixtures("asked_of_the_case")
OLD = says("A1", MIDDLE, utn=N1)
REOPENED = OLD, says("A4", LATE)
DENIED = OLD, says("A3", LATE, utn=N2)
DOWN = PayerUnknown("down")
WARNING = "older answer"
BROKEN = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def told(store: Store, clock: FakeClock, *bodies: Any) -> Told:
    """Return a case of which a payer has told things."""
    line = hearing.pended(store, clock)
    tell(line, *bodies)
    return line


def lists(line: Line, *answers: Any) -> None:
    """Let the payer be asked for some days, and list some things, the last on and on."""
    several = [Reply(200, one) if isinstance(one, dict) else one for one in answers]
    line.payer.answers["$inquire"] = several
    assert isinstance(line, Told)
    ask_once(line)
    line.pass_by(40, each=3600.0)


def warns(line: Line) -> bool:
    """Tell whether the page warns of a list that lags."""
    return any(WARNING in one for one in sent.case_view(line.follow, line.case()).warnings)


def test_what_lags_further_brings_nothing_nearer(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, *DENIED)
    lists(line, says("A4", EARLY), OLD)
    assert headline(line) == "non_affirmed"
    assert warns(line)


def test_nor_does_what_cannot_be_used(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, *REOPENED)
    lists(line, {**OLD, "entry": [*OLD["entry"], {"resource": BROKEN}]}, OLD)
    assert (headline(line) == "affirmed", card(line)[0] == "ready") == (False, False)


def test_nor_what_is_repeated_without_a_date(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, *DENIED, says("A1", None, utn=N1))
    lists(line, OLD)
    assert (headline(line) == "affirmed", card(line)[0] == "ready") == (False, False)


def test_of_what_is_decided_the_payer_is_asked_until_it_agrees(
    store: Store, clock: FakeClock
) -> None:
    line = told(store, clock, *DENIED)
    lists(line, OLD, DENIED[1])
    assert {"older_listed", "older_gone"} <= set(line.events())
    assert not warns(line)


def test_two_replicas_of_a_payer_warn_once(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, *REOPENED)
    lists(line, *REOPENED * 50)
    assert headline(line) == "pended"
    assert line.events().count("older_listed") <= 2, "once a day"


def test_a_replaced_number_does_not_come_back(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, OLD, says("A1", LATE, utn=N2))
    lists(line, OLD)
    assert card(line) == ("ready", N2)


def test_an_older_denial_holds_an_approval_until_the_payer_agrees(
    store: Store, clock: FakeClock
) -> None:
    old, new = says("A3", MIDDLE, utn=N2), says("A1", LATE, utn=N1)
    line = told(store, clock, old, new)
    lists(line, old)
    assert card(line)[0] != "ready"
    lists(line, new)
    assert card(line) == ("ready", N1)


def test_what_was_never_decided_may_be_dated_earlier(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, tells=True, orders=2)
    tell(line, ok(an_answer_item("A1", 1, utn=N1), an_answer_item("A4", 2), created=LATE).body)
    both = ok(an_answer_item("A1", 1, utn=N1), an_answer_item("A1", 2, utn=N1), created=MIDDLE)
    lists(line, both)
    assert headline(line) == "affirmed"


def test_a_day_that_is_yet_to_come_holds_nothing_back(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, OLD, says("A3", "2099-01-01T00:00:00Z", utn=N2))
    assert card(line)[0] != "ready"
    lists(line, says("A1", LATE, utn=N1))
    assert headline(line) == "affirmed"


def test_a_denial_that_is_told_is_asked_about_however_it_is_dated(
    store: Store, clock: FakeClock
) -> None:
    line = told(store, clock, says("A4", "2026-11-25T13:00:00Z"))  # by a clock that is ahead
    lists(line, OLD)
    assert card(line) == ("ready", N1)
    denial = says("A3", "2026-11-25T11:00:00Z", utn=N2)
    line.payer.answers["$inquire"] = [Reply(200, denial)]
    assert line.tell(event(2, denial))
    line.pass_by(40, each=3600.0)
    assert card(line)[0] != "ready"
    assert warns(line)


def test_a_denial_that_comes_again_holds_an_approval_again(store: Store, clock: FakeClock) -> None:
    old, new = says("A3", MIDDLE, utn=N2), says("A1", LATE, utn=N1)
    line = told(store, clock, new)
    lists(line, old)
    lists(line, new)
    lists(line, old)
    assert card(line)[0] != "ready"
    lists(line, says("A1", "2026-11-25T20:00:00Z", utn=N1))
    assert card(line) == ("ready", N1), "what stood before the doubt settles it"


@pytest.mark.parametrize("created", ["2026-11-24", "2026-11-24T10:00:00", "2026-11", None])
def test_what_is_not_dated_affirms_nothing_that_was_denied(
    store: Store, clock: FakeClock, created: str | None
) -> None:
    line = told(store, clock, *DENIED)
    lists(line, says("A1", created, utn=N1))
    assert (headline(line), warns(line)) == ("non_affirmed", True)


def test_the_warning_stays_beside_what_cannot_be_used_and_comes_again(
    store: Store, clock: FakeClock
) -> None:
    line = told(store, clock, *DENIED)
    lists(line, OLD, {**OLD, "entry": [*OLD["entry"], {"resource": BROKEN}]})
    assert warns(line)
    lists(line, DENIED[1])
    assert not warns(line)
    lists(line, says("A1", "2026-11-25T20:00:00Z", utn=N1))
    assert (headline(line), warns(line)) == ("non_affirmed", True)


def test_the_payer_is_asked_on_when_it_says_nothing(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, *DENIED)
    lists(line, OLD, NOTHING)
    waits = [one for one in line.world.tasks.of_case("case-1") if one.state == "due"]
    assert [one.kind for one in waits] == ["poll"]


def test_a_number_that_a_denial_ended_does_not_come_back(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, OLD, says("A3", "2026-11-25T20:00:00Z", utn=N2), says("A1", LATE))
    lists(line, OLD)
    assert card(line)[0] != "ready"


def test_one_question_waits_however_often_a_withdrawal_meets_a_list_that_lags(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, tells=True)
    assert isinstance(line, Told)
    tell(line, OLD)
    withdraw(line)
    line.tell(event(2, says("A3", LATE, utn=N2)))
    line.payer.answers["$inquire"] = [Reply(200, OLD)]
    line.pass_by(48, each=3600.0)
    waits = [one for one in line.world.tasks.of_case("case-1") if one.state == "due"]
    assert sum(one.kind == "poll" for one in waits) <= 2


def test_a_reopened_request_is_asked_about_as_ever(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, *DENIED)
    line.settings.poll_first_seconds = line.settings.poll_longest_seconds = 600.0
    line.settings.pended = "inquire"
    lists(line, OLD)
    line.pass_by(24 * 8, each=3600.0)  # until the pause is a day
    again = says("A4", "2026-12-20T00:00:00Z")
    line.payer.answers["$inquire"] = [Reply(200, again)]
    assert line.tell(event(3, again))
    line.work()
    line.payer.answers["$inquire"] = [Reply(200, says("A1", "2026-12-21T00:00:00Z", utn=N1))]
    line.pass_by(4, each=3600.0)
    assert headline(line) == "affirmed"


def test_an_older_denial_takes_no_number_from_what_is_affirmed_again(
    store: Store, clock: FakeClock
) -> None:
    line = told(store, clock, says("A1", LATE, utn=N1), says("A3", MIDDLE, utn=N2))
    lists(line, says("A1", LATE))
    assert card(line) == ("ready", N1)


def test_of_what_is_told_twice_and_nobody_lists_the_payer_is_not_asked_for_ever(
    store: Store, clock: FakeClock
) -> None:
    line = told(store, clock, says("A1", LATE, utn=N1), says("A1", None, utn=N1))
    lists(line, NOTHING)
    asked = []
    for _ in range(2):
        line.pass_by(120, each=6 * 3600.0)
        asked.append(sum(url.endswith("$inquire") for url, _ in line.payer.posts))
    assert asked[0] == asked[1]


def test_a_late_answer_from_before_a_reopening(store: Store, clock: FakeClock) -> None:
    line = told(store, clock, *REOPENED)
    line.payer.answers["$inquire"] = [DOWN]
    comes_late(line, says("A1", MIDDLE, utn=N2))
    line.work()
    assert headline(line) == "pended"


# while it is withdrawn or changed -----------------------------------------------------------------


def test_the_list_that_is_asked_for_a_withdrawal(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, tells=True)
    tell(line, *REOPENED)
    line.payer.answers["$inquire"] = [Reply(200, OLD)]
    withdraw(line)
    line.pass_by(60, each=100.0)
    stands(line)
    line.payer.answers["$inquire"] = [DOWN]
    line.work()
    assert (line.case().tracks.decision, card(line)[0] == "ready") == ("pended", False)


def test_one_of_two_codes_that_was_denied_since(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, tells=True, orders=2)
    old = ok(an_answer_item("A1", 1, utn=N1), an_answer_item("A4", 2), created=MIDDLE)
    new = ok(an_answer_item("A3", 1, utn=N2), an_answer_item("A4", 2), created=LATE)
    tell(line, old.body, new.body)
    line.payer.answers["$inquire"] = [old]
    withdraw(line)
    found = store.latest("case-1", "decision", Decision)
    assert found and [one.decision for one in found.items] == ["non_affirmed", "pended"]


def test_the_answer_to_a_withdrawal(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, Reply(200, OLD), tells=True)
    tell(line, *REOPENED)
    line.payer.answers["$inquire"] = [DOWN]
    withdraw(line)
    assert (line.case().tracks.decision, card(line)[0] == "ready") == ("pended", False)


def test_what_is_told_of_a_change_while_its_answer_is_asked_for(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, tells=True)
    assert isinstance(line, Told)
    change(line)
    inquired, asked, shown = line.follow.updating.inquired, [], []

    def late(case: Any) -> Any:
        found = inquired(case)
        if not asked:
            asked.append(line.tell(event(1, named(line, "A3", created=LATE, utn=N2).body)))
            assert line.step()
        return found

    line.follow.updating.inquired = late  # type: ignore[method-assign]
    line.payer.answers["$inquire"] = [named(line, "A1", created=MIDDLE, utn=N1)]
    for _ in range(30):
        while line.step():
            shown.append(headline(line))
        clock.pass_by(1)
    assert asked
    assert "affirmed" not in shown


def test_a_clock_that_is_ahead_brings_no_approval_of_the_version_before(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, DOWN, tells=True)

    def ahead() -> str:
        clock.pass_by(60)
        return (clock.now() + timedelta(days=2)).isoformat(timespec="seconds")

    before = says("A1", ahead(), utn=N1)
    line.payer.answers["$inquire"] = [DOWN]
    clock.pass_by(3600)
    change(line)
    line.payer.answers["$submit"] = [ok(an_answer_item("A4"), created=ahead())]
    line.work()
    lists(line, before)
    assert card(line)[0] != "ready"


def test_the_first_approval_of_a_change_may_be_dated_earlier(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created="2026-11-27T10:00:00Z"))
    change(line)
    line.work()
    sooner = named(line, "A1", created="2026-11-27T09:59:00Z", utn=N1)
    line.payer.answers["$inquire"] = [sooner]
    line.pass_by(40, each=3600.0)
    assert headline(line) == "affirmed"


@pytest.mark.parametrize("by", ["a person's word", "a change"])
def test_the_warning_ends_with_what_it_is_about(store: Store, clock: FakeClock, by: str) -> None:
    taken = ok(an_answer_item("A1", utn=N2), created="2026-11-27T10:00:00Z")
    withdrawn = by == "a person's word"
    recovery = "person" if withdrawn else "inquire"
    line = pended(store, clock, CUT if withdrawn else taken, tells=True, recovery=recovery)
    tell(line, *REOPENED)
    line.payer.answers["$inquire"] = [Reply(200, OLD)]
    line.pass_by(3, each=1000.0)
    assert warns(line)
    if withdrawn:
        withdraw(line)
        case = line.case()
        line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=True)
    else:
        line.payer.answers["$inquire"] = [DOWN]
        change(line)
    line.pass_by(10, each=3600.0)
    assert not warns(line)


# while it is asked --------------------------------------------------------------------------------


def test_what_only_names_a_result_has_a_question_asked_again(
    store: Store, clock: FakeClock
) -> None:
    line = hearing.pended(store, clock)
    line.settings.poll_longest_seconds = 86_400.0
    ask, heard = line.follow.deciding.ask, []

    def asked(case: Any, row: Any) -> Any:
        body = ask(case, row)
        if not heard:
            heard.append(line.tell(event(1, focus="ClaimResponse/7")))
            assert line.step()
        return body

    line.follow.deciding.ask = asked  # type: ignore[method-assign]
    line.payer.answers["$inquire"] = [Reply(200, says("A4", EARLY)), Reply(200, OLD)]
    clock.pass_by(1001)
    line.pass_by(20, each=600.0)
    assert headline(line) == "affirmed"


def test_a_payer_that_tells_at_each_question_makes_no_withdrawal_given_up(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, tells=True)
    assert isinstance(line, Told)
    ask, heard = line.follow.deciding.ask, []

    def asked(case: Any, row: Any) -> Any:
        body = ask(case, row)
        heard.append(row)
        line.tell(event(len(heard), says("A4", None)))
        line.step()
        return body

    line.follow.deciding.ask = asked  # type: ignore[method-assign]
    line.payer.answers["$inquire"] = [Reply(200, says("A4", MIDDLE))]
    withdraw(line)
    line.pass_by(100, each=0.5)
    assert len(heard) > 8
    assert "cancel_unknown" not in line.events()
