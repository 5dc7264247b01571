"""The decision engine: a participant that decides and a MAC that gives the number.

Every decision, affirmed or not, carries a number, except a dismissal; the number may come late.
The window is the decision's day, where the service is delivered, and the 119 days after it.
https://www.cms.gov/priorities/innovation/files/wiser-provider-supplier-guide.pdf sections 3, 4, 7.1
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sandbox.payer import participants
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control, Settings
from sandbox.payer.outcome import Refused
from sandbox.payer.r4 import Json
from sandbox.payer.request import Item, Request

WINDOW = timedelta(days=119)
WORDS = {
    "affirm": "affirmed",
    "non-affirm": "non-affirmed",
    "partial": "partial",
    "dismiss": "dismissed",
    "pend": "pended",
}
NON_AFFIRMED = (
    "The record does not show how much pain relief earlier treatment gave, on the same scale.",
    "The record does not show at least four weeks of conservative care before this request.",
)
DISMISSED = "the name does not match the Medicare number"


@dataclass
class Submission:
    """One recorded request and what became of it; guarded by the office's lock."""

    id: str
    request: Request
    bundle_sha256: str
    received_at: str
    reference: str
    decision: str = "pended"
    then: str = "affirm"
    decide_at: float | None = None
    decided_on: date | None = None
    utn: str | None = None
    utn_at: float | None = None
    reasons: tuple[str, ...] = ()
    changed_at: str = ""
    answers: dict[str, Json] = field(default_factory=dict)

    @property
    def window(self) -> tuple[date, date] | None:
        """Return the first and last date of service that the decision covers."""
        if self.decided_on is None or self.decision in ("pended", "dismissed"):
            return None
        return self.decided_on, self.decided_on + WINDOW

    def code(self, item: Item) -> str | None:
        """Return the item's X12 306 decision code, or None for a dismissed request."""
        first = self.request.items[0].sequence == item.sequence
        partial = "A1" if first else "A3"
        codes = {"affirmed": "A1", "non-affirmed": "A3", "pended": "A4", "partial": partial}
        return codes.get(self.decision)

    def view(self) -> dict[str, Any]:
        """Return the submission as the sandbox's state shows it."""
        request = self.request
        return {
            "id": self.id,
            "claim_identifier": request.identifier.get("value"),
            "bundle_sha256": self.bundle_sha256,
            "received_at": self.received_at,
            "member": request.member,
            "state": request.state,
            "ptan": list(request.ptans),
            "items": [
                {
                    "sequence": one.sequence,
                    "code": one.code,
                    "trace": one.trace.get("value"),
                    "review_action": self.code(one),
                }
                for one in request.items
            ],
            "decision": self.decision,
            "reasons": list(self.reasons),
            "utn": self.utn,
            "utn_awaited": self.utn is None and self.window is not None,
            "reference": self.reference,
        }


