"""A case in words: what it is about, where it stands, what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from os.path import commonprefix

from smart_app.cases.model import (
    Case,
    CoverageAnswer,
    CoverageRepetition,
    ItemDecision,
)
from smart_app.formatters.dates import day, moment

DECISIONS = {
    "affirmed": "Affirmed",
    "affirmed_modified": "Affirmed with changes",
    "partial": "Partially affirmed",
    "non_affirmed": "Non-affirmed",
    "pended": "Waiting for a decision",
    "dismissed": "Dismissed",
    "cancelled": "Withdrawn",
    "contact_payer": "Call the reviewer",
    "not_required": "No authorization needed",
    "unreadable": "Read the letter",
}


def telephone(number: str) -> str:
    """Return how a number is called."""
    return f"Telephone {number}"


CHIPS: dict[str, tuple[str, str, str]] = {
    "review": ("", "", ""),
    "queued": ("wait", "arrow", "Sending"),
    "sending": ("wait", "arrow", "Sending"),
    "unknown": ("warn", "diamond", "Sent, outcome unknown"),
    "rejected": ("stop", "square", "Not accepted"),
    "parked": ("warn", "diamond", "Not sent"),
    "pended": ("wait", "clock", "Waiting for a decision"),
    "updating": ("wait", "arrow", "Being changed"),
    "cancelling": ("warn", "diamond", "Being withdrawn"),
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


def codes(case: Case) -> str:
    """Return the codes of a case, as ``64483 and 64484``."""
    return join([item.code for item in case.items])


def units(count: float) -> str:
    """Return how many units of a code are asked for, as ``1 unit`` or ``1.5 units``."""
    return f"{count:.10g} unit{'' if count == 1 else 's'}"


def join(words: Sequence[str]) -> str:
    """Return words as a spoken list."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def services(case: Case) -> str:
    """Return our plain words for what is ordered: what several codes have in common."""
    several = [words for item in case.items if (words := item.coding[0].words)] or [""]
    if len(set(several)) > 1:
        shared = commonprefix(several).rpartition(", ")[0]
        return shared or join(list(dict.fromkeys(several)))
    return several[0] or "the ordered service"


def scope_line(case: Case) -> str:
    """Return the sentence of the finding."""
    if case.scope.verdict == "in_scope":
        asked = f"{codes(case)}, {services(case)}"
        return f"Medicare prior authorization is recommended for {asked}."
    if case.scope.verdict == "out_of_scope":
        return f"No Medicare prior authorization for {codes(case)}: this order is outside WISeR."
    count = len(case.scope.questions)
    things = f"{count} things are open" if count > 1 else "one thing is open"
    return f"Medicare prior authorization may be recommended for {codes(case)}: {things}."


NO_DAY = "Do not do it before the valid dates are known."


def headline(
    case: Case, state: str, payer: str, until: date | None, zone: str, why: str = ""
) -> str:
    """Return the one line of a sent case; ``why`` is why an answer is not used."""
    if state == "unreadable" and why in STRAYS:
        return f"{payer} sent an answer that is about {STRAYS[why]}. It is not used."
    due = moment(case.due_at, zone, named=True)
    by = f"Do it by {day(until, zone, year=True)}." if until else NO_DAY
    lines = {
        "queued": f"Signed. Sending to {payer} now.",
        "sending": f"Sending to {payer} now.",
        "unknown": "We do not know whether it arrived.",
        "rejected": f"{payer} did not accept the request. Nothing was decided.",
        "parked": f"{payer} could not be reached. Nothing was sent yet.",
        "pended": f"Sent to {payer}. Decision due by {due}.",
        "affirmed": f"{payer} affirmed {codes(case)}. {by}",
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
        "updating": f"A change was sent to {payer}. Do not rely on this request until it answers.",
        "cancelling": f"{payer} was asked to withdraw this request. Do not rely on it.",
        "cancelled": f"{payer} says that the request was withdrawn. Nothing is affirmed.",
        "contact_payer": f"{payer} asks you to call before it decides.",
        "not_required": f"{payer} says that no authorization is needed.",
        "unreadable": f"{payer}'s answer could not be read by software. Read the letter.",
    }
    return lines.get(state, "")


def changes(before: Case, after: Case) -> str:
    """Return what a change of a request changes."""
    left = {one.trace: one for one in after.items}
    found = [f"{one.code} is not asked for" for one in before.items if one.trace not in left]
    found += [
        f"{one.code}: {units(left[one.trace].units)}"
        for one in before.items
        if one.trace in left and left[one.trace].units != one.units
    ]
    if after.planned_date != before.planned_date and after.planned_date:
        found.append(f"planned {day(after.planned_date, year=True)}")
    if more := len({*after.also_sent} - {*before.also_sent}):
        found.append(f"{more} document{'' if more == 1 else 's'} added")
    return join(found)


