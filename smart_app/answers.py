"""The payer's answers to a request: kept as they came, judged, and read together."""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from smart_app.cases import codec
from smart_app.cases.model import Case, ChartSnapshot, Decision, Receipt, Resource, Task
from smart_app.cases.tasks import LeaseLost
from smart_app.fhir import dates
from smart_app.pas import decision, echo, entries, inquiry, unused, verdicts
from smart_app.pas.usable import DIFFER, STRAY, SUPERSEDED
from smart_app.steps import Steps

ANSWER = "answer"
"""Every answer to a sending, by its request: kept as it came, before anything of it is read."""
SKEW = timedelta(hours=1)
"""How far one clock of a payer may be ahead of another, and of ours."""
AHEAD = timedelta(days=31)
"""How far a payer's clock may be ahead, so that nothing is held back for ever by one wrong year."""

log = logging.getLogger("preclear.decide")


def digest(body: Any) -> str:
    """Return a hash of an answer's results, in whatever order and wrapping they stand."""
    texts = sorted(json.dumps(one, sort_keys=True) for one in echo.results(body))
    return codec.sha256(codec.dump(texts))


def takes(found: Decision) -> bool:
    """Tell whether an answer that names a change says that it is taken: any readable word does."""
    said = {one.decision for one in found.items} - {"unreadable"}
    return bool(said) and found.word != "dismissed"


