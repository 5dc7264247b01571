"""What a payer asks for before it decides, and what became of the answer to it."""

from __future__ import annotations

from smart_app.cases.model import Declined, Wanted

DOCUMENTS = {
    "102089-0": "a form to fill in",
    "11488-4": "a consultation note",
    "11502-2": "a laboratory report",
    "11504-8": "a surgical operation note",
    "11506-3": "a progress note",
    "18748-4": "a diagnostic imaging report",
    "18776-5": "a plan of care",
    "18842-5": "a discharge summary",
    "28570-0": "a procedure note",
    "34117-2": "a history and physical note",
}
"""LOINC codes that payers ask for, in our own plain words. https://loinc.org/license/"""
WISHES = {
    "open": "Nothing is sent yet.",
    "elsewhere": "Preclear cannot send this: {payer} gave no number for it, or the message cannot "
    "be read. Call {payer}, or use its portal or fax.",
    "sending": "Sending now.",
    "received": "{payer} has it. Nothing for you to do.",
    "rejected": "{payer} did not take what was sent.",
    "unknown": "We do not know whether it arrived. Call {payer} and ask, then say so here.",
    "declined": "{by} noted that it cannot be provided: “{why}”. {payer} does not see this. "
    "Call and say so.",
}
"""What became of the answer to what a payer asks for."""


def wish(state: str, payer: str, declined: Declined | None) -> str:
    """Return what became of the answer to what a payer asks for."""
    by, why = (declined.by, declined.why.rstrip(".")) if declined else ("", "")
    return WISHES[state].format(payer=payer, by=by, why=why)


def wanted(one: Wanted) -> str:
    """Return what a payer asks for, in its own words where it has any."""
    ours = DOCUMENTS.get(one.code) or (f"a document of kind {one.code}" if one.code else "")
    theirs = f"“{one.words}”" if one.words else ""
    return ", ".join(filter(None, [ours, theirs])) or "more information"
