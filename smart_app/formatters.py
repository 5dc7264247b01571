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

from smart_app.cases.model import Case, Decision, Event, Evidence, ItemDecision, UtnRecord

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
    "document_used": "A document chosen for an open point",
    "sent_without": "A point left open knowingly",
    "settled": "Place chosen: {place}",
    "coverage_settled": "Coverage chosen: {place}",
    "signed": "Signed",
    "sending": "Sending started",
    "send_unknown": "No answer: we do not know whether it arrived",
    "not_there": "The reviewer has no such request: sending the same again",
    "person_not_there": "{payer} does not have it, a person asked: sending the same again",
    "sources_disagree": "{payer}'s own answer ({decision}) contradicts the letter",
    "received": "{payer} confirmed receipt",
    "rejected": "{payer} did not accept the request",
    "decided": "{payer}: {decision}",
    "number": "The number came",
    "number_refused": "A number was not used: it does not fit this patient or program",
    "quarantined": "An answer was not used: it is not about this request",
    "numbers_disagree": "Two different numbers came: none was used",
    "written": "Chart: {outcome}",
    "awaiting_launch": "Will be filed when the signer next opens this chart",
    "parked": "Needs a person: it did not work after several tries",
    "letter": "A decision was entered from a letter",
}

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


def moment(value: datetime | None, zone: str) -> str:
    """Return a time as ``Mon 23 Nov, 09:52`` in the site's zone."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


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
    due = moment(case.due_at, zone)
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


UNKNOWN = {
    "inquire": "We ask {payer} whether it has the request. A second one would be dismissed.",
    "idempotent_resend": "We send the same again: {payer} keeps one of it.",
    "person": "It is not sent again by itself. Call {payer} and ask, then say so on this page.",
}


def days_left(left: int) -> str:
    """Return how many days a number still holds."""
    return "over" if left == 0 else f"{left} day{'s' if left > 1 else ''} left"


def next_line(case: Case, state: str, payer: str, mac: str, recovery: str) -> str:
    """Return what happens next, in one line; ``recovery`` is the payer's."""
    if state == "non_affirmed" and case.tracks.utn == "awaited":
        return f"{payer} has decided; the number has not come."
    lines = {
        "queued": "Nothing for you to do.",
        "sending": "Nothing for you to do.",
        "unknown": UNKNOWN.get(recovery, UNKNOWN["person"]).format(payer=payer),
        "rejected": "Mend what is listed, then begin a new request here.",
        "parked": "We tried several times. Try again here, or ask the person who runs Preclear.",
        "pended": "Nothing for you to do. This page changes by itself.",
        "affirmed": "Nothing for you to do.",
        "affirmed_number_awaited": f"{mac} gives the number, sometimes days later. We keep asking.",
        "affirmed_modified": "What was affirmed differs from what was asked. Hold the claim.",
        "affirmed_modified_number_awaited": "What was affirmed differs from what was asked.",
        "partial": "Read the decision for each code below before you act. Hold the claim.",
        "partial_number_awaited": "Read the decision for each code below. We keep asking.",
        "non_affirmed": (
            "A non-affirmation is not payment. It can be resubmitted with what is missing."
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
    facts["outcome"] = WRITE_OUTCOMES.get(outcome, outcome).format(where="Documents")
    facts.setdefault("place", "")
    words = EVENTS.get(found.kind, found.kind).format(**facts)
    return f"{words} by {found.who}" if found.who and found.kind in ("signed", "letter") else words


def item_line(case: Case, found: ItemDecision) -> str:
    """Return one code's decision."""
    code = next((one.code for one in case.items if one.trace == found.trace), "")
    return f"{code}: {DECISIONS[found.decision].lower()}"


def chart_title(found: Decision) -> str:
    """Return the title of the document in the chart."""
    return f"Medicare prior authorization: {DECISIONS[found.word].lower()}"


def chart_text(case: Case, found: Decision, numbers: list[UtnRecord], payer: str) -> str:
    """Return the document in the chart: decision first, the number second, what it means third."""
    lines = [f"Medicare prior authorization decision by {payer}", ""]
    lines += [item_line(case, one).capitalize() for one in found.items]
    if found.decided_on:
        lines.append(f"Decided {day(found.decided_on, year=True)}")
    for one in numbers:
        lines += ["", f"Unique tracking number (UTN): {one.number}"]
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
