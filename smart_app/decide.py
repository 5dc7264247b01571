"""Stage 11: take an answer or a letter onto the case, and follow it until it is final."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from smart_app import marked
from smart_app.answers import digest
from smart_app.asking import ONCE, Asking
from smart_app.beside import (
    AT_ODDS,
    BESIDE,
    OLDER,
    RENUMBERED,
    TYPED,
    WAITING,
    Beside,
    hashed,
    said,
)
from smart_app.cases.model import (
    Case,
    Decision,
    Receipt,
    Task,
    UtnRecord,
    WriteReceipt,
)
from smart_app.cases.tasks import LeaseLost
from smart_app.errors import StaleRevision
from smart_app.numbering import Numbering
from smart_app.pas import decision, verdicts, wanted
from smart_app.pas.usable import DIFFER, ELSEWHERE, STRAY
from smart_app.pas.verdicts import undecided

WHOLE = ("dismissed", "cancelled")
"""Words that are about a request as a whole."""
QUIET = ("pended", "unreadable")
"""Words that a chart which has an older decision is not told."""
MOST_SILENT = 20
"""How often a payer is asked about what is decided that says nothing of it: for about a week."""
REST = "rest-"
"""How the task is called that looks at what is left of late answers."""
NOT_ITSELF = (*ELSEWHERE, DIFFER)
"""Why an answer is not used that is another's, or that people are told of by itself."""
PASSING = (StaleRevision, LeaseLost, sa.exc.SQLAlchemyError)
"""What says nothing of an answer that is being read: the same is done again later."""

log = logging.getLogger("preclear.decide")


def _open(case: Case, found: Decision | None) -> bool:
    """Tell whether the payer has still something to say of a case."""
    return not case.closed and (undecided(found) or case.tracks.utn == "awaited")


