"""Asking a payer what it has of a request: when, how often, and what it said last."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from smart_app.answers import Answers
from smart_app.cases.model import Case, Decision
from smart_app.errors import StaleRevision
from smart_app.pas import client, inquiry

STOOD = "stood"
"""Where the last moment is kept at which a payer said again what stands."""
ONCE = "once-"
"""How the task is called that asks about what is decided."""
HEARD, LONG = "heard", 86_400
"""Where it is marked that something was heard of a case, and for how many seconds: any question
that was under way then is over by the end."""
MOST_ONCE = 150
"""How often that is tried before it is asked once a day: about a day long."""


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

    def plan_poll(self, db: sa.Connection, case: Case, polls: int) -> None:
        """Queue the next question to the payer, unless one waits already.

        One that tells by itself is asked seldom: only what it told may have been lost.
        https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#checking-status
        """
        if self.world.tasks.waiting(db, "poll", case.id):
            return
        payer = self.payer(case)
        pause = min(payer.poll_longest_seconds, payer.poll_first_seconds * 1.5 ** min(polls, 40))
        if self.world.inbox.tells(case.payer_id or "", case.site, db):
            pause = payer.poll_longest_seconds
        tag = f"{polls + 1}-{uuid.uuid4()}"
        self.world.tasks.add(db, "poll", case.id, tag=tag, delay=pause)

    def ask_once(self, db: sa.Connection, case: Case) -> None:
        """Queue a question to the payer, even if all is decided: what it said is not known."""
        tag = f"1-{ONCE}{uuid.uuid4()}"
        self.world.tasks.add(db, "poll", case.id, tag=tag, max_attempts=MOST_ONCE)

    def last_heard(self, case_id: str, db: sa.Connection | None = None) -> str | None:
        """Return a mark of what was heard last, to be held against it once an answer is here."""
        found: str | None = self.store.kv(HEARD).get(case_id, db)
        return found

    def hear(self, db: sa.Connection, case_id: str) -> None:
        """Mark that something was heard: the answer to a question under way may be older."""
        self.store.kv(HEARD).put(case_id, str(uuid.uuid4()), LONG, db)

    def unheard(self, db: sa.Connection, case_id: str, since: str | None) -> None:
        """Raise StaleRevision when something was heard since a question was asked."""
        if self.last_heard(case_id, db) != since:
            raise StaleRevision

    def said_again(self, db: sa.Connection, before: Decision, found: Decision) -> None:
        """Remember that what stands was said again, so that nothing between overtakes it."""
        self.hear(db, before.case)
        stood = self.stood_at(db, before)
        if stood and found.created and found.created > stood:
            self.store.kv(STOOD).put(before.id, found.created.isoformat(), None, db)

    def stood_at(self, db: sa.Connection, found: Decision) -> datetime | None:
        """Return when the payer said last, by its own clock, what stands; None where unknown."""
        again = self.store.kv(STOOD).get(found.id, db)
        return datetime.fromisoformat(again) if again and found.created else found.created

    def heard_until(self, case: Case) -> datetime | None:
        """Return the newest moment of the payer's clock at which a decision was heard, or None."""
        before = self.store.latest(case.id, "decision", Decision)
        with self.store.read() as db:
            return self.stood_at(db, before) if before else None
