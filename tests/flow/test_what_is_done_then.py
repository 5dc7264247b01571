"""What a person does with a sent request, before payers that are slow, refuse or do not answer.

A withdrawal, the documents that were asked for, and a sending that takes too long: each ends where
a person can go on, however the payer's file has the outcome found out.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import acts
from sandbox.golden import Golden
from sandbox.stack import Stack
from tests.flow.answers import (
    act,
    control,
    player,
    press,
    reads,
    requests,
    signed,
    until,
    until_told,
)

KEEPS_ONE = "15275", "OH"
BY_PERSON = "29877", "OK"
SHORT = "22514", "WA"
"""Cases whose payer's file says otherwise than that of 62323 in Arizona.

The one of Oklahoma is asked seldom, or a poll would tell what a person is to find out.
"""
FILES = {
    "oh": {'recovery = "inquire"': 'recovery = "idempotent_resend"'},
    "ok": {
        'recovery = "inquire"': 'recovery = "person"',
        "read_seconds = 30": "read_seconds = 2",
        "poll_first_seconds = 0.5": "poll_first_seconds = 3600",
        "poll_longest_seconds = 10": "poll_longest_seconds = 3600",
    },
    "wa": {"read_seconds = 30": "read_seconds = 2"},
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a running sandbox whose payers' files differ."""
    made = Stack(tmp_path_factory.mktemp("sandbox"))
    for state, changes in FILES.items():
        file = made.folder / f"payers/payer-{state}.toml"
        text = file.read_text()
        for before, after in changes.items():
            assert before in text
            text = text.replace(before, after)
        file.write_text(text)
    with made:
        yield made


# a payer that is slow ----------------------------------------------------------------------------


def test_an_answer_that_takes_long_is_awaited(golden: Golden) -> None:
    signed(golden, "sending", hold=True)
    reads(golden, "sending", "Sending to Zyter now", "Nothing for you to do")
    act(golden.stack, "release")
    until(golden, "affirmed")


def test_an_answer_that_takes_too_long_is_asked_for(golden: Golden) -> None:
    golden = player(golden.stack, *SHORT)
    signed(golden, "affirmed", hold=True)
    reads(golden, "affirmed", "Virtix Health affirmed 22514. Do it by", "Decided")
    assert len(requests(golden.stack)) == 1


def test_an_answer_that_takes_too_long_is_asked_for_by_a_person(golden: Golden) -> None:
    golden = player(golden.stack, *BY_PERSON)
    signed(golden, "unknown", hold=True)
    reads(
        golden,
        "unknown",
        "We do not know whether it arrived",
        "Call Humata Health and ask",
        "/not-there",
    )
    assert len(requests(golden.stack)) == 1


# a withdrawal ------------------------------------------------------------------------------------


def withdraw(golden: Golden, **settings: object) -> None:
    """Leave a request pended, and withdraw it."""
    signed(golden, "pended", decision="pend", pend_seconds=None)
    control(golden.stack, **settings)
    press(golden, "/withdraw")


def withdrawn(golden: Golden) -> None:
    """Check that a request is withdrawn, once, and may begin anew."""
    until(golden, "cancelled")
    reads(golden, "cancelled", "was withdrawn", "It was withdrawn from here", "/again")
    found = [(one["kind"], one["decision"]) for one in requests(golden.stack)]
    assert found[1:] == [("cancel", "cancelled")]


@pytest.mark.parametrize("failing", ["none", "cut_after"], ids=["confirmed", "asked about"])
def test_what_is_withdrawn_may_begin_anew(golden: Golden, failing: str) -> None:
    withdraw(golden, misbehave=failing, misbehave_times=1)
    withdrawn(golden)


def test_what_no_payer_answered_is_withdrawn_again_where_it_keeps_one(golden: Golden) -> None:
    golden = player(golden.stack, *KEEPS_ONE)
    withdraw(golden, misbehave="cut_before", misbehave_times=1)
    withdrawn(golden)


def test_of_what_no_payer_answered_a_person_says_what_became(golden: Golden) -> None:
    golden = player(golden.stack, *BY_PERSON)
    withdraw(golden, misbehave="cut_after", misbehave_times=1)
    until_told(golden, "Call Humata Health and ask whether it is withdrawn")
    reads(golden, "cancelling", "Do not rely on it", "then say so on this page", "/withdrawn")
    press(golden, "/withdrawn", over="yes")
    withdrawn(golden)


def test_what_is_not_withdrawn_goes_on(golden: Golden) -> None:
    withdraw(golden, misbehave="refuse", misbehave_times=1)
    until_told(golden, "did not withdraw the request: it goes on")
    reads(golden, "pended", "Decision due by", "Withdraw it again, or call", "/withdraw")
    act(golden.stack, "decide", request=requests(golden.stack)[0]["id"], decision="affirm")
    until(golden, "affirmed")


# documents that are asked for --------------------------------------------------------------------


def send(golden: Golden) -> None:
    """Choose documents for what is asked for, and send them."""
    case = golden.page.url
    assert acts.send_more(golden.browser, golden.page).status < 400
    golden.page = golden.browser.get(case)


def test_documents_that_are_refused_are_chosen_anew(golden: Golden) -> None:
    signed(golden, "pended", decision="more-info", misbehave="refuse", misbehave_on="attach")
    send(golden)
    until_told(golden, "Zyter did not take what was sent")
    reads(golden, "pended", "Decision due by", "waits for what it asks", "Choose documents to send")
    assert "the pretend payer was told to refuse" in golden.page.text
    control(golden.stack, misbehave="none")
    send(golden)
    until(golden, "affirmed")
    assert "Zyter took what it had asked for" in golden.page.text


def test_of_documents_that_nobody_acknowledged_a_person_says_what_became(golden: Golden) -> None:
    signed(golden, "pended", decision="more-info", misbehave="cut_before", misbehave_on="attach")
    send(golden)
    until_told(golden, "We do not know whether it arrived. Call Zyter and ask")
    reads(golden, "pended", "Decision due by", "waits for what it asks", "/arrived")
    control(golden.stack, misbehave="none")
    press(golden, "/arrived", there="no")
    until(golden, "affirmed")
    assert "Zyter took what it had asked for" in golden.page.text
