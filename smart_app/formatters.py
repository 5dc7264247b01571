"""Every word and date that a person reads, outside templates.

CMS's words where there are any: affirmed, non-affirmed, partially affirmed, dismissed. Prior
authorization is *recommended*, never required: the alternative is review before payment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from smart_app.cases.model import (
    Case,
    Check,
    ClaimCard,
    Decision,
    Event,
    Evidence,
    ItemDecision,
    UtnRecord,
)

DECISIONS = {
    "affirmed": "Affirmed",
    "affirmed_modified": "Affirmed with changes",
    "partial": "Partially affirmed",
    "non_affirmed": "Non-affirmed",
    "pended": "Waiting for a decision",
    "dismissed": "Dismissed",
    "cancelled": "Cancelled",
    "contact_payer": "Call the reviewer",
    "not_required": "No authorization needed",
    "unreadable": "Read the letter",
}

CHIPS: dict[str, tuple[str, str, str]] = {
    "review": ("", "", ""),
    "queued": ("wait", "arrow", "Sending"),
    "sending": ("wait", "arrow", "Sending"),
    "unknown": ("warn", "diamond", "Sent, outcome unknown"),
    "rejected": ("stop", "square", "Not accepted"),
    "parked": ("warn", "diamond", "Not sent"),
    "pended": ("wait", "clock", "Waiting for a decision"),
    "cancelled": ("warn", "square", "Withdrawn"),
    "affirmed": ("ok", "tick", "Affirmed"),
    "affirmed_number_awaited": ("ok", "tick", "Affirmed, number awaited"),
    "affirmed_modified": ("warn", "half", "Affirmed with changes"),
    "affirmed_modified_number_awaited": ("warn", "half", "Affirmed with changes, number awaited"),
    "partial": ("warn", "half", "Partially affirmed"),
    "partial_number_awaited": ("warn", "half", "Partially affirmed, number awaited"),
    "non_affirmed": ("stop", "octagon", "Non-affirmed"),
    "dismissed": ("stop", "square", "Dismissed"),
    "contact_payer": ("warn", "diamond", "Call the reviewer"),
    "not_required": ("wait", "clock", "No authorization needed"),
    "unreadable": ("warn", "diamond", "Read the letter"),
}
"""Headline state → tone, icon shape, words. Only affirmed is green (``ok``)."""

STAGES = {
    "chart": "Chart read",
    "rules": "Medicare rules",
    "ask": "Asking {payer}",
    "form": "{payer}'s form",
    "fill": "Answers from the chart",
}

EVENTS = {
    "opened": "Opened from the order",
    "again": "A new first request begun from the earlier one",
    "joined": "Opened again from the order",
    "superseded": "The order or coverage changed in the chart: begun anew",
    "answered": "Answers changed",
    "documents_chosen": "Documents to send chosen",
    "document_used": "A document chosen for an open point",
    "sent_without": "A point left open knowingly",
    "settled": "Place chosen: {place}",
    "continued_locally": "Continued with Medicare's own list",
    "signed": "Signed",
    "sending": "Sending started",
    "send_unknown": "No answer: we do not know whether it arrived",
    "not_there": "The reviewer has no such request: sending the same again",
    "person_not_there": "{payer} does not have it, a person asked: sending the same again",
    "person_not_accepted": "{payer} has none of it and refuses it, a person asked",
    "person_needed": "A person has to ask {payer} what became of it",
    "order_not_taken_back": "The order in the chart could not be changed back: {outcome}",
    "sources_disagree": "{payer}'s own answer ({decision}) contradicts the letter",
    "asked": "A person asked to try again now",
    "received": "{payer} confirmed receipt",
    "rejected": "{payer} did not accept the request",
    "decided": "{payer}: {decision}",
    "number": "The number came",
    "number_refused": "A number was not used: it does not fit this patient or program",
    "quarantined": "An answer was not used: it is not about this request",
    "numbers_disagree": "Two different numbers came: none was used",
    "written": "{what} in the chart: {outcome}",
    "awaiting_launch": "Will be filed when the signer next opens this chart",
    "parked": "Needs a person: it did not work after several tries",
    "letter": "A decision was entered from a letter",
}

RUNGS = {"DocumentReference.create": "Document", "ServiceRequest.update": "Order"}

WRITE_OUTCOMES = {
    "filed_and_read_back": "Written to the chart and read back.",
    "accepted_unverified": "The chart took it, but it could not be read back. Look under {where}.",
    "draft_awaiting_signature": "In the chart as a draft that waits for your signature.",
    "notified_only": "A message was sent; nothing was filed.",
    "refused": "The chart refused it. Copy the number into the chart yourself.",
    "unknown": "We do not know whether the chart took it. Look under {where} before writing again.",
    "manual_pending": "Not in the chart yet: copy the number into the chart yourself.",
    "manual_confirmed": "Someone wrote it into the chart and said so.",
    "awaiting_launch": "Will be filed when the signer next opens this chart from the order.",
    "writing": "Being written to the chart.",
    "none": "",
}

KINDS = {
    "DocumentReference": "Note",
    "DiagnosticReport": "Imaging",
    "Observation": "Measure",
    "Condition": "Problem list",
    "Procedure": "Procedure",
    "MedicationRequest": "Medicine",
    "CarePlan": "Care plan",
    "ServiceRequest": "Order",
    "Appointment": "Appointment",
    "Patient": "Patient",
    "Encounter": "Visit",
    "calculated": "Calculated",
}


def day(value: date | datetime | str | None, zone: str = "UTC", *, year: bool = False) -> str:
    """Return a day as ``Thu 26 Nov``, with the year when asked."""
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            return day(date.fromisoformat(value[:10]), zone, year=year)
        except ValueError:
            return value
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(zone)).date()
    return f"{value:%a} {value.day} {value:%b %Y}" if year else f"{value:%a} {value.day} {value:%b}"


def birth(value: str | None) -> str:
    """Return a birth date as ``2 Mar 1948``; a partial one as it stands."""
    try:
        found = date.fromisoformat(value or "")
    except ValueError:
        return value or "date unknown"
    return f"{found.day} {found:%b %Y}"


def short_day(value: str | None) -> str:
    """Return a chart date as ``18 Nov``, or with its year when it is not a full date."""
    if not value:
        return ""
    try:
        found = date.fromisoformat(value[:10])
    except ValueError:
        return value
    return f"{found.day} {found:%b}"


def moment(value: datetime | None, zone: str, *, named: bool = False) -> str:
    """Return a time as ``Mon 23 Nov, 09:52`` in the site's zone, which is ``named`` when asked."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone))
    said = f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"
    return f"{said} {local:%Z}" if named else said


