"""What is left over of a withdrawal or a change: no question or answer of before undoes it."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Task
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import SIGNER
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_crossing import affirmed, cancel, late, stands, withdraw
from tests.unit.test_follow import card, headline, ok
from tests.unit.test_updating import (
    CUT,
    LATE,
    MIDDLE,
    N1,
    N2,
    OTHER,
    REFUSED,
    change,
    named,
    pended,
)
from tests.unit.told import Told

pytestmark = pytest.mark.usefixtures("asked_of_the_case")


def tasks(line: Told) -> list[Task]:
    return line.world.tasks.of_case("case-1")  # type: ignore[no-any-return]


def test_a_question_left_over_undoes_no_withdrawal(store: Store, clock: FakeClock) -> None:
    line = affirmed(store, clock, REFUSED)
    line.payer.answers["$inquire"] = [PayerUnknown("down")]
    withdraw(line)
    assert "cancel_refused" in line.events()
    gone = ok(an_answer_item("C"), created="2026-11-25T11:00:00Z")
    line.payer.answers["$submit"] = [gone]
    withdraw(line)
    filed = list(line.filed)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=MIDDLE)]
    line.pass_by(40, each=1000.0)
    assert (line.case().tracks.decision, line.filed) == ("cancelled", filed)
    assert [one.status for one in store.utns("case-1")] == ["superseded"]


@pytest.mark.parametrize("down", [Reply(404, None), PayerUnknown("down")], ids=["404", "down"])
def test_what_is_decided_is_not_asked_about_often_for_ever(
    store: Store, clock: FakeClock, down: Any
) -> None:
    line = affirmed(store, clock, REFUSED)
    line.payer.answers["$inquire"] = [down]
    withdraw(line)
    line.pass_by(300, each=600.0)
    before = len(line.payer.posts)
    line.pass_by(300, each=600.0)  # two days
    assert (len(line.payer.posts) - before, headline(line)) == (2, "affirmed")
    assert line.events().count("parked") == 1
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn=N2), created=LATE)]
    line.pass_by(150, each=600.0)
    assert headline(line) == "non_affirmed"


@pytest.mark.parametrize("day", ["2026-11-24", "2026-11-20T09:00:00Z"])
def test_a_denial_in_the_answer_to_a_withdrawal_is_never_passed_over(
    store: Store, clock: FakeClock, day: str
) -> None:
    line = affirmed(store, clock, ok(an_answer_item("A3"), created=day))
    line.payer.answers["$inquire"] = [PayerUnknown("down")]
    withdraw(line)
    line.pass_by(5)
    assert (headline(line) in ("non_affirmed", "unreadable"), card(line)[0] != "ready") == (
        True,
        True,
    )


def test_an_undated_approval_makes_no_approval_of_a_denial(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, recovery="person")
    withdraw(line)
    name = cancel(line)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn=N2), created="2026-11-25")]
    stands(line)
    line.pass_by(5, each=100.0)
    old = ok(an_answer_item("A1", utn=N1), created="2026-11-24", request={"identifier": name})
    late(line, "withdraw", name["value"], old.body)
    line.work()
    assert headline(line) != "affirmed"


def test_an_older_answer_to_a_withdrawal_overtakes_no_denial(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, recovery="person")
    withdraw(line)
    name = cancel(line)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn=N2), created=LATE)]
    stands(line)
    line.pass_by(5, each=100.0)
    old = ok(an_answer_item("A1", utn=N1), created=MIDDLE, request={"identifier": name})
    late(line, "withdraw", name["value"], old.body)
    line.work()
    assert headline(line) == "non_affirmed"


def test_a_late_end_of_an_earlier_withdrawal_has_the_payer_asked(
    store: Store, clock: FakeClock
) -> None:
    line = affirmed(store, clock, CUT, REFUSED, recovery="person")
    withdraw(line)
    first = cancel(line)
    stands(line)
    line.pass_by(5, each=100.0)
    withdraw(line)
    line.pass_by(5, each=100.0)
    assert headline(line) == "affirmed"
    gone = ok(an_answer_item("C"), created=LATE, request={"identifier": first})
    line.payer.answers["$inquire"] = [gone]
    late(line, "withdraw", first["value"], gone.body)
    line.pass_by(5, each=100.0)
    assert line.case().tracks.decision == "cancelled"


@pytest.mark.parametrize(("code", "state"), [("A3", "non_affirmed"), ("A1", "affirmed")])
def test_a_change_found_right_before_a_withdrawal_is_looked_at_after_it(
    store: Store, clock: FakeClock, code: str, state: str
) -> None:
    line = pended(store, clock, CUT, REFUSED, recovery="person")
    change(line)
    line.work()
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=False)
    line.payer.answers["$inquire"] = [named(line, code, LATE, utn=N2)]
    for _ in range(50):
        if any(one.kind == "update" and one.state == "due" for one in tasks(line)):
            break
        if not line.step():
            clock.pass_by(1)
    withdraw(line)
    line.pass_by(60, each=1000.0)
    assert (headline(line), line.case().planned_date) == (state, OTHER)


def test_a_late_answer_to_a_withdrawal_decides_nothing_while_a_change_is_sent(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, CUT, recovery="person")
    withdraw(line)
    name = cancel(line)
    stands(line)
    line.pass_by(3)
    change(line)
    line.work()
    request = {"identifier": name}
    body = ok(an_answer_item("A1", utn=N1), created=MIDDLE, request=request).body
    late(line, "withdraw", name["value"], body)
    line.work()
    assert (line.case().tracks.decision, headline(line)) == ("pended", "updating")
