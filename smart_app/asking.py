"""Asking a payer what it has of a request: when, and how often."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from smart_app.answers import SKEW
from smart_app.cases.model import Case, Decision
from smart_app.moments import Moments
from smart_app.pas import client, decision, echo, inquiry, verdicts
from smart_app.steps import ONCE, growing


class Asking(Moments):
    """Questions to a payer."""

    def inquire(self, case: Case, row: sa.Row[Any] | None = None) -> inquiry.Inquired:
        """Ask the payer what it has of a case's request, or of a version; raises PayerError."""
        row = self.submission(case) if row is None else row
        body, names = self.ask(case, row), self.echoed(case, row)
        return self._ours(case, row, body, names)

    def ask(self, case: Case, row: sa.Row[Any]) -> Any:
        """Return what a payer answers to an inquiry, unread; raises PayerError."""
        payer, request = self.payer(case), self.bundle(row)
        asked = json.dumps(inquiry.build(request, self.world.clock.now())).encode()
        http, base = self.world.payer_http(payer), payer.pas_base or ""
        return self.exchanged(case, "inquiry", lambda: client.inquire(http, base, asked))

    def listed(self, case: Case, body: Any, *, asked: bool = False) -> Decision | None:
        """Return what a notification, or what was ``asked`` for, says of a case's request, if any.

        What was asked for may bear the moment of the question, and be of the version before.
        """
        row = self.submission(case)
        names = self.echoed(case, row)
        if asked:
            names = replace(names, around=self.just_now(case))
        answer = self._ours(case, row, body, names)
        read = None if answer.body is None else self.read(case, answer.body)
        why = answer.why
        if why is None and answer.state == "unclear" and self._affirmed(case):
            why = "a list that is not whole"  # what waits in it may be what was affirmed
        if why is None:
            return read
        found = self.unused(case, decision.unusable(case, why, self.world.clock.now()), body, names)
        return found if answer.why or found.may_deny else None

    def _affirmed(self, case: Case) -> bool:
        """Tell whether anything that the payer affirmed stands."""
        before = self.store.latest(case.id, "decision", Decision)
        return before is not None and verdicts.favours(before)

    def _ours(self, case: Case, row: sa.Row[Any], body: Any, names: echo.Sent) -> inquiry.Inquired:
        text, second = self.payer(case).dismissed_text, None
        if row.sends > 1:
            sent = datetime.fromtimestamp(row.started_at or row.created_at, UTC)
            second = inquiry.Second(text, sent + SKEW)
        return inquiry.ours(case, body, names, self.world.clock.now(), second=second)

    def plan_poll(self, db: sa.Connection, case: Case, polls: int) -> None:
        """Queue the next question to the payer, unless one waits already.

        One that tells by itself is asked seldom: only what it told may have been lost.
        https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#checking-status
        """
        payer = self.payer(case)
        pause = growing(payer, polls, payer.poll_longest_seconds)
        if self.world.inbox.tells(case.payer_id or "", case.site, db):
            pause = payer.poll_longest_seconds
        if self.world.tasks.waiting(db, "poll", case.id):
            self.world.tasks.sooner(db, "poll", case.id, pause, ONCE)
            return
        tag = f"{polls + 1}-{uuid.uuid4()}"
        self.world.tasks.add(db, "poll", case.id, tag=tag, delay=pause)
