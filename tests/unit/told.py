"""Notifications as payers send them, and a line whose payer tells by itself."""

from __future__ import annotations

import uuid
from typing import Any

from smart_app.answers import ANSWER
from smart_app.cases.model import Receipt
from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line

SUBSCRIPTION = {"resourceType": "Subscription", "id": "s1", "status": "active"}


def status(kind: str, count: int = 0, *numbers: int, **more: Any) -> dict[str, Any]:
    """Return the status that begins a notification, in the shape of the R4 backport."""
    told: list[dict[str, Any]] = [
        {
            "name": "subscription",
            "valueReference": {"reference": "https://p.example/Subscription/s1"},
        },
        {"name": "status", "valueCode": more.get("status", "active")},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(count)},
    ]
    for number in numbers:
        part: list[dict[str, Any]] = [{"name": "event-number", "valueString": str(number)}]
        if "focus" in more:
            part.append({"name": "focus", "valueReference": {"reference": more["focus"]}})
        told.append({"name": "notification-event", "part": part})
    return {"resourceType": "Parameters", "parameter": told}


def notification(
    kind: str, count: int = 0, *numbers: int, brings: tuple[Any, ...] = (), **more: Any
) -> dict[str, Any]:
    """Return a notification."""
    inside = [status(kind, count, *numbers, **more), *brings]
    return {
        "resourceType": "Bundle",
        "type": "history",
        "entry": [{"fullUrl": "urn:uuid:x", "resource": one} for one in inside],
    }


def event(number: int, *brings: Any, count: int | None = None, **more: Any) -> dict[str, Any]:
    """Return the notification of one event."""
    return notification("event-notification", count or number, number, brings=tuple(brings), **more)


class Told(Line):
    """A line whose payer takes a Subscription; ``tell`` posts to its address."""

    def __init__(self, store: Store, clock: FakeClock, payer: FakePayer, **more: Any) -> None:
        payer.answers |= {
            "/Subscription": [Reply(201, {**SUBSCRIPTION, "status": "requested"})],
            "/Subscription/s1": [Reply(200, SUBSCRIPTION)],
            "$status": [Reply(200, notification("query-status"))],
            **payer.answers,
        }
        super().__init__(store, clock, payer, **more)
        self.settings.pended = "subscription"
        self.settings.poll_first_seconds = self.settings.poll_longest_seconds = 1000.0

    def listener(self) -> Any:
        """Return the one subscription."""
        (found,) = self.world.inbox.listeners()
        return found

    def tell(self, body: Any, secret: str | None = None) -> bool:
        """Post a notification, as the payer does."""
        here = self.listener()
        return self.follow.listening.receive(here.id, secret or here.secret, body)

    def work(self) -> None:
        """Do all that is due."""
        while self.step():
            pass


def comes_late(line: Line, *bodies: Any) -> None:
    """Keep answers to the request that come after another one was taken."""
    name = line.follow.deciding.submission(line.case()).identifier
    with line.store.write() as db:
        for one in bodies:
            line.store.put(db, "case-1", f"{ANSWER}:{name}", Receipt("received", 200, one))
        line.world.tasks.add(db, "recover", "case-1", tag=f"late-{uuid.uuid4()}:{name}")
