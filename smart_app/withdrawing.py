"""Withdraw a request that the payer has: over only when the payer says so.

What the payer still says of the request meanwhile is told as it comes.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#updating-authorization-requests
"""

from __future__ import annotations

import uuid
from typing import Literal

import sqlalchemy as sa

from smart_app.amending import Amending, held
from smart_app.beside import hashed
from smart_app.cases.model import OPEN, Case, Decision, ItemDecision, Person, Receipt
from smart_app.errors import IllegalMove, StaleRevision
from smart_app.pas import update

WITHDRAWABLE = ("none", "pended", "affirmed", "affirmed_modified", "partial", "contact_payer")
"""Decisions of which there is something left to withdraw; a denied request takes no update."""


def may_be_withdrawn(case: Case) -> bool:
    """Tell whether the payer has a request that may be withdrawn."""
    return held(case) and case.tracks.decision in WITHDRAWABLE


class Withdrawing(Amending):
    """Withdrawals."""

    kind: Literal["cancel"] = "cancel"
    state: Literal["cancelling"] = "cancelling"
    task: Literal["withdraw"] = "withdraw"

    def begin(self, case: Case, revision: int, person: Person) -> Case:
        """Queue the withdrawal of a request; raises StaleRevision, IllegalMove and LintError."""
        if case.revision != revision:
            raise StaleRevision
        if not may_be_withdrawn(case):
            raise IllegalMove("nothing to withdraw")
        name, now = str(uuid.uuid4()), self.world.clock.now()
        version = self.payer(case).pas_version
        prior = self.deciding.request(case)
        made = update.cancel(prior, identifier=name, at=now, version=version)
        with self.store.write() as db:
            return self.queue(db, case, made, name, person)

    def judged(self, case: Case, receipt: Receipt) -> Receipt:
        """Return an answer to a withdrawal as what it is."""
        return self.deciding.judged(case, receipt)

    def read(self, case: Case, answer: Receipt) -> Decision:
        """Return what an answer says of the request."""
        return self.deciding.tried(case, answer)

    def ends(self, found: Decision) -> bool:
        """Tell whether an answer says that the request is withdrawn."""
        return found.word == "cancelled"

    def denies(self, found: Decision) -> bool:
        """Tell whether an answer says that the request stands: what waits leaves it open."""
        return any(one.decision not in (*OPEN, "cancelled") for one in found.items)

    def inquired(self, case: Case) -> tuple[Receipt | None, bool]:
        """Ask the payer; what it lists with a decision stands."""
        body = self.deciding.inquire(case).body
        if body is None:
            return None, False
        receipt = Receipt("received", 200, body)
        return receipt, bool(self.read(case, receipt).items)

    def done(self, db: sa.Connection, case: Case, found: Decision | None) -> None:
        """End the request that the payer has withdrawn."""
        if found is not None:  # whatever it is dated: it answers what came after all that stands
            self.deciding.take(db, case, found, 0)
        self.given_up(db, self.store.case(case.id, db))

    def late(self, db: sa.Connection, case: Case, found: Decision) -> None:
        """Take what the payer says after all; people are told to call where it withdrew it."""
        if case.tracks.decision != "cancelled":
            self.undone(db, case, found)
        elif not self.ends(found):
            self.note(db, case, "told_too_late")

    def meanwhile(self, db: sa.Connection, case: Case, found: Decision) -> Case:
        """Take what the payer has decided of the request meanwhile."""
        self.undone(db, case, found)
        return self.store.case(case.id, db)

    def undone(self, db: sa.Connection, case: Case, found: Decision | None) -> None:
        """Take what the payer decided instead; what it dismissed was the withdrawal."""
        if found is None or not found.items or found.word == "dismissed":
            return
        before = self.store.latest(case.id, "decision", Decision)
        self.deciding.told(db, case, before, found, hashed(found))

    def heard_by(self, case: Case, person: Person) -> Decision | None:
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
