"""Take a decision onto a case: its tracks, its numbers, and what comes next."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from smart_app import marked
from smart_app.asking import Asking
from smart_app.beside import Beside, said
from smart_app.cases.model import Case, Decision, UtnRecord, WriteReceipt
from smart_app.numbering import Numbering
from smart_app.pas import verdicts, wanted
from smart_app.pas.verdicts import undecided

QUIET = ("pended", "unreadable")
"""Words that a chart which has an older decision is not told."""


def is_open(case: Case, found: Decision | None) -> bool:
    """Tell whether the payer has still something to say of a case."""
    return not case.closed and (undecided(found) or case.tracks.utn == "awaited")


class Taking(Numbering, Beside, Asking):
    """Decisions and their numbers."""

    def awaits(self, case: Case) -> bool:
        """Tell whether the payer has still something to say of a case."""
        return is_open(case, self.store.latest(case.id, "decision", Decision))

    def added(self, case: Case, before: Decision, late: Decision, sha256: str) -> Decision | None:
        """Return what a late answer makes of the decision that stands; None for nothing new."""
        if not late.items:
            return late
        found = self.said_by(case, [before, late], sha256)
        if not found.items:
            return found
        return None if said(found) == said(before) else replace(found, id=late.id)

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
            held = verdicts.differs(before) and before.supersedes  # by what was surely older
            last = self.last(case, before) if held else before
            found = verdicts.with_numbers(found, verdicts.unnumbered(last, withheld))
            if found.decided_on is None and verdicts.same(found, last):
                found = replace(found, decided_on=last.decided_on)
        changed = before is None or said(before) != said(found)
        self.stands(db, case, found, anew=anew, counts=True)
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
