"""Withdraw a request that the payer has: asked for once, and ended only when the payer says so.

Until then nobody may act on it: what was affirmed counts no more, and what the payer still says of
the request is told as it comes. Cancelled twice is cancelled, so after an unknown outcome the
payer is asked, or gets the same bytes again, as its file says.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#updating-authorization-requests
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from smart_app.answers import ANSWER
from smart_app.cases import codec
from smart_app.cases.model import (
    Case,
    Decision,
    Event,
    ItemDecision,
    Person,
    Receipt,
    Submission,
    Task,
)
from smart_app.channels import pas as channel
from smart_app.decide import Deciding
from smart_app.errors import IllegalMove, LintError, PayerUnknown, PayerUnreachable, StaleRevision
from smart_app.pas import lint, subscription, update
from smart_app.sending import MOST_SENDS
from smart_app.steps import Steps
from smart_app.world import World

WITHDRAWABLE = ("none", "pended", "affirmed", "affirmed_modified", "partial", "contact_payer")
"""Decisions of which there is something left to withdraw; a denied request takes no update."""
TOLD = ("cancel_asked", "cancel_unknown", "cancel_refused")
"""What people were told of a withdrawal."""


def for_a_person(events: Sequence[Event]) -> bool:
    """Tell whether only a person can find out what became of a withdrawal."""
    return [one.kind for one in events if one.kind in TOLD][-1:] == ["cancel_unknown"]


def may_be_withdrawn(case: Case) -> bool:
    """Tell whether the payer has a request that may be withdrawn."""
    held = case.tracks.submission in ("received", "pended") and case.channel == "pas"
    return held and not case.closed and case.tracks.decision in WITHDRAWABLE


class Withdrawing(Steps):
    """Withdrawals."""

    def __init__(self, world: World, deciding: Deciding) -> None:
        super().__init__(world)
        self.deciding = deciding

    def begin(self, case: Case, revision: int, person: Person) -> Case:
        """Queue the withdrawal of a request; raises StaleRevision, IllegalMove and LintError."""
        if case.revision != revision:
            raise StaleRevision
        if not may_be_withdrawn(case):
            raise IllegalMove("nothing to withdraw")
        row, payer, now = self.submission(case), self.payer(case), self.world.clock.now()
        name = str(uuid.uuid4())
        prior = self.deciding.request(case)
        made = update.cancel(prior, identifier=name, at=now, version=payer.pas_version)
        if found := lint.faults(made, payer.pas_version):
            raise LintError(found)
        payload = json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
        digest = codec.sha256(payload)
        entry = Submission(
            case.id, name, "pas", payer.id, "cancel", digest, now, previous=row.identifier
        )
        with self.store.write() as db:
            saved = self.move(db, case, submission="cancelling", claim="hold")
            self.store.add_submission(db, entry, payload)
            self.world.inbox.name(db, case.id, subscription.known_by(made)[:2])
            self.world.tasks.add(db, "withdraw", case.id, tag=name)
            self.note(db, saved, "cancel_asked", person.name, sha256=digest)
        return saved

    def withdraw(self, task: Task) -> None:
        """Send a withdrawal, or find out what became of it; raises PayerError."""
        case = self.store.case(task.case)
        if case.tracks.submission != "cancelling":
            with self.world.tasks.finish(task):
                return
        row = self.submitted(case, "cancel")[-1]
        kept = self.store.latest(case.id, f"{ANSWER}:{row.identifier}", Receipt)
        if kept is not None:
            self._answered(task, case, row, kept)
            return
        with self.world.tasks.during(task) as db:
            first = self.store.start_send(db, row.identifier)
        if first:
            self._send(task, case, row)
        else:
            self._recover(task, case, row, None)

    def _send(self, task: Task, case: Case, row: sa.Row[Any]) -> None:
        payer = self.payer(case)
        try:
            http = self.world.payer_http(payer)
            base, payload = payer.pas_base or "", self.store.payload(row)
            receipt = self.exchanged(case, row.kind, lambda: channel.send(http, base, payload))
        except PayerUnreachable:
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, row.identifier, never_left=True)
            raise
        with self.world.tasks.during(task) as db:
            self.store.put(db, case.id, f"{ANSWER}:{row.identifier}", receipt)
        self._answered(task, case, row, self.deciding.judged(case, receipt))

    def _recover(self, task: Task, case: Case, row: sa.Row[Any], unread: Receipt | None) -> None:
        """Find out what became of a withdrawal; ``unread`` is an answer that does not tell.

        Raises PayerUnknown while the payer does not tell when it is asked either.
        """
        payer = self.payer(case)
        if payer.recovery == "person" or row.sends >= MOST_SENDS:
            with self.world.tasks.finish(task) as db:
                self.note(db, case, "cancel_unknown")
            return
        if payer.recovery == "inquire":
            found = self.deciding.inquire(case)
            if found.body is None:
                raise PayerUnknown("the inquiry's answer does not tell")
            if unread or self._word(case, found.body) == "cancelled":
                self._answered(task, case, row, Receipt("received", 200, found.body))
                return
        with self.world.tasks.during(task) as db:
            self.store.allow_resend(db, row.identifier)
            self.world.tasks.later(db, task, "", payer.recovery_wait_seconds, afresh=True)

    def _word(self, case: Case, body: Any) -> str:
        return self.deciding.tried(case, Receipt("received", 200, body)).word

    def _answered(self, task: Task, case: Case, row: sa.Row[Any], receipt: Receipt) -> None:
        """Take the payer's answer to a withdrawal: it counts as one only when it says so."""
        receipt = self.deciding.judged(case, receipt)
        found = self.deciding.tried(case, receipt) if receipt.outcome == "received" else None
        if found is not None and not found.items:
            self._recover(task, case, row, receipt)
            return
        with self.world.tasks.finish(task) as db:
            self.store.end_send(db, row.identifier, receipt.outcome)
            before = self.store.latest(case.id, "decision", Decision)
            if found is None or found.word != "cancelled":
                case = self._goes_on(db, case, before, receipt)
            if found is not None:
                self.deciding.heard(db, case, before, found, 0)
            if self.store.case(case.id, db).tracks.submission == "cancelling":
                self.note(db, case, "cancel_unknown")

    def _goes_on(
        self, db: sa.Connection, case: Case, before: Decision | None, receipt: Receipt
    ) -> Case:
        """Go on with a request that the payer did not withdraw."""
        if receipt.faults:
            self.store.put(db, case.id, "receipt", receipt)
        case = self.move(db, case, submission="received")
        self.note(db, case, "cancel_refused")
        if before is not None:
            case, _ = self.deciding.numbered(db, case, before)
        self.deciding.plan_poll(db, case, 0)
        return case

    def given_up(self, db: sa.Connection, case: Case) -> None:
        """Let a person find out what became of a withdrawal."""
        if case.tracks.submission == "cancelling":
            self.note(db, case, "cancel_unknown")

    def clear_up(self, case: Case, revision: int, person: Person, *, over: bool) -> Case:
        """Take a person's word whether the payer has withdrawn a request, where only one can ask.

        Raises StaleRevision and IllegalMove.
        """
        if case.revision != revision:
            raise StaleRevision
        if case.tracks.submission != "cancelling" or not for_a_person(self.events(case)):
            raise IllegalMove("only a withdrawal of which nobody knows")
        with self.store.write() as db:
            self.note(db, case, "person_cancelled" if over else "person_not_cancelled", person.name)
            if over:
                return self.deciding.take(db, case, self._over(case, person), 0)
            before = self.store.latest(case.id, "decision", Decision)
            return self._goes_on(db, case, before, Receipt("unknown"))

    def _over(self, case: Case, person: Person) -> Decision:
        """Return the decision that a person heard: that the request is withdrawn."""
        return Decision(
            id=str(uuid.uuid4()),
            case=case.id,
            items=tuple(ItemDecision(one.trace, "cancelled") for one in case.items),
            received_at=self.world.clock.now(),
            source="portal",
            word="cancelled",
            entered_by=person.name,
        )

    def events(self, case: Case) -> Sequence[Event]:
        """Return what happened to a case."""
        return self.world.audit.events(case.id)