def age(born: str | None, today: date) -> str:
    """Return an age in full years, or an empty string for a partial birth date."""
    try:
        birth = date.fromisoformat(born or "")
    except ValueError:
        return ""
    return str(today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)))


def codes(case: Case) -> str:
    """Return the codes of a case, as ``64483 and 64484``."""
    return join([item.code for item in case.items])


def join(words: Sequence[str]) -> str:
    """Return words as a spoken list."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def services(case: Case) -> str:
    """Return our plain words for what is ordered."""
    return case.items[0].coding[0].words or "the ordered service"


def chip(found: Evidence) -> str:
    """Return a source chip's words: kind, day, author."""
    kind = KINDS.get(found.kind, found.kind)
    return " · ".join(one for one in (kind, short_day(found.date), found.author or "") if one)


def marked(found: Evidence) -> list[tuple[str, bool]]:
    """Return a sentence in parts, each with whether it is one of the words looked for."""
    sentence = found.sentence or ""
    if not found.marks:
        return [(sentence, False)]
    looked_for = "|".join(re.escape(one) for one in sorted(found.marks, key=len, reverse=True))
    parts = re.split(f"({looked_for})", sentence, flags=re.IGNORECASE)
    return [(words, number % 2 == 1) for number, words in enumerate(parts) if words]


def scope_line(case: Case) -> str:
    """Return the sentence of the finding."""
    if case.scope.verdict == "in_scope":
        return f"Medicare prior authorization is recommended for {codes(case)}, {services(case)}."
    if case.scope.verdict == "out_of_scope":
        return f"No Medicare prior authorization for {codes(case)}: this order is outside WISeR."
    return f"Medicare prior authorization may be recommended for {codes(case)}: one thing is open."