NO_CODE = "It carries no billing code (CPT or HCPCS). Open it to enter the code."

PAYER_SAID = {
    "not_asked": ("", "{payer} was not asked: it offers no check of orders."),
    "failed": ("warn", "{payer} did not answer whether it asks for authorization."),
    "no_member": ("warn", "{payer} does not know this member number. Check the coverage."),
    "not-covered": ("warn", "{payer} says that this is not covered."),
    "auth-needed": ("", "{payer} asks for authorization too."),
    "conditional": (
        "warn",
        "{payer} says that it depends: read its reasons. A request settles it.",
    ),
    "silent": ("warn", "{payer} did not say whether it asks for authorization."),
    "satisfied": ("warn", "{payer} says that an authorization is there already."),
    "no-auth": ("warn", "{payer} says that it needs no authorization for this."),
}
"""What the payer said about the order, tone and sentence: four ways to say no stay four.

The most careful word comes first: of several it is the one that is said.
"""


def payer_said(answer: CoverageAnswer, payer: str) -> tuple[str, str]:
    """Return tone and sentence of the payer's answer, its own reasons behind it."""
    found = answer.repetitions
    kinds = {_said(one) for one in found} or {"silent"}
    told = next(one for one in PAYER_SAID if one in kinds)
    tone, words = PAYER_SAID[told if answer.outcome == "answered" else answer.outcome]
    reasons = dict.fromkeys(reason for one in found for reason in one.reasons)
    quoted = "".join(f" “{one}”" for one in reasons) if tone == "warn" else ""
    return tone, words.format(payer=payer) + quoted


def _said(one: CoverageRepetition) -> str:
    """Return the word of one repetition; one that is not known here is a condition to read."""
    if one.covered == "not-covered":
        return one.covered
    if not one.pa_needed:
        return "silent"
    return one.pa_needed if one.pa_needed in PAYER_SAID else "conditional"


WARNINGS = {
    "record_broken": (
        "The record of this case was changed outside Preclear: it does not fit together from "
        "entry {number} on. Do not rely on it; tell whoever runs Preclear."
    ),
    "closed": "This request is closed: a newer one took its place.",
    "order_cancelled": (
        "An order of this request was cancelled in the chart, and {payer} does not know. Change "
        "the request, or withdraw it, on this page."
    ),
    "sources_disagree": (
        "{payer}’s own answer says otherwise than the letter that was entered. Ask {payer}, then "
        "enter the decision again. Until then nothing on which they differ is counted as affirmed."
    ),
    "number_differs": (
        "{payer} itself gives another number than the letter that was entered, whose number "
        "is not used. Compare the letter, or ask {payer}, then enter the decision again."
    ),
    "answers_disagree": (
        "{payer} gives answers to this request that contradict each other, or that it takes back. "
        "None is used. Ask {payer} what it decided, then enter that as from a letter."
    ),
    "older_listed": (
        "{payer} listed an older answer that says otherwise than its last one, and was not used. "
        "Ask {payer} what it decided; where that is not what stands here, enter it as from a "
        "letter."
    ),
    "answer_unclear": (
        "{payer} itself answered after the letter was entered: it asks for a call, or its answer "
        "cannot be read by software. The letter stands as it was entered. Ask {payer} whether it "
        "still holds."
    ),
    "numbers_disagree": (
        "{payer} gives two different numbers for one code: none is used. Ask {payer} which one "
        "counts, then enter the decision as from a letter."
    ),
    "number_refused": (
        "{payer} gives a number that does not fit this patient or program: it is not used. Ask "
        "{payer} for the right one, then enter the decision as from a letter."
    ),
    "several_numbers": (
        "Several numbers came for this request, and a claim carries one. Read on the claim card "
        "which is for what before anything is billed."
    ),
    "unusual_number": (
        "This number is not formed as others are. Compare it with the letter, or ask {payer}, "
        "before it goes on a claim."
    ),
    "no_day": (
        "{payer} gave dates for this number that leave no day on which it may be done. Ask "
        "{payer} for the valid dates before the service is done or billed."
    ),
    "order_not_taken_back": (
        "The order in the chart still says that it is authorized. Change it there by hand: the "
        "decision that stands is on this page."
    ),
}
"""What a person must know before acting on a case's page."""


NOTHING = "Nothing for you to do."
LEFT = {
    "": NOTHING,
    "refused": "Copy the number into the chart: the chart refused it.",
    "manual_pending": "Copy the number into the chart: it could not be written there.",
    "unknown": "Look whether the chart has the number: we do not know.",
    "accepted_unverified": "Look whether the chart has the number: it could not be read back.",
    "draft_awaiting_signature": "Sign the draft in the chart.",
    "notified_only": "Copy the number into the chart: only a message was sent.",
}
"""What the chart leaves to a person once a number is there."""


