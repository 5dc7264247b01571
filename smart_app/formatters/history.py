"""What happened to a case, line by line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from smart_app.cases.model import Event
from smart_app.formatters.case import DECISIONS
from smart_app.formatters.chart import RUNGS, WRITE_OUTCOMES
from smart_app.formatters.dates import day, moment

EVENTS = {
    "opened": "Opened from the chart",
    "entered": "The order was entered here, {code}",
    "again": "A new first request begun from the earlier one",
    "order_cancelled": "An order of this request was cancelled in the chart",
    "order_stands": "No order of this request is cancelled in the chart any more",
    "joined": "Opened again from the chart",
    "same_service": "An order of a service that is asked for already ({code}) was not added",
    "superseded": "The order or coverage changed in the chart: begun anew",
    "answered": "Open points answered",
    "documents_chosen": "Documents to send chosen",
    "document_used": "A document chosen for an open point",
    "sent_without": "A point left open knowingly",
    "chart_taken": "What the chart says now was taken",
    "chart_kept": "What was read from the chart first was kept",
    "asked_again": "A point opened again",
    "settled": "Place chosen: {place}",
    "coverage_settled": "Coverage chosen: {place}",
    "companion_settled": "What it is ordered with: {place}",
    "continued_locally": "Continued with Medicare's own list",
    "expedited": "An expedited decision will be asked for",
    "standard": "A standard decision will be asked for",
    "signed": "Signed",
    "sending": "Sending started",
    "notified": "{payer} told of this request",
    "update_asked": "Change signed for {payer}: {changed}",
    "update_refused": "{payer} did not take the change: the request goes on as it was",
    "update_there": "{payer} has the change after all",
    "update_unknown": "We do not know whether {payer} has the change: a person has to ask",
    "updated": "{payer} has the change",
    "person_updated": "{payer} has the change, a person asked",
    "person_not_updated": "{payer} does not have the change, a person asked",
    "cancel_asked": "Withdrawal from {payer} asked for",
    "cancel_refused": "{payer} did not withdraw the request: it goes on",
    "cancel_unknown": "We do not know whether {payer} withdrew the request: a person has to ask",
    "person_cancelled": "{payer} has withdrawn the request, a person asked",
    "person_not_cancelled": "{payer} has not withdrawn the request, a person asked",
    "wanted": "{payer} asks for more before it decides",
    "adding": "Documents chosen for {payer}",
    "form_signed": "The form was signed for {payer}",
    "declined": "A note that what {payer} asks for cannot be provided, made",
    "added": "{payer} took what it had asked for",
    "add_refused": "{payer} did not take what was sent",
    "add_dropped": "What was chosen was not sent: nobody asks for it any more",
    "add_unknown": "We do not know whether what was sent arrived: a person has to ask {payer}",
    "person_added": "What was sent is there, a person asked",
    "person_not_added": "What was sent is not there, a person asked: sending the same again",
    "told_too_late": "{payer} told of this request when it was over here: it was not used",
    "send_unknown": "No usable answer: we do not know whether it arrived",
    "not_there": "The reviewer has no such request: sending the same again",
    "person_not_there": "{payer} does not have it, a person asked: sending the same again",
    "person_not_accepted": "{payer} has none of it and refuses it, a person asked",
    "person_needed": "A person has to ask {payer} what became of it",
    "order_not_taken_back": "The order in the chart could not be changed back: {outcome}",
    "order_taken_back": "The order in the chart was changed back",
    "sources_disagree": "{payer}'s own answer ({decision}) contradicts the letter",
    "number_differs": "{payer} gives another number than the letter, whose number is not used",
    "asked": "A person asked to try again now",
    "received": "{payer} confirmed receipt",
    "rejected": "{payer} did not accept the request",
    "decided": "{payer}: {decision}",
    "number": "The number came",
    "number_refused": "A number was not used: it does not fit this patient or program",
    "quarantined": "An answer was not used: {why}",
    "answers_disagree": "{payer} gives answers that contradict each other: none was used",
    "answers_agree": "{payer}'s answers no longer contradict each other",
    "older_listed": "{payer} listed an older answer, which was not used",
    "older_gone": "{payer} lists that older answer no more",
    "answer_unclear": "{payer} answered after the letter what a person has to read or to ask about",
    "answer_clear": "{payer}'s answer needs no person any more",
    "numbers_disagree": "Two different numbers came: none was used",
    "written": "{what} in the chart: {outcome}",
    "awaiting_launch": "Will be filed when the signer next opens this chart",
    "parked": "Needs a person: it did not work after several tries",
    "letter": "A decision was entered from a letter",
    "letter_not_taken": "A decision from a letter was not taken yet",
}


UNUSED = {
    "another member": "it is about another person",
    "another request": "it is about another request",
    "an earlier version": "it may be about the request as it was before the change: ask the payer",
    "not active": "it is not in force",
    "another use": "it is no prior authorization",
    "several ClaimResponses": "it holds several decisions in one",
    "no ClaimResponse": "it holds no decision",
    "malformed": "software cannot read it",
    "foreign item": "it decides something that was not asked for",
    "item twice": "it decides a code twice",
    "an error beside it": "it reports an error or a warning beside its decision",
    "an unknown modifier": "it is marked in a way that may change what it means",
    "another decision of the whole": "it contradicts itself",
    "another decision of a part": "it contradicts itself",
    "a list that is not whole": "the reviewer did not give all that it has",
    "a second sending": "it dismisses a request that was sent twice, perhaps the second one alone: "
    "ask the reviewer",
}
"""Why an answer was not used."""

BY = (
    "signed",
    "letter",
    "letter_not_taken",
    "entered",
    "cancel_asked",
    "adding",
    "form_signed",
    "declined",
)
"""Kinds of events of which it is told who did it."""


def not_added(found: Event, case_id: str, zone: str) -> str:
    """Return what a person must know of an order that was opened and not added to a case."""
    code = found.facts["code"]
    begun = day(datetime.fromisoformat(found.facts["begun"]), zone, year=True)
    if found.facts["case"] == case_id:
        return (
            f"This is the request of {code} begun {begun}. The order of the same service that was "
            f"opened {moment(found.at, zone)} is taken for the same, and asks for nothing more."
        )
    return f"{code} is already in the request begun {begun}: it was not added to this one."


def event(found: Event, payer: str) -> str:
    """Return a line of the case's history."""
    facts: dict[str, Any] = {"payer": payer, **found.facts}
    facts["decision"] = DECISIONS.get(str(found.facts.get("word")), "decision").lower()
    outcome = str(found.facts.get("outcome") or "")
    written = WRITE_OUTCOMES.get(outcome, outcome).format(where="Documents")
    facts["outcome"] = written[:1].lower() + written[1:]
    facts["what"] = RUNGS.get(str(found.facts.get("rung")), "Nothing")
    facts.setdefault("place", "")
    facts.setdefault("code", "")
    facts["why"] = UNUSED.get(str(found.facts.get("why")), "it cannot be relied on")
    words = EVENTS.get(found.kind, found.kind).format(**facts)
    return f"{words} by {found.who}" if found.who and found.kind in BY else words
