"""A payer that fails in every way: the page goes on, one request is recorded, nothing is lost."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from sandbox.golden import Golden, ask


def control(golden: Golden, **settings: Any) -> None:
    """Tell the payer how to behave."""
    ask(f"{golden.stack.payer}/control", settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"crd": "500"},
        {"crd": "html"},
        {"crd": "malformed"},
        {"dtr": "500"},
        {"dtr": "html"},
        {"dtr": "none"},
    ],
    ids=str,
)
def test_without_the_payers_form_medicares_own_list_is_used(
    golden: Golden, settings: dict[str, str]
) -> None:
    control(golden, **settings)
    golden.open()
    golden.ready()
    assert "Medicare’s own list" in golden.page.text
    assert "8 of 9 criteria documented" in golden.page.text


@pytest.mark.parametrize("kind", ["no-elm", "loop", "memory"])
def test_logic_that_cannot_run_leaves_the_form_to_the_person(golden: Golden, kind: str) -> None:
    control(golden, dtr=kind)
    golden.open()
    golden.ready()
    assert "0 of 9 criteria documented" in golden.page.text
    assert golden.page.form("/answer", "answer") is not None


@pytest.mark.parametrize("how", ["500", "html", "malformed", "cut_before", "cut_after"])
def test_an_unknown_outcome_leaves_one_request(golden: Golden, how: str) -> None:
    control(golden, misbehave=how, misbehave_times=1, misbehave_on="submit")
    for step in (golden.open, golden.ready, golden.settle, golden.sign, golden.decided):
        step()
    golden.chart()
    assert len(ask(f"{golden.stack.payer}/sandbox/state")) == 1


def test_a_second_click_sends_nothing_more(golden: Golden) -> None:
    for step in (golden.open, golden.ready, golden.settle):
        step()
    page, form = golden.page, golden.page.form("/sign")
    assert form is not None
    golden.sign()
    again = golden.browser.submit(page, form)
    assert again.status == 200
    golden.page = again
    golden.decided()
    assert len(ask(f"{golden.stack.payer}/sandbox/state")) == 1


def test_a_dismissed_request_may_start_again(golden: Golden) -> None:
    control(golden, decision="dismiss")
    asked = golden.asked
    golden.asked = Namespace(**{**vars(asked), "decision": "dismissed"})
    for step in (golden.open, golden.ready, golden.settle, golden.sign, golden.decided):
        step()
    control(golden, decision="affirm")
    form = golden.page.form("/again")
    assert form is not None
    golden.page = golden.browser.submit(golden.page, form)
    golden.asked = asked
    for step in (golden.ready, golden.settle, golden.sign, golden.decided, golden.chart):
        step()


def test_a_chart_that_cannot_be_read_in_part_is_never_taken_for_empty(golden: Golden) -> None:
    ask(f"{golden.stack.ehr}/sandbox/control", {"fail": {"Condition": 500}})
    golden.open()
    golden.ready()
    assert "Could not be read" in golden.page.text


def test_tokens_revoked_before_the_decision_wait_for_the_next_launch(golden: Golden) -> None:
    control(golden, decision="pend", then="affirm", pend_seconds=1)
    for step in (golden.open, golden.ready, golden.settle, golden.sign):
        step()
    ask(f"{golden.stack.ehr}/sandbox/control", {"revoke_tokens": True})
    golden._until(lambda: golden.page.data.get("data-chart") == "awaiting_launch", "the wait")
    golden.open()
    golden.decided()
    golden.chart()
