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

from sandbox.payer import asking, attachments, dismissal, participants, updating, verdicts
from sandbox.payer.asking import Ask
from sandbox.payer.attachments import Sent
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control, Settings
from sandbox.payer.outcome import Refused
from sandbox.payer.request import Request
from sandbox.payer.submission import Submission

NON_AFFIRMED = (
    "The record does not show how much pain relief earlier treatment gave, on the same scale.",
    "The record does not show at least four weeks of conservative care before this request.",
)
DISMISSED = "the name does not match the Medicare number"
REJECTED = "the payer's name cannot be used"


class Office:
    """All submissions of one payer, in order of receipt."""

    def __init__(self, config: PayerConfig, control: Control) -> None:
        self._config = config
        self._control = control
        self.lock = threading.RLock()
        self._all: list[Submission] = []
        self._numbers: dict[str, str] = {}
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

    def receive(self, request: Request, body: bytes, settings: Settings) -> tuple[Submission, bool]:
        """Record a request and decide it; return it and whether it is new.

        In idempotent mode the same Claim.identifier names the same request.
        """
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
            old = updating.prior(request, self._all) if request.prior else None
            if old is None:
                sequences = [one.sequence for one in request.items]
            else:
                sequences = updating.carry(made, old)
            self._all.append(made)
            self._enter(made, old, sequences, settings)
            return made, True

    def _enter(
        self, made: Submission, old: Submission | None, sequences: list[int], settings: Settings
    ) -> None:
        """Make the first decision; an update that is taken stands in the place of its prior."""
        why = None
        if made.kind != "cancel":
            why = dismissal.outside(made.request)
            if why is None and settings.duplicates == "dismiss":
                others = [one for one in self._standing() if one not in (made, old)]
                why = dismissal.twin(made.request, others)
        if why or sequences:
            verb = "dismiss" if why else settings.decision
            self._decide(made, verb, settings, sequences, why)
        else:
            updating.settle(made, self._config.now())
        if old is not None and made.codes:
            old.replaced_by, old.decide_at, old.utn_at = made.id, None, None

    def _standing(self) -> list[Submission]:
        return [one for one in self._all if not one.replaced_by]

    def _decide(
        self,
        made: Submission,
        verb: str,
        settings: Settings,
        sequences: list[int],
        why: str | None = None,
    ) -> None:
        """Decide some items, or dismiss or reject the whole."""
        made.decide_at, made.changed_at = None, self._config.now()
        said = (settings.reason,) if settings.reason else ()
        if verb in verdicts.WITHOUT_ITEMS:
            made.codes, made.decision = {}, verdicts.WITHOUT_ITEMS[verb]
            otherwise = DISMISSED if verb == "dismiss" else REJECTED
            made.reasons = ((why,) if why else ()) or said or (otherwise,)
            return
        made.whole = verb == "whole"
        made.codes |= verdicts.codes(verb, sequences, made.request.items[0].sequence)
        found = list(made.codes.values())
        made.decision = "partial" if verb == "partial" else verdicts.word(found)
        if verb in verdicts.PENDING:
            made.then, made.after = settings.then, settings.after
            if verb != "pend":
                made.asks = asking.asks(verb, made.request, made.reference, sequences)
            if settings.pend_seconds is not None:
                made.decide_at = self._config.seconds() + settings.pend_seconds
            return
        made.decided_on = self._config.day(made.request.state)
        refused = verb == "partial" or {"A2", "A3"} & set(found)
        made.reasons = (said or NON_AFFIRMED) if refused else ()
        if made.numbered and made.utn is None:
            self._number_when(made, settings)

    def _number_when(self, made: Submission, settings: Settings) -> None:
        if settings.utn in ("now", "foreign"):
            self._number(made, foreign=settings.utn == "foreign")
        elif settings.utn == "late" and settings.utn_seconds is not None:
            made.utn_at = self._config.seconds() + settings.utn_seconds

    def _number(self, made: Submission, *, foreign: bool = False) -> None:
        """Give the MAC's number, or by mistake one that is another member's."""
        if made.utn is not None:
            return
        member = made.request.member
        if foreign:
            others = [one for one, owner in self._numbers.items() if owner != member]
            number = others[0] if others else self._mint(made, "another member")
        else:
            number = self._mint(made, member)
        made.utn, made.utn_at, made.changed_at = number, None, self._config.now()

    def _mint(self, made: Submission, member: str) -> str:
        """Return a new number: jurisdiction, A or B for the kind of claim, 11 digits."""
        route = participants.route(made.request.state)
        prefix = (route.prefix if route else "ZZ") + ("A" if made.request.part_a else "B")
        while True:
            self._sequence += 1
            number = f"{prefix}999{self._sequence:08d}"
            if number not in self._numbers:
                self._numbers[number] = member
                return number

    def advance(self) -> None:
        """Do what has fallen due: decisions of pended requests, late numbers."""
        now, settings = self._config.seconds(), self._control.now()
        with self.lock:
            for one in self._all:
                decided = one.decide_at is not None and one.decide_at <= now
                if decided:
                    self._decide(one, one.then, settings, _pended(one))
                numbered = one.utn_at is not None and one.utn_at <= now
                if numbered:
                    self._number(one)
                if decided or numbered:
                    self._tell(one)

    def find(self, inquiry: Request) -> list[Submission]:
        """Return the requests of the same member and provider that fit an inquiry's items."""
        with self.lock:
            self.advance()
            return [one for one in self._standing() if _fits(one, inquiry)]

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
            if one.replaced_by:
                raise Refused.because(409, "the request was changed by an update")
            if one.decision != "pended":
                raise Refused.because(409, f"the request is already {one.decision}")
            self._decide(one, verb, self._control.now(), _pended(one))
            self._tell(one)
            return one

    def change(self, name: str, verb: str) -> Submission:
        """Decide a request otherwise, cancelled items aside; raises Refused (404, 409)."""
        with self.lock:
            self.advance()
            one = self.get(name)
            if one.replaced_by:
                raise Refused.because(409, "the request was changed by an update")
            standing = [item.sequence for item in one.request.items if one.code(item) != "C"]
            self._decide(one, verb, self._control.now(), standing)
            self._tell(one)
            return one

    def attach(self, sent: Sent, settings: Settings) -> Submission:
        """Record an attachment that was asked for; decide when the last has come.

        In idempotent mode what was finished before is taken again without effect. Raises Refused
        (404, 409, 422).
        """
        with self.lock:
            self.advance()
            one, ask = self._asked(sent.ids["TrackingId"])
            attachments.check(sent, ask, one, self._config.forms_dir)
            if ask.done or one.decision != "pended":
                if settings.idempotent:
                    return one
                raise Refused.because(409, "nothing is awaited under this TrackingId")
            one.attachments.append(sent.view())
            ask.done = sent.final
            if not one.open_asks:
                self._decide(one, one.after, settings, _pended(one))
                self._tell(one)
            return one

    def _asked(self, tracking: str) -> tuple[Submission, Ask]:
        for one in self._standing():
            for ask in one.asks:
                if ask.tracking == tracking:
                    return one, ask
        where = attachments.at("TrackingId")
        raise Refused.because(404, "nothing was asked for by this TrackingId", where, "not-found")

    def asked_form(self, trace: str) -> str | None:
        """Return the procedure code of an item whose form is awaited, by its trace, or None."""
        with self.lock:
            for one in self._standing():
                for ask in one.open_asks:
                    if ask.code == asking.FORM and ask.item.trace.get("value") == trace:
                        return ask.item.code
        return None

    def number_all(self, name: str | None = None) -> list[Submission]:
        """Give the awaited numbers now: of one request, or of all."""
        with self.lock:
            self.advance()
            chosen = [self.get(name)] if name else list(self._all)
            due = [one for one in chosen if one.awaits_number]
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


def _pended(one: Submission) -> list[int]:
    return [sequence for sequence, code in one.codes.items() if code == "A4"]


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
