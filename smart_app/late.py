"""Several answers to one request: what those say that came after one was taken."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from smart_app.answers import digest
from smart_app.beside import TYPED
from smart_app.cases.model import Case, Decision, Task
from smart_app.decide import Deciding
from smart_app.pas import verdicts
from smart_app.pas.usable import DIFFER, STRAY
from smart_app.steps import Steps
from smart_app.world import World

REST = "rest-"
"""How the task is called that looks at what is left of late answers."""


class LateAnswers(Steps):
    """Answers to a request that was answered already."""

    def __init__(self, world: World, deciding: Deciding) -> None:
        super().__init__(world)
        self.deciding = deciding

    def look(self, task: Task, case: Case, identifier: str) -> None:
        """Hold the answers that came after another one was taken against it.

        What they add together is taken. When they contradict what was taken, that counts no more
        until the payer tells. Then each is looked at of which nothing can be used.
        """
        kept = self.deciding.answering(case, self.deciding.kept(case, identifier))
        read = [self.deciding.tried(case, one) for one in kept]
        ours = [one for one in read if one.items or one.quarantined[0] not in STRAY]
        bodies = [one.body for one, told in zip(kept, read, strict=True) if told in ours]
        sha256 = digest(bodies)
        late = self.deciding.said_by(case, ours, sha256) if ours else None
        unusable = [one for one in read if not one.items]
        decided = [one for one in ours if one.items]
        with self.world.tasks.finish(task) as db:
            before = self.store.latest(case.id, "decision", Decision)
            if before is None or case.closed:
                return
            self.hear(db, case.id)
            for one in read:
                self.deciding.unless_the_same(db, case, one)
            rest = bool(task.key.partition(REST)[1])
            if rest or late is None or not self._late(db, case, before, late, decided, sha256):
                self._late_unusable(db, case, before, unusable)
            elif unusable:  # they are held against what stands then
                self.world.tasks.add(db, "recover", case.id, tag=f"{REST}{uuid.uuid4()}")
            for one in read:
                self.deciding.stands(db, case, one)

    def _late(
        self,
        db: sa.Connection,
        case: Case,
        before: Decision,
        late: Decision,
        several: list[Decision],
        sha256: str,
    ) -> bool:
        """Take what ``several`` late answers say together; return whether they say anything new."""
        newer = late.items and self.deciding.order(db, case, before, late) == "newer"
        known = self.deciding.known(case, late) and not newer
        if not (late.items or DIFFER in late.quarantined) or known:
            return False
        if before.source in TYPED:
            if late.items:
                self.deciding.beside_typed(db, case, before, late, 0)
            else:
                self.deciding.unusable(db, case, before, late, 0)
            return True
        if verdicts.differs(before) and late.items:  # the payer settles it, or a letter does
            self.deciding.doubt_again(db, case, before, late, sha256)
            return False
        found = self.deciding.added(case, before, late, sha256)
        if found is None or self.deciding.known(case, found):
            return False
        old = any(self._old(db, case, before, one) for one in (late, *several))
        if found.items and old:
            self.deciding.set_aside(db, case, before, late, 0)
        else:
            self.deciding.take(db, case, found, 0)
        return True

    def _old(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Tell whether a late answer must not count: it is overtaken, or has to be said again."""
        overtaken = self.deciding.overtaken(db, case, before, read)
        return overtaken or self.deciding.doubts(db, case, before, read)

    def _late_unusable(
        self, db: sa.Connection, case: Case, before: Decision, unusable: list[Decision]
    ) -> None:
        """Look at late answers that hold nothing to use: one may deny what was affirmed."""
        new = [one for one in unusable if not self.deciding.known(case, one)]
        by_why = {(one.quarantined[0], one.may_deny): one for one in reversed(new)}
        several = sorted(by_why.values(), key=lambda one: not one.may_deny)
        ours = [one for one in several if one.quarantined[0] not in STRAY]
        grave = [one for one in ours if before.items or one.may_deny][:1]
        for one in several:
            if one in grave:
                self.deciding.unusable(db, case, before, one, 0)
            else:
                self.deciding.not_used(db, case, one)
