"""Which of a payer's answers is the newer one, as far as anybody can tell.

Lists lag, notifications overtake each other, and many an answer bears a day alone, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from smart_app.answers import AHEAD, SKEW, Answers
from smart_app.cases.model import OPEN, Case, Decision
from smart_app.fhir import dates
from smart_app.pas import verdicts

STOOD = "stood"
"""Where the newest moment is kept at which a payer said what counts of a case."""
VERSION = "version"
"""Where the first decision is kept on what the payer has since it took the last change."""

ABOUT = 12
"""How many of its first pauses a payer's clock may be off, where it dates each list anew."""
DENIED = "denied"
"""Where it is kept when, by our clock, a denial was heard first that tells no moment."""

Order = Literal["newer", "older", "unknown"]


def _made(found: Decision) -> date | None:
    """Return the moment or day of a decision; None for one that no clock that is off can mean."""
    made = found.created or found.created_on
    return made if made and dates.first(made) <= found.received_at + AHEAD else None


def _newest(several: Iterable[date | None]) -> list[date]:
    """Return the last moment and the last day of several."""
    known = [one for one in several if one]
    moments = [one for one in known if isinstance(one, datetime)]
    days = [one for one in known if not isinstance(one, datetime)]
    return [max(each) for each in (moments, days) if each]


