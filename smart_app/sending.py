"""Stage 10: send the signed request once, and find out what became of it.

"Send started" is durable before the first byte; after an unknown outcome only the payer's
``recovery`` decides what is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from smart_app.cases.model import Case, Event, Person, Receipt, Task
from smart_app.channels import pas as channel
from smart_app.decide import Deciding
from smart_app.errors import IllegalMove, PayerUnknown, PayerUnreachable, StaleRevision
from smart_app.late import LateAnswers
from smart_app.listening import Listening
from smart_app.pas.usable import SECOND
from smart_app.payers.registry import Payer
from smart_app.steps import Steps
from smart_app.world import World

MOST_SENDS = 3
"""How often the same bytes are sent without a person's word."""
UNANSWERED = ("queued", "sending", "unknown")
TAKES = (*UNANSWERED, "parked", "rejected", "received", "pended")
"""Where an answer that comes is still taken: beside a letter, or after a refusal, as well.

A refusal is taken only where nothing else has answered.
"""
ASKED = ("send_unknown", "person_needed", "sending")


def for_a_person(events: Sequence[Event]) -> bool:
    """Tell whether only a person can find out what became of a sending."""
    kinds = [one.kind for one in events if one.kind in ASKED]
    return bool(kinds) and kinds[-1] == "person_needed"