class Office:
    """All submissions of one payer, in order of receipt."""

    def __init__(self, config: PayerConfig, control: Control) -> None:
        self._config = config
        self._control = control
        self.lock = threading.RLock()
        self._all: list[Submission] = []
        self._numbers: set[str] = set()
        self._listeners: list[Callable[[Submission], None]] = []
        self._sequence = 1000 + secrets.randbelow(8_000_000)

    def listen(self, listener: Callable[[Submission], None]) -> None:
        """Have a function called with each submission that changes after its first answer."""
        self._listeners.append(listener)

    def _tell(self, one: Submission) -> None:
        for listener in self._listeners:
            listener(one)

    def next_due(self) -> float | None:
        """Return when the next decision or number falls due, on the payer's clock."""
        with self.lock:
            times = [time for one in self._all for time in (one.decide_at, one.utn_at)]
        return min((time for time in times if time is not None), default=None)

    def receive(self, request: Request, body: bytes) -> tuple[Submission, bool]:
        """Record a request and decide it; return it and whether it is new.

        In idempotent mode the same Claim.identifier names the same request.
        """
        settings = self._control.now()
        with self.lock:
            self.advance()
            if settings.idempotent:
                known = [one for one in self._all if one.request.identifier == request.identifier]
                if known:
                    return known[0], False
            number = len(self._all) + 1
            made = Submission(
                id=str(uuid.uuid4()),
                request=request,
                bundle_sha256=hashlib.sha256(body).hexdigest(),
                received_at=self._config.now(),
                reference=f"PEND{number:06d}",
            )
            why = self._dismissal(request, settings)
            self._all.append(made)
            if why:
                self._decide(made, "dismiss", settings, (why,))
            else:
                self._first_decision(made, settings)
            return made, True

    def _first_decision(self, made: Submission, settings: Settings) -> None:
        if settings.decision != "pend":
            self._decide(made, settings.decision, settings)
            return
        made.then = settings.then
        made.changed_at = self._config.now()
        if settings.pend_seconds is not None:
            made.decide_at = self._config.seconds() + settings.pend_seconds

    def _dismissal(self, request: Request, settings: Settings) -> str | None:
        route = participants.route(request.state)
        if route is None:
            return "the service is not delivered in a state of the model"
        named = participants.named(
            request.insurer.get("name"),
            *(str(one.get("value")) for one in request.insurer.get("identifier") or []),
        )
        if named not in (None, route.participant):
            return f"{request.state} is reviewed by {route.participant}, not by {named}"
        outside = [one.code for one in request.items if not participants.service(one.code)]
        if outside:
            return f"{outside[0]} is not a service of the model"
        services = {str(participants.service(one.code)) for one in request.items}
        if not all(participants.reviewed(one, request.state) for one in services):
            return f"the service is not reviewed in {request.state}"
        if settings.duplicates == "dismiss" and self._undecided_twin(request):
            return "duplicate of a request that is not decided yet"
        return None

    def _undecided_twin(self, request: Request) -> bool:
        wanted = {one.code for one in request.items}
        return any(
            one.decision == "pended"
            and one.request.member == request.member
            and wanted & {item.code for item in one.request.items}
            for one in self._all
        )

    def _decide(
        self, made: Submission, verb: str, settings: Settings, why: tuple[str, ...] = ()
    ) -> None:
        made.decision = WORDS[verb]
        made.decide_at = None
        made.decided_on = self._config.day(made.request.state)
        made.changed_at = self._config.now()
        said = (settings.reason,) if settings.reason else ()
        if verb == "dismiss":
            made.reasons = why or said or (DISMISSED,)
            return
        made.reasons = (said or NON_AFFIRMED) if verb in ("non-affirm", "partial") else ()
        if settings.utn == "now":
            self._number(made)
        elif settings.utn == "late" and settings.utn_seconds is not None:
            made.utn_at = self._config.seconds() + settings.utn_seconds

    def _number(self, made: Submission) -> None:
        """Give the MAC's number: jurisdiction, A or B for the kind of claim, 11 digits."""
        if made.utn is not None:
            return
        route = participants.route(made.request.state)
        prefix = (route.prefix if route else "ZZ") + ("A" if made.request.part_a else "B")
        while True:
            self._sequence += 1
            number = f"{prefix}999{self._sequence:08d}"
            if number not in self._numbers:
                break
        self._numbers.add(number)
        made.utn, made.utn_at, made.changed_at = number, None, self._config.now()

    def advance(self) -> None:
        """Do what has fallen due: decisions of pended requests, late numbers."""
        now, settings = self._config.seconds(), self._control.now()
        with self.lock:
            for one in self._all:
                decided = one.decide_at is not None and one.decide_at <= now
                if decided:
                    self._decide(one, one.then, settings)
                numbered = one.utn_at is not None and one.utn_at <= now
                if numbered:
                    self._number(one)
                if decided or numbered:
                    self._tell(one)

    def find(self, inquiry: Request) -> list[Submission]:
        """Return the requests of the same member and provider that fit an inquiry's items."""
        with self.lock:
            self.advance()
            return [one for one in self._all if _fits(one, inquiry)]

    def get(self, name: str) -> Submission:
        """Return a submission by id; raises Refused (404)."""
        for one in self._all:
            if one.id == name:
                return one
        raise Refused.because(404, "no such request", code="not-found")

    def decide(self, name: str, verb: str) -> Submission:
        """Decide a pended request now; raises Refused (404, 409)."""
        with self.lock:
            self.advance()
            one = self.get(name)
            if one.decision != "pended":
                raise Refused.because(409, f"the request is already {one.decision}")
            self._decide(one, verb, self._control.now())
            self._tell(one)
            return one

    def number_all(self, name: str | None = None) -> list[Submission]:
        """Give the awaited numbers now: of one request, or of all."""
        with self.lock:
            self.advance()
            chosen = [self.get(name)] if name else list(self._all)
            due = [one for one in chosen if one.window and one.utn is None]
            for one in due:
                self._number(one)
                self._tell(one)
            return due

    def all(self) -> list[Submission]:
        """Return all submissions in order of receipt, brought up to date."""
        with self.lock:
            self.advance()
            return list(self._all)

    def clear(self) -> None:
        """Forget all requests; numbers given stay given."""
        with self.lock:
            self._all.clear()


def _fits(one: Submission, inquiry: Request) -> bool:
    """Member and provider must agree; a code or an earlier number narrows, a trace does not."""
    if one.request.member != inquiry.member or not one.request.npis & inquiry.npis:
        return False
    codes = {item.code for item in inquiry.items if item.code}
    numbers = {number for item in inquiry.items for number in item.previous}
    known = {one.utn, one.reference}
    return codes <= {item.code for item in one.request.items} and (
        not numbers or bool(numbers & known)
    )