class Moments(Answers):
    """The moments of a payer's answers, held against each other."""

    def stood_at(self, db: sa.Connection, case: Case, before: Decision) -> list[date]:
        """Return when the payer said last, by its own clock, what counts: a moment, a day, or both.

        It never falls while the payer has the same version: what cannot be used has no moment.
        """
        kept = self.store.kv(STOOD).get(case.id, db) or ""
        told = [
            datetime.fromisoformat(one) if "T" in one else date.fromisoformat(one)
            for one in kept.split()
        ]
        return _newest([*told, _made(before)])

    def stands(
        self,
        db: sa.Connection,
        case: Case,
        found: Decision,
        *,
        anew: bool = False,
        counts: bool = False,
    ) -> None:
        """Remember when something was said: what ``counts``, ``anew`` on another version, or not.

        Of a denial that tells no moment: when it was heard.
        """
        newest = _newest([_made(found)]) if anew else self.stood_at(db, case, found)
        kept = " ".join(one.isoformat() for one in newest)
        self.store.kv(STOOD).put(case.id, kept, None, db)
        if anew:
            self.store.kv(VERSION).put(case.id, found.id, None, db)
        denied = self.store.kv(DENIED)
        if anew or (counts and verdicts.frees(found)):
            denied.put(case.id, None, None, db)
        elif verdicts.may_deny(found) and not _made(found) and not denied.get(case.id, db):
            denied.put(case.id, found.received_at.isoformat(), None, db)

    def heard_until(self, case: Case) -> datetime | None:
        """Return the newest moment of the payer's clock at which a decision was heard, or None."""
        before = self.store.latest(case.id, "decision", Decision)
        with self.store.read() as db:
            stood = self.stood_at(db, case, before) if before else []
        return next((one for one in stood if isinstance(one, datetime)), None)

    def order(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> Order:
        """Tell whether an answer was surely made after, or before, what counts."""
        stood, made = self.stood_at(db, case, before), _made(read)
        if not stood or made is None:
            return "unknown"
        if any(dates.surely_before(made, one) for one in stood):
            return "older"
        if heard := self.store.kv(DENIED).get(case.id, db):
            stood.append(datetime.fromisoformat(heard))
        return "newer" if all(dates.surely_before(one, made) for one in stood) else "unknown"

    def of_the_question(
        self, db: sa.Connection, case: Case, before: Decision, read: Decision
    ) -> Decision:
        """Return the answer to a question without a moment that may only be the question's.

        Some payers date each list anew, which makes none newer. What was decided just now bears the
        same moment the next time.
        """
        made = _made(read)
        just = made is not None and dates.may_lie(made, self.just_now(case))
        if just and self.order(db, case, before, read) == "newer":
            return replace(read, created=None, created_on=None)
        return read

    def just_now(self, case: Case) -> tuple[datetime, datetime]:
        """Return between which moments an answer lies that may be dated by the question itself."""
        pause = timedelta(seconds=ABOUT * self.payer(case).poll_first_seconds)
        return self.world.clock.now() - pause, self.world.clock.now() + pause

    def overtaken(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Tell whether an answer may be older than what counts, and must not count against it.

        So is one that is surely older and says otherwise. One of which nobody can tell is, where it
        affirms more, or brings a number back that ended. It is about what was decided of this
        version before it: of a first decision two clocks of a payer may say that it was made before
        the receipt.
        """
        order = self.order(db, case, before, read)
        if order == "newer":
            return False
        told, last = self._of_version(case), self.last(case, before)
        decided = {it.trace for one in told for it in one.items if it.decision not in OPEN}
        if any(verdicts.doubtful(one) for one in told):  # it may have been a denial of each
            decided |= {one.trace for one in case.items}
        older = order == "older"
        differ = verdicts.contradicts(last, read) if older else verdicts.freed(read, last)
        ended = self._ended(case, told) - {one.number for one in last.items}
        approved = verdicts.frees(last)  # of two denials either may be shown
        several = [it for it in read.items if approved or it.decision in verdicts.FREE]
        again = {it.trace for it in several if it.number in ended}
        return bool(again | (differ & decided))

    def _ended(self, case: Case, told: list[Decision]) -> set[str]:
        """Return the numbers that ended of those that some decisions gave."""
        ids = {one.id for one in told}
        known = [one for one in self.store.utns(case.id) if one.decision_id in ids]
        return {one.number for one in known if one.status != "active"}

    def without_ended(
        self, db: sa.Connection, case: Case, typed: Decision, read: Decision
    ) -> Decision:
        """Return an answer beside a letter without the numbers that the payer's denial ended."""
        if self.order(db, case, typed, read) == "newer":
            return read
        told = self._of_version(case)
        own = [it for one in told if one.source == "pas" for it in one.items]
        decided = {it.trace: it.decision for it in own if it.decision not in OPEN}
        denied = {trace for trace, word in decided.items() if word not in verdicts.FREE}
        bare = {one.trace for one in typed.items if not one.number} & denied
        ended = self._ended(case, told)
        return verdicts.unnumbered(
            read, {one.trace for one in read.items if one.number in ended} & bare
        )

    def long_before(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Tell whether an answer was made before what was heard, by more than clocks may differ."""
        stood, made = self.stood_at(db, case, before), _made(read)
        until = dates.last(made) + SKEW if made else None
        return until is not None and any(until < dates.first(one) for one in stood)

    def only_waited(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Tell whether all that an answer affirms anew was affirmed, and waits since.

        Which of the two came first nobody can tell: a list that lags may have brought either. What
        cannot be read may be newer, and is no decision.
        """
        told, last = self._of_version(case), self.last(case, before)
        raised = verdicts.freed(read, last)
        if not raised or verdicts.less(last, read):
            return False
        now, mine = verdicts.of_items(last), {one.trace: one for one in read.items}
        order, ended = self.order(db, case, before, read), self._ended(case, told)
        waiting = ("unreadable",) if order == "older" else OPEN
        decided = {it.trace: it for one in told for it in one.items if it.decision not in OPEN}

        def waited(trace: str) -> bool:
            was, number = decided.get(trace), mine[trace].number
            kept = number not in ended or (was is not None and was.number == number)
            return now.get(trace) in waiting and kept and (not was or was.decision in verdicts.FREE)

        return order != "newer" and all(waited(trace) for trace in raised)

    def last(self, case: Case, before: Decision) -> Decision:
        """Return the decision that stands, or the one before it where that says of no item."""
        told = [one for one in [*self._of_version(case), before] if one.items]
        return told[-1] if told else before

    def _of_version(self, case: Case) -> list[Decision]:
        """Return what was said since the payer took the last change, oldest first."""
        several = self.store.history(case.id, "decision", Decision)
        first, ids = self.store.kv(VERSION).get(case.id), [one.id for one in several]
        since = ids.index(first) if first in ids else 0
        return several[since:]

    def first(self, case: Case, before: Decision) -> bool:
        """Tell whether nothing of a case was ever decided, so that nothing can be overtaken."""
        if len(self.versions(case)) > 1:
            return False  # an approval may be of the version before
        several = [before, *self.store.history(case.id, "decision", Decision)]
        return all(item.decision in OPEN for one in several for item in one.items)
