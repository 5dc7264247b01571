"""A Subscription as it is asked for, and notifications of every shape."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from smart_app.pas import subscription
from tests.unit.kit import NOW
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.told import event, notification, status

TO = subscription.Address("https://us.example/notify/1", "secret", "org-identifier", "1999999042")
ANSWER = an_answer(an_answer_item("A1"))
BARE = ANSWER["entry"][0]["resource"]


@pytest.mark.parametrize(
    ("version", "payload"),
    [("2.0.1", "id-only"), ("2.1.0", "full-resource"), ("2.2.1", "full-resource")],
)
def test_what_is_asked_for(version: str, payload: str) -> None:
    made = subscription.build(TO, NOW + timedelta(days=7), version)
    assert made["criteria"] == subscription.TOPIC
    assert made["channel"]["type"] == "rest-hook"
    assert made["channel"]["endpoint"] == TO.endpoint
    assert made["channel"]["header"] == ["Authorization: Bearer secret"]
    assert made["channel"]["_payload"]["extension"][0]["valueCode"] == payload
    assert made["_criteria"]["extension"][0]["valueString"] == "org-identifier=1999999042"
    assert (made["status"], made["end"][:10]) == ("requested", "2026-12-01")


@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@71", "pas-2.2.1@subscriptions-backport_1.1.0@71"
)
def test_a_handshake_brings_nothing() -> None:
    found = subscription.read(notification("handshake", status="requested"))
    assert found and (found.kind, found.count, found.results) == ("handshake", 0, ())
    assert found.subscription == "s1"


@pytest.mark.req(
    "pas-2.0.1@subscriptions-backport_1.1.0@71", "pas-2.2.1@subscriptions-backport_1.1.0@71"
)
@pytest.mark.parametrize("brought", [ANSWER, BARE], ids=["a Bundle", "a bare ClaimResponse"])
def test_an_event_brings_its_answer(brought: Any) -> None:
    found = subscription.read(event(3, brought, count=5))
    assert found and (found.count, found.numbers) == (5, (3,))
    assert [one["entry"][0]["resource"] for one in found.results] == [BARE]


def test_an_event_may_only_name_its_answer() -> None:
    found = subscription.read(event(1, focus="https://p.example/ClaimResponse/7"))
    assert found and found.results == ()
    assert found.focus == ("https://p.example/ClaimResponse/7",)


@pytest.mark.parametrize("body", [ANSWER, BARE], ids=["a Bundle", "a bare ClaimResponse"])
def test_an_answer_alone_is_an_event(body: Any) -> None:
    found = subscription.read(body)
    assert found and (found.kind, found.numbers) == ("event-notification", ())
    assert [one["entry"][0]["resource"] for one in found.results] == [BARE]


def test_the_status_of_later_versions_is_read() -> None:
    told = {
        "resourceType": "SubscriptionStatus",
        "type": "event-notification",
        "status": "active",
        "eventsSinceSubscriptionStart": "2",
        "subscription": {"reference": "Subscription/s1"},
        "notificationEvent": [{"eventNumber": "2", "focus": {"reference": "ClaimResponse/7"}}],
    }
    found = subscription.read({"resourceType": "Bundle", "entry": [{"resource": told}]})
    assert found and (found.kind, found.count, found.numbers) == ("event-notification", 2, (2,))
    assert (found.subscription, found.focus) == ("s1", ("ClaimResponse/7",))


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {"resourceType": "Patient"},
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": [{"resource": status("handshake") | {"parameter": 5}}]},
        {"resourceType": "Bundle", "entry": "x"},
        {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "OperationOutcome"}}]},
    ],
)
def test_what_is_no_notification(body: Any) -> None:
    assert subscription.read(body) is None


def test_a_count_that_is_none_counts_nothing() -> None:
    odd = event(1, ANSWER)
    odd["entry"][0]["resource"]["parameter"][3]["valueString"] = "many"
    found = subscription.read(odd)
    assert found and found.count is None


def test_by_what_an_answer_is_known() -> None:
    named = BARE | {
        "identifier": [{"value": "urn:uuid:id-1"}],
        "request": {"reference": "Claim/claim-1", "identifier": {"value": "id-2"}},
    }
    assert {*subscription.names({"entry": [{"resource": named}]})} == {
        "trace-1",
        "id-1",
        "id-2",
        "claim-1",
    }