def headline(case: Case, state: str, payer: str, until: date | None, zone: str) -> str:
    """Return the one line of a sent case."""
    due = moment(case.due_at, zone, named=True)
    lines = {
        "queued": f"Signed. Sending to {payer} now.",
        "sending": f"Sending to {payer} now.",
        "unknown": "We do not know whether it arrived.",
        "rejected": f"{payer} did not accept the request. Nothing was decided.",
        "parked": f"{payer} could not be reached. Nothing was sent yet.",
        "pended": f"Sent to {payer}. Decision due by {due}.",
        "affirmed": f"{payer} affirmed {codes(case)}. Do it by {day(until, zone, year=True)}.",
        "affirmed_number_awaited": (
            f"{payer} affirmed {codes(case)}. Hold the claim, do not resubmit."
        ),
        "affirmed_modified": (
            f"{payer} affirmed {codes(case)} with changes. Look at them before acting."
        ),
        "affirmed_modified_number_awaited": (
            f"{payer} affirmed with changes. Hold the claim for the number."
        ),
        "partial": f"{payer} affirmed a part of {codes(case)}.",
        "partial_number_awaited": (
            f"{payer} affirmed a part of {codes(case)}. The number has not come."
        ),
        "non_affirmed": f"{payer} did not affirm this request.",
        "dismissed": f"{payer} dismissed the request. Nothing was decided.",
        "cancelled": "The request was withdrawn.",
        "contact_payer": f"{payer} asks you to call before it decides.",
        "not_required": f"{payer} says that no authorization is needed.",
        "unreadable": f"{payer}'s answer could not be read by software. Read the letter.",
    }
    return lines.get(state, "")


WARNINGS = {
    "closed": "This request is closed: a newer one took its place.",
    "sources_disagree": (
        "{payer}’s own answer says otherwise than the letter that was entered. Ask {payer}, then "
        "enter the decision again. Until then nothing is counted as affirmed."
    ),
    "order_not_taken_back": (
        "The order in the chart still says that it is authorized. Change it there by hand: the "
        "decision that stands is on this page."
    ),
}
"""What a person must know before acting on a case's page."""

CLAIM_HEADS = {
    "ready": "Put the number on the {whose} claim.",
    "hold_decision": "Hold the claim: no decision yet.",
    "hold_number": "Hold the claim: the number has not come.",
    "hold_review": "Hold the claim: read the decision and number of each code first.",
    "outside_window": "Hold the claim: the day of the service is outside the valid dates.",
    "review_expected": "No number. Expect a review before payment.",
    "number_with_abn": "Non-affirmed. If it is done anyway, the number goes on the claim.",
}


CHECKS: dict[str, dict[bool | None, str]] = {
    "number": {True: "Number recorded", False: "No number yet"},
    "codes": {True: "Every code affirmed", False: "Not affirmed: {facts}"},
    "date": {
        True: "Planned {facts}: inside the valid dates",
        False: "Planned {facts}: outside the valid dates",
        None: "No planned date to check",
    },
    "one_number": {False: "Several numbers, one claim carries one: {facts}"},
}
"""What was checked before billing, by outcome: a check that failed says what is wrong."""


def check_line(found: Check) -> str:
    """Return a check in words."""
    facts = day(found.why) if found.words == "date" and found.why else found.why
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


UNKNOWN = {
    "inquire": "We ask {payer} whether it has the request. A second one would be dismissed.",
    "idempotent_resend": "We send the same again: {payer} keeps one of it.",
    "person": "It is not sent again by itself. Call {payer} and ask, then say so on this page.",
}


def days_left(left: int) -> str:
    """Return how many days a number still holds."""
    if left < 0:
        return "over"
    return "today is the last day" if left == 0 else f"{left} day{'s' if left > 1 else ''} left"


