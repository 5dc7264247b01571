"""Take a decision that a person typed in from a letter, a fax or a portal."""

from __future__ import annotations

from dataclasses import replace

from smart_app.beside import RENUMBERED
from smart_app.cases.model import Case, Decision, Event
from smart_app.decide import Deciding
from smart_app.errors import CaseClosed, IllegalMove, LetterError, StaleRevision
from smart_app.steps import Steps
from smart_app.world import World

NOT_TAKEN = "letter_not_taken"
"""A letter that its author must enter again, knowing what the payer says: it ends nothing."""


class Letters(Steps):
    """Letters, held against what the payer itself says."""

    def __init__(self, world: World, deciding: Deciding) -> None:
        super().__init__(world)
        self.deciding = deciding

    def take(self, case: Case, seen: str, found: Decision, event: Event) -> Case:
        """Take a decision that a person typed in from a letter or portal.

        ``seen`` is the decision that the person's page showed: asking the payer changes the case
        all the time, but only another decision makes the page stale.
        """
        with self.store.write() as db:
            case = self.store.case(case.id, db)
            if case.closed:
                raise CaseClosed
            if seen != self.deciding.decided(case):
                raise StaleRevision
            if case.tracks.submission == "cancelled":
                raise LetterError(
                    "a letter about a request that was withdrawn",
                    say="This request was withdrawn from here: no decision on it counts.",
                    do="Begin a new request on its page.",
                )
            if case.tracks.submission == "updating":
                raise LetterError(
                    "a letter while a change is under way",
                    say="A change of this request is under way: a letter may be about either.",
                    do="Enter it when the case's page says whether the change is there.",
                )
            if case.tracks.submission in ("none", "queued", "sending"):
                raise IllegalMove("a letter about a request that was not sent")
            self.deciding.check_numbers(case, found)
            denials = self.deciding.denials(case, found)
            mistyped = self.deciding.mistyped(case, found)
            refused = bool(denials or mistyped)
            self.world.audit.append(
                db, case.id, replace(event, kind=NOT_TAKEN) if refused else event
            )
            for one in denials:
                self.deciding.disagree(db, case, found, one)
            if mistyped:
                told = self.deciding.blinded(found, mistyped)
                traces = " ".join(sorted(mistyped))
                self.note(db, case, RENUMBERED, traces=traces, numbers=told, refused=True)
            if refused:
                return case
            if case.tracks.submission in ("unknown", "parked", "rejected"):
                case = self.move(db, case, submission="received")
            return self.deciding.take(db, case, found, 0)
