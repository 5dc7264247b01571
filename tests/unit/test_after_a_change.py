"""What a change leaves as it was: wishes, a decision that names it, why something was refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from smart_app.cases.store import Store
from tests.unit.kit import FakeClock
from tests.unit.line import SIGNER
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.pas.test_wanted import a_wish
from tests.unit.test_crossing import stands, withdraw
from tests.unit.test_follow import headline, ok
from tests.unit.test_refused import refusal
from tests.unit.test_updating import (
    CUT,
    EARLY,
    LATE,
    MIDDLE,
    N2,
    OTHER,
    REFUSED,
    Wished,
    change,
    named,
    pended,
)
from tests.unit.test_versions import another_case
from tests.unit.told import Told, event

pytestmark = pytest.mark.usefixtures("asked_of_the_case")


# what is still awaited ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["answer", "person"])
def test_what_the_payer_asked_for_is_still_asked_for_after_a_change(
    store: Store, clock: FakeClock, how: str
) -> None:
    then = ok(an_answer_item("A4"), created=MIDDLE) if how == "answer" else CUT
    line = pended(store, clock, then, recovery="person")
    more = {"contained": [a_wish(id="c")], "communicationRequest": [{"reference": "#c"}]}
    wishing = ok(an_answer_item("A4"), created=EARLY, **more).body
    with store.write() as db:
        line.follow.deciding.take(
            db, line.case(), line.follow.deciding.read(line.case(), wishing), 0
        )
    change(line)
    line.work()
    if how == "person":
        case = line.case()
        line.follow.updating.clear_up(case, case.revision, SIGNER, over=True)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A4"), created=LATE)]
    line.pass_by(15, each=1000.0)
    (wish,) = line.follow.adding.wishes(line.case())
    assert (wish.wanted.number, line.case().planned_date) == ("ACN-1", OTHER)


def test_a_decision_that_names_the_change_outranks_a_persons_word(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, recovery="person", tells=True)
    change(line)
    line.work()
    at = "2026-11-24T10:00:02Z"
    body = named(line, "A3", at, utn=N2).body
    line.pass_by(5, each=100.0)
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=True)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn=N2), created=at)]
    line.tell(event(1, body))
    line.pass_by(40, each=1000.0)
    assert headline(line) == "non_affirmed"


ODD: tuple[dict[str, Any], ...] = (
    {"identifier": ["x"]},
    {"identifier": "x"},
    {"request": "x"},
    {"request": ["x"]},
    {"request": {"identifier": ["x"]}},
    {"item": ["x"]},
)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_result_hides_no_denial_beside_it(
    store: Store, clock: FakeClock, odd: dict[str, Any]
) -> None:
    line = pended(store, clock, REFUSED, recovery="person", tells=True)
    another_case(line)
    change(line)
    line.work()
    first = ok(an_answer_item("A4"), created=LATE, **{"identifier": [{"value": "id-1"}], **odd})
    item = an_answer_item("A3")
    item["extension"][0]["valueIdentifier"]["value"] = "trace-9"
    line.payer.answers["$inquire"] = [ok(an_answer_item("A4"), created=EARLY)]
    line.tell(event(1, first.body, ok(item, created=LATE).body))
    line.pass_by(60, each=200.0)
    assert store.case("case-2").tracks.decision == "non_affirmed"


# what people read of a refusal --------------------------------------------------------------------


def told(line: Told) -> tuple[str | None, list[str]]:
    """Return what a case's page says that was refused, and why."""
    found, faults = refusal(line)
    return found, [one.words for one in faults]


def test_why_a_change_was_refused_is_not_why_a_withdrawal_was(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, REFUSED, CUT, recovery="person")
    change(line)
    line.work()
    assert told(line)[1]
    withdraw(line)
    stands(line)
    assert told(line) == ("cancel", [])


def test_why_one_change_was_refused_is_not_why_the_next_was(store: Store, clock: FakeClock) -> None:
    final = ok(outcome="error", disposition="dismissed: final already")
    line = pended(store, clock, REFUSED, final)
    change(line)
    line.work()
    change(line, Wished(date(2026, 12, 9)))
    line.work()
    assert "too late" not in " ".join(told(line)[1])


def test_a_change_that_is_there_after_all_is_not_refused(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, REFUSED, recovery="person", tells=True)
    change(line)
    line.work()
    line.tell(event(1, named(line, "A4", LATE).body))
    while headline(line) != "updating" and line.step():
        pass
    assert told(line) == (None, [])
