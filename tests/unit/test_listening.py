"""The Subscription of a payer and a site: asked for, confirmed, renewed, mended and ended."""

from __future__ import annotations

import json

import pytest

from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.listening import UnknownSender
from tests.unit.kit import FakeClock, Reply
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_follow import answering, ok
from tests.unit.told import SUBSCRIPTION, Told, event, notification

PENDED = ok(an_answer_item("A4"))
AFFIRMED = an_answer(an_answer_item("A1"), created="2026-11-25T10:00:00Z")


def pended(store: Store, clock: FakeClock) -> Told:
    """Return a case that waits, its payer asked to tell."""
    line = Told(store, clock, answering(PENDED))
    line.signed()
    line.work()
    return line


@pytest.mark.req("pas-2.0.1@67", "pas-2.0.1@137")
@pytest.mark.req("pas-2.0.1@140", "pas-2.0.1@142")
@pytest.mark.req("pas-2.2.1@spec-8", "pas-2.2.1@spec-54")
def test_a_payer_that_tells_is_asked_to_when_a_request_is_sent(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    here = line.listener()
    url, body = next(one for one in line.payer.posts if one[0].endswith("/Subscription"))
    wanted = json.loads(body)
    assert wanted["channel"]["endpoint"] == f"https://preclear.example/notify/{here.id}"
    assert wanted["channel"]["header"] == [f"Authorization: Bearer {here.secret}"]
    assert here.secret not in url and len(here.secret) > 30
    assert (here.remote, here.state) == ("s1", "asked")


def test_one_for_each_payer_and_site(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    with store.write() as db:
        line.follow.listening.begin(db, line.case(), line.settings)
    line.work()
    assert len(line.world.inbox.listeners()) == 1
    assert sum(url.endswith("/Subscription") for url, _ in line.payer.posts) == 1


def test_a_payer_that_is_asked_is_asked_for_no_subscription(store: Store, clock: FakeClock) -> None:
    line = Told(store, clock, answering(PENDED))
    line.settings.pended = "inquire"
    line.signed()
    line.work()
    assert line.world.inbox.listeners() == []


def test_the_handshake_makes_it_active(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    assert line.tell(notification("handshake", status="requested"))
    assert line.listener().state == "active"
    assert line.listener().heard_at == clock.now()


def test_one_that_is_as_it_should_be_is_left_alone(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.tell(notification("handshake"))
    line.pass_by(30)
    (task,) = [one for one in line.world.tasks.of_case(line.listener().id) if one.kind == "listen"]
    assert (task.state, task.last_error) == ("due", "")
    assert line.payer.puts == []


@pytest.mark.parametrize("secret", ["", "x", "ü"])
def test_only_who_knows_the_secret_may_tell(store: Store, clock: FakeClock, secret: str) -> None:
    line = pended(store, clock)
    here = line.listener()
    with pytest.raises(UnknownSender):
        line.follow.listening.receive(here.id, secret, event(1, AFFIRMED))
    with pytest.raises(UnknownSender):
        line.follow.listening.receive("another", here.secret, event(1, AFFIRMED))
    line.work()
    assert line.case().tracks.decision == "pended"
    assert line.listener().heard_at is None


def test_what_is_no_notification_is_not_taken(store: Store, clock: FakeClock) -> None:
    assert pended(store, clock).tell({"resourceType": "Patient"}) is False


@pytest.mark.req("pas-2.0.1@204", "pas-2.0.1@205")
@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@81", "pas-2.0.1@subscriptions-backport_1.1.0@82"
)
@pytest.mark.req(
    "pas-2.2.1@subscriptions-backport_1.1.0@81", "pas-2.2.1@subscriptions-backport_1.1.0@82"
)
@pytest.mark.parametrize("status", ["error", "off"])
def test_one_that_was_given_up_is_asked_for_again(
    store: Store, clock: FakeClock, status: str
) -> None:
    line = pended(store, clock)
    line.payer.answers["/Subscription/s1"] = [
        Reply(200, {**SUBSCRIPTION, "status": status}),
        Reply(200, SUBSCRIPTION),
    ]
    line.pass_by(7)
    (put,) = line.payer.puts
    assert json.loads(put[1])["status"] == "requested"
    assert json.loads(put[1])["id"] == "s1"


def test_one_that_the_payer_forgot_is_asked_for_anew(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.payer.answers["/Subscription/s1"] = [Reply(404, None), Reply(200, SUBSCRIPTION)]
    line.payer.answers["/Subscription"] = [Reply(201, {"id": "s2"})]
    line.payer.answers["/Subscription/s2"] = [Reply(200, SUBSCRIPTION)]
    line.pass_by(7)
    assert line.listener().remote == "s2"


@pytest.mark.parametrize("found", ["when looked at", "when renewed"])
def test_what_changed_while_the_payer_had_forgotten_it_is_asked_about(
    store: Store, clock: FakeClock, found: str
) -> None:
    line = pended(store, clock)
    line.settings.poll_longest_seconds = 1e9
    line.tell(notification("handshake"))
    line.pass_by(3, each=600.0)
    there = {**SUBSCRIPTION, "status": "off"}
    first = Reply(404, None) if found == "when looked at" else Reply(200, there)
    line.payer.answers |= {
        "/Subscription/s1": [first, Reply(404, None)],
        "/Subscription": [Reply(201, {"id": "s2"})],
        "/Subscription/s2": [Reply(200, SUBSCRIPTION)],
        "$inquire": [ok(an_answer_item("A1"))],
    }
    line.pass_by(20)
    assert line.listener().remote == "s2"
    assert line.case().tracks.decision == "affirmed"


def test_it_is_renewed_before_it_ends(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    first = line.listener().ends_at
    line.pass_by(8, each=86400.0)
    assert line.payer.puts
    assert line.listener().ends_at > first


@pytest.mark.req("pas-2.0.1@206")
def test_it_ends_when_nothing_is_awaited(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.letter("non_affirmed", "AB1234567890CD")
    with store.write() as db:
        line.world.tasks.wake(db, "poll", "case-1")
    line.work()
    line.pass_by(7)
    assert [url.rpartition("/")[2] for url in line.payer.deletes] == ["s1"]
    assert line.world.inbox.listeners() == []


def test_a_payer_that_takes_none_is_asked_for_ever_and_nothing_is_lost(
    store: Store, clock: FakeClock
) -> None:
    line = Told(store, clock, answering(PENDED, inquire=ok(an_answer_item("A1"))))
    line.payer.answers["/Subscription"] = [PayerUnknown("500")]
    line.settings.poll_first_seconds = line.settings.poll_longest_seconds = 1.0
    line.signed()
    line.pass_by(20)
    assert line.case().tracks.decision == "affirmed"
    assert "parked" not in line.events()


def test_one_that_is_begun_while_it_ends_stays(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.letter("non_affirmed", "AB1234567890CD")
    with store.write() as db:
        line.world.tasks.wake(db, "poll", "case-1")
    delete = line.payer.delete

    def meanwhile(url: str) -> Reply:
        with store.write() as db:
            line.follow.listening.begin(db, line.case(), line.settings)
            line.world.tasks.add(db, "poll", "case-1", tag="1-x", delay=500)
        return delete(url)

    line.payer.delete = meanwhile  # type: ignore[method-assign]
    line.work()
    line.pass_by(7)
    assert line.payer.deletes
    asked = [json.loads(body) for url, body in line.payer.posts if url.endswith("/Subscription")]
    assert len(asked) == 2
    assert len({one["channel"]["endpoint"] for one in asked}) == 1


def test_an_event_that_comes_after_the_end_is_not_acknowledged(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock)
    here = line.listener()
    with store.write() as db:
        line.world.inbox.drop(db, here.id)
    with pytest.raises(UnknownSender):
        line.follow.listening.take(here, event(1, AFFIRMED))
    assert line.world.inbox.counts("site") == {}


def test_a_payer_may_count_what_it_likes(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    assert line.tell(event(1, AFFIRMED, count=999_999_999))
    assert line.tell(event(2, AFFIRMED, count=10**15))
    assert line.listener().counted == 999_999_999


# what was lost ------------------------------------------------------------------------------------


@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@17", "pas-2.0.1@subscriptions-backport_1.1.0@85"
)
@pytest.mark.req(
    "pas-2.2.1@subscriptions-backport_1.1.0@17", "pas-2.2.1@subscriptions-backport_1.1.0@85"
)
def test_events_that_were_lost_are_fetched(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.payer.answers |= {
        "$status": [Reply(200, notification("query-status", 1))],
        "$events?eventsSinceNumber=0": [Reply(200, event(1, AFFIRMED))],
    }
    line.pass_by(7)
    assert line.case().tracks.decision == "affirmed"


def test_a_gap_is_seen_by_the_next_event(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.payer.answers["$events?eventsSinceNumber=0"] = [Reply(200, event(1, AFFIRMED, count=2))]
    line.tell(event(2, count=2))
    line.work()
    assert line.case().tracks.decision == "affirmed"


def test_what_cannot_be_fetched_is_asked_about_once(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.payer.answers |= {
        "$status": [Reply(200, notification("query-status", 3))],
        "$events?eventsSinceNumber=0": [Reply(501, None)],
        "$inquire": [ok(an_answer_item("A1", utn="AB1234567890CD"))],
    }
    line.pass_by(12)
    assert line.case().tracks.decision == "affirmed"
    assert sum(url.endswith("$inquire") for url, _ in line.payer.posts) == 1


@pytest.mark.parametrize(("code", "days", "ends"), [("A1", 100, False), ("A1", 130, True)])
def test_it_goes_on_while_a_number_may_be_taken_back(
    store: Store, clock: FakeClock, code: str, days: int, ends: bool
) -> None:
    line = pended(store, clock)
    said = an_answer(an_answer_item(code, utn="AB1234567890CD"), created="2026-11-24T11:00:00Z")
    line.tell(event(1, said))
    line.work()
    assert line.case().tracks.decision == "affirmed"
    line.pass_by(days, each=86400.0)
    assert (line.world.inbox.listeners() == []) is ends
    if not ends:
        taken_back = an_answer(an_answer_item("A3"), created="2027-01-24T11:00:00Z")
        line.tell(event(2, taken_back))
        line.work()
        assert line.case().tracks.decision == "non_affirmed"
        assert [one.status for one in store.utns("case-1")] == ["superseded"]
