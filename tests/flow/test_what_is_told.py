"""What a payer tells after its answer, over HTTP: late, twice, in disorder, otherwise than before.

However it comes, a person reads what the payer said last, and can go on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from tests.flow.answers import act, player, reads, requests, signed, until, until_told

TOLD = "Zyter told of this request"


def waiting(golden: Golden, **settings: object) -> str:
    """Leave a request pended whose payer tells by itself, and return the payer's name of it."""
    signed(golden, "pended", decision="pend", pend_seconds=None, **settings)
    place = f"{golden.stack.payer}/sandbox/subscriptions"
    golden._until(lambda: [one["status"] for one in ask(place)] == ["active"], "the handshake")
    return str(requests(golden.stack)[-1]["id"])


@pytest.mark.parametrize("notify", ["duplicate", "bare"])
def test_a_request_that_is_pended_first_is_refused(golden: Golden, notify: str) -> None:
    name = waiting(golden, notify=notify)
    act(golden.stack, "decide", request=name, decision="non-affirm")
    until(golden, "non_affirmed")
    until_told(golden, TOLD)
    reads(golden, "non_affirmed", "Zyter did not affirm", "It can be resubmitted")
    assert golden.page.text.count(TOLD) == 1


def test_what_was_lost_on_the_way_is_fetched(golden: Golden) -> None:
    name = waiting(golden, notify="lost")
    act(golden.stack, "decide", request=name, decision="in-part")
    until(golden, "partial")
    reads(golden, "partial", "Zyter affirmed a part", "Hold the claim")


def test_what_comes_in_disorder_ends_as_it_stands(golden: Golden) -> None:
    name = waiting(golden, notify="reordered", utn="late", utn_seconds=None)
    act(golden.stack, "decide", request=name, decision="affirm")
    act(golden.stack, "utn", request=name)  # the number is told before the decision
    until(golden, "affirmed")
    until_told(golden, TOLD)
    reads(golden, "affirmed", "Zyter affirmed 62323. Do it by", "Decided")
    assert requests(golden.stack)[0]["utn"] in golden.page.text


def test_a_late_number(golden: Golden) -> None:
    signed(golden, "affirmed_number_awaited", utn="late", utn_seconds=None)
    act(golden.stack, "utn")
    until(golden, "affirmed")
    reads(golden, "affirmed", "Zyter affirmed 62323. Do it by", "Decided")
    assert requests(golden.stack)[0]["utn"] in golden.page.text


def test_a_number_of_another_member_is_not_used(golden: Golden) -> None:
    signed(player(golden.stack, "64581", "AZ"), "affirmed")
    signed(golden, "affirmed_number_awaited", utn="foreign")
    until_told(golden, "does not fit this patient")
    reads(
        golden,
        "affirmed_number_awaited",
        "Hold the claim, do not resubmit",
        "Ask Zyter for the right one",
        "/ask",
    )
    first, second = requests(golden.stack)
    assert first["utn"] == second["utn"]
    assert second["utn"] not in golden.page.html


@pytest.mark.parametrize(
    ("first", "second", "words", "then", "claim"),
    [
        (
            ("affirm", "affirmed"),
            ("non-affirm", "non_affirmed"),
            "Zyter did not affirm",
            "It can be resubmitted",
            "It does not mean payment",
        ),
        (
            ("non-affirm", "non_affirmed"),
            ("affirm", "affirmed"),
            "Zyter affirmed 62323. Do it by",
            "Decided",
            "Valid dates of service",
        ),
    ],
    ids=["taken back", "affirmed after all"],
)
def test_a_decision_that_is_changed(
    golden: Golden,
    first: tuple[str, str],
    second: tuple[str, str],
    words: str,
    then: str,
    claim: str,
) -> None:
    waiting(player(golden.stack, "64581", "AZ"))  # for whose sake the payer goes on telling
    signed(golden, first[1], decision=first[0])
    name = requests(golden.stack)[-1]["id"]
    act(golden.stack, "change", request=name, decision=second[0])
    until(golden, second[1])
    reads(golden, second[1], words, then)
    assert claim in golden.page.text
    card = golden.browser.get(golden.page.url + "/claim")
    assert ("status ok" in card.html.split("<h1>")[0]) is (second[1] == "affirmed")


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a sandbox whose payers speak PAS 2.0.1."""
    folder: Path = tmp_path_factory.mktemp("older")
    with Stack(folder, pas="2.0.1") as made:
        yield made


def test_a_notification_that_names_only_where_the_answer_is(older: Stack) -> None:
    golden = player(older, "62323", "AZ")
    name = waiting(golden)
    (here,) = ask(f"{older.payer}/sandbox/subscriptions")
    assert here["content"] == "id-only"
    act(older, "decide", request=name, decision="affirm")
    until(golden, "affirmed")
    reads(golden, "affirmed", "Zyter affirmed 62323. Do it by", "Decided")
