"""The Subscription that a payer tells decisions by, and what its notifications hold.

What comes is read leniently: payers post bare ClaimResponses, leave the resource out, or repeat
and reorder. Nothing here says what a notification means for a case.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-subscription.html
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smart_app.cases.model import Resource
from smart_app.pas import echo, listing
from smart_app.pas.usable import TRACE

TOPIC = "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
PROFILES = {
    "2.0.1": BACKPORT + "backport-subscription",
    "2.1.0": BACKPORT + "backport-subscription",
    "2.2.1": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/profile-subscription",
}
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""https://hl7.org/fhir/R4/datatypes.html#id"""
PAYLOADS = {"2.0.1": "id-only", "2.1.0": "full-resource", "2.2.1": "full-resource"}
"""What each version makes payers able to send."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where and how a payer may tell: our address, its secret, and for whom."""

    endpoint: str
    secret: str
    filter_key: str
    organization: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What one notification holds.

    ``count`` is how many events the payer has counted, ``numbers`` which of them these are,
    ``subscription`` the payer's own name of the Subscription. ``results`` are the answers that it
    brings, each a Bundle; ``focus`` names those that it does not bring.
    """

    kind: str
    status: str
    subscription: str
    count: int | None
    numbers: tuple[int, ...]
    results: tuple[Resource, ...]
    focus: tuple[str, ...]


def build(to: Address, end: datetime, version: str) -> Resource:
    """Return the Subscription to ask for, in the shape of a version of the guide."""
    return {
        "resourceType": "Subscription",
        "meta": {"profile": [PROFILES[version]]},
        "status": "requested",
        "end": end.isoformat(timespec="seconds"),
        "reason": "Decisions on prior authorization requests",
        "criteria": TOPIC,
        "_criteria": {
            "extension": [
                {
                    "url": BACKPORT + "backport-filter-criteria",
                    "valueString": f"{to.filter_key}={to.organization}",
                }
            ]
        },
        "channel": {
            "type": "rest-hook",
            "endpoint": to.endpoint,
            "payload": "application/fhir+json",
            "_payload": {
                "extension": [
                    {
                        "url": BACKPORT + "backport-payload-content",
                        "valueCode": PAYLOADS[version],
                    }
                ]
            },
            "header": [f"Authorization: Bearer {to.secret}"],
        },
    }


def read(body: Any) -> Notification | None:
    """Return what a notification holds, or None for what is none."""
    try:
        return _read(body)
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError):
        return None


def _read(body: Any) -> Notification | None:
    if not isinstance(body, dict) or body.get("resourceType") not in ("Bundle", "ClaimResponse"):
        return None
    if body["resourceType"] == "ClaimResponse":
        return _event(body)
    inside = [one.get("resource") for one in body.get("entry") or []]
    whole = [one for one in inside if isinstance(one, dict)]
    told = next((one for one in whole if _is_status(one)), None)
    if told is None:
        return _event(body)
    facts = _facts(told)
    brought = {"resourceType": "Bundle", "entry": [{"resource": x} for x in whole if x != told]}
    events = facts.get("notification-event", [])
    return Notification(
        kind=str(next(iter(facts.get("type", [])), "")),
        status=str(next(iter(facts.get("status", [])), "")),
        subscription=last(next(iter(facts.get("subscription", [])), "")),
        count=_whole(next(iter(facts.get("events-since-subscription-start", [])), None)),
        numbers=tuple(
            number
            for one in events
            for told_number in one.get("event-number", [])
            if (number := _whole(told_number)) is not None
        ),
        results=_results(brought),
        focus=tuple(str(ref) for one in events for ref in one.get("focus", []) if ref),
    )


def _event(body: Resource) -> Notification | None:
    """Return what a payer posts that sends the answer alone."""
    found = _results(body)
    if not found:
        return None
    return Notification("event-notification", "active", "", None, (), found, ())


def _results(brought: Resource) -> tuple[Resource, ...]:
    """Return each answer that is brought: where it is no proper list, with all that is beside."""
    proper = listing.results(brought)
    if proper is not None:
        return tuple(proper)
    within = [one for one in echo.walk(brought) if one.get("resourceType")]
    beside = [{"resource": one} for one in within if one["resourceType"] not in listing.WRAPPED]
    heads = ({"resource": one} for one in echo.results(brought))
    return tuple({"resourceType": "Bundle", "entry": [one, *beside]} for one in heads)


def _is_status(resource: Resource) -> bool:
    """Tell whether a resource is the status of a Subscription, in R4 or as later versions do."""
    kind = resource.get("resourceType")
    named = {one.get("name") for one in resource.get("parameter") or []}
    return kind == "SubscriptionStatus" or (kind == "Parameters" and "type" in named)


def _facts(status: Resource) -> dict[str, list[Any]]:
    """Return the facts of a status by name, of Parameters or of a SubscriptionStatus."""
    if status["resourceType"] == "Parameters":
        return _parameters(status.get("parameter") or [])
    names = {
        "type": "type",
        "status": "status",
        "eventsSinceSubscriptionStart": "events-since-subscription-start",
    }
    facts: dict[str, list[Any]] = {
        name: [status[key]] for key, name in names.items() if key in status
    }
    facts["subscription"] = [(status.get("subscription") or {}).get("reference", "")]
    facts["notification-event"] = [
        {
            "event-number": [one.get("eventNumber")],
            "focus": [(one.get("focus") or {}).get("reference")],
        }
        for one in status.get("notificationEvent") or []
    ]
    return facts


def _parameters(parameters: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in parameters:
        value: Any = next((one[key] for key in one if key.startswith("value")), None)
        if "part" in one:
            value = _parameters(one["part"])
        elif isinstance(value, dict):
            value = value.get("reference", "")
        found.setdefault(str(one.get("name")), []).append(value)
    return found


def _whole(value: Any) -> int | None:
    """Return a count; backports write it as a string. One beyond all reason counts nothing."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def last(reference: Any) -> str:
    """Return the id that a reference ends with, without its version."""
    ending = str(reference).partition("/_history")[0].rstrip("/").rpartition("/")[2]
    return ending if _ID.fullmatch(ending) else ""


def names(result: Resource) -> Iterator[str]:
    """Yield by what an answer may be known to be ours: traces, identifiers, the Claim's name."""
    for one in echo.walk(result):
        if one.get("url") == TRACE and isinstance(one.get("valueIdentifier"), dict):
            yield echo.bare(one["valueIdentifier"].get("value"))
        if one.get("resourceType") == "ClaimResponse":
            yield from _named(one)


def _named(response: Resource) -> Iterator[str]:
    asked = response.get("request")
    request = asked if isinstance(asked, dict) else {}
    several = response.get("identifier")
    for named in [*(several if isinstance(several, list) else []), request.get("identifier")]:
        if isinstance(named, dict):
            yield echo.bare(named.get("value"))
    yield echo.bare(str(request.get("reference") or "").rpartition("/")[2])


def known_by(request: Resource) -> tuple[str, ...]:
    """Return the names of a request Bundle that an answer to it may echo."""
    head = request["entry"][0]
    claim = head["resource"]
    traces = [
        one["valueIdentifier"]["value"]
        for item in claim.get("item") or []
        for one in item.get("extension") or []
        if one.get("url") == TRACE
    ]
    return (claim["identifier"][0]["value"], echo.bare(head["fullUrl"]), *traces)
