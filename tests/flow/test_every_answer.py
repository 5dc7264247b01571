"""Each way in which a payer may answer, over HTTP: state, words, and how a person goes on.

Nothing but an affirmation of every item is ever green, whatever a payer does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from sandbox.golden import Golden
from tests.flow.answers import LETTER, reads, signed


class Row(NamedTuple):
    """What the payer is told to do, and what a person then reads and may do."""

    payer: dict[str, Any]
    state: str
    words: str
    next: str
    way: str = LETTER


def broken(how: str, state: str, words: str, then: str, way: str = LETTER) -> Row:
    """Return the row of a payer that fails whenever it is spoken to."""
    return Row({"misbehave": how, "misbehave_on": "both"}, state, words, then, way)


READ = "could not be read by software", "until a person has read it"
UNKNOWN = "unknown", "We do not know whether it arrived", "We ask Zyter whether it has", "/ask"
DECIDED = [
    Row({"decision": "affirm"}, "affirmed", "affirmed 62323. Do it by", "Decided"),
    Row({"decision": "non-affirm"}, "non_affirmed", "did not affirm", "It can be resubmitted"),
    Row({"decision": "in-part"}, "partial", "affirmed a part", "Hold the claim"),
    Row({"decision": "modify"}, "affirmed_modified", "with changes", "Hold the claim"),
    Row({"decision": "whole"}, "unreadable", *READ),
    Row({"decision": "unknown-code"}, "unreadable", *READ),
    Row({"decision": "cancelled"}, "cancelled", "was withdrawn", "call Zyter", "/again"),
    Row({"decision": "contact"}, "contact_payer", "asks you to call", "Call Zyter"),
    Row({"decision": "not-required"}, "not_required", "no authorization", "In doubt, call"),
    Row({"decision": "dismiss"}, "dismissed", "Nothing was decided", "sent again", "/again"),
    Row({"decision": "error"}, "rejected", "did not accept", "begin a new request", "/again"),
    Row({"decision": "pend", "pend_seconds": None}, "pended", "Decision due by", "Nothing", "/ask"),
    Row(
        {"decision": "more-info"},
        "pended",
        "Decision due by",
        "waits for what it asks for",
        "Choose documents to send",
    ),
    Row(
        {"decision": "more-info-form"},
        "pended",
        "Decision due by",
        "waits for what it asks for",
        "Answer the form",
    ),
    Row({"utn": "never"}, "affirmed_number_awaited", "Hold the claim", "We keep asking", "/ask"),
]
FAILED = [
    *(broken(how, *UNKNOWN) for how in ("500", "500_after", "html", "malformed", "empty")),
    *(broken(how, *UNKNOWN) for how in ("cut_before", "cut_after", "truncated", "wrong_type")),
    broken("refuse", "rejected", "did not accept", "begin a new request", "/again"),
    broken("no_decision", "unreadable", *READ),
    broken("other_patient", "unreadable", "about another person. It is not used", "goes on asking"),
    broken("other_claim", "unreadable", *READ),
]


@pytest.mark.parametrize(
    "row", [*DECIDED, *FAILED], ids=lambda row: " ".join(map(str, row.payer.values()))
)
def test_what_a_person_reads_and_may_do(golden: Golden, row: Row) -> None:
    signed(golden, row.state, **row.payer)
    reads(golden, row.state, row.words, row.next, row.way)


@pytest.mark.parametrize(
    ("payer", "said", "about"),
    [
        (
            {"misbehave": "refuse"},
            "“the pretend payer was told to refuse”",
            "Service 1 (62323): the code. Change it in the chart, then begin a new request.",
        ),
        (
            {"decision": "error"},
            "Error code T4",
            "The reviewer: the name. It stands in Preclear’s settings",
        ),
    ],
    ids=["OperationOutcome", "AAA"],
)
def test_what_was_not_accepted_says_where_it_is_mended(
    golden: Golden, payer: dict[str, Any], said: str, about: str
) -> None:
    signed(golden, "rejected", **payer)
    listed = " ".join(golden.page.text.split()).partition("could not accept")[2]
    assert said in listed
    assert about in listed.partition(said)[2]
    assert 'href="#again"' in golden.page.html
    assert golden.page.form("/again") is not None
