"""Tell a payer that a request which it has is changed or withdrawn: once, and until it says so.

Until then nobody may act on the request. Twice told is once told, so after an unknown outcome the
payer is asked, or gets the same bytes again, as its file says.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#updating-authorization-requests
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from smart_app.answers import ANSWER
from smart_app.cases import codec
from smart_app.cases.model import (
    AMENDING,
    Case,
    Decision,
    Event,
    Person,
    Receipt,
    Resource,
    Submission,
    SubmissionOutcome,
    Task,
)
from smart_app.channels import pas as channel
from smart_app.decide import Deciding
from smart_app.errors import IllegalMove, LintError, PayerUnknown, PayerUnreachable, StaleRevision
from smart_app.pas import lint, subscription
from smart_app.pas.usable import SUPERSEDED
from smart_app.sending import MOST_SENDS
from smart_app.steps import Steps
from smart_app.world import World


@dataclass(frozen=True, slots=True)
class Told:
    """The kinds of events that tell people how a change or a withdrawal goes."""

    asked: str
    unknown: str
    refused: str
    done: str
    undone: str


TOLD = {
    "updating": Told(
        "update_asked", "update_unknown", "update_refused", "person_updated", "person_not_updated"
    ),
    "cancelling": Told(
        "cancel_asked",
        "cancel_unknown",
        "cancel_refused",
        "person_cancelled",
        "person_not_cancelled",
    ),
}
"""By the state that a request is in meanwhile."""


BUSY = "It is being sent, or asked about, right now. Nothing was changed."


def for_a_person(events: Sequence[Event], state: str) -> bool:
    """Tell whether only a person can find out what became of a change or a withdrawal."""
    if state not in TOLD:
        return False
    told = TOLD[state]
    kinds = [one.kind for one in events if one.kind in (told.asked, told.unknown, told.refused)]
    return kinds[-1:] == [told.unknown]


def held(case: Case) -> bool:
    """Tell whether the payer has a request of which it can be told something more."""
    there = case.tracks.submission in ("received", "pended") and case.channel == "pas"
    return there and not case.closed


class Amending(Steps, ABC):
    """What changes and withdrawals have in common."""

    kind: Literal["update", "cancel"]
    state: Literal["updating", "cancelling"]
    task: Literal["update", "withdraw"]

    def __init__(self, world: World, deciding: Deciding) -> None:
        super().__init__(world)
        self.deciding = deciding
        self.told = TOLD[self.state]

    def queue(
        self,
        db: sa.Connection,
        case: Case,
        made: Resource,
        name: str,
        person: Person,
        **facts: str,
    ) -> Case:
        """Queue a Bundle of this ``name`` within the transaction; raises LintError."""
        payer = self.payer(case)
        if found := lint.faults(made, payer.pas_version):
            raise LintError(found)
        payload = codec.wire(made)
        sha256, now = codec.sha256(payload), self.world.clock.now()
        previous = self.submission(case).identifier
        entry = Submission(
            case.id, name, "pas", payer.id, self.kind, sha256, now, previous=previous
        )
        saved = self.move(db, case, submission=self.state, claim="hold")
        self.store.add_submission(db, entry, payload)
        self.world.inbox.name(db, case.id, subscription.known_by(made)[:2])
        self.world.tasks.add(db, self.task, case.id, tag=name)
        self.note(db, saved, self.told.asked, person.name, sha256=sha256, **facts)
        return saved

    def amend(self, task: Task) -> None:
        """Send what was queued, or find out what became of it; raises PayerError."""
        case = self.store.case(task.case)
        several = [one.identifier for one in self.submitted(case, self.kind)]
        if task.key.rpartition(":")[2] in several[:-1]:
            self._older(task, case)
            return
        answer = self._answer(case)
        if case.tracks.submission != self.state:
            if case.tracks.submission in AMENDING:
                raise PayerUnknown("what crosses it is not over")
            self._afterwards(task, case, answer)
            return
        if answer is None:
            with self._still(task, case) as db:
                first = self.store.start_send(db, self.row(case).identifier)
            answer = self._sent(task, case) if first else None
        found = self.read(case, answer) if answer and answer.outcome == "received" else None
        if answer is not None and found is not None and self.ends(found):
            self._over(task, case, found, answer)
        elif answer is not None and self._refuses(case, found):
            self._not(task, case, answer, found)
        else:
            self._ask(task, case, answer)

    @contextmanager
    def _still(self, task: Task, case: Case) -> Iterator[sa.Connection]:
        """Open a transaction in which it is still under way; raises StaleRevision."""
        with self.world.tasks.during(task) as db:
            if self.store.case(case.id, db).tracks.submission != self.state:
                raise StaleRevision  # a person cleared it up meanwhile
            yield db

    def _older(self, task: Task, case: Case) -> None:
        """End what was about an earlier one: another has followed. What came late is told."""
        came = task.key.count(":") > 2
        with self.world.tasks.finish(task) as db:
            if came and not case.closed:
                self.note(db, case, "quarantined", why=SUPERSEDED)
                self.deciding.ask_once(db, case)

    def _afterwards(self, task: Task, case: Case, answer: Receipt | None) -> None:
        """Look at what came after it was over; then the payer tells what stands."""
        found = self.read(case, answer) if answer and answer.outcome == "received" else None
        with self.world.tasks.finish(task) as db:
            if found is not None and not case.closed:
                self.late(db, case, found)

    def row(self, case: Case) -> sa.Row[Any]:
        """Return the newest of what was queued as it is now."""
        return self.submitted(case, self.kind)[-1]

    def _answer(self, case: Case) -> Receipt | None:
        """Return what the payer answered, as what it is, or None."""
        kept = self.deciding.answer(case, self.row(case).identifier)
        return self.judged(case, kept) if kept else None

    def _sent(self, task: Task, case: Case) -> Receipt | None:
        """Send what was queued; None when nobody knows the outcome. Raises PayerUnreachable."""
        payer, row = self.payer(case), self.row(case)
        http, base, payload = self.world.payer_http(payer), payer.pas_base, self.store.payload(row)
        try:
            receipt = self.exchanged(
                case, row.kind, lambda: channel.send(http, base or "", payload)
            )
        except PayerUnreachable:
            with self._still(task, case) as db:
                self.store.allow_resend(db, row.identifier, never_left=True)
            raise
        except PayerUnknown:
            return None
        self.deciding.keep_answer(task, case, row.identifier, receipt, self.task)
        return self.judged(case, receipt)

    def _refuses(self, case: Case, found: Decision | None) -> bool:
        """Tell whether an answer surely says that what was sent was not done.

        A refusal does of the first sending alone: of a later one it can mean "it is done"; and so
        does a dismissal. What cannot be used says nothing.
        """
        if found is None or found.word == "dismissed":
            return bool(self.row(case).sends < 2)
        return self.denies(found)

    def _ask(self, task: Task, case: Case, answer: Receipt | None) -> None:
        """Find out what became of it when no answer tells.

        The same bytes go again only where none came. When the payer is asked, only that it is done
        proves anything after an answer: a list may lag. Raises PayerUnknown until then.
        """
        payer = self.payer(case)
        again = answer is None and self.row(case).sends < MOST_SENDS
        if payer.recovery == "inquire":
            since = self.last_heard(case)
            receipt, undone = self.inquired(case)
            told = receipt if receipt and receipt.outcome == "received" else None
            read = self.read(case, told) if told else None
            if told is not None and read is not None and self.ends(read):
                self._over(task, case, read, told, since)
                return
            if receipt is not None and receipt.outcome == "rejected":  # it names what was sent
                self._not(task, case, receipt, None, since)
                return
            if read is not None and read.items:
                with self._still(task, case) as db:
                    self.unheard(db, case, since)
                    before = self.store.latest(case.id, "decision", Decision)
                    if before is not None:
                        read = self.deciding.of_the_question(db, case, before, read)
                    case = self.meanwhile(db, case, read)
            if not (again and undone):
                raise PayerUnknown("the payer does not say that it is done")
        if again and payer.recovery != "person":
            with self._still(task, case) as db:
                self.store.allow_resend(db, self.row(case).identifier)
                self.world.tasks.later(db, task, "", payer.recovery_wait_seconds, afresh=True)
            return
        with self.world.tasks.finish(task) as db:
            self.given_up(db, case)

    @contextmanager
    def _ended(self, task: Task, case: Case, since: str | None) -> Iterator[sa.Connection]:
        """Open the transaction that ends it; what was asked ``since`` a mark is not overtaken."""
        with self.world.tasks.finish(task) as db:
            if since is not None:
                self.unheard(db, case, since)
            yield db

    def _over(
        self, task: Task, case: Case, found: Decision, answer: Receipt, since: str | None = None
    ) -> None:
        """Take that the payer has done it."""
        with self._ended(task, case, since) as db:
            identifier = self.row(case).identifier
            if self.deciding.answer(case, identifier) != answer:
                self.store.put(db, case.id, f"{ANSWER}:{identifier}", answer)
            self.store.end_send(db, identifier, "received")
            self.done(db, case, found)

    def _not(
        self,
        task: Task,
        case: Case,
        answer: Receipt,
        found: Decision | None,
        since: str | None = None,
    ) -> None:
        """Go on with a request of which the payer said that it did not do it."""
        with self._ended(task, case, since) as db:
            self.store.end_send(db, self.row(case).identifier, "rejected")
            case = self._goes_on(db, case, answer)
            self.undone(db, case, found)

    def _goes_on(self, db: sa.Connection, case: Case, receipt: Receipt) -> Case:
        """Go on with the request as it was."""
        before = self.store.latest(case.id, "decision", Decision)
        self.store.put(db, case.id, "receipt", receipt)
        case = self.move(db, case, submission="received")
        self.note(db, case, self.told.refused)
        if before is not None:
            case, _ = self.deciding.numbered(db, case, before)
        self.deciding.ask_once(db, case)
        return case

    def given_up(self, db: sa.Connection, case: Case) -> None:
        """Let a person find out what became of it, if anybody has to; told once."""
        told = for_a_person(self.world.audit.events(case.id), self.state)
        if case.tracks.submission == self.state and not told:
            self.note(db, case, self.told.unknown)

    def clear_up(self, case: Case, revision: int, person: Person, *, over: bool) -> Case:
        """Take a person's word whether the payer has done it, where only one can ask.

        Raises StaleRevision and IllegalMove.
        """
        if case.revision != revision:
            raise StaleRevision
        events = self.world.audit.events(case.id)
        if case.tracks.submission != self.state or not for_a_person(events, self.state):
            raise IllegalMove("only what nobody knows")
        with self.store.write() as db:
            if self.world.tasks.leased(db, self.task, case.id):
                raise IllegalMove("in work", say=BUSY, do="Look again in a minute.")
            self.note(db, case, self.told.done if over else self.told.undone, person.name)
            outcome: SubmissionOutcome = "received" if over else "rejected"
            self.store.end_send(db, self.row(case).identifier, outcome)
            if over:
                self.done(db, case, self.heard_by(case, person))
            else:
                self._goes_on(db, case, Receipt("unknown"))
            return self.store.case(case.id, db)

    # what is different ---------------------------------------------------------------------------

    @abstractmethod
    def judged(self, case: Case, receipt: Receipt) -> Receipt:
        """Return an answer to what was sent as what it is."""

    @abstractmethod
    def read(self, case: Case, answer: Receipt) -> Decision:
        """Return what an answer says of the request."""

    @abstractmethod
    def ends(self, found: Decision) -> bool:
        """Tell whether an answer says that it is done."""

    @abstractmethod
    def denies(self, found: Decision) -> bool:
        """Tell whether an answer that dismisses nothing says that it is surely not done."""

    @abstractmethod
    def inquired(self, case: Case) -> tuple[Receipt | None, bool]:
        """Ask the payer; return what it says, and whether surely nothing is done."""

    @abstractmethod
    def done(self, db: sa.Connection, case: Case, found: Decision | None) -> None:
        """Take that it is done, with what the payer decided."""

    @abstractmethod
    def late(self, db: sa.Connection, case: Case, found: Decision) -> None:
        """Take what the payer decided in an answer that came when it was over."""

    @abstractmethod
    def meanwhile(self, db: sa.Connection, case: Case, found: Decision) -> Case:
        """Take what the payer says of the request when it is asked; return the case then."""

    @abstractmethod
    def undone(self, db: sa.Connection, case: Case, found: Decision | None) -> None:
        """Take what the payer decided instead."""

    @abstractmethod
    def heard_by(self, case: Case, person: Person) -> Decision | None:
        """Return the decision that a person heard of who asked whether it is done."""
