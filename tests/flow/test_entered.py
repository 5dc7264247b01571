"""An order that the chart does not give is entered once, and goes the whole line from there."""

from __future__ import annotations

import sqlite3
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.browser import Page
from sandbox.golden import Golden, ask
from sandbox.stack import Stack

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)
TYPED = {"code": "62323", "diagnosis": "M48.061", "planned": "2026-12-10"}
TYPED |= {"place": "example-mesa-office", "more": ""}


@pytest.fixture
def golden(tmp_path: Path) -> Iterator[Golden]:
    """Return the player of a sandbox of its own: what is entered stays entered."""
    stack = Stack(tmp_path)
    try:
        stack.start()
        yield Golden(stack, ASKED)
    finally:
        stack.stop()


def ehr(golden: Golden, **settings: object) -> None:
    ask(f"{golden.stack.ehr}/sandbox/control", settings)


def enter(golden: Golden, **typed: str) -> Page:
    form = golden.page.form("/enter")
    assert form is not None, golden.page.text
    golden.page = golden.browser.submit(golden.page, form, **typed)
    return golden.page


def cases(stack: Stack) -> int:
    with sqlite3.connect(Path(stack.folder) / "preclear.sqlite") as db:
        return int(db.execute("select count(*) from pa_case").fetchone()[0])


def test_a_chart_whose_orders_cannot_be_read(golden: Golden) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": 403})
    golden.open()
    assert "does not let Preclear read its orders" in golden.page.text
    assert "Opal Examplewood" in golden.page.text
    assert enter(golden, **TYPED).status == 200
    golden.ready()
    assert "62323" in golden.title()
    assert "This order (62323) was entered here by" in golden.page.text
    case = golden.page.url
    again = Golden(golden.stack, ASKED)
    again.open()  # what was entered is the chart's one order, at the next launch as well
    assert again.page.url.rsplit("/", 1)[1] == case.rsplit("/", 1)[1]
    for step in (golden.settle, golden.sign, golden.decided):
        step()
    golden._until(lambda: golden.page.data.get("data-chart") == "filed_and_read_back", "the chart")
    assert "(UTN)" in golden._documents()


@pytest.mark.parametrize("status", [500, 429])
def test_a_failure_that_may_pass_asks_for_no_typing(golden: Golden, status: int) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": status})
    page = golden.browser.get(f"{golden.stack.ehr}/open?patient=opal&order=opal-esi")
    assert page.status == 422
    assert page.form("/enter") is None
    assert "Try again in a minute" in page.text


def test_a_local_code_gets_its_billing_code_from_a_person(golden: Golden) -> None:
    order = f"local-{golden.stack.ports['ehr']}"
    local = {"system": "https://clinic.example/local", "code": "INJ1"}
    ehr(
        golden,
        chart=[
            {
                "resourceType": "ServiceRequest",
                "id": order,
                "status": "draft",
                "intent": "order",
                "subject": {"reference": "Patient/opal"},
                "requester": {"reference": "Practitioner/dr-sampleton"},
                "authoredOn": "2026-11-20",
                "code": {"coding": [local], "text": "Back injection"},
            }
        ],
    )
    golden.order = order
    before = cases(golden.stack)
    golden.open()
    assert "carries no billing code" in golden.page.text
    page = enter(golden, **TYPED | {"code": "epidural lower"})
    assert page.status == 422
    assert cases(golden.stack) == before
    form = page.form("/enter")
    assert form is not None
    assert "62323" in form.choices["chosen"]
    assert "62321" not in form.choices["chosen"]
    assert ("planned", "2026-12-10") in form.fields  # what was typed is kept
    enter(golden, **TYPED | {"chosen": "62323", "code": ""})
    golden.ready()
    assert "The code 62323 of this order was entered here by" in golden.page.text
    for step in (golden.settle, golden.sign, golden.decided, golden.chart):
        step()  # the order in the chart is the chart's own: it is marked as well


def test_what_is_typed_is_checked_and_kept(golden: Golden) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": 404})
    golden.open()
    before = cases(golden.stack)
    for wrong, said in (
        ({"code": "back injection"}, "Choose the billing code"),
        ({"diagnosis": "", "more": "M48061"}, "M48061 is no ICD-10-CM code"),
        ({"planned": "soon"}, "Enter the planned day"),
        ({"place": "elsewhere"}, "Choose where it will be done"),
        ({"order": "ServiceRequest/walter-tfesi-1"}, "not in this chart"),
    ):
        page = enter(golden, **TYPED | wrong)
        assert (page.status, cases(golden.stack)) == (422, before)
        assert said in page.text
        golden.page = page
        enter_form = page.form("/enter")
        assert enter_form is not None