def next_line(case: Case, state: str, payer: str, mac: str, recovery: str, decided: str) -> str:
    """Return what happens next, in one line; ``recovery`` is the payer's, or a person's."""
    if state == "non_affirmed" and case.tracks.utn == "awaited":
        return f"{payer} has decided; the number has not come."
    lines = {
        "queued": "Nothing for you to do.",
        "sending": "Nothing for you to do.",
        "unknown": UNKNOWN.get(recovery, UNKNOWN["person"]).format(payer=payer),
        "rejected": "Mend what is listed, then begin a new request here.",
        "parked": "We tried several times. Try again here, or ask the person who runs Preclear.",
        "pended": "Nothing for you to do. This page changes by itself.",
        "affirmed": f"Decided {decided}. Nothing for you to do.",
        "affirmed_number_awaited": f"{mac} gives the number, sometimes days later. We keep asking.",
        "affirmed_modified": "What was affirmed differs from what was asked. Hold the claim.",
        "affirmed_modified_number_awaited": "What was affirmed differs from what was asked.",
        "partial": "Read the decision for each code below before you act. Hold the claim.",
        "partial_number_awaited": "Read the decision for each code below. We keep asking.",
        "non_affirmed": (
            "A non-affirmation is not payment. It can be resubmitted with what is missing, by "
            f"{payer}'s portal, fax or mail: Preclear does not prepare that yet."
        ),
        "dismissed": (
            "A dismissed request may be sent again as a first request once the reason is mended."
        ),
        "unreadable": "Nothing is counted as affirmed until a person has read it.",
        "contact_payer": f"Call {payer}. Nothing is counted as affirmed.",
    }
    return lines.get(state, "")


def event(found: Event, payer: str) -> str:
    """Return a line of the case's history."""
    facts: dict[str, Any] = {"payer": payer, **found.facts}
    facts["decision"] = DECISIONS.get(str(found.facts.get("word")), "decision").lower()
    outcome = str(found.facts.get("outcome") or "")
    facts["outcome"] = WRITE_OUTCOMES.get(outcome, outcome).format(where="Documents").lower()
    facts["what"] = RUNGS.get(str(found.facts.get("rung")), "Nothing")
    facts.setdefault("place", "")
    words = EVENTS.get(found.kind, found.kind).format(**facts)
    return f"{words} by {found.who}" if found.who and found.kind in ("signed", "letter") else words


def item_line(case: Case, found: ItemDecision) -> str:
    """Return one code's decision."""
    code = next((one.code for one in case.items if one.trace == found.trace), "")
    return f"{code}: {DECISIONS[found.decision].lower()}"


def chart_line(outcome: str, where: str, orders: int) -> str:
    """Return what is known of the chart; ``orders`` is how many orders were marked with it."""
    words = WRITE_OUTCOMES.get(outcome, "").format(where=where)
    if outcome != "filed_and_read_back":
        return words
    also = {0: "", 1: " The order is marked too."}.get(orders, f" {orders} orders are marked too.")
    return f"{words} The document is under {where}.{also}"


def number_line(case: Case, found: UtnRecord, count: int) -> str:
    """Return a number; where there are several, with the codes that it is for."""
    if count < 2:
        return found.number
    return f"{found.number} ({join([i.code for i in case.items if i.trace in found.traces])})"


def chart_title(found: Decision) -> str:
    """Return the title of the document in the chart."""
    return f"Medicare prior authorization: {DECISIONS[found.word].lower()}"


def chart_text(case: Case, found: Decision, numbers: list[UtnRecord], payer: str) -> str:
    """Return the document in the chart: decision first, the number second, what it means third."""
    lines = [f"Medicare prior authorization decision by {payer}", ""]
    lines += [item_line(case, one).capitalize() for one in found.items]
    if found.decided_on:
        lines.append(f"Decided {day(found.decided_on, year=True)}")
    if found.source in ("letter", "portal"):
        lines.append(f"Entered from a {found.source} by {found.entered_by or 'a person'}.")
    for one in numbers:
        lines += ["", f"Unique tracking number (UTN): {number_line(case, one, len(numbers))}"]
        if found.word == "affirmed":
            lines.append(f"Valid for dates of service {one.valid_from} to {one.valid_to}.")
        else:
            lines.append("The number alone does not mean payment: read the decision above.")
    notes = [note for one in found.items for note in (*one.reasons, *one.notes)]
    if notes:
        lines += ["", "The reviewer's reasons:", *dict.fromkeys(notes)]
    places = {item.place.name for item in case.items if item.place}
    lines += ["", "Order: " + ", ".join(case.order_refs), "Place: " + ", ".join(sorted(places))]
    if case.signed_by:
        lines.append(f"Requested by {case.signed_by.name} with Preclear.")
    return "\n".join(lines) + "\n"
