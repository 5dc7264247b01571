"""Stage 11: take an answer or a letter onto the case, and follow it until it is final."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from smart_app.agreement import Agreeing
from smart_app.beside import (
    AT_ODDS,
    BESIDE,
    OLDER,
    RENUMBERED,
    TYPED,
    WAITING,
    hashed,
)
from smart_app.cases.model import (
    Case,
    Decision,
    Receipt,
    Task,
)
from smart_app.cases.tasks import LeaseLost
from smart_app.errors import StaleRevision
from smart_app.pas import decision, verdicts
from smart_app.pas.usable import DIFFER, ELSEWHERE, NOT_STANDING
from smart_app.pas.verdicts import undecided
from smart_app.steps import LONG, ONCE
from smart_app.taking import QUIET, is_open

WHOLE = ("dismissed", "cancelled")
"""Words that are about a request as a whole."""
MOST_SILENT = 20
"""How often a payer is asked about what is decided that says nothing of it: for about a week."""
ASKED = "asked"
"""Where it is kept of which answers the payer was asked, and how often."""
HELD = "held"
"""Where it is kept for a day which older answers an approval was held against."""
NOT_ITSELF = (*ELSEWHERE, DIFFER)
"""Why an answer is not used that is another's, or that people are told of by itself."""
PASSING = (StaleRevision, LeaseLost, sa.exc.SQLAlchemyError)
"""What says nothing of an answer that is being read: the same is done again later."""


