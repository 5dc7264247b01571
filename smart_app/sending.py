"""Stage 10: send the signed request once, and find out what became of it.

"Send started" is durable before the first byte; after an unknown outcome only the payer's
``recovery`` decides what is done.
"""

from __future__ import annotations

import sqlalchemy as sa

from smart_app.cases.model import Case, Person, Receipt, Task
from smart_app.channels import pas as channel
from smart_app.decide import Deciding
from smart_app.errors import IllegalMove, PayerUnknown, PayerUnreachable, StaleRevision
from smart_app.payers.registry import Payer
from smart_app.steps import Steps
from smart_app.world import World


class Sending(Steps):
    """Send, and recover from a sending of which nobody knows the outcome."""

    def __init__(self, world: World, deciding: Deciding) -> None:
        super().__init__(world)
        self.deciding = deciding

    def send(self, task: Task) -> None:
        """Send the signed request once."""
        case = self.store.case(task.case)
        row, payer = self.submission(case), self.payer(case)
        with self.world.tasks.during(task) as db:
            first = self.store.start_send(db, row.identifier)
            if first:
                case = self.move(db, case, submission="sending")
                self.note(db, case, "sending")
        if not first:
            self._unknown(task, case, payer)
            return
        try:
            receipt = channel.send(
                self.world.payer_http(payer), payer.pas_base or "", self.store.payload(row)
            )
        except PayerUnreachable:
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, row.identifier)
                self.move(db, case, submission="queued")
            raise
        except PayerUnknown:
            self._unknown(task, case, payer)
            return
        if receipt.outcome == "rejected" and row.sends and payer.recovery == "inquire":
            # a refusal of what was sent before may mean "we have it": the payer is asked first
            self._unknown(task, case, payer, receipt)
            return
        self.deciding.received(task, case, row.identifier, receipt)

    def _unknown(
        self, task: Task, case: Case, payer: Payer, refusal: Receipt | None = None
    ) -> None:
        """It may have arrived: ask the payer, resend the same bytes, or leave it to a person."""
        with self.world.tasks.finish(task) as db:
            if case.tracks.submission == "sending":
                case = self.move(db, case, submission="unknown")
                self.note(db, case, "send_unknown", recovery=payer.recovery)
            if refusal is not None:
                self.store.put(db, case.id, "refusal", refusal)
            if payer.recovery != "person":
                self.world.tasks.add(
                    db,
                    "recover",
                    case.id,
                    tag=f"{self.submission(case).identifier}-{case.revision}",
                    delay=payer.recovery_wait_seconds,
                )

    def recover(self, task: Task) -> None:
        """Find out what became of a request whose answer never came.

        Raises PayerUnknown when the payer's answer does not tell: then it is asked again later.
        """
        case = self.store.case(task.case)
        row, payer = self.submission(case), self.payer(case)
        if case.tracks.submission != "unknown":
            with self.world.tasks.finish(task):
                return
        if payer.recovery == "inquire":
            found = self.deciding.inquire(case)
            if found.state == "unclear":
                raise PayerUnknown("the inquiry's answer does not tell")
            if found.body is not None:
                receipt = Receipt("received", 200, found.body)
                self.deciding.received(task, case, row.identifier, receipt)
                return
        refusal = self.store.latest(case.id, "refusal", Receipt)
        if refusal is not None:
            self.deciding.received(task, case, row.identifier, refusal)
            return
        with self.world.tasks.finish(task) as db:
            self._again(db, case, row.identifier, "not_there", recovery=payer.recovery)

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
        if case.revision != revision:
            raise StaleRevision
        if case.tracks.submission != "unknown" or self.payer(case).recovery != "person":
            raise IllegalMove("only an unknown sending that a person clears up")
        with self.store.write() as db:
            return self._again(
                db, case, self.submission(case).identifier, "person_not_there", person.name
            )
