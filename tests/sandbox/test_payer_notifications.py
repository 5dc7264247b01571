"""Notifications: their shape, their numbers, and how they fail to arrive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import payer_samples as samples
import pytest
import subscriber_samples as subs
from flask.testing import FlaskClient
from payer_samples import codes, control
from subscriber_samples import Subscriber, decide, deliver, event, parameter, pend, subscribed

from sandbox.payer import Desk, PayerConfig, create_payer

PAUSES = (1, 2, 4, 8)


@pytest.fixture
def seconds() -> samples.Seconds:
    return samples.Seconds()


@pytest.fixture
def client(tmp_path: Path, seconds: samples.Seconds) -> FlaskClient:
    return samples.payer(tmp_path, seconds)


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with subs.listening() as found:
        yield found


def numbers(subscriber: Subscriber) -> list[str]:
    """Return the numbers of the events that arrived."""
    return [number for body in subscriber.bodies for number in subs.numbers(body)]


@pytest.mark.parametrize("version", ["2.1.0", "2.2.1"])
def test_a_decision_is_told_whole(
    client: FlaskClient, subscriber: Subscriber, version: str
) -> None:
    path = subscribed(client, subscriber, version)
    name = pend(client, version)
    assert deliver(client) == []
    decide(client, name)
    deliver(client)
    told = subscriber.bodies[-1]
    first, second = told["entry"]
    assert first["request"] == {
        "method": "GET",
        "url": f"http://127.0.0.1:0{path}/$status",
    }
    assert parameter(told, "type")["valueCode"] == "event-notification"
    assert parameter(told, "events-since-subscription-start")["valueString"] == "1"
    parts = event(told)
    assert parts["event-number"]["valueString"] == "1"
    assert parts["focus"]["valueReference"]["reference"] == second["fullUrl"]
    assert (second["request"]["method"], second["response"]["status"]) == ("POST", "201")
    answer = second["resource"]
    assert answer["type"] == "collection" and codes(answer) == ["A1"]
    assert samples.numbers(answer) == [samples.state(client)[0]["utn"]]


def test_in_the_oldest_version_only_the_address_is_told(
    client: FlaskClient, subscriber: Subscriber
) -> None:
    subscribed(client, subscriber, "2.0.1")
    name = pend(client, "2.0.1")
    decide(client, name)
    deliver(client)
    told = subscriber.bodies[-1]
    focus = f"http://127.0.0.1:0/pas/2.0.1/ClaimResponse/{name}"
    assert event(told)["focus"]["valueReference"]["reference"] == focus
    assert [one["fullUrl"] for one in told["entry"][1:]] == [focus]
    assert "resource" not in told["entry"][1]


def test_in_the_oldest_version_the_whole_may_be_asked_for(
    client: FlaskClient, subscriber: Subscriber
) -> None:
    body = subs.subscription(subscriber.url, "2.0.1")
    body["channel"]["_payload"]["extension"][0]["valueCode"] = "full-resource"
    subs.subscribe(client, body, "2.0.1")
    decide(client, pend(client, "2.0.1"))
    deliver(client)
    deliver(client)
    assert codes(subscriber.bodies[-1]["entry"][1]["resource"]) == ["A1"]


def test_others_decisions_are_not_told(client: FlaskClient, subscriber: Subscriber) -> None:
    body = subs.subscription(subscriber.url)
    body["_criteria"]["extension"][0]["valueString"] = "org-identifier=1234567893"
    subs.subscribe(client, body)
    subscribed(client, subscriber, "2.1.0")
    decide(client, pend(client))
    deliver(client)
    assert subscriber.kinds() == ["handshake", "handshake"]


def test_the_sending_systems_id_is_told_as_well(
    client: FlaskClient, subscriber: Subscriber
) -> None:
    body = subs.subscription(subscriber.url)
    body["_criteria"]["extension"][0]["valueString"] = "org-identifier=SENDER1"
    subs.subscribe(client, body)
    sent = samples.sample()
    parts = [
        {"url": "applicationSenderCode", "valueString": "APP"},
        {"url": "applicationReceiverCode", "valueString": "PAYER"},
        {"url": "interchangeSenderID", "valueString": "SENDER1"},
    ]
    mark = {"url": samples.PAS + "extension-TransmissionIdentifiers", "extension": parts}
    samples.claim(sent)["extension"] = [mark]
    control(client, decision="pend")
    samples.submit(client, sent)
    deliver(client)
    decide(client, samples.state(client)[0]["id"])
    deliver(client)
    assert subscriber.kinds() == ["handshake", "event-notification"]


def test_what_falls_due_and_late_numbers_are_told(
    client: FlaskClient, subscriber: Subscriber, seconds: samples.Seconds
) -> None:
    subscribed(client, subscriber)
    control(client, decision="pend", pend_seconds=60, utn="late", utn_seconds=60)
    samples.submit(client)
    for seconds.value in (60, 120):
        samples.state(client)
        deliver(client)
    found = [body["entry"][1]["resource"] for body in subscriber.bodies[1:]]
    assert [codes(one) for one in found] == [["A1"], ["A1"]]
    assert [bool(samples.numbers(one)[0]) for one in found] == [False, True]


def test_each_subscription_counts_for_itself(client: FlaskClient, subscriber: Subscriber) -> None:
    subscribed(client, subscriber)
    decide(client, pend(client))
    subscribed(client, subscriber)
    decide(client, pend(client))
    deliver(client)
    assert sorted(numbers(subscriber)) == ["1", "1", "2"]


def test_a_delivery_that_fails_is_repeated(
    client: FlaskClient, subscriber: Subscriber, seconds: samples.Seconds
) -> None:
    path = subscribed(client, subscriber)
    decide(client, pend(client))
    subscriber.statuses = [503, 404, 302]
    for _ in range(4):
        deliver(client)
    assert numbers(subscriber) == ["1"] * 4
    assert client.get(path).get_json(force=True)["status"] == "active"
    assert deliver(client) == []


def test_after_some_failures_it_is_an_error_and_goes_on_after_a_handshake(
    client: FlaskClient, subscriber: Subscriber
) -> None:
    path = subscribed(client, subscriber)
    decide(client, pend(client))
    subscriber.statuses = [500] * 9
    for _ in range(len(PAUSES) + 3):
        deliver(client)
    assert numbers(subscriber) == ["1"] * (len(PAUSES) + 1)
    known = client.get(path).get_json(force=True)
    assert (known["status"], known["error"]) == ("error", "event-notification not taken: 500")
    status = client.get(f"{path}/$status").get_json(force=True)
    assert parameter(status, "error")["valueCodeableConcept"]["text"] == known["error"]
    decide(client, pend(client))
    subscriber.statuses, subscriber.got = [], []
    client.put(path, json={**known, "status": "requested"})
    deliver(client)
    told = client.get(f"{path}/$events").get_json(force=True)
    assert subs.numbers(told) == ["1", "2"]
    decide(client, pend(client))
    deliver(client)
    assert numbers(subscriber) == ["3"]


def test_pauses_grow(
    client: FlaskClient, subscriber: Subscriber, seconds: samples.Seconds, tmp_path: Path
) -> None:
    desk = Desk(PayerConfig("http://127.0.0.1:0", tmp_path, samples.TODAY, seconds, by_hand=True))
    other = create_payer(desk.config, desk).test_client()
    subscribed(other, subscriber)
    decide(other, pend(other))
    subscriber.statuses = [500] * 9
    tried = []
    for moment in range(20):
        seconds.value = moment
        tried += [moment for _ in desk.courier.deliver()]
    assert tried == [0, 1, 3, 7, 15]


def test_twice(client: FlaskClient, subscriber: Subscriber) -> None:
    control(client, notify="duplicate")
    subscribed(client, subscriber)
    decide(client, pend(client))
    deliver(client)
    assert subscriber.kinds() == ["handshake", "event-notification", "event-notification"]
    assert numbers(subscriber) == ["1", "1"]


def test_lost_ones_can_be_asked_for(client: FlaskClient, subscriber: Subscriber) -> None:
    path = subscribed(client, subscriber)
    control(client, notify="lost")
    decide(client, pend(client))
    assert deliver(client) == []
    control(client, notify="on")
    decide(client, pend(client), "non-affirm")
    deliver(client)
    assert numbers(subscriber) == ["2"]
    assert parameter(subscriber.bodies[-1], "events-since-subscription-start") == {
        "name": "events-since-subscription-start",
        "valueString": "2",
    }
    for query, wanted in (
        ("", ["1", "2"]),
        ("?eventsSinceNumber=2", ["2"]),
        ("?eventsSinceNumber=1&eventsUntilNumber=1", ["1"]),
    ):
        told = client.get(f"{path}/$events{query}").get_json(force=True)
        assert parameter(told, "type")["valueCode"] == "query-event"
        assert subs.numbers(told) == wanted
        assert len(told["entry"]) == 1 + len(wanted)
    asked = {
        "resourceType": "Parameters",
        "parameter": [{"name": "eventsSinceNumber", "valueString": "2"}],
    }
    told = samples.post(client, f"{path}/$events", asked).get_json(force=True)
    assert codes(told["entry"][1]["resource"]) == ["A3"]
    assert client.get(f"{path}/$events?eventsSinceNumber=x").status_code == 400


def test_the_newer_first(client: FlaskClient, subscriber: Subscriber, tmp_path: Path) -> None:
    desk = Desk(PayerConfig("http://127.0.0.1:0", tmp_path, samples.TODAY, by_hand=True))
    other = create_payer(desk.config, desk).test_client()
    subscribed(other, subscriber)
    control(other, notify="reordered")
    decide(other, pend(other))
    assert desk.courier.deliver() == []
    decide(other, pend(other))
    desk.courier.deliver()
    assert numbers(subscriber) == ["2", "1"]
    decide(other, pend(other))
    deliver(other)
    assert numbers(subscriber) == ["2", "1", "3"]


def test_a_bare_answer(client: FlaskClient, subscriber: Subscriber) -> None:
    subscribed(client, subscriber)
    control(client, notify="bare")
    decide(client, pend(client))
    deliver(client)
    told = subscriber.bodies[-1]
    assert told["resourceType"] == "ClaimResponse"
    assert samples.review(told["item"][0])[0] == "A1"


def test_none(client: FlaskClient, subscriber: Subscriber) -> None:
    path = subscribed(client, subscriber)
    control(client, notify="off")
    decide(client, pend(client))
    control(client, notify="on")
    assert deliver(client) == []
    told = client.get(f"{path}/$events").get_json(force=True)
    assert subs.numbers(told) == []


def test_a_heartbeat_where_asked_for(
    client: FlaskClient, subscriber: Subscriber, seconds: samples.Seconds
) -> None:
    body = subs.subscription(subscriber.url)
    body["channel"]["extension"] = [
        {"url": subs.BACKPORT + "heartbeat-period", "valueUnsignedInt": 30}
    ]
    subs.subscribe(client, body)
    for seconds.value in (0, 1, 30, 31, 60, 61):
        deliver(client)
    assert subscriber.kinds() == ["handshake", "heartbeat", "heartbeat"]


def test_what_was_told_stands_among_the_messages(
    client: FlaskClient, subscriber: Subscriber
) -> None:
    subscribed(client, subscriber)
    (sent,) = [one for one in client.get("/sandbox/exchange").get_json() if one["to"] == "app"]
    assert (sent["from"], sent["status"], sent["method"]) == ("payer", 200, "POST")
    assert sent["request"]["body"] == subscriber.bodies[0]
    assert "to the app: POST /told" in client.get("/control").get_data(as_text=True)