class Answers(Steps):
    """What a payer answered, each by itself and all to one request together."""

    def request(self, case: Case) -> Resource:
        """Return the request of a case as it was, or will be, sent."""
        return self.bundle(self.submission(case))

    def sent(self, case: Case) -> echo.Sent:
        """Return what an answer may echo of a case's request as the payer has it."""
        return self.echoed(case, self.submission(case))

    def echoed(self, case: Case, row: sa.Row[Any]) -> echo.Sent:
        """Return what an answer may echo of one version of a case's request.

        What withdraws it has its own name, which is that of the version that was to be withdrawn.
        """
        cancels, known = self.submitted(case, "cancel"), self.versions(case)
        names = [one.identifier for one in known]
        if row.identifier in names:
            known = known[: names.index(row.identifier)]
        return echo.sent(
            self.bundle(row),
            self.member(case),
            cancels=[self.bundle(one) for one in cancels],
            before=[self.bundle(one) for one in known],
            since=self._taken_at(case, row) if known else None,
        )

    def answer(self, case: Case, identifier: str) -> Receipt | None:
        """Return the newest answer that came to what was sent under a name, as it came, or None."""
        return self.store.latest(case.id, f"{ANSWER}:{identifier}", Receipt)

    def bundle(self, row: sa.Row[Any]) -> Resource:
        """Return the Bundle of a submission, as it was or will be sent."""
        found: Resource = json.loads(self.store.payload(row))
        return found

    def _taken_at(self, case: Case, row: sa.Row[Any]) -> datetime | None:
        """Return until when, by its own clocks, a payer may have meant the version before.

        None while it has not taken that.
        """
        if row.outcome != "received" or row.ended_at is None:
            return None
        began = datetime.fromtimestamp(row.started_at or row.created_at, UTC)
        heard = datetime.fromtimestamp(row.ended_at, UTC)
        several = self.store.history(case.id, f"{ANSWER}:{row.identifier}", Receipt)
        for kept in several:
            told = [dates.moment(one.get("created")) for one in echo.results(kept.body)]
            if known := [one for one in told if one and began - SKEW <= one <= heard + AHEAD]:
                return max(known) + SKEW  # the next may be of another clock of the payer
        return heard + SKEW if several else heard  # a person heard of it later than it was so

    def keep_answer(
        self, task: Task, case: Case, identifier: str, receipt: Receipt, later: str
    ) -> None:
        """Keep an answer before it is read: whatever becomes of this task, it has come.

        One that came too late for the task is looked at by another one, of the kind ``later``.
        Raises LeaseLost.
        """
        stage = f"{ANSWER}:{identifier}"
        try:
            with self.world.tasks.during(task) as db:
                self.store.put(db, case.id, stage, receipt)
        except LeaseLost:
            with self.store.write() as db:
                self.store.put(db, case.id, stage, receipt)
                tag = f"late-{uuid.uuid4()}:{identifier}"
                self.world.tasks.add(db, later, case.id, tag=tag)
            raise

    def change_there(self, case: Case, body: Any) -> Resource | None:
        """Return what of a list says that the payer has a change which was given up here."""
        row = self._given_up(case)
        if row is None or case.tracks.submission not in ("received", "pended"):
            return None
        names, now = self.echoed(case, row), self.world.clock.now()
        found = inquiry.ours(case, body, names, now).body
        kept = self.answer(case, row.identifier)
        if found is None or (kept is not None and kept.body == found):
            return None
        told = self.judged(case, Receipt("received", 200, found), names)
        there = told.outcome == "received" and takes(self.tried(case, told, names))
        return found if there else None

    def _given_up(self, case: Case) -> sa.Row[Any] | None:
        """Return the newest change of a case, if the payer is believed not to have it."""
        rows = self.submitted(case, "update")[-1:]
        return rows[0] if rows and rows[0].outcome == "rejected" else None

    def there(self, db: sa.Connection, case: Case, result: Resource) -> None:
        """Keep an answer that names the newest change, and have it looked at."""
        self.hear(db, case.id)
        identifier = self.submitted(case, "update")[-1].identifier
        self.store.put(db, case.id, f"{ANSWER}:{identifier}", Receipt("received", 200, result))
        tag = f"there-{uuid.uuid4()}:{identifier}"
        self.world.tasks.add(db, "update", case.id, tag=tag)

    def judged(self, case: Case, receipt: Receipt, names: echo.Sent | None = None) -> Receipt:
        """Return a receipt as what it is: an answer that decided nothing, with errors, refuses."""
        if receipt.outcome != "received":
            return receipt
        text = self.payer(case).dismissed_text
        try:
            found = decision.refusal(receipt.body, names or self.sent(case), text)
        except Exception as cause:  # what our reading fails of refuses nothing
            self.unread(case, cause)
            return receipt
        if not found:
            return receipt
        places = tuple(found.values())
        return replace(receipt, outcome="rejected", faults=tuple(found), places=places)

    @staticmethod
    def unread(case: Case, cause: Exception) -> None:
        """Log that our reading of an answer failed, and of what kind."""
        log.error("answer unread", extra={"case": case.id, "why": type(cause).__name__})

    def member(self, case: Case) -> str:
        """Return the member number of the coverage that a case goes by."""
        chart = self.store.latest(case.id, "chart", ChartSnapshot)
        coverage = chart.by_reference(case.coverage_ref) if chart else None
        return entries.member_id(coverage or {}, chart.patient if chart else {})

    def read(self, case: Case, body: Any, names: echo.Sent | None = None) -> Decision:
        """Return what an answer decides; one without items carries its hash."""
        found = decision.read(
            case,
            body,
            names or self.sent(case),
            dismissed_text=self.payer(case).dismissed_text,
            now=self.world.clock.now(),
        )
        return found if found.items else self.unused(case, found, body, names or self.sent(case))

    def unused(self, case: Case, found: Decision, body: Any, names: echo.Sent) -> Decision:
        """Return an answer of which nothing can be used, with its hash and what it may mean."""
        found = replace(found, document_sha256=digest(body))
        if found.quarantined[0] in (*STRAY, SUPERSEDED):
            return found
        before = self.store.latest(case.id, "decision", Decision)
        said = verdicts.of_items(before) if before else {}
        may = unused.read(case, body, names, self.world.clock.now(), said)
        return replace(found, may_deny=may.may_deny, created=may.created, created_on=may.day)

    def ends(self, case: Case, answer: Receipt) -> bool:
        """Tell whether an answer refuses or dismisses: a later sending's may mean "we have it"."""
        return answer.outcome == "rejected" or self.tried(case, answer).word == "dismissed"

    def kept(self, case: Case, identifier: str) -> list[Receipt]:
        """Return every answer that came to a request, as what it is, newest first."""
        found = self.store.history(case.id, f"{ANSWER}:{identifier}", Receipt)
        return [self.judged(case, one) for one in reversed(found)]

    def answering(self, case: Case, answers: list[Receipt]) -> list[Receipt]:
        """Return the answers that neither refuse nor dismiss."""
        return [one for one in answers if not self.ends(case, one)]

    def together(self, case: Case, identifier: str, answer: Receipt) -> Decision:
        """Return what an answer says, held against all others to the same request.

        A request that was sent again may be answered twice. When the answers contradict each
        other none is used, in whatever order they came.
        """
        others = [one for one in self.answering(case, self.kept(case, identifier)) if one != answer]
        if not others:
            return self.read(case, answer.body)
        read = [self.tried(case, one) for one in (answer, *others)]
        return self.said_by(case, read, digest([one.body for one in (answer, *others)]))

    def said_by(self, case: Case, read: list[Decision], sha256: str) -> Decision:
        """Return what answers say together, or that they differ; ``sha256`` is of them all."""
        return verdicts.agreed(read) or self.differing(case, verdicts.latest(read), sha256)

    def differing(self, case: Case, last: Decision, sha256: str | None) -> Decision:
        """Return that a payer's answers contradict each other, of which one was made ``last``."""
        return replace(
            decision.unusable(case, DIFFER, self.world.clock.now()),
            document_sha256=sha256,
            created=last.created,
            created_on=last.created_on,
        )

    def tried(self, case: Case, answer: Receipt, names: echo.Sent | None = None) -> Decision:
        """Return what an answer says, *malformed* when our reading fails."""
        try:
            return self.read(case, answer.body, names)
        except Exception as cause:
            self.unread(case, cause)
            found = decision.unusable(case, "malformed", self.world.clock.now())
            return replace(found, document_sha256=digest(answer.body), may_deny=True)
