"""Brings notifications to subscribers, from a thread of its own, again when they do not arrive.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.exchange import ExchangeLog
from sandbox.payer import notifications, response
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control
from sandbox.payer.mac import Office
from sandbox.payer.r4 import Json
from sandbox.payer.submission import Submission
from sandbox.payer.subscriptions import FHIR_JSON, Book, Event, Subscription

PATIENCE = 10.0
EVENT = "event-notification"


@dataclass(eq=False)
class Delivery:
    """One notification on its way; ``due`` on the payer's clock."""

    to: Subscription
    kind: str
    due: float
    events: tuple[Event, ...] = ()
    attempts: int = 0


def post(url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> int | None:
    """Post a notification; return the status, or None when nobody answered."""
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.putrequest("POST", parts._replace(scheme="", netloc="").geturl() or "/")
        for name, value in (("Content-Type", FHIR_JSON), ("Content-Length", str(len(body)))):
            connection.putheader(name, value)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Courier:
    """The notifications of one payer that are still to be delivered."""

    def __init__(
        self, config: PayerConfig, control: Control, office: Office, book: Book, log: ExchangeLog
    ) -> None:
        self._config, self._control = config, control
        self._office, self._book, self._log = office, book, log
        self._waiting: list[Delivery] = []
        self._round = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        office.listen(self.changed)

    def base(self, one: Subscription) -> str:
        """Return the base address that a subscription was made at."""
        return self._config.base_url + one.version.path

    def start(self) -> None:
        """Deliver from a thread, once there is something to deliver; not where told by hand."""
        with self._book.lock:
            if self._thread is None and not self._config.by_hand:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread after the delivery that it is at."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Look again at what is due."""
        self._wake.set()

    def clear(self) -> None:
        """Forget what is on its way."""
        with self._book.lock:
            self._waiting.clear()

    def handshake(self, one: Subscription) -> None:
        """Begin or renew a subscription by a handshake."""
        with self._book.lock:
            self._waiting = [other for other in self._waiting if other.to is not one]
            due = self._config.seconds() + self._config.handshake_pause
            self._waiting.append(Delivery(one, "handshake", due))
        self.start()
        self.wake()

    def changed(self, submission: Submission) -> None:
        """Note a changed decision for every subscription that asked for its organization's."""
        mode = self._control.now().notify
        if mode == "off":
            return
        with self._book.lock:
            for one in self._book.all():
                if self._meant(one, submission):
                    event = self._event(one, submission)
                    one.events.append(event)
                    if mode != "lost" and one.status != "error":
                        self._waiting.append(Delivery(one, EVENT, self._config.seconds(), (event,)))
        self.wake()

    @staticmethod
    def _meant(one: Subscription, submission: Submission) -> bool:
        return (
            one.status != "off"
            and one.version == submission.request.version
            and one.wanted.organization in submission.request.organizations
        )

    def _event(self, one: Subscription, submission: Submission) -> Event:
        now = self._config.now()
        told = response.bundle(submission, now)
        full = one.wanted.content == "full-resource"
        if full:
            told["id"] = str(uuid.uuid4())
        focus = f"{self.base(one)}/ClaimResponse/{submission.id}"
        focus = f"urn:uuid:{told['id']}" if full else focus
        return Event(len(one.events) + 1, now, focus, told)

    def deliver(self, *, all_of_them: bool = False) -> list[Json]:
        """Deliver what is due, or all that waits, and say how each ended."""
        with self._round:
            return [self._carry(one) for one in self._take(all_of_them)]

    def _take(self, all_of_them: bool) -> list[Delivery]:
        """Return what goes out now, in order, and take it off the list."""
        mode, now = self._control.now().notify, self._config.seconds()
        if mode == "off":
            return []
        with self._book.lock:
            known = {id(one) for one in self._book.all() if one.status in ("requested", "active")}
            self._waiting = [one for one in self._waiting if id(one.to) in known]
            self._beat(now)
            due = [one for one in self._waiting if all_of_them or one.due <= now]
            if mode == "reordered":
                due = list(_newest_first(due, all_of_them))
            self._waiting = [one for one in self._waiting if one not in due]
        return due

    def _beat(self, now: float) -> None:
        for one in self._book.all():
            seconds = one.wanted.heartbeat
            if one.status != "active" or seconds is None:
                one.heartbeat_at = None
            elif one.heartbeat_at is None:
                one.heartbeat_at = now + seconds
            elif one.heartbeat_at <= now:
                one.heartbeat_at = now + seconds
                self._waiting.append(Delivery(one, "heartbeat", now))

    def _carry(self, one: Delivery) -> Json:
        """Make one attempt, twice where told to, and draw the conclusion."""
        mode = self._control.now().notify
        body = self._body(one, bare=mode == "bare")
        times = 2 if mode == "duplicate" and one.kind == EVENT else 1
        for _ in range(times):
            began = time.monotonic()
            status = post(one.to.wanted.endpoint, one.to.wanted.headers, json.dumps(body).encode())
            taken = (time.monotonic() - began) * 1000
            self._log.sent(one.to.wanted.endpoint, FHIR_JSON, body, status, taken)
        self._conclude(one, status)
        return {
            "subscription": one.to.id,
            "type": one.kind,
            "events": [event.number for event in one.events],
            "status": status,
        }

    def _body(self, one: Delivery, *, bare: bool) -> Json:
        if bare and one.events:
            return dict(one.events[0].bundle["entry"][0]["resource"])
        now = self._config.now()
        return notifications.bundle(one.to, self.base(one.to), now, one.kind, one.events)

    def _conclude(self, one: Delivery, status: int | None) -> None:
        taken = status is not None and 200 <= status < 300
        with self._book.lock:
            if taken:
                if one.kind == "handshake" and one.to.status == "requested":
                    one.to.status = "active"
                return
            pauses = self._config.notify_pauses
            if one.kind == "handshake" or one.attempts >= len(pauses):
                one.to.status = "error"
                one.to.error = f"{one.kind} not taken: {status or 'no answer'}"
                return
            one.due = self._config.seconds() + pauses[one.attempts]
            one.attempts += 1
            self._waiting.append(one)

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            self._office.advance()
            if not self.deliver():
                self._wake.wait(self._pause())

    def _pause(self) -> float | None:
        """Return after how many seconds something falls due, or None while nothing does."""
        settings, now = self._control.now(), self._config.seconds()
        with self._book.lock:
            times = [one.due for one in self._waiting if one.due > now]
            times += [one.heartbeat_at for one in self._book.all() if one.heartbeat_at is not None]
        if settings.notify == "off":
            times.clear()
        due = self._office.next_due()
        if due is not None:
            times.append(due)
        return max(0.01, min(times) - now) if times else None


def _newest_first(due: list[Delivery], all_of_them: bool) -> Iterator[Delivery]:
    """Yield the rest, then each subscription's events newest first; one alone waits for another."""
    events = [one for one in due if one.kind == EVENT]
    yield from (one for one in due if one.kind != EVENT)
    for one in reversed(events):
        alone = sum(other.to is one.to for other in events) == 1
        if all_of_them or not alone:
            yield one
