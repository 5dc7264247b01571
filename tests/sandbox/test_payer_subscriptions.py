"""Subscriptions: what is taken, the handshake, renewal, and what is told about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import payer_samples as samples
import pytest
import subscriber_samples as subs
from flask.testing import FlaskClient
from subscriber_samples import Subscriber, deliver, parameter, subscribe, subscribed, subscription

from sandbox.payer import PayerConfig, create_payer

ENDPOINT = "http://127.0.0.1:9/told"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with subs.listening() as found:
        yield found


@pytest.mark.parametrize("version", ["2.0.1", "2.1.0", "2.2.1"])
def test_a_handshake_makes_it_active(
    client: FlaskClient, subscriber: Subscriber, version: str
) -> None:
    answer = subscribe(client, subscription(subscriber.url, version), version)
    made = answer.get_json(force=True)
    path = f"/pas/{version}/Subscription/{made['id']}"
    assert (answer.status_code, made["status"]) == (201, "requested")
    assert answer.headers["Location"] == f"http://127.0.0.1:0{path}"
    assert client.get(path).get_json(force=True)["status"] == "requested"
    (one,) = deliver(client)
    assert (one["type"], one["status"]) == ("handshake", 200)
    assert client.get(path).get_json(force=True)["status"] == "active"
    ((headers, body),) = subscriber.got
    assert headers["Content-Type"] == "application/fhir+json"
    assert (headers["Authorization"], headers["X-Site"]) == (subs.BEARER, "mesa")
    assert (body["resourceType"], body["type"]) == ("Bundle", "history")
    assert len(body["entry"]) == 1
    assert parameter(body, "type")["valueCode"] == "handshake"
    assert parameter(body, "topic")["valueCanonical"] == subs.TOPIC
    assert parameter(body, "subscription")["valueReference"]["reference"].endswith(path)
    assert parameter(body, "events-since-subscription-start")["valueString"] == "0"


def test_the_thread_shakes_hands_by_itself(tmp_path: Path, subscriber: Subscriber) -> None:
    config = PayerConfig("http://127.0.0.1:0", tmp_path, samples.TODAY, handshake_pause=0)
    client = create_payer(config).test_client()
    subscribe(client, subscription(subscriber.url))
    assert subscriber.arrived.acquire(timeout=30)
    name = subs.pend(client)
    subs.decide(client, name)
    assert subscriber.arrived.acquire(timeout=30)
    assert subscriber.kinds() == ["handshake", "event-notification"]


def test_a_refused_handshake_is_an_error_until_asked_again(
    client: FlaskClient, subscriber: Subscriber
) -> None:
    subscriber.statuses = [500]
    made = subscribe(client, subscription(subscriber.url)).get_json(force=True)
    path = f"/pas/2.2.1/Subscription/{made['id']}"
    deliver(client)
    failed = client.get(path).get_json(force=True)
    assert (failed["status"], failed["error"]) == ("error", "handshake not taken: 500")
    kept = client.put(path, json={**failed, "status": "active"})
    assert kept.status_code == 422
    again = client.put(path, json={**failed, "status": "requested"})
    assert again.get_json(force=True)["status"] == "requested"
    deliver(client)
    renewed = client.get(path).get_json(force=True)
    assert renewed["status"] == "active" and "error" not in renewed
    assert subscriber.kinds() == ["handshake", "handshake"]


def test_an_endpoint_that_does_not_answer_is_an_error(client: FlaskClient) -> None:
    made = subscribe(client, subscription(ENDPOINT)).get_json(force=True)
    (one,) = deliver(client)
    assert one["status"] is None
    told = client.get(f"/pas/2.2.1/Subscription/{made['id']}").get_json(force=True)
    assert told["error"] == "handshake not taken: no answer"


def test_a_new_end_needs_no_handshake_and_is_honoured(
    client: FlaskClient, subscriber: Subscriber
) -> None:
    path = subscribed(client, subscriber)
    known = client.get(path).get_json(force=True)
    later = client.put(path, json={**known, "end": "2099-01-01T00:00:00Z"})
    assert later.get_json(force=True)["end"] == "2099-01-01T00:00:00Z"
    assert deliver(client) == []
    past = client.put(path, json={**known, "end": "2026-11-01T00:00:00Z"})
    assert past.status_code == 422
    moved = {**known["channel"], "endpoint": ENDPOINT}
    assert client.put(path, json={**known, "channel": moved}).status_code == 422


def test_it_is_off_after_its_end(tmp_path: Path, subscriber: Subscriber) -> None:
    instants = [datetime(2026, 11, 23, 12, tzinfo=UTC)]
    config = PayerConfig("http://127.0.0.1:0", tmp_path, instant=lambda: instants[-1], by_hand=True)
    client = create_payer(config).test_client()
    body = subscription(subscriber.url, end="2026-11-23T13:00:00Z")
    made = subscribe(client, body).get_json(force=True)
    deliver(client)
    name = subs.pend(client)
    instants.append(datetime(2026, 11, 23, 13, tzinfo=UTC))
    subs.decide(client, name)
    assert deliver(client) == []
    told = client.get(f"/pas/2.2.1/Subscription/{made['id']}").get_json(force=True)
    assert told["status"] == "off"


def test_off_stops_it_and_delete_forgets_it(client: FlaskClient, subscriber: Subscriber) -> None:
    path = subscribed(client, subscriber)
    known = client.get(path).get_json(force=True)
    assert client.put(path, json={**known, "status": "off"}).status_code == 200
    name = subs.pend(client)
    subs.decide(client, name)
    assert deliver(client) == []
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


def test_each_base_address_knows_its_own(client: FlaskClient, subscriber: Subscriber) -> None:
    path = subscribed(client, subscriber)
    other = path.replace("2.2.1", "2.1.0")
    assert client.get(other).status_code == 404
    assert client.delete(other).status_code == 404
    assert client.get(path).status_code == 200


def test_status_of_a_subscription(client: FlaskClient, subscriber: Subscriber) -> None:
    path = subscribed(client, subscriber)
    answer = client.get(f"{path}/$status").get_json(force=True)
    assert (answer["type"], answer["entry"][0]["search"]["mode"]) == ("searchset", "match")
    assert parameter(answer, "type")["valueCode"] == "query-status"
    assert parameter(answer, "status")["valueCode"] == "active"
    assert client.get("/pas/2.2.1/Subscription/no/$status").status_code == 404


def filtered(text: str) -> samples.Json:
    return {
        "_criteria": {
            "extension": [{"url": subs.BACKPORT + "filter-criteria", "valueString": text}]
        }
    }


def channel(**changes: Any) -> samples.Json:
    return {"channel": {**subscription(ENDPOINT)["channel"], **changes}}


@pytest.mark.parametrize(
    ("version", "changes", "where"),
    [
        ("2.2.1", {"criteria": "ClaimResponse?"}, "Subscription.criteria"),
        ("2.2.1", {"_criteria": {}}, "Subscription.criteria.extension"),
        ("2.2.1", filtered("identifier=1"), "Subscription.criteria.extension"),
        ("2.0.1", filtered("org-identifier=1"), "Subscription.criteria.extension"),
        ("2.1.0", filtered("org-identifier="), "Subscription.criteria.extension"),
        ("2.2.1", {"reason": ""}, "Subscription.reason"),
        ("2.2.1", {"status": "active"}, "status"),
        ("2.2.1", channel(type="websocket"), "Subscription.channel.type"),
        ("2.2.1", channel(payload="text/plain"), "Subscription.channel.payload"),
        ("2.2.1", channel(_payload={}), "Subscription.channel.payload.extension"),
        ("2.2.1", channel(endpoint="https://example.org/told"), "Subscription.channel.endpoint"),
        ("2.2.1", channel(endpoint="file:///told"), "Subscription.channel.endpoint"),
        ("2.2.1", channel(endpoint="http://[::1/told"), "Subscription.channel.endpoint"),
        ("2.2.1", channel(endpoint="http://localhost:x/told"), "Subscription.channel.endpoint"),
        ("2.2.1", channel(endpoint="http://localhost/to ld"), "Subscription.channel.endpoint"),
        ("2.2.1", channel(endpoint="http://localhost/é"), "Subscription.channel.endpoint"),
        ("2.2.1", channel(header=["X: a\r\nHost: b"]), "Subscription.channel.header"),
        ("2.2.1", channel(header=["Host: elsewhere"]), "Subscription.channel.header"),
        ("2.2.1", {"end": "2020-01-01T00:00:00Z"}, "Subscription.end"),
        ("2.2.1", {"end": "2099-01-01"}, "Subscription.end"),
        ("2.2.1", {"resourceType": "Basic"}, ""),
    ],
)
def test_what_is_not_taken(
    client: FlaskClient, version: str, changes: samples.Json, where: str
) -> None:
    answer = subscribe(client, subscription(ENDPOINT, version, **changes), version)
    assert answer.status_code == 422
    outcome = answer.get_json(force=True)
    assert outcome["resourceType"] == "OperationOutcome"
    places = [place for one in outcome["issue"] for place in one.get("expression", [""])]
    assert where in places
    assert client.get("/sandbox/subscriptions").get_json() == []


def test_filters_of_other_spellings(client: FlaskClient) -> None:
    taken = [
        ("2.2.1", filtered("orgIdentifier=1234567893")),
        ("2.0.1", filtered("identifier=http://hl7.org/fhir/sid/us-npi|1234567893")),
    ]
    for version, changes in taken:
        body = subscription(ENDPOINT, version, **changes)
        assert subscribe(client, body, version).status_code == 201
    shown = client.get("/sandbox/subscriptions").get_json()
    assert [one["organization"] for one in shown] == ["1234567893"] * 2


def test_its_headers_stand_in_no_log(client: FlaskClient, subscriber: Subscriber) -> None:
    path = subscribed(client, subscriber)
    client.get(path)
    shown = client.get("/sandbox/exchange").get_data(as_text=True)
    shown += client.get("/sandbox/subscriptions").get_data(as_text=True)
    shown += client.get("/control").get_data(as_text=True)
    assert "sample-secret" not in shown
    assert path in shown


def test_starting_over_forgets_them(client: FlaskClient, subscriber: Subscriber) -> None:
    path = subscribed(client, subscriber)
    client.post("/control/reset", json={})
    assert client.get(path).status_code == 404
