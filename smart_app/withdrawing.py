"""Withdraw a request that the payer has: asked for once, and ended only when the payer says so.

Until then nobody may act on it: what was affirmed counts no more, and what the payer still says of
the request is told as it comes. Cancelled twice is cancelled, so after an unknown outcome the
payer is asked, or gets the same bytes again, as its file says.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#updating-authorization-requests
"""

from __future__ import annotations

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
        payload = codec.wire(made)
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
        answer = self._answer(case)
        if answer is None:
            with self.world.tasks.during(task) as db:
                first = self.store.start_send(db, self._row(case).identifier)
            answer = self._sent(task, case) if first else None
        found = self._read(case, answer) if answer else None
        if found is not None and found.word == "cancelled":
            self._over(task, case, found)
        elif answer is not None and self._refuses(case, answer, found):
            self._not(task, case, answer, found)
        else:
            self._ask(task, case, answer)

    def _row(self, case: Case) -> sa.Row[Any]:
        """Return the newest withdrawal as it is now."""
        return self.submitted(case, "cancel")[-1]

    def _answer(self, case: Case) -> Receipt | None:
        """Return what the payer answered to a withdrawal, as what it is, or None."""
        stage = f"{ANSWER}:{self._row(case).identifier}"
        kept = self.store.latest(case.id, stage, Receipt)
        return self.deciding.judged(case, kept) if kept else None

    def _sent(self, task: Task, case: Case) -> Receipt | None:
        """Send a withdrawal; None when nobody knows what became of it. Raises PayerUnreachable."""
        payer, row = self.payer(case), self._row(case)
        http, base, payload = self.world.payer_http(payer), payer.pas_base, self.store.payload(row)
        try:
            receipt = self.exchanged(
                case, row.kind, lambda: channel.send(http, base or "", payload)
            )
        except PayerUnreachable:
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, row.identifier, never_left=True)
            raise
        except PayerUnknown:
            return None
        with self.world.tasks.during(task) as db:
            self.store.put(db, case.id, f"{ANSWER}:{row.identifier}", receipt)
        return self.deciding.judged(case, receipt)

    def _read(self, case: Case, answer: Receipt) -> Decision | None:
        """Return what an answer says of the request; None for a refusal."""
        return self.deciding.tried(case, answer) if answer.outcome == "received" else None

    def _refuses(self, case: Case, answer: Receipt, found: Decision | None) -> bool:
        """Tell whether an answer surely says that the request was not withdrawn.

        A refusal does of the first sending alone: of a later one it can mean "it is withdrawn".
        What cannot be used says nothing.
        """
        return self._row(case).sends < 2 if found is None else bool(found.items)

    def _ask(self, task: Task, case: Case, answer: Receipt | None) -> None:
        """Find out what became of a withdrawal when no answer tells.

        The same bytes go again only where none came. When the payer is asked, only that it is
        withdrawn proves anything after an answer: a list may lag. Raises PayerUnknown until then.
        """
        payer = self.payer(case)
        again = answer is None and self._row(case).sends < MOST_SENDS
        if payer.recovery == "inquire":
            asked = self.deciding.inquire(case).body
            read = self._read(case, Receipt("received", 200, asked)) if asked else None
            if read is not None and read.word == "cancelled":
                self._over(task, case, read)
                return
            if not again or read is None or not read.items:
                raise PayerUnknown("the payer does not say that it is withdrawn")
        if again and payer.recovery != "person":
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, self._row(case).identifier)
                self.world.tasks.later(db, task, "", payer.recovery_wait_seconds, afresh=True)
            return
        with self.world.tasks.finish(task) as db:
            self.given_up(db, case)

    def _over(self, task: Task, case: Case, found: Decision) -> None:
        """End a request that the payer has withdrawn."""
        with self.world.tasks.finish(task) as db:
            self.store.end_send(db, self._row(case).identifier, "received")
            before = self.store.latest(case.id, "decision", Decision)
            self.deciding.heard(db, case, before, found, 0)
            self.given_up(db, self.store.case(case.id, db))

    def _not(self, task: Task, case: Case, answer: Receipt, found: Decision | None) -> None:
        """Go on with a request that the payer said not to have withdrawn."""
        with self.world.tasks.finish(task) as db:
            self.store.end_send(db, self._row(case).identifier, answer.outcome)
            before = self.store.latest(case.id, "decision", Decision)
            case = self._goes_on(db, case, before, answer)
            if found is not None:
                self.deciding.heard(db, case, before, found, 0)

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
        """Let a person find out what became of a withdrawal, if anybody has to; told once."""
        told = for_a_person(self.world.audit.events(case.id))
        if case.tracks.submission == "cancelling" and not told:
            self.note(db, case, "cancel_unknown")

    def clear_up(self, case: Case, revision: int, person: Person, *, over: bool) -> Case:
        """Take a person's word whether the payer has withdrawn a request, where only one can ask.

        Raises StaleRevision and IllegalMove.
        """
        if case.revision != revision:
            raise StaleRevision
        if case.tracks.submission != "cancelling" or not for_a_person(
            self.world.audit.events(case.id)
        ):
            raise IllegalMove("only a withdrawal of which nobody knows")
        with self.store.write() as db:
            self.note(db, case, "person_cancelled" if over else "person_not_cancelled", person.name)
            if over:
                return self.deciding.take(db, case, self._told_over(case, person), 0)
            before = self.store.latest(case.id, "decision", Decision)
            return self._goes_on(db, case, before, Receipt("unknown"))

    def _told_over(self, case: Case, person: Person) -> Decision:
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
