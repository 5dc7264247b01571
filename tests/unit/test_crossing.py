"""A change, a withdrawal and the payer's words that cross each other: none is taken for another."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from smart_app.answers import ANSWER
from smart_app.cases.model import Receipt
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import SIGNER
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import card, headline, ok
from tests.unit.test_updating import (
    CUT,
    FIRST,
    LATE,
    MIDDLE,
    N1,
    N2,
    NOTHING,
    OTHER,
    REFUSED,
    Wished,
    change,
    named,
    pended,
    update,
)
from tests.unit.test_versions import submits
from tests.unit.told import Told, event

NINE = Wished(FIRST, units={"trace-1": 9})
DUPLICATE = ok(outcome="error", disposition="dismissed: duplicate of what we have")


pytestmark = pytest.mark.usefixtures("asked_of_the_case")


def withdraw(line: Told) -> None:
    case = line.case()
    line.follow.withdrawing.begin(case, case.revision, SIGNER)
    line.work()


def stands(line: Told) -> None:
    """Say that the payer has not withdrawn the request."""
    case = line.case()
    line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=False)


def cancel(line: Told) -> dict[str, Any]:
    """Return the name of the last withdrawal."""
    row = [one for one in line.store.submissions("case-1") if one.kind == "cancel"][-1]
    claim = json.loads(line.store.payload(row))["entry"][0]["resource"]
    found: dict[str, Any] = claim["identifier"][0]
    return found


def affirmed(store: Store, clock: FakeClock, *then: Any, **more: Any) -> Told:
    """Return a request that is affirmed; ``then`` answers its withdrawal."""
    line = pended(store, clock, *then, **more)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=MIDDLE)]
    line.pass_by(15, each=100.0)
    assert headline(line) == "affirmed"
    return line


def late(line: Told, kind: str, identifier: str, body: dict[str, Any]) -> None:
    """Let an answer come after its task was lost to another worker."""
    with line.store.write() as db:
        stage = f"{ANSWER}:{identifier}"
        line.store.put(db, "case-1", stage, Receipt("received", 200, body))
        line.world.tasks.add(db, kind, "case-1", tag=f"late-1:{identifier}")


# whose a name is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["told", "asked"])
def test_the_name_of_a_withdrawal_is_none_of_a_change_that_was_not_taken(
    store: Store, clock: FakeClock, way: str
) -> None:
    line = pended(store, clock, REFUSED, CUT, recovery="person", tells=way == "told")
    change(line)
    line.work()
    assert "update_refused" in line.events()
    withdraw(line)
    stands(line)
    request = {"identifier": cancel(line)}
    answer = ok(an_answer_item("A1", utn=N1), created=LATE, request=request)
    line.payer.answers["$inquire"] = [answer]
    if way == "told":
        line.tell(event(1, answer.body))
    line.pass_by(15, each=100.0)
    assert (line.case().planned_date, headline(line)) == (FIRST, "affirmed")
    assert line.follow.deciding.submission(line.case()).kind == "initial"


def test_the_name_of_an_old_withdrawal_is_none_of_the_new_version(
    store: Store, clock: FakeClock
) -> None:
    taken = ok(an_answer_item("A4"), created=MIDDLE)
    line = pended(store, clock, CUT, taken, recovery="person")
    withdraw(line)
    stands(line)
    change(line, NINE)
    line.work()
    assert (line.case().items[0].units, headline(line)) == (9, "pended")
    request = {"identifier": cancel(line)}
    of_one = ok(an_answer_item("A1", utn=N1), created="2026-11-24T12:00:00Z", request=request)
    line.payer.answers["$inquire"] = [of_one]
    line.pass_by(15, each=100.0)
    assert (headline(line), store.utns("case-1")) == ("pended", [])


# dismissals ---------------------------------------------------------------------------------------


def test_a_dismissed_second_sending_of_a_change_proves_nothing(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, DUPLICATE, recovery="idempotent_resend")
    change(line, NINE)
    line.work()
    line.pass_by(5)
    assert ("update_refused" in line.events(), headline(line)) == (False, "updating")
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=LATE)]
    line.pass_by(15, each=100.0)
    assert (headline(line), store.utns("case-1")) == ("updating", [])


def test_a_dismissed_withdrawal_dismisses_no_request(store: Store, clock: FakeClock) -> None:
    dismissed = ok(outcome="error", disposition="dismissed: this is no request")
    line = affirmed(store, clock, dismissed)
    withdraw(line)
    assert (headline(line), card(line)[0]) == ("affirmed", "ready")
    assert "cancel_refused" in line.events()


def test_what_is_withdrawn_in_part_is_neither_over_nor_refused(
    store: Store, clock: FakeClock
) -> None:
    half = ok(an_answer_item("C"), an_answer_item("A4", 2), created=MIDDLE)
    line = pended(store, clock, half, orders=2)
    withdraw(line)
    assert ("cancel_refused" in line.events(), headline(line)) == (False, "cancelling")


# what the payer decides meanwhile -----------------------------------------------------------------


def test_a_denial_that_is_found_while_one_asks_about_a_withdrawal_counts(
    store: Store, clock: FakeClock
) -> None:
    line = affirmed(store, clock, CUT)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn=N2), created=LATE)]
    withdraw(line)
    line.pass_by(60, each=100.0)
    assert line.case().tracks.decision == "non_affirmed"
    stands(line)
    line.pass_by(20, each=1000.0)
    assert (headline(line), card(line)[0] != "ready") == ("non_affirmed", True)


def test_after_a_withdrawal_that_was_not_done_the_payer_is_asked_what_stands(
    store: Store, clock: FakeClock
) -> None:
    line = affirmed(store, clock, CUT, recovery="person")
    withdraw(line)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn=N2), created=LATE)]
    stands(line)
    line.pass_by(3)
    assert headline(line) == "non_affirmed"


@pytest.mark.parametrize(("over", "state"), [(False, "non_affirmed"), (True, "cancelled")])
def test_a_late_denial_of_a_withdrawal_is_taken_or_told(
    store: Store, clock: FakeClock, over: bool, state: str
) -> None:
    line = affirmed(store, clock, CUT, recovery="person")
    withdraw(line)
    request = {"identifier": cancel(line)}
    body = ok(an_answer_item("A3", utn=N2), created=LATE, request=request).body
    line.payer.answers["$inquire"] = [PayerUnknown("down")]
    case = line.case()
    line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=over)
    late(line, "withdraw", request["identifier"]["value"], body)
    line.work()
    assert (headline(line), "told_too_late" in line.events()) == (state, over)


def test_a_change_that_is_listed_while_the_request_is_withdrawn_is_taken_up_then(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, CUT, recovery="person", tells=True)
    change(line)
    line.work()
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=False)
    withdraw(line)
    line.payer.answers["$inquire"] = [named(line, "A1", LATE, utn=N1)]
    line.pass_by(15, each=100.0)
    assert headline(line) == "cancelling"
    stands(line)
    line.pass_by(40, each=1000.0)
    assert (headline(line), line.case().planned_date) == ("affirmed", OTHER)


# which change a question is about -----------------------------------------------------------------


def test_a_question_about_one_change_sends_no_other_again(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, CUT, CUT)
    line.payer.answers["$inquire"] = [PayerUnknown("down")]
    change(line)
    line.pass_by(60, each=60.0)
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=False)
    line.payer.answers["$inquire"] = [NOTHING]
    change(line, Wished(date(2026, 12, 15)))
    before, answer = submits(line), line.payer._answer

    def slow(url: str) -> Reply:
        if url.endswith("$submit") and submits(line) == before + 1:
            for _ in range(20):  # the lease is renewed, and another worker goes on
                clock.pass_by(30)
                for one in line.world.tasks.of_case("case-1"):
                    if one.kind == "update" and one.state == "leased":
                        line.world.tasks.renew(one)
                line.step()
        return ok(an_answer_item("A4"), created=MIDDLE) if url.endswith("$submit") else answer(url)

    line.payer._answer = slow  # type: ignore[method-assign]
    line.work()
    assert submits(line) == before + 1
    assert line.case().planned_date == date(2026, 12, 15)


def test_a_late_answer_to_a_change_that_another_followed_is_told(
    store: Store, clock: FakeClock
) -> None:
    taken = ok(an_answer_item("A4"), created=MIDDLE)
    line = pended(store, clock, CUT, taken, recovery="person")
    change(line)
    line.work()
    identifier = update(line)["entry"][0]["resource"]["identifier"][0]
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=False)
    change(line, Wished(date(2026, 12, 15)))
    line.work()
    body = ok(an_answer_item("A1", utn=N1), created=LATE, request={"identifier": identifier}).body
    line.payer.answers["$inquire"] = [NOTHING]
    late(line, "update", identifier["value"], body)
    line.work()
    told = [one for one in line.world.audit.events("case-1") if one.kind == "quarantined"]
    assert [one.facts["why"] for one in told] == ["an earlier version"]
    assert (headline(line), line.case().planned_date) == ("pended", date(2026, 12, 15))


def test_a_payer_that_keeps_the_first_name_gets_no_change_twice(
    store: Store, clock: FakeClock
) -> None:
    """It lists the request as it is now, under the name of its first version."""
    line = pended(store, clock, CUT, ok(an_answer_item("A4"), created=LATE))
    first = [{"system": "x", "value": "id-1"}]
    entries = ok(an_answer_item("A4"), created=MIDDLE, identifier=first).body["entry"]
    listed = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    line.payer.answers["$inquire"] = [Reply(200, listed)]
    change(line)
    line.work()
    line.pass_by(10)
    assert (submits(line), headline(line)) == (2, "updating")


def test_a_change_that_a_payer_lists_as_refused_hides_no_decision(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, REFUSED)
    change(line)
    line.work()
    identifier = update(line)["entry"][0]["resource"]["identifier"][0]
    answer, seen = line.payer._answer, []

    def listing(url: str) -> Reply:
        if not url.endswith("$inquire"):
            return answer(url)
        seen.append(url)
        own = {"identifier": {**identifier, "value": "id-1"}}
        good = ok(an_answer_item("A1", utn=N1), created=LATE, request=own).body["entry"]
        more = {"id": f"r{len(seen)}", "error": [{"code": {"text": "too late"}}]}
        about = {"identifier": identifier}
        bad = ok(outcome="error", request=about, created=LATE, **more).body["entry"]
        return Reply(200, {"resourceType": "Bundle", "type": "collection", "entry": good + bad})

    line.payer._answer = listing  # type: ignore[method-assign]
    line.pass_by(10, each=1000.0)
    assert (headline(line), line.case().planned_date) == ("affirmed", FIRST)
