"""What stands in the chart: sources of answers, and what is filed there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from smart_app.cases.model import (
    DOCUMENT,
    ORDER,
    TAKE_BACK,
    Case,
    Coding,
    Decision,
    Evidence,
    UtnRecord,
    entered_here,
)
from smart_app.formatters.case import DECISIONS, item_line, join
from smart_app.formatters.dates import day, short_day

RUNGS = {DOCUMENT: "Document", ORDER: "Order", TAKE_BACK: "Order"}


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


def chip(found: Evidence) -> str:
    """Return a source chip's words: kind, day, author."""
    entered = entered_here(found.resource_ref)
    kind = "Order entered here" if entered else KINDS.get(found.kind, found.kind)
    return " · ".join(one for one in (kind, short_day(found.date), found.author or "") if one)


UNREAD = {
    "ServiceRequest": "orders",
    "Condition": "problem list",
    "Observation": "measurements",
    "DiagnosticReport": "reports",
    "DocumentReference": "notes",
    "Procedure": "procedures",
    "MedicationRequest": "medicines",
    "AllergyIntolerance": "allergies",
    "Encounter": "visits",
    "Appointment": "appointments",
    "CarePlan": "care plans",
    "Coverage": "coverages",
}


def not_read(kinds: str) -> str:
    """Return what of a chart a question lacks, by types of resources; empty for none."""
    found = [UNREAD[kind] for kind in kinds.split() if kind in UNREAD]
    return f"Preclear could not read all of the chart's {join(found)}." if found else ""


def marked(found: Evidence) -> list[tuple[str, bool]]:
    """Return a sentence in parts, each with whether it is one of the words looked for."""
    sentence = found.sentence or ""
    if not found.marks:
        return [(sentence, False)]
    looked_for = "|".join(re.escape(one) for one in sorted(found.marks, key=len, reverse=True))
    parts = re.split(f"({looked_for})", sentence, flags=re.IGNORECASE)
    return [(words, number % 2 == 1) for number, words in enumerate(parts) if words]


def chart_line(outcome: str, where: str, orders: int, *, entered: bool = False) -> str:
    """Return what is known of the chart; ``orders`` is how many orders were marked with it.

    What was ``entered`` here may have an order in the chart that only people know.
    """
    words = WRITE_OUTCOMES.get(outcome, "").format(where=where)
    if outcome != "filed_and_read_back":
        return words
    also = {0: "", 1: " The order is marked too."}.get(orders, f" {orders} orders are marked too.")
    unmarked = " The chart's own order is not marked: it was entered here." * (
        entered and not orders
    )
    return f"{words} The document is under {where}.{also}{unmarked}"


def number_line(case: Case, found: UtnRecord, count: int) -> str:
    """Return a number; where there are several, with the codes that it is for."""
    codes = number_codes(case, found, count)
    return f"{found.number} ({codes})" if codes else found.number


def number_codes(case: Case, found: UtnRecord, count: int) -> str:
    """Return the codes that a number is for, where there are several numbers."""
    codes = [item.code for item in case.items if item.trace in found.traces]
    return join(codes) if count > 1 else ""


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
    if found.taken_back:
        codes = [item.code for item in case.items if item.trace in found.taken_back]
        lines.append(f"On {join(codes)} the later answer of {payer} itself stands instead.")
    for one in numbers:
        lines += ["", f"Unique tracking number (UTN): {number_line(case, one, len(numbers))}"]
        if found.word == "affirmed" and not one.holds:
            lines.append("The dates that came with it leave no valid day: ask the payer.")
        elif found.word == "affirmed":
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


def entered(code: str, by: str, when: str, whole: bool) -> str:
    """Return what a person entered of an order: all of it, or the code that it lacked."""
    what = f"This order ({code})" if whole else f"The code {code} of this order"
    return f"{what} was entered here by {by} on {when}; it is not in the chart."


def order_facts(
    parts: Sequence[str],
    diagnoses: tuple[Coding, ...],
    planned: date | None,
    ordered: str | None,
    requester: str,
) -> str:
    """Return by what a person tells orders of one service apart: the part of the body first."""
    when = " ".join(["ordered", day(ordered, year=True), *(["by", requester] if requester else [])])
    said = [", ".join(parts), order_says(diagnoses, planned), when if ordered else ""]
    return " ".join(f"{one[0].upper()}{one[1:]}." for one in said if one)


def order_says(diagnoses: tuple[Coding, ...], planned: date | None) -> str:
    """Return what an order says itself, beside the code that it lacks; empty for nothing."""
    said = [f"diagnosis {join([one.code for one in diagnoses])}"] if diagnoses else []
    said += [f"planned {day(planned, year=True)}"] if planned else []
    return ", ".join(said)
