"""A Subscription that the payer takes, and a subscriber's endpoint that answers as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import payer_samples as samples
from flask import Flask, Response, request
from flask.testing import FlaskClient
from payer_samples import Json
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
TOPIC = "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic"
BEARER = "Bearer sample-secret"
NPI = "1000000012"


class Subscriber:
    """What arrived at an endpoint, and the statuses of its next answers (200 when none is left)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], Json]] = []
        self.arrived = threading.Semaphore(0)

    @property
    def bodies(self) -> list[Json]:
        """Return the bodies in order of arrival."""
        return [body for _, body in self.got]

    def kinds(self) -> list[str]:
        """Return the kinds of the notifications in order of arrival."""
        return [parameter(body, "type")["valueCode"] for body in self.bodies]


@contextmanager
def listening() -> Iterator[Subscriber]:
    """Serve a subscriber's endpoint on a port of its own."""
    app = Flask("subscriber")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    subscriber = Subscriber(f"http://127.0.0.1:{server.port}/told?to=me")

    @app.post("/told")
    def told() -> Response:
        assert request.query_string == b"to=me"
        subscriber.got.append((dict(request.headers), request.get_json(force=True)))
        subscriber.arrived.release()
        return Response(status=subscriber.statuses.pop(0) if subscriber.statuses else 200)

    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield subscriber
    server.shutdown()
    thread.join()
    server.server_close()


def subscription(endpoint: str, version: str = "2.2.1", **changes: Any) -> Json:
    """Return a Subscription to the sample organization's decisions."""
    name = "identifier" if version == "2.0.1" else "org-identifier"
    content = "id-only" if version == "2.0.1" else "full-resource"
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Decisions of pended requests",
        "criteria": TOPIC,
        "_criteria": {
            "extension": [{"url": BACKPORT + "filter-criteria", "valueString": f"{name}={NPI}"}]
        },
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {
                "extension": [{"url": BACKPORT + "payload-content", "valueCode": content}]
            },
            "header": [f"Authorization: {BEARER}", "X-Site: mesa"],
        },
        **changes,
    }


def subscribe(client: FlaskClient, body: Json, version: str = "2.2.1") -> TestResponse:
    """Ask for a subscription."""
    return samples.post(client, f"/pas/{version}/Subscription", body)


def subscribed(client: FlaskClient, subscriber: Subscriber, version: str = "2.2.1") -> str:
    """Subscribe and shake hands; return the path of the subscription."""
    answer = subscribe(client, subscription(subscriber.url, version), version)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    deliver(client)
    path = f"/pas/{version}/Subscription/{answer.get_json(force=True)['id']}"
    assert client.get(path).get_json(force=True)["status"] == "active"
    return path


def deliver(client: FlaskClient) -> list[Json]:
    """Have everything that waits delivered, and return how it ended."""
    return list(client.post("/control/deliver", json={}).get_json()["delivered"])


def status(notification: Json) -> Json:
    """Return the status Parameters, which come first."""
    first = dict(notification["entry"][0]["resource"])
    assert first["resourceType"] == "Parameters"
    return first


def parameter(notification: Json, name: str) -> Json:
    """Return a notification's first parameter of a name."""
    return next(one for one in status(notification)["parameter"] if one["name"] == name)


def event(notification: Json) -> Json:
    """Return the parts of the first event of a notification, by name."""
    return {one["name"]: one for one in parameter(notification, "notification-event")["part"]}


def numbers(notification: Json) -> list[str]:
    """Return the numbers of a notification's events."""
    return [
        part["valueString"]
        for one in status(notification)["parameter"]
        if one["name"] == "notification-event"
        for part in one["part"]
        if part["name"] == "event-number"
    ]


def pend(client: FlaskClient, version: str = "2.2.1") -> str:
    """Send a request that pends; return its id in the payer's state."""
    samples.control(client, decision="pend", pend_seconds=None, duplicates="accept")
    answer = samples.post(client, f"/pas/{version}/Claim/$submit", samples.sample())
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(samples.state(client)[-1]["id"])


def decide(client: FlaskClient, name: str, decision: str = "affirm") -> None:
    """Decide a pended request."""
    answer = client.post("/control/decide", json={"request": name, "decision": decision})
    assert answer.status_code == 200, answer.get_data(as_text=True)
