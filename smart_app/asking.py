"""Asking a payer what it has of a request: when, how often, and what it said last."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from smart_app.answers import AHEAD, Answers, digest
from smart_app.cases.model import OPEN, Case, Decision
from smart_app.pas import client, decision, inquiry, verdicts
from smart_app.payers.registry import Payer

STOOD = "stood"
"""Where the newest moment is kept at which a payer said what counts of a case."""
ONCE = "once-"
"""How the task is called that asks about what is decided."""
MINUTE, DAILY = 60.0, 86_400.0
MOST_ONCE = 150
"""How often that is tried before it is asked once a day: about a day long."""


def _made(found: Decision) -> datetime | None:
    """Return when a payer made a decision; None for a day that no clock that is off can mean."""
    made = found.created
    return made if made and made <= found.received_at + AHEAD else None


def _pause(payer: Payer, polls: int, longest: float) -> float:
    """Return the seconds until a payer is asked again, which grow with each question."""
    return min(longest, payer.poll_first_seconds * 1.5 ** min(polls, 40))


class Asking(Answers):
    """Questions to a payer, and the moments of its answers."""

    def inquire(self, case: Case, row: sa.Row[Any] | None = None) -> inquiry.Inquired:
        """Ask the payer what it has of a case's request, or of a version; raises PayerError."""
        row = self.submission(case) if row is None else row
        body, names = self.ask(case, row), self.echoed(case, row)
        return inquiry.ours(case, body, names, self.world.clock.now())

    def ask(self, case: Case, row: sa.Row[Any]) -> Any:
        """Return what a payer answers to an inquiry, unread; raises PayerError."""
        payer, request = self.payer(case), self.bundle(row)
        asked = json.dumps(inquiry.build(request, self.world.clock.now())).encode()
        http, base = self.world.payer_http(payer), payer.pas_base or ""
        return self.exchanged(case, "inquiry", lambda: client.inquire(http, base, asked))

    def listed(self, case: Case, body: Any) -> Decision | None:
        """Return what an inquiry's answer says of a case's request, if it does."""
        answer = inquiry.ours(case, body, self.sent(case), self.world.clock.now())
        if answer.why is None:
            return None if answer.body is None else self.read(case, answer.body)
        found = decision.unusable(case, answer.why, self.world.clock.now())
        return replace(found, document_sha256=digest(body))

    def plan_poll(self, db: sa.Connection, case: Case, polls: int) -> None:
        """Queue the next question to the payer, unless one waits already.

        One that tells by itself is asked seldom: only what it told may have been lost.
        https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#checking-status
        """
        payer = self.payer(case)
        pause = _pause(payer, polls, payer.poll_longest_seconds)
        if self.world.inbox.tells(case.payer_id or "", case.site, db):
            pause = payer.poll_longest_seconds
        if self.world.tasks.waiting(db, "poll", case.id):
            self.world.tasks.sooner(db, "poll", case.id, pause, ONCE)
            return
        tag = f"{polls + 1}-{uuid.uuid4()}"
        self.world.tasks.add(db, "poll", case.id, tag=tag, delay=pause)

    def ask_once(self, db: sa.Connection, case: Case, polls: int = -1) -> None:
        """Queue a question to the payer, even if all is decided: what it said is not known.

        At once, or with a pause that grows to a day after so many ``polls``; one at a time waits.
        """
        pause = _pause(self.payer(case), polls, DAILY) if polls >= 0 else 0.0
        if self.world.tasks.sooner(db, "poll", case.id, pause, ONCE):
            return
        tag = f"{polls + 1}-{ONCE}{uuid.uuid4()}"
        self.world.tasks.add(db, "poll", case.id, tag=tag, delay=pause, max_attempts=MOST_ONCE)

    def stood_at(self, db: sa.Connection, case: Case, before: Decision) -> datetime | None:
        """Return when the payer said last, by its own clock, what counts; None where unknown.

        It never falls while the payer has the same version: what cannot be used has no moment.
        """
        kept = self.store.kv(STOOD).get(case.id, db)
        last = datetime.fromisoformat(kept) if kept else None
        return max(filter(None, (last, _made(before))), default=None)

    def stands(self, db: sa.Connection, case: Case, found: Decision, *, anew: bool = False) -> None:
        """Remember when what counts was said; ``anew`` on another version of the request."""
        newest = _made(found) if anew else self.stood_at(db, case, found)
        if newest or anew:
            self.store.kv(STOOD).put(case.id, newest and newest.isoformat(), None, db)

    def heard_until(self, case: Case) -> datetime | None:
        """Return the newest moment of the payer's clock at which a decision was heard, or None."""
        before = self.store.latest(case.id, "decision", Decision)
        with self.store.read() as db:
            return self.stood_at(db, case, before) if before else None

    def overtaken(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Tell whether an answer is older than what counts and says otherwise: lists may lag.

        So may be one that says not when it was made, where it affirms more. It is about what was
        decided of this version before it: of a first decision two clocks of a payer may say that
        it was made before the receipt.
        """
        stood, made = self.stood_at(db, case, before), _made(read)
        if not stood or (made and made >= stood):
            return False
        told = self._of_version(case)
        decided = {it.trace for one in told for it in one.items if it.decision not in OPEN}
        last = before if before.items else next(reversed(told), before)
        if made is None:
            return bool(verdicts.raised(read, last) & decided)
        ended = {one.number for one in self.store.utns(case.id) if one.status != "active"}
        ended -= {one.number for one in last.items}
        differ = {it.trace for it in read.items if it.number in ended}
        return bool(differ | (verdicts.contradicts(last, read) & decided))

    def last(self, case: Case, before: Decision) -> Decision:
        """Return the decision that stands, or the one before it where that says of no item."""
        return before if before.items else next(reversed(self._of_version(case)), before)

    def _of_version(self, case: Case) -> list[Decision]:
        """Return what was said of any item since the payer took the last change, oldest first."""
        versions = self.versions(case)
        taken = (versions[-1].ended_at or 0) - MINUTE if len(versions) > 1 else 0
        several = self.store.history(case.id, "decision", Decision)
        return [one for one in several if one.items and one.received_at.timestamp() >= taken]

    def first(self, case: Case, before: Decision) -> bool:
        """Tell whether nothing of a case was ever decided, so that nothing can be overtaken."""
        if len(self.versions(case)) > 1:
            return False  # an approval may be of the version before
        several = [before, *self.store.history(case.id, "decision", Decision)]
        return all(item.decision in OPEN for one in several for item in one.items)
