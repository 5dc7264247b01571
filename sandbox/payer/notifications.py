"""What a subscriber is sent: notification Bundles of the Subscriptions R5 Backport in R4.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html
"""

from __future__ import annotations

import uuid

from sandbox.payer.r4 import Json
from sandbox.payer.subscriptions import BACKPORT, TOPIC, Event, Subscription


def status(one: Subscription, base: str, kind: str, events: tuple[Event, ...] = ()) -> Json:
    """Return the status Parameters of a subscription, with the events that are meant."""
    parameters: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": address(one, base)}},
        {"name": "topic", "valueCanonical": TOPIC},
        {"name": "status", "valueCode": one.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(len(one.events))},
    ]
    parameters += [_event(event) for event in events]
    if one.error:
        parameters.append({"name": "error", "valueCodeableConcept": {"text": one.error}})
    return {
        "resourceType": "Parameters",
        "id": str(uuid.uuid4()),
        "meta": {"profile": [BACKPORT + "subscription-status-r4"]},
        "parameter": parameters,
    }


def address(one: Subscription, base: str) -> str:
    """Return where a subscription is read."""
    return f"{base}/Subscription/{one.id}"


def bundle(
    one: Subscription, base: str, now: str, kind: str, events: tuple[Event, ...] = ()
) -> Json:
    """Return a notification: handshake, heartbeat, event-notification or query-event."""
    told = status(one, base, kind, events)
    first = {
        "fullUrl": f"urn:uuid:{told['id']}",
        "resource": told,
        "request": {"method": "GET", "url": f"{address(one, base)}/$status"},
        "response": {"status": "200"},
    }
    return {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "meta": {"profile": [BACKPORT + "subscription-notification-r4"]},
        "type": "history",
        "timestamp": now,
        "entry": [first, *[_entry(event, one.wanted.content) for event in events]],
    }


def searchset(one: Subscription, base: str) -> Json:
    """Return the answer to ``$status``."""
    told = status(one, base, "query-status")
    found = {"fullUrl": f"urn:uuid:{told['id']}", "resource": told, "search": {"mode": "match"}}
    return {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [found]}


def _event(event: Event) -> Json:
    return {
        "name": "notification-event",
        "part": [
            {"name": "event-number", "valueString": str(event.number)},
            {"name": "timestamp", "valueInstant": event.timestamp},
            {"name": "focus", "valueReference": {"reference": event.focus}},
        ],
    }


def _entry(event: Event, content: str) -> Json:
    """Return the response Bundle itself, or for id-only no more than its address."""
    if content == "id-only":
        return {
            "fullUrl": event.focus,
            "request": {"method": "PUT", "url": event.focus},
            "response": {"status": "200"},
        }
    return {
        "fullUrl": event.focus,
        "resource": event.bundle,
        "request": {"method": "POST", "url": "Bundle"},
        "response": {"status": "201"},
    }
