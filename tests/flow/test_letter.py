"""A letter came: one form makes the same decision, with the same care."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.browser import Form
from sandbox.golden import Golden, ask
from sandbox.stack import Stack

UTN = "JFB99900000017"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Return a sandbox of its own: a number belongs to one case for good."""
    with Stack(tmp_path) as made:
        yield made


@pytest.fixture
def golden(golden: Golden) -> Golden:
    """Return a signed case whose payer keeps it pended."""
    ask(f"{golden.stack.payer}/control", {"decision": "pend", "pend_seconds": None})
    for step in (golden.open, golden.ready, golden.settle, golden.sign):
        step()
    golden._until(lambda: golden.page.data.get("data-state") == "pended", "pended")
    return golden


def letter(golden: Golden) -> tuple[Form, str]:
    """Open the letter's form; return it and the name of its decision field."""
    golden.page = golden.browser.get(golden.page.url + "/letter")
    form = golden.page.form("/letter")
    assert form is not None
    [decision] = [name for name in form.choices if name.startswith("decision-")]
    return form, decision


def test_an_affirmation_by_letter_reaches_the_chart(golden: Golden) -> None:
    form, decision = letter(golden)
    typed = {decision: "affirmed", "decided_on": "2026-01-05", "number": UTN.lower()}
    golden.page = golden.browser.submit(golden.page, form, **typed)
    assert "Do it by Mon 4 May 2026" in golden.page.text
    golden._until(lambda: golden.page.data.get("data-chart") == "filed_and_read_back", "the chart")
    assert f"(UTN): {UTN}" in golden._documents()
    assert len(ask(f"{golden.stack.payer}/sandbox/state")) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"decided_on": "2026-01-05"}, "Choose the decision"),
        ({"decision": "affirmed", "decided_on": ""}, "Enter the day of the decision"),
        ({"decision": "affirmed", "decided_on": "2999-01-01"}, "lies in the future"),
        ({"decision": "affirmed", "decided_on": "2026-01-05", "number": "12"}, "14 letters"),
        ({"decision": "dismissed", "decided_on": "2026-01-05", "number": UTN}, "has no number"),
    ],
    ids=str,
)
def test_what_is_not_a_decision_changes_nothing(
    golden: Golden, typed: dict[str, str], said: str
) -> None:
    form, decision = letter(golden)
    posted = {decision if key == "decision" else key: value for key, value in typed.items()}
    page = golden.browser.submit(golden.page, form, **posted)
    assert page.status == 422
    assert said in page.text
    back = golden.browser.get(golden.page.url.removesuffix("/letter"))
    assert back.data["data-state"] == "pended"


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_later_letter_that_takes_it_back_reaches_the_chart_too(
    golden: Golden, signed_in: bool
) -> None:
    enter(golden, "affirmed", "2026-01-05")
    golden._until(lambda: golden.page.data.get("data-chart") == "filed_and_read_back", "chart")
    if not signed_in:
        ask(f"{golden.stack.ehr}/sandbox/control", {"revoke_tokens": True})
    enter(golden, "non_affirmed", "2026-01-06")
    if not signed_in:
        golden._until(lambda: golden.page.data.get("data-chart") == "awaiting_launch", "launch")
        assert "The order in the chart still says that it is authorized." in golden.page.text
        golden.open()
    golden._until(lambda: "62323: non-affirmed" in golden._documents(), "the denial")
    golden._until(lambda: golden.page.data.get("data-chart") == "filed_and_read_back", "chart")
    assert golden.page.data["data-state"] == "non_affirmed"


def test_a_letter_against_the_payers_own_denial_is_entered_twice(golden: Golden) -> None:
    [case] = ask(f"{golden.stack.payer}/sandbox/state")
    assert f"Reference to quote {case['reference']}" in golden.page.text
    denial = {"request": case["id"], "decision": "non-affirm"}
    denied = ask(f"{golden.stack.payer}/control/decide", denial)["utn"]
    golden._until(lambda: golden.page.data.get("data-state") == "non_affirmed", "the denial")
    assert "Read by A clinician" in golden.page.text
    form, decision = letter(golden)
    typed = {decision: "affirmed", "decided_on": "2026-01-05"}
    page = golden.browser.submit(golden.page, form, **typed, number=denied)
    assert (page.status, "came with a decision that was no affirmation" in page.text) == (422, True)
    once = golden.browser.submit(golden.page, form, **typed, number=UTN)
    assert once.data["data-state"] == "non_affirmed"
    assert "enter the decision again" in once.text
    twice = golden.browser.submit(golden.page, form, **typed, number=UTN)
    assert twice.status == 409  # the same page again is no second act
    golden.page = golden.browser.get(golden.page.url.removesuffix("/letter"))
    form, decision = letter(golden)
    assert "enter the decision again" in golden.page.text
    again = golden.browser.submit(golden.page, form, **typed, number=UTN)
    assert (again.data["data-state"], "says otherwise" in again.text) == ("affirmed", False)
    assert "still says that it is authorized" not in golden.page.text


def enter(golden: Golden, decided: str, when: str) -> None:
    """Enter a decision from a letter."""
    form, decision = letter(golden)
    typed = {decision: decided, "decided_on": when, "number": UTN}
    golden.page = golden.browser.submit(golden.page, form, **typed)