class Sending(Steps):
    """Send, and recover from a sending of which nobody knows the outcome."""

    def __init__(self, world: World, deciding: Deciding, listening: Listening) -> None:
        super().__init__(world)
        self.deciding = deciding
        self.listening = listening
        self.late = LateAnswers(world, deciding)

    def send(self, task: Task) -> None:
        """Send the signed request once."""
        case = self.store.case(task.case)
        row, payer = self.submission(case), self.payer(case)
        if case.tracks.submission not in UNANSWERED:
            with self.world.tasks.finish(task):
                return
        with self.world.tasks.during(task) as db:
            answer = self._answer(case, row)
            first = answer is None and self.store.start_send(db, row.identifier)
            if first:
                case = self.move(db, case, submission="sending")
                self.note(db, case, "sending")
                self.listening.begin(db, case, payer)
        if answer is not None:
            self.deciding.received(task, case, row.identifier, answer)
            return
        if not first:
            self._unknown(task, case, payer)
            return
        try:
            http, base = self.world.payer_http(payer), payer.pas_base or ""
            payload = self.store.payload(row)
            receipt = self.exchanged(case, row.kind, lambda: channel.send(http, base, payload))
        except PayerUnreachable:
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, row.identifier, never_left=True)
                self.move(db, case, submission="queued")
            raise
        except PayerUnknown:
            self._unknown(task, case, payer)
            return
        self.deciding.keep_answer(task, case, row.identifier, receipt, "recover")
        receipt = self.deciding.judged(case, receipt)
        if row.sends and self.deciding.ends(case, receipt):
            # a refusal of what may have arrived before can mean "we have it"
            self._unknown(task, case, payer, receipt)
        else:
            self.deciding.received(task, case, row.identifier, receipt)

    def _answer(self, case: Case, row: sa.Row[Any]) -> Receipt | None:
        """Return the answer to a request that came and was not taken yet, if there is one.

        A refusal is one only of the first sending: of a later one it can mean "we have it".
        """
        kept = self.deciding.kept(case, row.identifier)
        if not kept or row.outcome == "received":
            return None
        # what refuses or dismisses a later sending hides no answer to an earlier one
        first = self.deciding.answering(case, kept)
        answer = next(iter(first), kept[0])
        if answer.outcome == row.outcome:
            return None
        only = row.started_at is not None and row.sends < 2
        return answer if first or only else None

    def _unknown(
        self, task: Task, case: Case, payer: Payer, refusal: Receipt | None = None
    ) -> None:
        """It may have arrived: ask the payer, resend the same bytes, or leave it to a person."""
        row = self.submission(case)
        ended = refusal is not None or row.sends >= MOST_SENDS
        with self.world.tasks.finish(task) as db:
            if case.tracks.submission == "sending":
                case = self.move(db, case, submission="unknown")
                self.note(db, case, "send_unknown", recovery=payer.recovery)
            if refusal is not None:
                self.store.put(db, case.id, "refusal", refusal)
                self.store.put(db, case.id, "receipt", refusal)
            if payer.recovery == "person" or (ended and payer.recovery != "inquire"):
                self.note(db, case, "person_needed")
                return
            tag = f"{row.identifier}-{case.revision}"
            delay = payer.recovery_wait_seconds
            self.world.tasks.add(db, "recover", case.id, tag=tag, delay=delay)

    def recover(self, task: Task) -> None:
        """Find out what became of a request whose answer never came.

        Raises PayerUnknown when the payer's answer does not tell: then it is asked again later.
        """
        case = self.store.case(task.case)
        row, payer = self.submission(case), self.payer(case)
        answer = self._answer(case, row)
        if answer is not None and case.tracks.submission == "sending":
            raise PayerUnknown("another worker is at it")
        takes = TAKES if answer is not None and answer.outcome == "received" else UNANSWERED
        if answer is not None and not case.closed and case.tracks.submission in takes:
            self.deciding.received(task, case, row.identifier, answer)
            return
        if case.tracks.submission != "unknown":
            self.late.look(task, case, row.identifier)
            return
        if payer.recovery == "inquire":
            found = self.deciding.inquire(case)
            if found.state == "unclear":
                raise PayerUnknown("the inquiry's answer does not tell")
            if found.why == SECOND:
                with self.world.tasks.finish(task) as db:
                    self.note(db, case, "person_needed")
                return
            if found.body is not None:
                receipt = self.deciding.judged(case, Receipt("received", 200, found.body))
                self.deciding.received(task, case, row.identifier, receipt)
                return
        refusal = self._refusal(case, row.identifier)
        if refusal and refusal.outcome == "rejected" and payer.recovery == "inquire":
            self.deciding.received(task, case, row.identifier, refusal)
            return
        with self.world.tasks.finish(task) as db:
            if refusal or row.sends >= MOST_SENDS or payer.recovery == "person":
                self.note(db, case, "person_needed")
            else:
                self._again(db, case, row.identifier, "not_there", recovery=payer.recovery)

    def _refusal(self, case: Case, identifier: str) -> Receipt | None:
        """Return the refusal that a request met, if it did."""
        kept = self.deciding.answer(case, identifier)
        judged = self.deciding.judged(case, kept) if kept else None
        return judged or self.store.latest(case.id, "refusal", Receipt)

    def _again(
        self,
        db: sa.Connection,
        case: Case,
        identifier: str,
        kind: str,
        who: str | None = None,
        **facts: str,
    ) -> Case:
        """Queue the same bytes once more: only when the payer certainly has none of it."""
        self.store.allow_resend(db, identifier)
        case = self.move(db, case, submission="queued")
        self.note(db, case, kind, who, **facts)
        self.world.tasks.add(db, "send", case.id, tag=f"{identifier}-{case.revision}")
        return case

    def not_there(self, case: Case, revision: int, person: Person) -> Case:
        """Take a person's word that the payer has no such request, where only a person can ask."""
        self._check(case, revision)
        with self.store.write() as db:
            return self._again(
                db, case, self.submission(case).identifier, "person_not_there", person.name
            )

    def not_accepted(self, case: Case, revision: int, person: Person) -> Case:
        """Take a person's word that the payer did not accept the request and has none of it."""
        self._check(case, revision)
        with self.store.write() as db:
            self.store.end_send(db, self.submission(case).identifier, "rejected")
            case = self.move(db, case, submission="rejected")
            self.note(db, case, "person_not_accepted", person.name)
            return case

    def _check(self, case: Case, revision: int) -> None:
        if case.revision != revision:
            raise StaleRevision
        unknown = case.tracks.submission == "unknown"
        if not unknown or not for_a_person(self.world.audit.events(case.id)):
            raise IllegalMove("only an unknown sending that a person clears up")
