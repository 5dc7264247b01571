"""The payer's answers to a request: kept as they came, judged, and read together."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

from smart_app.cases import codec
from smart_app.cases.model import Case, ChartSnapshot, Decision, Receipt, Resource
from smart_app.pas import decision, echo, entries, verdicts
from smart_app.pas.usable import DIFFER
from smart_app.steps import Steps

ANSWER = "answer"
"""Every answer to a sending, by its request: kept as it came, before anything of it is read."""

log = logging.getLogger("preclear.decide")


def digest(body: Any) -> str:
    """Return a hash of an answer's results, in whatever order and wrapping they stand."""
    found = [one for one in echo.walk(body) if one.get("resourceType") == "ClaimResponse"]
    texts = sorted(json.dumps(one, sort_keys=True) for one in found)
    return codec.sha256(codec.dump(texts))


class Answers(Steps):
    """What a payer answered, each by itself and all to one request together."""

    def request(self, case: Case) -> Resource:
        """Return the request of a case as it was, or will be, sent."""
        request: Resource = json.loads(self.store.payload(self.submission(case)))
        return request

    def sent(self, case: Case) -> echo.Sent:
        """Return what an answer may echo of a case's request."""
        later = [json.loads(self.store.payload(one)) for one in self.submitted(case, "cancel")]
        return echo.sent(self.request(case), self.member(case), *later)

    def judged(self, case: Case, receipt: Receipt) -> Receipt:
        """Return a receipt as what it is: an answer that decided nothing, with errors, refuses."""
        if receipt.outcome != "received":
            return receipt
        text = self.payer(case).dismissed_text
        try:
            found = decision.refusal(receipt.body, self.sent(case), text)
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

    def read(self, case: Case, body: Any) -> Decision:
        """Return what an answer decides; one without items carries its hash."""
        found = decision.read(
            case,
            body,
            self.sent(case),
            dismissed_text=self.payer(case).dismissed_text,
            now=self.world.clock.now(),
        )
        return found if found.items else replace(found, document_sha256=digest(body))

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
        unused = decision.unusable(case, DIFFER, self.world.clock.now())
        return verdicts.agreed(read) or replace(unused, document_sha256=sha256)

    def tried(self, case: Case, answer: Receipt) -> Decision:
        """Return what an answer says, *malformed* when our reading fails."""
        try:
            return self.read(case, answer.body)
        except Exception as cause:
            self.unread(case, cause)
            found = decision.unusable(case, "malformed", self.world.clock.now())
            return replace(found, document_sha256=digest(answer.body))