class Deciding(Numbering, Beside, Asking):
    """Decisions, their numbers, and the asking until they are final."""

    def awaits(self, case: Case) -> bool:
        """Tell whether the payer has still something to say of a case."""
        return _open(case, self.store.latest(case.id, "decision", Decision))

    def understood(
        self,
        case: Case,
        read: Callable[[], Decision | None],
        take: Callable[[Decision | None], None],
    ) -> None:
        """Read an answer and take it; when our reading fails, a person has to read it.

        It came, so it is never as if it had not: neither lost, nor asked for by another sending.
        """
        try:
            take(read())
        except PASSING:
            raise
        except Exception as cause:
            self.unread(case, cause)
            take(decision.unusable(case, "malformed", self.world.clock.now()))

    def received(self, task: Task, case: Case, identifier: str, receipt: Receipt) -> None:
        """Record an answer, its decision and number, and what comes next, in one transaction."""

        def take(found: Decision | None) -> None:
            with self.world.tasks.finish(task) as db:
                self.store.end_send(db, identifier, receipt.outcome)
                self.store.put(db, case.id, "receipt", receipt)
                if found is None:
                    self.move(db, case, submission="rejected")
                    self.note(db, case, "rejected", status=receipt.status)
                    return
                arrived = self.move(db, case, submission="received")
                self.note(db, arrived, "received")
                arrived = self._clock_starts(db, arrived)
                before = self.store.latest(case.id, "decision", Decision)
                if before is None:
                    self.take(db, arrived, found, 0)
                else:  # a letter was first
                    self.heard(db, arrived, before, found, 0)

        if receipt.outcome == "rejected":
            take(None)
        else:
            self.understood(case, lambda: self.together(case, identifier, receipt), take)

    def held_against(self, task: Task, case: Case, identifier: str) -> None:
        """Hold the answers that came after another one was taken against it.

        What they add together is taken. When they contradict what was taken, that counts no more
        until the payer tells. Then each is looked at of which nothing can be used.
        """
        kept = self.answering(case, self.kept(case, identifier))
        read = [self.tried(case, one) for one in kept]
        ours = [one for one in read if one.items or one.quarantined[0] not in STRAY]
        bodies = [one.body for one, told in zip(kept, read, strict=True) if told in ours]
        sha256 = digest(bodies)
        late = self.said_by(case, ours, sha256) if ours else None
        unusable = [one for one in read if not one.items]
        with self.world.tasks.finish(task) as db:
            before = self.store.latest(case.id, "decision", Decision)
            if before is None or case.closed:
                return
            self.hear(db, case.id)
            rest = bool(task.key.partition(REST)[1])
            if rest or late is None or not self._late(db, case, before, late, sha256):
                self._late_unusable(db, case, before, unusable)
            elif unusable:  # they are held against what stands then
                self.world.tasks.add(db, "recover", case.id, tag=f"{REST}{uuid.uuid4()}")

    def _late(
        self, db: sa.Connection, case: Case, before: Decision, late: Decision, sha256: str
    ) -> bool:
        """Take what late answers say together; return whether they say anything new."""
        if not (late.items or DIFFER in late.quarantined) or self.known(case, late):
            return False
        if before.source in TYPED:
            if late.items:
                self._beside_typed(db, case, before, late, 0)
            else:
                self._unusable(db, case, before, late, 0)
            return True
        if DIFFER in before.quarantined and late.items:
            return False  # the payer settles it when it is asked, or a letter does
        found = self._added(case, before, late, sha256)
        if found is None or self.known(case, found):
            return False
        if found.items and self.overtaken(db, case, before, late):
            self.set_aside(db, case, before, late, 0)
        else:
            self.take(db, case, found, 0)
        return True

    def _late_unusable(
        self, db: sa.Connection, case: Case, before: Decision, unusable: list[Decision]
    ) -> None:
        """Look at late answers that hold nothing to use: one may deny what was affirmed."""
        new = [one for one in unusable if not self.known(case, one)]
        by_why = {one.quarantined[0]: one for one in reversed(new)}
        grave = [one for why, one in by_why.items() if why not in STRAY and before.items][:1]
        for one in by_why.values():
            if one not in grave:
                self.not_used(db, case, one)
            elif before.source not in TYPED and verdicts.favours(before):
                self.take(db, case, one, 0)
            else:
                self._unusable(db, case, before, one, 0)

    def _added(self, case: Case, before: Decision, late: Decision, sha256: str) -> Decision | None:
        """Return what a late answer makes of the decision that stands; None for nothing new."""
        if not late.items:
            return late
        found = self.said_by(case, [before, late], sha256)
        if not found.items:
            return found
        return None if said(found) == said(before) else replace(found, id=late.id)

    def doubted(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision, sha256: str
    ) -> None:
        """Take what an answer says beside what stands, when nobody knows which is the newer."""
        found = self._added(case, before, read, sha256)
        if found is not None and not self.known(case, found):
            self.take(db, case, found, 0)

    def _clock_starts(self, db: sa.Connection, case: Case) -> Case:
        program = self.world.program
        days, rule = program.standard_days, program.clock_words
        if case.expedited:
            days, rule = program.expedited_days, program.expedited_words
        due = self.world.clock.now() + timedelta(days=days)
        return self.store.save(db, replace(case, due_at=due, due_rule=rule))

    def take(
        self,
        db: sa.Connection,
        case: Case,
        found: Decision,
        polls: int,
        withheld: frozenset[str] = frozenset(),
        *,
        anew: bool = False,
    ) -> Case:
        """Take a decision onto the case: tracks, numbers, and the next tasks.

        What an earlier decision numbered counts on only where the verdict is the same, and not for
        items whose number is ``withheld``; and none of it where this one is ``anew``, on another
        version of the request.
        """
        before = self.store.latest(case.id, "decision", Decision)
        if before is not None and undecided(found) and not found.quarantined:
            found = replace(found, wanted=wanted.waiting(case, before, found))
        if before is not None and not found.quarantined and not anew:
            last = self.last(case, before) if DIFFER in before.quarantined else before
            found = verdicts.with_numbers(found, verdicts.unnumbered(last, withheld))
            if found.decided_on is None and verdicts.same(found, last):
                found = replace(found, decided_on=last.decided_on)
        changed = before is None or said(before) != said(found)
        self.stands(db, case, found, anew=anew)
        if changed or anew or before is None:
            self.store.put(db, case.id, "decision", found)
            if found.wanted and (before is None or found.wanted != before.wanted):
                self.note(db, case, "wanted", count=len(found.wanted))
            if before is None or not verdicts.same(before, found):
                self.note(db, case, "decided", word=found.word, source=found.source)
            if found.quarantined and found.items:
                self.note(db, case, "numbers_disagree")
            elif found.quarantined:
                self.not_used(db, case, found)
        else:
            self.hear(db, case.id)
            found = before
        had = {one.number for one in self.store.utns(case.id) if one.status == "active"}
        case, kept = self.numbered(db, case, found, again=not (changed or anew))
        ended = not had <= {one.number for one in kept}
        if undecided(found) or case.tracks.utn == "awaited":
            self.plan_poll(db, case, polls)
        if changed and case.tracks.chart != "none":
            news = ended or found.word not in QUIET or self._errs(db, case, found, kept)
        else:
            news = case.tracks.chart == "none" and case.tracks.utn == "recorded"
        if news:
            self.world.tasks.add(db, "file", case.id, tag=found.id)
        return case

    def _errs(self, db: sa.Connection, case: Case, found: Decision, kept: list[UtnRecord]) -> bool:
        """Tell whether what a chart has, or will soon have, of an older decision is wrong now."""
        writes = self.store.history(case.id, "write", WriteReceipt)
        wrong = marked.wrongly_marked(case, found, kept, writes)
        return wrong or self.world.tasks.waiting(db, "file", case.id)

    # until it is final ---------------------------------------------------------------------------

    def poll(self, task: Task) -> None:
        """Ask the payer how far it is; pauses grow."""
        case = self.store.case(task.case)
        polls = int(task.key.rsplit(":", 1)[1].split("-")[0])
        before = self.store.latest(case.id, "decision", Decision)
        over = case.closed or case.tracks.submission == "cancelled"
        if over or not (_open(case, before) or ONCE in task.key):
            with self.world.tasks.finish(task) as db:
                case = self.store.case(task.case, db)  # a letter may just have come
                if _open(case, self.store.latest(case.id, "decision", Decision)):
                    self.plan_poll(db, case, 0)
                return
        if case.tracks.submission == "updating":  # which version is told of, nobody knows
            with self.world.tasks.finish(task) as db:
                self._again(db, case, task, polls)
            return
        since = self.last_heard(case)
        body = self.ask(case, self.submission(case))
        if (there := self.change_there(case, body)) is not None:
            with self.world.tasks.finish(task) as db:
                self.unheard(db, case, since)
                self.there(db, case, there)
                self._again(db, case, task, polls)
            return

        def take(read: Decision | None) -> None:
            with self.world.tasks.finish(task) as db:
                if self.store.case(task.case, db).revision != case.revision:
                    raise StaleRevision  # what was asked may be about another decision
                self.unheard(db, case, since)
                if read is not None:
                    self.heard(db, case, before, read, polls)
                if read is None or not read.items:
                    self._again(db, case, task, polls)

        self.understood(case, lambda: self.listed(case, body), take)

    def _again(self, db: sa.Connection, case: Case, task: Task, polls: int) -> None:
        """Plan the next question where one was not answered: of what is decided not for ever."""
        if ONCE in task.key and polls < MOST_SILENT:
            self.ask_once(db, case, polls)
        else:
            self.plan_poll(db, case, polls)

    def heard(
        self, db: sa.Connection, case: Case, before: Decision | None, read: Decision, polls: int
    ) -> None:
        """Take what the payer says when it is asked."""
        self.hear(db, case.id)
        if read.quarantined and not read.items:
            self._unusable(db, case, before, read, polls)
            return
        wire = before is not None and before.source not in TYPED
        if before is not None and wire and self.overtaken(db, case, before, read):
            self.set_aside(db, case, before, read, polls)
            return
        self.ended(db, case, OLDER)
        typed = before is not None and before.source in TYPED
        if before is not None and typed and self.retreats(case, before, read):
            self.begun(db, case, AT_ODDS, verdicts.told(read))
        else:
            self.ended(db, case, AT_ODDS)
        if before is not None and typed:
            self._beside_typed(db, case, before, read, polls)
        else:
            self.take(db, case, read, polls)

    def set_aside(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision, polls: int
    ) -> None:
        """Affirm nothing by an answer that was overtaken; tell people, and ask again."""
        held = self.held_back(db, case, before, read)
        self.older(db, case, read)
        if held or undecided(before) or case.tracks.utn == "awaited":
            self.plan_poll(db, case, polls)
        else:
            self.ask_once(db, case, polls)

    def held_back(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Let an approval count no more that an older answer denies, until the payer tells."""
        if not verdicts.less(before, read):
            return False
        unused = decision.unusable(case, DIFFER, self.world.clock.now())
        self.take(db, case, replace(unused, document_sha256=hashed(read)), 0)
        return True

    def _unusable(
        self, db: sa.Connection, case: Case, before: Decision | None, read: Decision, polls: int
    ) -> None:
        """Tell people of an answer of which nothing may be used.

        When it is surely about a request of which nothing is decided, they have to read it.
        """
        waits = before is None or {one.decision for one in before.items} <= set(QUIET)
        if waits and read.quarantined[0] not in ELSEWHERE:
            self.take(db, case, read, polls)
        else:
            if before and verdicts.favours(before) and read.quarantined[0] == "not active":
                self.begun(db, case, AT_ODDS, read.document_sha256)
            if before and before.source in TYPED and read.quarantined[0] not in NOT_ITSELF:
                self.unclear(db, case, read, frozenset())
            self.not_used(db, case, read)
            self.plan_poll(db, case, polls)

    def _beside_typed(
        self, db: sa.Connection, case: Case, typed: Decision, read: Decision, polls: int
    ) -> None:
        """Hold the payer's own answer against what a person entered from a letter.

        It may add a number to the same verdicts. An answer that was known before the letter came
        is only late. A new one that affirms less takes back what was affirmed, item by item, or
        all of it when the whole was dismissed; it never makes a denial an affirmation.
        """
        stood, typed, read = typed, self.with_true_numbers(typed), self.with_true_numbers(read)
        late = self.late(case, read)
        differs = verdicts.otherwise(typed, read) - late
        taken = differs & verdicts.less(typed, read)
        self.unclear(db, case, read, late)
        counts = taken or not undecided(read)
        self.keep(db, case, read, BESIDE if counts else WAITING)
        if counts and differs and not self.told_of(case, read):
            self.disagree(db, case, typed, read)
        new = self.renumbered(case, typed, read)
        withheld = new | self.withheld(case)
        if new:
            told = self.blinded(typed, new)
            self.note(db, case, RENUMBERED, traces=" ".join(sorted(new)), numbers=told)
        read = verdicts.unnumbered(read, withheld)
        typed = verdicts.unnumbered(typed, withheld)
        numbered = verdicts.with_numbers(typed, read)
        if taken and read.word in WHOLE:
            self.take(db, case, read, polls)
        elif taken:
            back = verdicts.take_back(typed, read, taken)
            self.take(db, case, replace(back, quarantined=read.quarantined), polls, withheld)
        elif verdicts.same(typed, read) or numbered != stood:
            found = replace(numbered, id=read.id, quarantined=read.quarantined)
            self.take(db, case, found, polls, withheld)
        else:
            self.plan_poll(db, case, polls)
