"""Whatever a payer tells afterwards, or answers to what follows a request: nothing is lost by it.

Notifications come in through the address itself. The payer is called so many times at most, no
task fails of anything but what the product has a code for, and every case stays askable.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from hypothesis import strategies as st

from smart_app.cases.store import Store
from smart_app.pas import subscription
from smart_app.sending import MOST_SENDS
from smart_app.web import notify
from tests.conformance.any_json import ANY, FEW, MANY, answers, either, fed
from tests.conformance.never_lost import Stores, clock_of, ends_well, go_on, watched, work
from tests.unit import test_adding, test_withdrawing
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.test_hearing import LATE, pended, says
from tests.unit.told import SUBSCRIPTION, Told, event, notification

STATUSES = st.sampled_from((200, 201, 202, 204, 400, 404, 409, 410, 422, 429, 500, 503))
RECOVERIES = st.sampled_from(("person", "inquire", "idempotent_resend"))
N1 = "AB1234567890CD"
HELD = (says("A1", LATE, utn=N1), says("A3", LATE, utn=N1), says("A4", LATE), says("C", None))
NOTIFICATIONS = (
    either(
        *(event(number, one) for number, one in enumerate(HELD, start=1)),
        *HELD,
        HELD[0]["entry"][0]["resource"],
        event(2, HELD[0], HELD[1], count=9),
        event(1, focus="https://p.example/ClaimResponse/1"),
        notification("handshake"),
        notification("heartbeat", 3, status="error"),
        {
            "resourceType": "SubscriptionStatus",
            "type": "event-notification",
            "status": "active",
            "subscription": {"reference": "Subscription/s1"},
            "notificationEvent": [{"eventNumber": "1"}],
        },
    )
    | ANY
)


@fed(MANY, NOTIFICATIONS)
def test_a_notification(body: Any) -> None:
    found = subscription.read(body)
    if found is not None:
        for one in found.results:
            assert all(isinstance(name, str) for name in subscription.names(one))


def told(store: Store, clock: FakeClock) -> None:
    """Leave a case that is pended, and told of."""
    line = pended(store, clock)
    line.tell(notification("handshake"))


def post(line: Told, body: bytes) -> int:
    """Post to the address of the one subscription, as its payer does."""
    app = Flask(__name__)
    app.register_blueprint(notify.blueprint(line.world))
    here = line.listener()
    headers = {"Authorization": f"Bearer {here.secret}"}
    return app.test_client().post(f"/notify/{here.id}", data=body, headers=headers).status_code


@fed(FEW, st.lists(NOTIFICATIONS, min_size=1, max_size=4), answers(), st.booleans())
def test_what_is_told_loses_no_case(
    stores: Stores, bodies: list[Any], asked: Any, whole: bool
) -> None:
    with stores.like("told", told) as store:
        payer = FakePayer({"$inquire": [Reply(200, asked)], "$events": [Reply(200, bodies[0])]})
        line = Told(store, clock_of(store), payer)
        watched(line)
        for body in bodies:
            sent = json.dumps(body).encode()
            status = post(line, sent if whole else sent[: len(sent) // 2])
            assert status in (204, 400)
            work(line)
        go_on(line)
        ends_well(line, [*bodies, asked])


class Odd(FakePayer):
    """A payer that gives any answer about its Subscription, by what is asked of it."""

    def _answer(self, url: str) -> Reply:
        ending = url.rpartition("/")[2].partition("?")[0]
        rest = "read" if "/Subscription/" in url else ending
        found: Reply = self.answers[ending if ending.startswith("$") else rest][0]
        return found


SUBSCRIPTIONS = either(SUBSCRIPTION, {**SUBSCRIPTION, "status": "error"}, {"id": "../x"}) | ANY


@fed(
    FEW,
    st.tuples(STATUSES, SUBSCRIPTIONS),
    st.tuples(STATUSES, SUBSCRIPTIONS),
    st.tuples(STATUSES, NOTIFICATIONS),
    st.text(max_size=12),
)
def test_what_is_said_of_a_subscription_loses_no_case(
    stores: Stores, made: Any, read: Any, status: Any, location: str
) -> None:
    with stores.like("told", told) as store:
        payer = Odd(
            {
                "$inquire": [Reply(200, says("A4"))],
                "Subscription": [Reply(*made, location)],
                "read": [Reply(*read)],
                "$status": [Reply(*status)],
                "$events": [Reply(*status)],
            }
        )
        line = Told(store, clock_of(store), payer)
        watched(line)
        go_on(line)
        ends_well(line, [status])
        for here in line.world.inbox.listeners():  # none is left when nothing is awaited
            tasks = line.world.tasks.of_case(here.id)
            assert [one.state for one in tasks if one.kind == "listen"] == ["due"]


def withdrawing(store: Store, clock: FakeClock) -> None:
    """Leave a case of which the withdrawal is queued."""
    test_withdrawing.withdraw(test_withdrawing.sent(store, clock, test_withdrawing.PENDED))


@fed(FEW, STATUSES, answers(), answers(), RECOVERIES)
def test_what_is_answered_to_a_withdrawal_loses_no_case(
    stores: Stores, status: int, first: Any, asked: Any, recovery: str
) -> None:
    with stores.like("withdrawing", withdrawing) as store:
        payer = FakePayer({"$submit": [Reply(status, first)], "$inquire": [Reply(200, asked)]})
        line = watched(Line(store, clock_of(store), payer, recovery=recovery))
        go_on(line)
        ends_well(line, [first, asked], recovery)
        assert line.submits() <= MOST_SENDS
        assert len({body for url, body in payer.posts if url.endswith("$submit")}) == 1
        if line.case().tracks.submission == "cancelled":
            assert '"C"' in json.dumps([first, asked])


def adding(store: Store, clock: FakeClock) -> None:
    """Leave a case of which documents are queued that the payer asked for."""
    test_adding.add(test_adding.wanting(store, clock))


@fed(FEW, STATUSES, either(test_adding.TAKEN.body, test_adding.REFUSED.body) | ANY, RECOVERIES)
def test_what_is_answered_to_documents_loses_none(
    stores: Stores, status: int, body: Any, recovery: str
) -> None:
    with stores.like("adding", adding) as store:
        pend = Reply(200, says("A4"))
        payer = FakePayer({"$submit-attachment": [Reply(status, body)], "$inquire": [pend]})
        line = watched(Line(store, clock_of(store), payer, recovery=recovery))
        go_on(line)
        ends_well(line, [])
        assert len(test_adding.posted(line)) <= MOST_SENDS
        (wish,) = line.follow.adding.wishes(line.case())
        assert wish.state in ("received", "rejected", "unknown")
        assert status < 300 or wish.state != "received"


@pytest.mark.parametrize("name", ["told", "withdrawing", "adding"])
def test_what_is_prepared_waits(stores: Stores, name: str) -> None:
    with stores.like(name, globals()[name]) as store:
        assert store.case("case-1").tracks.submission in ("pended", "received", "cancelling")
