"""Asking a payer what it has of a request: when, and how often."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from smart_app.answers import digest
from smart_app.cases.model import Case, Decision
from smart_app.moments import Moments
from smart_app.pas import client, decision, echo, inquiry
from smart_app.pas.usable import SECOND
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

    def listed(self, case: Case, body: Any) -> Decision | None:
        """Return what an inquiry's answer, or a notification, says of a case's request, if it does.

        Of a request that was sent twice a dismissal proves nothing: it may be of the second alone.
        """
        row = self.submission(case)
        answer = self._ours(case, row, body, self.echoed(case, row))
        read = None if answer.body is None else self.read(case, answer.body)
        if read is not None and read.word == "dismissed" and row.sends > 1:
            answer = replace(answer, why=SECOND)
        if answer.why is None:
            return read
        found = decision.unusable(case, answer.why, self.world.clock.now())
        return replace(found, document_sha256=digest(body))

    def _ours(self, case: Case, row: sa.Row[Any], body: Any, names: echo.Sent) -> inquiry.Inquired:
        text, second = self.payer(case).dismissed_text, None
        if row.sends > 1:
            sent = datetime.fromtimestamp(row.started_at or row.created_at, UTC)
            second = inquiry.Second(text, sent + inquiry.SLACK)
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
