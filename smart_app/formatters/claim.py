"""The claim card in words."""

from __future__ import annotations

from datetime import date

from smart_app.cases.model import Check, ClaimCard
from smart_app.formatters.dates import day

CLAIM_HEADS = {
    "ready": "Put the number on the {whose} claim.",
    "hold_decision": "Hold the claim: no decision yet.",
    "hold_number": "Hold the claim: the number has not come.",
    "hold_window": "Hold the claim: the payer gave the number no day of service that it covers.",
    "hold_review": "Hold the claim: read the decision and number of each code first.",
    "outside_window": "Hold the claim: the day of the service is outside the valid dates.",
    "review_expected": "No number. Expect a review before payment.",
    "number_with_abn": "Non-affirmed. If it is done anyway, the number goes on the claim.",
}


CHECKS: dict[str, dict[bool | None, str]] = {
    "number": {True: "Number recorded", False: "No number yet"},
    "codes": {
        True: "Every code affirmed",
        False: "Not affirmed: {facts}",
        None: "Not decided: {facts}",
    },
    "date": {
        True: "Planned {facts}: inside the valid dates",
        False: "Planned {facts}: outside the valid dates",
        None: "No planned date to check",
    },
    "no_number": {False: "{facts}: no number will come"},
    "one_number": {False: "Several numbers, one claim carries one: {facts}"},
}
"""What was checked before billing, by outcome: a check that failed says what is wrong."""
ENDED = {"cancelled": "Withdrawn", "dismissed": "Dismissed", "not_required": "Not required"}
"""Decisions upon which no number comes."""


def check_line(found: Check) -> str:
    """Return a check in words."""
    facts = day(found.why) if found.words == "date" and found.why else found.why
    facts = ENDED.get(facts, facts) if found.words == "no_number" else facts
    return CHECKS[found.words][found.passed].format(facts=facts)


def claim_chip(card: ClaimCard, planned: date | None, today: date) -> tuple[str, str, str]:
    """Return tone, icon and words of the claim's state."""
    if card.state == "ready":
        waits = planned is not None and planned > today
        return "ok", "tick", "Ready, waiting for the service" if waits else "Ready to bill"
    if card.state == "number_with_abn":
        return "stop", "octagon", "Not ready to bill"
    return "warn", "hold", "Not ready to bill"


def claim_head(card: ClaimCard) -> str:
    """Return whose claim carries the number, or why the claim waits."""
    whose = "facility’s" if card.whose_claim == "facility" else "practice’s"
    return CLAIM_HEADS[card.state].format(whose=whose)
