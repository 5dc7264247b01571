"""The switches of the control page in plain words: what the payer does, and in which call."""

from __future__ import annotations

from sandbox.payer.asking import FORM, HISTORY, PROGRESS
from sandbox.payer.control import Settings

ASKED = {HISTORY: "a history and physical", PROGRESS: "a progress note", FORM: "a form"}
NOTHING = "nothing recorded"
LABELS: dict[str, dict[str, str]] = {
    "decision": {
        "affirm": "Affirm",
        "non-affirm": "Non-affirm, with reasons",
        "partial": "Partially affirm",
        "dismiss": "Dismiss",
        "pend": "Pend, then decide",
        "more-info": "Pend and ask for a document",
        "more-info-form": "Pend and ask for a form",
        "modify": "Affirm with another quantity",
        "in-part": "Affirm a part of each item",
        "whole": "Affirm the request, no item by itself",
        "cancelled": "Say it is cancelled",
        "contact": "Say to call",
        "not-required": "Say none is needed",
        "unknown-code": "Decide by a code of no list",
        "error": "Reject, nothing decided (X12 error)",
    },
    "misbehave": {
        "none": "Behave",
        "slow": "Record, answer after {seconds:g} s",
        "500": f"Server error (500), {NOTHING}",
        "html": f"A web page for an answer, {NOTHING}",
        "refuse": f"Refuse in words (400), {NOTHING}",
        "no_decision": "Record, answer without a decision",
        "malformed": "Record, answer half of the JSON",
        "cut_before": f"Cut the line, {NOTHING}",
        "cut_after": "Record, then cut the line",
        "timeout": "Record, then no answer",
        "500_after": "Record, then server error (500)",
        "empty": "Record, answer nothing",
        "truncated": "Record, stop in mid-answer",
        "wrong_type": "Record, answer something else",
        "other_patient": "Record, answer about another patient",
        "other_claim": "Record, answer another request",
    },
    "misbehave_on": {
        "submit": "sending a request only",
        "inquire": "asking about one only",
        "both": "sending and asking",
        "attach": "sending what was asked for",
    },
    "utn": {
        "now": "With the decision",
        "late": "Late",
        "never": "Never",
        "foreign": "One of another member",
    },
    "notify": {
        "on": "Each once",
        "duplicate": "Each twice",
        "lost": "Lost on the way, but counted",
        "reordered": "Two at a time, the newer first",
        "bare": "A bare answer, not in its wrapping",
        "off": "None",
    },
    "crd": {
        "normal": "says what applies",
        "no-auth": "no authorization needed",
        "not-covered": "not covered",
        "indeterminate": "cannot tell",
        "no-member": "knows no such member",
        "500": "server error (500)",
        "html": "a web page for an answer",
        "slow": "answers after {seconds:g} s",
        "malformed": "half of the JSON",
    },
    "dtr": {
        "normal": "gives the form",
        "no-elm": "a form without its logic",
        "loop": "logic that never ends",
        "memory": "logic that eats memory",
        "500": "server error (500)",
        "html": "a web page for an answer",
        "none": "says that none is needed",
    },
}


def labels(settings: Settings) -> dict[str, dict[str, str]]:
    """Return the words of every switch, the seconds of slowness filled in."""
    return {
        name: {value: text.format(seconds=settings.slow_seconds) for value, text in words.items()}
        for name, words in LABELS.items()
    }
