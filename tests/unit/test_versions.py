"""The versions of a request that was changed: what one was given is not the other's."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app import requesting
from smart_app.cases.model import (
    ChartSnapshot,
    Decision,
    ItemDecision,
    Receipt,
    Submission,
)
from smart_app.cases.store import Store
from smart_app.errors import IllegalMove, PayerUnknown, StaleRevision
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import LEASE, SIGNER
from tests.unit.pas import requests
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import card, headline, ok
from tests.unit.test_refused import refusal
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
from tests.unit.told import Told, event

pytestmark = pytest.mark.usefixtures("asked_of_the_case")


def submits(line: Told) -> int:
    return sum(url.endswith("$submit") for url, _ in line.payer.posts)


def half_affirmed(store: Store, clock: FakeClock, *then: Any, **more: Any) -> Told:
    """Return a request of two items of which the first is affirmed, with a number."""
    line = pended(store, clock, *then, orders=2, **more)
    half = ok(an_answer_item("A1", utn=N1), an_answer_item("A4", 2), created="2026-11-24T11:00:00Z")
    line.payer.answers["$inquire"] = [half]
    line.pass_by(15, each=100.0)
    assert [one.number for one in store.utns("case-1")] == [N1]
    assert line.case().tracks.decision == "pended"
    return line


NINE = Wished(FIRST, units={"trace-1": 9}, dropped=frozenset({"trace-2"}))


def test_a_number_of_the_version_before_is_none_of_this_one(store: Store, clock: FakeClock) -> None:
    line = half_affirmed(store, clock, ok(an_answer_item("A1"), created=MIDDLE))
    change(line, NINE)
    line.work()
    assert headline(line) == "affirmed_number_awaited"
    assert (card(line)[0] != "ready", card(line)[1]) == (True, None)
    assert [one.status for one in store.utns("case-1")] == ["superseded"]


def test_nor_is_its_decision_when_a_person_says_that_it_is_there(
    store: Store, clock: FakeClock
) -> None:
    line = half_affirmed(store, clock, CUT, recovery="person")
    change(line, NINE)
    line.work()
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=True)
    assert line.case().items[0].units == 9
    assert headline(line) == "pended"
    assert [one.status for one in store.utns("case-1")] == ["superseded"]


def test_the_form_that_was_signed_stays(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, used = pended(store, clock), []

    def built(_world: Any, case: Any, signed: Any, *_: Any) -> Any:
        used.append(signed)
        return requests.asked(case)

    monkeypatch.setattr(requesting, "build", built)
    with store.write() as db:
        store.put(db, "case-1", "response", {"questionnaire": "another"})
    change(line)
    assert used == [requests.RESPONSE]


def error(line: Told) -> Reply:
    """Return an answer that names the change and says that it failed."""
    identifier = update(line)["entry"][0]["resource"]["identifier"]
    fault = {"code": {"text": "too late"}}
    return ok(outcome="error", error=[fault], request={"identifier": identifier[0]}, created=LATE)


def test_a_refusal_that_is_found_by_asking_is_one(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT)
    change(line)
    line.payer.answers["$inquire"] = [error(line)]
    line.pass_by(5)
    assert "update_refused" in line.events()
    assert (line.case().planned_date, headline(line)) == (FIRST, "pended")


def test_an_answer_that_says_nothing_takes_nothing(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, ok(created=MIDDLE), recovery="person")
    change(line)
    line.work()
    assert (line.case().planned_date, headline(line)) == (FIRST, "updating")


# people and workers at once ----------------------------------------------------------------------


def test_nobody_clears_up_what_is_being_sent(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, recovery="person")
    change(line)
    line.work()
    with store.write() as db:
        line.world.tasks.add(db, "update", "case-1", tag="again")
    assert line.world.tasks.claim() is not None
    case = line.case()
    with pytest.raises(IllegalMove) as cause:
        line.follow.updating.clear_up(case, case.revision, SIGNER, over=False)
    assert "right now" in cause.value.say
    assert headline(line) == "updating"


@pytest.mark.parametrize("way", ["told", "asked"])
def test_what_names_a_change_that_was_given_up_takes_it_up_again(
    store: Store, clock: FakeClock, way: str
) -> None:
    line = pended(store, clock, CUT, recovery="person", tells=way == "told")
    change(line)
    line.work()
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=False)
    answer = named(line, "A1", LATE, utn=N1)
    if way == "told":
        line.tell(event(1, answer.body))
    else:
        line.payer.answers["$inquire"] = [answer]
    line.pass_by(15, each=100.0)
    assert (line.case().planned_date, headline(line)) == (OTHER, "affirmed")
    assert "update_there" in line.events()
    assert submits(line) == 2


def test_a_second_answer_is_held_against_the_first(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, recovery="person", tells=True)
    change(line)
    line.work()
    line.payer.answers["$inquire"] = [PayerUnknown("down")]
    line.tell(event(1, named(line, "A1", MIDDLE, utn=N1).body))
    line.work()
    assert headline(line) == "affirmed"
    body = named(line, "A3", LATE, utn=N2).body
    identifier = update(line)["entry"][0]["resource"]["identifier"][0]["value"]
    with store.write() as db:  # the answer of the sending itself comes late
        store.put(db, "case-1", f"answer:{identifier}", Receipt("received", 200, body))
        line.world.tasks.add(db, "update", "case-1", tag=f"late-1:{identifier}")
    line.work()
    assert headline(line) != "affirmed"


def another_case(line: Told) -> None:
    """Send a second request, which is affirmed."""
    case, store = line.case(), line.store
    (item,) = case.items
    other = replace(
        case,
        id="case-2",
        order_refs=("ServiceRequest/9",),
        revision=1,
        items=(replace(item, trace="trace-9", order_ref="ServiceRequest/9"),),
        tracks=replace(case.tracks, submission="received", decision="affirmed"),
    )
    request = requests.asked(replace(case, items=(replace(item, trace="trace-9"),)))
    request["entry"][0]["resource"]["identifier"][0]["value"] = "id-9"
    found = store.latest("case-1", "chart", ChartSnapshot)
    entry = Submission("case-2", "id-9", "pas", "zyter", "initial", "x", line.clock.now())
    decided = (ItemDecision("trace-9", "affirmed"),)
    now = line.clock.now()
    said = Decision("d9", "case-2", decided, now, "pas", word="affirmed", created=now)
    with store.write() as db:
        assert store.insert(db, other)
        store.put(db, "case-2", "chart", found)
        store.put(db, "case-2", "decision", said)
        store.add_submission(db, entry, json.dumps(request).encode())
        line.world.inbox.name(db, "case-2", ["trace-9", "id-9"])


def test_each_result_of_a_notification_is_taken_once(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, recovery="person", tells=True)
    another_case(line)
    change(line)
    line.work()
    first = ok(an_answer_item("A1", utn=N1), created=LATE).body
    item = an_answer_item("A3")
    item["extension"][0]["valueIdentifier"]["value"] = "trace-9"
    second = ok(item, created=LATE).body
    line.tell(event(1, first, second))
    line.pass_by(20)
    assert store.case("case-2").tracks.decision == "non_affirmed"
    kinds = [one.kind for one in line.world.audit.events("case-2")]
    assert kinds.count("notified") == 1
    assert headline(line) == "updating"


# what is dropped ---------------------------------------------------------------------------------

SECOND = Wished(FIRST, dropped=frozenset({"trace-1"}))


def untraced(code: str, number: int) -> dict[str, Any]:
    """Return an answer's item that is known by its number alone."""
    item = an_answer_item(code, number, utn=N1 if code == "A1" else None)
    kept = [one for one in item["extension"] if "itemTraceNumber" not in one["url"]]
    return {**item, "extension": kept}


