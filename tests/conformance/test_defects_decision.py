"""Defects of prior-authorization software that is in use, each named: decision and sending.

Numbers 1 to 3, 9, 13 and 14 of fourteen; the others are in ``test_defects_request.py``.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.requests import the_case
from tests.unit.pas.test_decision import an_answer, an_answer_item, read

N1, N2 = "JFA99900004417", "JFA99900004418"
STEPS = ("open", "ready", "settle", "sign")


@pytest.mark.parametrize("outcome", ["complete", "partial", "queued"])
@pytest.mark.parametrize("code", ["A3", "A4", "C", "CT", "ZZ", None])
def test_defect_01_a_denial_called_approved(outcome: str, code: str | None) -> None:
    answer = an_answer(an_answer_item(code, utn=N1), outcome=outcome, preAuthRef=N1)
    found = read(the_case(), answer)
    assert found.word not in ("affirmed", "affirmed_modified", "partial")
    tone, _, words = formatters.CHIPS[found.word]
    assert tone != "ok"
    assert "Affirmed" not in words


def test_defect_02_a_number_taken_for_an_approval(golden: Golden, stack: Stack) -> None:
    golden.asked = Namespace(**{**vars(golden.asked), "decision": "non-affirmed"})
    ask(f"{stack.payer}/control", {"decision": "non-affirm"})
    for step in (*STEPS, "decided", "chart"):
        getattr(golden, step)()
    order = _chart(stack, "ServiceRequest", "opal-esi")
    assert "satisfied" not in str(order)
    assert golden.number
    assert golden.number not in str(order)


def _chart(stack: Stack, kind: str, name: str) -> Any:
    """Return a resource as the EHR last gave it to the app, or was given by it."""
    whole = ask(f"{stack.ehr}/sandbox/exchange")
    said = [str(one) for one in whole if kind in str(one["url"]) and name in str(one)]
    assert said
    return said


@pytest.mark.parametrize("code", ["A1", "A3"])
def test_defect_03_a_number_looked_for_in_one_place(code: str) -> None:
    in_action = an_answer(an_answer_item(code, utn=N1))
    in_head = an_answer(an_answer_item(code), preAuthRef=N1)
    assert [read(the_case(), one).items[0].number for one in (in_action, in_head)] == [N1, N1]
    both = read(the_case(), an_answer(an_answer_item(code, utn=N1), preAuthRef=N2))
    assert both.items[0].number is None
    assert both.quarantined


def test_defect_09_nobody_watches_when_the_page_is_closed(store: Store, clock: FakeClock) -> None:
    pended = Reply(200, an_answer(an_answer_item("A4")))
    decided = Reply(200, an_answer(an_answer_item("A1", utn=N1)))
    line = Line(store, clock, FakePayer({"$submit": [pended], "$inquire": [pended, decided]}))
    line.signed()
    line.step()
    assert states.headline(line.case().tracks) == "pended"
    line.pass_by(20)  # no page, no person: the worker alone
    assert states.headline(line.case().tracks) == "affirmed"
    assert store.utns("case-1")[0].number == N1


def test_defect_13_an_error_that_says_nothing(golden: Golden, stack: Stack) -> None:
    ask(f"{stack.payer}/control", {"misbehave": "refuse", "misbehave_on": "submit"})
    for step in STEPS:
        getattr(golden, step)()
    golden._until(lambda: golden.page.data.get("data-state") == "rejected", "the refusal")
    assert "the pretend payer was told to refuse" in golden.page.text
    assert "Mend what is listed" in golden.page.text
    assert golden.page.form("/again") is not None


def test_defect_14_a_second_click_that_is_a_second_request(golden: Golden, stack: Stack) -> None:
    ask(f"{stack.payer}/control", {"idempotent": False})
    for step in STEPS[:-1]:
        getattr(golden, step)()
    page, form = golden.page, golden.page.form("/sign")
    assert form is not None
    for _ in range(3):
        golden.page = golden.browser.submit(page, form)
    golden.decided()
    assert len(ask(f"{stack.payer}/sandbox/state")) == 1
