"""What a payer may decide, and the codes and words that it says it with.

The codes are those of X12 306 that public examples show, one that no list has, and the words are
the sandbox's own.
"""

from __future__ import annotations

CODES = {
    "affirm": "A1",
    "non-affirm": "A3",
    "in-part": "A2",
    "modify": "A6",
    "cancelled": "C",
    "contact": "CT",
    "not-required": "NA",
    "unknown-code": "Z9",
    "whole": "A1",
}
"""Verbs that decide every item alike; ``whole`` says it once, of the request."""
PENDING = ("pend", "more-info", "more-info-form")
WITHOUT_ITEMS = {"dismiss": "dismissed", "error": "rejected"}
FINAL = (*CODES, "partial")
DECISIONS = (
    "affirm", "non-affirm", "partial", "dismiss", "pend", "more-info", "more-info-form", "modify",
    "in-part", "whole", "cancelled", "contact", "not-required", "unknown-code", "error",
)  # fmt: skip
DISPLAYS = {
    "A1": "Certified in total",
    "A2": "Certified in part",
    "A3": "Not Certified",
    "A4": "Pending",
    "A6": "Modified",
    "C": "Cancelled",
    "CT": "Contact the payer",
    "NA": "No authorization needed",
    "Z9": "Set aside",
}
WORDS = {
    "A1": "affirmed",
    "A2": "partial",
    "A3": "non-affirmed",
    "A4": "pended",
    "A6": "modified",
    "C": "cancelled",
    "CT": "contact payer",
    "NA": "not required",
    "Z9": "unknown",
}
NUMBERED = ("A1", "A2", "A3", "A6")
FAVOURABLE = ("A1", "A2", "A6")
UNREVIEWED = ("A1", "A4", "C", "NA")
"""What no clinician has to look at; a non-affirmation needs one (WISeR guide 4)."""


def codes(verb: str, sequences: list[int], first: int) -> dict[int, str]:
    """Return the code of each item; in a partial affirmation the request's first is affirmed."""
    if verb in PENDING:
        return dict.fromkeys(sequences, "A4")
    if verb == "partial":
        return {one: "A1" if one == first else "A3" for one in sequences}
    return dict.fromkeys(sequences, CODES[verb])


def word(found: list[str]) -> str:
    """Return the request's word: what its items that are not cancelled have in common."""
    standing = [code for code in found if code != "C"] or found
    words = {WORDS[code] for code in standing}
    if len(words) == 1:
        return words.pop()
    if "pended" in words:
        return "pended"
    return "partial" if set(standing) & set(FAVOURABLE) else "mixed"
