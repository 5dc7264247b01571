"""What a payer's results are read for: one request of ours, under its names, at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from smart_app.cases.model import Case, Decision, Resource
from smart_app.fhir import dates
from smart_app.pas import decision, echo, verdicts
from smart_app.pas.echo import Sent

SLACK = timedelta(days=1, hours=14)
"""How far a day, written without its zone or by a clock that is off, may lie beside the truth."""


def head_of(result: Resource) -> Resource:
    """Return the ClaimResponse of a result."""
    found: Resource = result["entry"][0]["resource"]
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list of results is read for: a request, its names, and the moment of reading."""

    case: Case
    sent: Sent
    now: datetime

    def created(self, response: Resource) -> date | None:
        """Return the moment or day at which a result says that it was made.

        None where it cannot be so: before there was such a request, or later than now. Payers
        write 0001 or 9999 for "none".
        """
        made = dates.when(response.get("created"))
        first, last = self.case.created_at - SLACK, self.now + SLACK
        return made if made and first <= dates.first(made) <= last else None

    def rank(self, response: Resource) -> datetime:
        """Return by what results are sorted; one that does not say is older than all others."""
        made = self.created(response)
        return dates.first(made) if made else datetime.min.replace(tzinfo=UTC)

    def surely_older(self, one: Resource, other: Resource) -> bool:
        """Tell whether a result was made before another, whatever hours a bare day may mean."""
        first, second = self.created(one), self.created(other)
        return first is not None and second is not None and dates.surely_before(first, second)

    def read(self, body: Resource) -> Decision:
        """Return what a result decides."""
        return decision.read(self.case, body, self.sent, dismissed_text="", now=self.now)


def named(asked: Asked, response: Resource) -> bool:
    """Tell whether a result bears any name of our request anywhere."""
    names = [asked.sent.identifier, *(item.trace for item in asked.case.items)]
    return echo.bears(response, names) or echo.referred(response, asked.sent)


NO_APPROVAL = {"non_affirmed", "not_required", "dismissed", "pended"}
"""Words of an item that surely never was affirmed."""


def may_affirm(asked: Asked, result: Resource) -> bool:
    """Tell whether a result may have affirmed anything of ours while it was in force."""
    head, beside = head_of(result), result["entry"][1:]
    traces, lines = {item.trace for item in asked.case.items}, head.get("item") or []
    ours = [one for one in lines if echo.traces_of(one) & traces]
    standing = {**head, "status": "active", "item": ours or lines}
    stood = {**result, "entry": [{"resource": standing}, *beside]}
    words = set(verdicts.of_items(asked.read(stood)).values())
    return not words or bool(words - NO_APPROVAL)