class Deciding(Agreeing):
    """What the payer says when it is asked, or unasked, and the asking until that is final."""

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
            found = decision.unusable(case, "malformed", self.world.clock.now())
            take(replace(found, may_deny=True))

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

    def _clock_starts(self, db: sa.Connection, case: Case) -> Case:
        program = self.world.program
        days, rule = program.standard_days, program.clock_words
        if case.expedited:
            days, rule = program.expedited_days, program.expedited_words
        due = self.world.clock.now() + timedelta(days=days)
        return self.store.save(db, replace(case, due_at=due, due_rule=rule))

    # until it is final ---------------------------------------------------------------------------

    def poll(self, task: Task) -> None:
        """Ask the payer how far it is; pauses grow."""
        case = self.store.case(task.case)
        polls = int(task.key.rsplit(":", 1)[1].split("-")[0])
        before = self.store.latest(case.id, "decision", Decision)
        over = case.closed or case.tracks.submission == "cancelled"
        if over or not (is_open(case, before) or ONCE in task.key):
            with self.world.tasks.finish(task) as db:
                case = self.store.case(task.case, db)  # a letter may just have come
                if is_open(case, self.store.latest(case.id, "decision", Decision)):
                    self.plan_poll(db, case, 0)
                return
        if case.tracks.submission == "updating":  # which version is told of, nobody knows
            with self.world.tasks.finish(task) as db:
                self._ask_on(db, case, polls)
            return
        since = self.last_heard(case)
        body = self.ask(case, self.submission(case))
        if (there := self.change_there(case, body)) is not None:
            with self.world.tasks.finish(task) as db:
                self.unheard(db, case, since)
                self.there(db, case, there)
                self._ask_on(db, case, polls)
            return

        def take(read: Decision | None) -> None:
            with self.world.tasks.finish(task) as db:
                if self.store.case(task.case, db).revision != case.revision:
                    raise StaleRevision  # what was asked may be about another decision
                self.unheard(db, case, since)
                if read is not None:
                    if before is not None:
                        read = self.of_the_question(db, case, before, read)
                    self.heard(db, case, before, read, polls)
                else:
                    self.unless_the_same(db, case, None)
                    self._ask_on(db, case, polls)

        self.understood(case, lambda: self.listed(case, body, asked=True), take)

    def heard(
        self, db: sa.Connection, case: Case, before: Decision | None, read: Decision, polls: int
    ) -> None:
        """Take what the payer says when it is asked, and remember when it was said, used or not."""
        self._heard(db, case, before, read, polls)
        self.stands(db, case, read)

    def _heard(
        self, db: sa.Connection, case: Case, before: Decision | None, read: Decision, polls: int
    ) -> None:
        self.hear(db, case.id)
        self.unless_the_same(db, case, read)
        if read.quarantined and not read.items:
            self.unusable(db, case, before, read, polls)
            return
        if before is not None and before.source not in TYPED:
            overtaken = self.overtaken(db, case, before, read)
            if overtaken and not self.only_waited(db, case, before, read):
                self.set_aside(db, case, before, read, polls)
                return
            if not self.counts(db, case, before, read):
                if before.items:
                    self.older(db, case, read)
                self._ask_on(db, case, polls)
                return
        self.ended(db, case, OLDER)
        typed = before is not None and before.source in TYPED
        if before is not None and typed and self.retreats(case, before, read):
            self.begun(db, case, AT_ODDS, verdicts.told(read))
        else:
            self.ended(db, case, AT_ODDS)
        if before is not None and typed:
            self.beside_typed(db, case, before, read, polls)
        else:
            self.take(db, case, read, polls)

    def told(
        self, db: sa.Connection, case: Case, before: Decision | None, read: Decision, sha256: str
    ) -> None:
        """Take what the payer says unasked, or beside something else; ask it where it differs.

        Of what may be older only the payer can tell: until it does, nothing counts on which they
        differ, and nothing is affirmed.
        """
        if before is None or before.source in TYPED or not read.items:
            self.heard(db, case, before, read, 0)
            if not read.items:
                self.ask_now(db, case)
            return
        order = self.order(db, case, before, read)
        surely = self.first(case, before) and not self.doubts(db, case, before, read)
        if order == "newer" or (order == "unknown" and surely):
            self.heard(db, case, before, read, 0)
            return
        otherwise = not verdicts.same(read, before) or self.overtaken(db, case, before, read)
        self.hear(db, case.id)
        self.unless_the_same(db, case, read)
        if order == "older" and otherwise:
            self._held_back(db, case, before, read)
        elif verdicts.doubtful(before):
            self.doubt_again(db, case, before, read, sha256)
        elif verdicts.reopened(before, read):
            self._doubt(db, case, read, sha256)
        else:
            self._doubted(db, case, before, read, sha256)
        self.stands(db, case, read)
        if otherwise:
            self._ask_of(db, case, read)
        elif self.awaits(case):
            self.plan_poll(db, case, 0)

    def ask_now(self, db: sa.Connection, case: Case) -> None:
        """Have the payer asked now, whatever is decided."""
        if self.awaits(case):
            self.plan_poll(db, case, 0)
            self.world.tasks.wake(db, "poll", case.id)
        else:
            self.ask_once(db, case)

    def _doubted(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision, sha256: str
    ) -> None:
        """Take what an answer says beside what stands, when nobody knows which is the newer."""
        found = self.added(case, before, read, sha256)
        if found is None or (found.items and self.known(case, found)):
            return
        if not found.items or self.overtaken(db, case, before, read):
            self._doubt(db, case, read, sha256)
        else:
            self.take(db, case, found, 0)

    def doubt_again(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision, sha256: str
    ) -> None:
        """Doubt what is doubted for one more reason, where an answer speaks against it as well."""
        last = self.last(case, before)
        if verdicts.less(last, read) | verdicts.reopened(last, read):
            self._doubt(db, case, read, sha256)

    def _doubt(
        self, db: sa.Connection, case: Case, read: Decision, sha256: str | None, polls: int = 0
    ) -> None:
        """Let nothing count until the payer agrees, more than once: its lists may lag.

        What is older than the answer which raised the doubt is no newer than what stood.
        """
        self.take(db, case, self.differing(case, read, sha256), polls)

    def _ask_of(self, db: sa.Connection, case: Case, read: Decision) -> None:
        """Have the payer asked now; with a pause that grows about what it says again and again."""
        asked, word = dict(self.store.kv(ASKED).get(case.id, db) or {}), hashed(read)
        times = asked.pop(word, 0)
        several = [*asked.items(), (word, times + 1)][-MOST_SILENT:]
        self.store.kv(ASKED).put(case.id, dict(several), LONG, db)
        self.ask_once(db, case, times - 1)

    def set_aside(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision, polls: int
    ) -> None:
        """Affirm nothing by an answer that was overtaken; tell people, and ask again."""
        held = self._held_back(db, case, before, read, polls) or self._insists(
            db, case, before, read, polls
        )
        self.older(db, case, read)
        if held or undecided(before) or case.tracks.utn == "awaited":
            self.plan_poll(db, case, polls)
        else:
            self.ask_once(db, case, polls)

    def _held_back(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision, polls: int = 0
    ) -> bool:
        """Let an approval count no more that an older answer denies, until the payer tells.

        Once a day for the same answer: what the payer agreed on since is the newer one.
        """
        held, word = self.store.kv(HELD), f"{case.id}:{hashed(read)[:16]}"
        if not verdicts.less(before, read) or held.get(word, db):
            return False
        held.put(word, True, LONG, db)
        unused = replace(self.differing(case, read, hashed(read)), supersedes=before.id)
        self.take(db, case, unused, polls)
        return True

    def _insists(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision, polls: int
    ) -> bool:
        """Let an approval count no more of which a payer says for long that it waits."""
        if not verdicts.reopened(before, read) or not self.agreed(db, case, read):
            return False
        self._doubt(db, case, read, hashed(read), polls)
        return True

    def unusable(
        self, db: sa.Connection, case: Case, before: Decision | None, read: Decision, polls: int
    ) -> None:
        """Tell people of an answer of which nothing may be used.

        When it is surely about a request of which nothing is decided, they have to read it. When it
        may deny what was affirmed, that counts no more until the payer tells.
        """
        why = read.quarantined[0]
        typed = before is not None and before.source in TYPED
        stands = before is not None and (verdicts.frees(before) or verdicts.differs(before))
        doubted = stands and (why in NOT_STANDING or read.may_deny)
        if self._to_be_read(before, read):
            self.take(db, case, read, polls)
            return
        if doubted and not typed:  # what it affirmed stands no more, as far as the payer tells
            if why != DIFFER:
                self.not_used(db, case, read)
            self._doubt(db, case, read, read.document_sha256, polls)
            return
        if doubted and why != DIFFER:
            self.begun(db, case, AT_ODDS, read.document_sha256)
        if typed and why not in NOT_ITSELF:
            self.unclear(db, case, read, frozenset())
        self.not_used(db, case, read)
        self._ask_on(db, case, polls)

    @staticmethod
    def _to_be_read(before: Decision | None, read: Decision) -> bool:
        """Tell whether a person has to read an answer of which nothing can be used.

        So they have where nothing is decided, unless what stands says more of a denial.
        """
        elsewhere = read.quarantined[0] in ELSEWHERE
        if before is None or before.source in TYPED:
            waits = before is None or {one.decision for one in before.items} <= set(QUIET)
            return waits and not elsewhere
        if verdicts.doubtful(before):
            return read.may_deny and not verdicts.differs(before)
        waits = {one.decision for one in before.items} <= set(QUIET)
        return waits and (read.may_deny or not elsewhere)

    def _ask_on(self, db: sa.Connection, case: Case, polls: int) -> None:
        """Plan the next question, where nothing of an answer was used: not for ever if decided."""
        if self.awaits(case) or polls >= MOST_SILENT:
            self.plan_poll(db, case, polls)
        else:
            self.ask_once(db, case, polls)

    def beside_typed(
        self, db: sa.Connection, case: Case, typed: Decision, read: Decision, polls: int
    ) -> None:
        """Hold the payer's own answer against what a person entered from a letter.

        It may add a number to the same verdicts. An answer that was known before the letter came
        is only late. A new one that affirms less takes back what was affirmed, item by item, or
        all of it when the whole was dismissed; it never makes a denial an affirmation.
        """
        read = self.without_ended(db, case, typed, read)
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