UNKNOWN = {
    "inquire": "We ask {payer} whether it has the request. A second one would be dismissed.",
    "idempotent_resend": "We send the same again: {payer} keeps one of it.",
    "person": (
        "Nothing more is sent by itself. Call {payer} and ask. If it does not have the request, "
        "say so on this page; if it has it, enter its decision from the letter when that comes."
    ),
}

AMENDING = {
    "inquire": "We wait until {payer} says that {done}. Nothing for you to do.",
    "idempotent_resend": "We wait until {payer} says that {done}. Nothing for you to do.",
    "person": "Call {payer} and ask whether {done}, then say so on this page.",
}
"""What happens next while a request is changed or withdrawn, by who finds out what became of it."""
STRAYS = {"another member": "another person", "another request": "another request"}
"""Whose an answer is that is not used."""
NOT_USED = "An answer was not used"
REFUSED = {
    "update": "{payer} did not take the change: the request stands as it was. Change it again, or "
    "call {payer}.",
    "cancel": "{payer} did not withdraw the request: it stands. Withdraw it again, or call "
    "{payer}.",
}
"""What happens next when what a person wished of a request was refused."""
DONE = {"updating": "it has the change", "cancelling": "it is withdrawn"}


def _amends(recovery: str, payer: str, done: str) -> str:
    """Return who finds out what became of a change or a withdrawal."""
    return AMENDING.get(recovery, AMENDING["person"]).format(payer=payer, done=done)


def _of_answer(state: str, payer: str, refused: str | None, why: str) -> str:
    """Return what happens next after an answer that decided nothing, or an empty text."""
    if state == "unreadable" and why in STRAYS:
        return f"Tell {payer}. Nothing is counted as affirmed; Preclear goes on asking."
    return REFUSED[refused].format(payer=payer) if state == "pended" and refused in REFUSED else ""


def next_line(
    case: Case,
    state: str,
    payer: str,
    mac: str,
    recovery: str,
    decided: str,
    *,
    warned: bool,
    wanted: bool = False,
    refused: str | None = None,
    why: str = "",
) -> str:
    """Return what happens next, in one line; ``recovery`` is the payer's, or a person's.

    Beside a warning it says of nobody that there is nothing to do, nor while something is
    ``wanted`` that only a person can send.
    """
    if wanted and state == "pended":
        return f"{payer} waits for what it asks for below."
    if said := _of_answer(state, payer, refused, why):
        return said
    if state == "cancelled" and case.tracks.submission == "cancelled":
        return "It was withdrawn from here. A new request begins with the same answers."
    if state == "non_affirmed" and case.tracks.utn == "awaited":
        return f"{payer} has decided; the number has not come."
    lines = {
        "queued": NOTHING,
        "sending": NOTHING,
        "unknown": UNKNOWN.get(recovery, UNKNOWN["person"]).format(payer=payer),
        "rejected": "Mend what is listed, then begin a new request here.",
        "parked": "We tried several times. Try again here, or ask the person who runs Preclear.",
        "pended": f"{NOTHING} This page changes by itself.",
        "affirmed": f"Decided {decided}. {LEFT.get(case.tracks.chart, LEFT[''])}",
        "affirmed_number_awaited": f"{mac} gives the number, sometimes days later. We keep asking.",
        "affirmed_modified": "What was affirmed differs from what was asked. Hold the claim.",
        "affirmed_modified_number_awaited": "What was affirmed differs from what was asked.",
        "partial": "Read the decision for each code below before you act. Hold the claim.",
        "partial_number_awaited": "Read the decision for each code below. We keep asking.",
        "non_affirmed": (
            "Done as it was requested, its claim would be denied. It can be resubmitted with what "
            f"is missing, by {payer}'s portal, fax or mail: Preclear does not prepare that yet."
        ),
        "dismissed": (
            "A dismissed request may be sent again as a first request once the reason is mended."
        ),
        "unreadable": (
            "Nothing is counted as affirmed until a person has read it, and entered it here from "
            "the letter."
        ),
        "contact_payer": f"Call {payer}. Nothing is counted as affirmed.",
        "not_required": "No number comes with it. In doubt, call before the service is done.",
        **{one: _amends(recovery, payer, words) for one, words in DONE.items()},
        "cancelled": f"If nobody here withdrew it, call {payer}.",
    }
    line = lines.get(state, "")
    return line.replace(NOTHING, "").strip() if warned else line


READERS = {True: "A clinician", False: "Software alone, says the reviewer"}
"""Who read the request before it was decided, as far as the reviewer says."""


def item_line(case: Case, found: ItemDecision) -> str:
    """Return one code's decision, and what the payer puts in its place."""
    item = next((one for one in case.items if one.trace == found.trace), None)
    code = item.code if item else ""
    instead = ""
    if found.replaced_by:
        asked = f", asked for {units(item.units)}" if item else ""
        instead = f"{asked}, instead: {join(found.replaced_by)}"
    return f"{code}: {DECISIONS[found.decision].lower()}{instead}"