def test_a_dropped_item_may_come_without_its_trace(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, recovery="person", orders=2)
    change(line, SECOND)
    identifier = update(line)["entry"][0]["resource"]["identifier"][0]
    answer = ok(
        untraced("C", 1), untraced("A1", 2), created=MIDDLE, request={"identifier": identifier}
    )
    line.payer.answers["$submit"] = [answer]
    line.work()
    assert headline(line) == "affirmed"


def test_a_fault_of_a_dropped_item_is_told(store: Store, clock: FakeClock) -> None:
    taken = ok(an_answer_item("C"), an_answer_item("A4", 2), created=MIDDLE)
    issue = {"diagnostics": "odd", "expression": ["Claim.item[0].quantity"]}
    odd = Reply(422, {"resourceType": "OperationOutcome", "issue": [issue]})
    line = pended(store, clock, taken, odd, orders=2)
    change(line, SECOND)
    line.work()
    change(line, Wished(date(2026, 12, 9)))
    line.work()
    [fault] = refusal(line)[1]
    assert "odd" in fault.words


def test_an_order_that_was_dropped_may_be_asked_for_again(store: Store, clock: FakeClock) -> None:
    taken = ok(an_answer_item("C"), an_answer_item("A4", 2), created=MIDDLE)
    line = pended(store, clock, taken, orders=2)
    before = line.case()
    change(line, SECOND)
    line.work()
    after = line.case()
    assert [one.order_ref for one in after.dropped] == ["ServiceRequest/1"]
    assert (before.asking, after.asking) == (
        ("ServiceRequest/1", "ServiceRequest/2"),
        ("ServiceRequest/2",),
    )


def test_a_decision_on_the_version_before_is_told_once(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created=MIDDLE))
    change(line)
    line.work()
    line.payer.answers["$inquire"] = [ok(an_answer_item("A3", utn=N1), created=MIDDLE)]
    line.pass_by(60, each=100.0)
    assert headline(line) == "pended"
    told = [one for one in line.world.audit.events("case-1") if one.kind == "quarantined"]
    assert [one.facts["why"] for one in told] == ["an earlier version"]


def test_the_payers_first_refusal_needs_no_asking(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, REFUSED, inquire=NOTHING)
    change(line)
    line.work()
    assert submits(line) == 2


@pytest.mark.parametrize("recovery", ["person", "inquire"])
def test_an_answer_after_the_lease_of_a_change_is_not_lost(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    line = pended(store, clock, recovery=recovery, inquire=NOTHING)
    change(line)
    post, taken = line.payer.post, named(line, "A1", utn=N1)

    def slow(url: str, body: bytes, content_type: str) -> Reply:
        if not url.endswith("$submit"):
            return post(url, body, content_type)
        line.payer.posts.append((url, body))
        clock.pass_by(LEASE + 1)
        other = line.world.tasks.claim()
        assert other
        with contextlib.suppress(PayerUnknown):
            line.follow.updating.amend(other)
        return taken

    line.payer.post = slow  # type: ignore[method-assign]
    line.step()
    assert (line.case().planned_date, headline(line)) == (FIRST, "updating")
    line.work()
    line.pass_by(30)
    assert (line.case().planned_date, headline(line)) == (OTHER, "affirmed")
    assert submits(line) == 2


def test_a_change_from_an_older_page_changes_nothing(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    case = line.case()
    with store.write() as db:
        store.save(db, case)
    with pytest.raises(StaleRevision):
        line.follow.updating.begin(case, case.revision, SIGNER, Wished(OTHER))
    assert [one.kind for one in store.submissions("case-1")] == ["initial"]
