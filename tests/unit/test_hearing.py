"""What a payer tells by itself: taken once, to the right case, and never against what is newer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases.model import Submission
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import MEMBER
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_follow import answering, headline, ok
from tests.unit.told import Told, event, notification

N1, N2 = "AB1234567890CD", "AB1234567890CE"
EARLY, MIDDLE, LATE = "2026-11-24T10:00:01Z", "2026-11-25T10:00:00Z", "2026-11-26T10:00:00Z"


def says(code: str, created: str | None = MIDDLE, **more: Any) -> dict[str, Any]:
    """Return what a payer says of the one code."""
    head = {"created": created} if created else {}
    return an_answer(an_answer_item(code, **more), **head)


def pended(store: Store, clock: FakeClock, inquire: Any = None) -> Told:
    """Return a case that waits and is told of."""
    line = Told(store, clock, answering(ok(an_answer_item("A4"), created=EARLY), inquire=inquire))
    line.signed()
    line.work()
    return line


def tell(line: Told, *told: dict[str, Any]) -> None:
    """Tell of events, one after another, and look at each."""
    for number, one in enumerate(told, start=1):
        assert line.tell(event(number, one))
        line.work()


@pytest.mark.req("pas-2.0.1@67", "pas-2.2.1@spec-8")
@pytest.mark.req("pas-2.2.1@spec-9")
def test_what_is_told_decides(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    tell(line, says("A1", utn=N1))
    assert headline(line) == "affirmed"
    assert line.events().count("notified") == 1
    assert not [url for url, _ in line.payer.posts if url.endswith("$inquire")]


@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@17", "pas-2.2.1@subscriptions-backport_1.1.0@17"
)
def test_an_event_that_comes_twice_counts_once(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    for _ in range(2):
        line.tell(event(1, says("A1", utn=N1)))
        line.work()
    assert line.events().count("notified") == line.events().count("decided") - 1 == 1
    assert line.world.inbox.counts("site") == {"taken": 1}


@pytest.mark.parametrize("body", [says("A1", utn=N1), says("A1", utn=N1)["entry"][0]["resource"]])
def test_an_answer_alone_is_taken(store: Store, clock: FakeClock, body: Any) -> None:
    line = pended(store, clock)
    line.tell(body)
    line.tell(body)
    line.work()
    assert headline(line) == "affirmed"
    assert line.events().count("notified") == 1


@pytest.mark.req("pas-2.0.1@153")
def test_of_what_is_only_named_the_payer_is_asked(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, inquire=ok(an_answer_item("A1", utn=N1), created=MIDDLE))
    line.tell(event(1, focus="ClaimResponse/7"))
    line.work()
    assert headline(line) == "affirmed"


def test_what_is_newer_stands(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    tell(line, says("A1", MIDDLE, utn=N1), says("A3", LATE, utn=N2))
    assert headline(line) == "non_affirmed"


@pytest.mark.parametrize("code", ["A1", "A4"])
def test_what_was_overtaken_does_not(store: Store, clock: FakeClock, code: str) -> None:
    line = pended(store, clock)
    tell(line, says("A3", LATE, utn=N2), says(code, MIDDLE))
    assert headline(line) == "non_affirmed"
    assert "answers_disagree" not in line.events()


@pytest.mark.parametrize("code", ["A4", "CT"])
def test_an_older_approval_undoes_no_reopening(store: Store, clock: FakeClock, code: str) -> None:
    line = pended(store, clock, inquire=Reply(200, says(code, LATE)))
    tell(line, says(code, LATE), says("A1", MIDDLE, utn=N1))
    line.pass_by(60, each=60.0)
    assert headline(line) == {"A4": "pended", "CT": "contact_payer"}[code]
    assert store.utns("case-1") == []


def test_of_what_was_reopened_only_the_payer_can_tell(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, inquire=Reply(200, says("A4", LATE)))
    tell(line, says("A1", MIDDLE, utn=N1), says("A4", LATE))
    assert headline(line) == "pended"
    line.payer.answers["$inquire"] = [PayerUnknown("down")]
    line.tell(event(3, says("A1", None, utn=N2)))
    line.tell(event(4, says("A3", None, utn=N2)))
    line.work()
    assert line.case().tracks.decision in ("pended", "unreadable")
    assert "cancelled" not in line.events()


WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
NAMELESS = {"resourceType": "ClaimResponse", "id": "7", "outcome": "complete"}


@pytest.mark.parametrize(
    "told",
    [event(1, says("A1", utn=N1), WARNING), event(1, NAMELESS, focus="ClaimResponse/7"), event(1)],
    ids=["beside a warning", "without our names", "a number alone"],
)
def test_whatever_is_acknowledged_and_not_taken_is_asked_about(
    store: Store, clock: FakeClock, told: dict[str, Any]
) -> None:
    line = pended(store, clock, inquire=ok(an_answer_item("A1", utn=N1), created=MIDDLE))
    assert line.tell(told)
    line.work()
    assert headline(line) == "affirmed"


@pytest.mark.parametrize("first", ["A1", "A3"])
def test_of_a_contradiction_without_order_nothing_counts_until_the_payer_tells(
    store: Store, clock: FakeClock, first: str
) -> None:
    other = {"A1": "A3", "A3": "A1"}[first]
    line = pended(store, clock)
    line.payer.answers["$inquire"] = [PayerUnknown("500")]
    tell(line, says(first, None, utn=N1), says(other, None, utn=N2))
    assert line.case().tracks.decision == "unreadable"
    line.payer.answers["$inquire"] = [Reply(200, says("A3", LATE, utn=N2))]
    line.pass_by(30)
    assert headline(line) == "non_affirmed"


def test_what_is_told_before_the_answer_itself_waits_for_it(store: Store, clock: FakeClock) -> None:
    line = Told(store, clock, answering(PayerUnknown("cut"), inquire=PayerUnknown("down")))
    line.signed()
    line.work()
    assert line.case().tracks.submission == "unknown"
    line.tell(event(1, says("A1", utn=N1)))
    line.work()
    assert headline(line) == "affirmed"
    assert line.submits() == 1


def test_a_refusal_is_overruled_by_what_is_told(store: Store, clock: FakeClock) -> None:
    line = Told(store, clock, answering(Reply(422, {"resourceType": "OperationOutcome"})))
    line.signed()
    line.work()
    assert line.case().tracks.submission == "rejected"
    with store.write() as db:  # another case of the site is still awaited
        line.follow.listening.begin(db, line.case(), line.settings)
    line.tell(event(1, says("A1", utn=N1)))
    line.work()
    assert headline(line) == "affirmed"


def test_an_answer_of_nobody_is_kept_and_told_as_stray(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    stray = says("A1", utn=N1)
    stray["entry"][0]["resource"]["item"][0]["extension"][0]["valueIdentifier"]["value"] = "other"
    tell(line, stray)
    assert line.world.inbox.counts("site") == {"stray": 1}
    assert headline(line) == "pended"


def test_an_answer_about_another_member_is_quarantined(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    theirs = says("A1", utn=N1)
    other = {"resourceType": "Coverage", "subscriberId": MEMBER[:-1] + "9"}
    theirs["entry"].append({"resource": other})
    tell(line, theirs)
    assert line.case().tracks.decision == "pended"
    assert "quarantined" in line.events()
    assert store.utns("case-1") == []


def test_an_answer_that_names_two_requests_is_taken_to_neither(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    other = replace(line.case(), id="case-2", order_refs=("ServiceRequest/9",), revision=1)
    entry = Submission(other.id, "id-2", "pas", "zyter", "initial", "x", clock.now())
    with store.write() as db:
        assert store.insert(db, other)
        store.add_submission(db, entry, b"{}")
        line.world.inbox.name(db, other.id, ["id-2"])
    both = says("A1", utn=N1)
    both["entry"][0]["resource"]["identifier"] = [{"value": "id-2"}]
    tell(line, both)
    assert line.world.inbox.counts("site") == {"stray": 1}
    assert "quarantined" in line.events()
    assert store.case("case-2").tracks.decision == "pended"
    assert store.utns("case-1") == []


def test_another_payer_cannot_tell_of_a_request(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    with store.write() as db:
        store.save(db, replace(line.case(), payer_id="another"))
    tell(line, says("A1", utn=N1))
    assert line.world.inbox.counts("site") == {"stray": 1}
    assert line.case().tracks.decision == "pended"


def test_a_letter_stands_beside_what_is_told(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.letter("affirmed", N1)
    tell(line, says("A3", LATE, utn=N2))
    assert "sources_disagree" in line.events()
    assert headline(line) == "non_affirmed"


def test_what_cannot_be_taken_is_asked_about(store: Store, clock: FakeClock) -> None:
    answer = ok(an_answer_item("A1", utn=N1), created=MIDDLE)
    line = pended(store, clock, inquire=answer)
    line.tell(event(1, says("A4")))
    (task,) = [one for one in line.world.tasks.of_case(line.listener().id) if one.kind == "heard"]
    line.follow.handlers["heard"] = lambda _: 1 / 0
    line.pass_by(60)
    assert line.world.inbox.counts("site") == {"unread": 1}
    assert headline(line) == "affirmed"
    assert task.state == "due"


def test_a_heartbeat_says_how_the_subscription_is(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.tell(notification("heartbeat", status="error"))
    assert line.listener().state == "error"
