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
from tests.flow.ways import AtSandbox

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)
TYPED = {"code": "62323", "diagnosis": "M48.061", "planned": "2026-12-10"}
TYPED |= {"place": "example-mesa-office", "more": "", "requester": "Practitioner/dr-sampleton"}


@pytest.fixture
def golden(tmp_path: Path) -> Iterator[Golden]:
    """Return the player of a sandbox of its own: what is entered stays entered."""
    with Stack(tmp_path) as stack:
        yield Golden(stack, ASKED)


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
    assert "Missing" not in golden.page.text  # what the chart's order may say could not be read
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
    assert "in a form that Preclear cannot read" not in golden.page.text
    base = golden.page.url.rsplit("/case/", 1)[0]
    assert "Enter another order" in golden.page.text
    golden.page = golden.browser.get(f"{base}/enter")
    assert golden.page.form("/enter") is not None


@pytest.mark.parametrize("status", [500, 429])
def test_a_failure_that_may_pass_asks_for_no_typing(golden: Golden, status: int) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": status})
    page = golden.browser.get(f"{golden.stack.ehr}/open?patient=opal&order=opal-esi")
    assert page.status == 422
    assert page.form("/enter") is None
    assert "Try again in a minute" in page.text


def local_order(golden: Golden, **more: object) -> None:
    """Put an order with a code of the clinic's own into the chart, to be opened next."""
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
                **more,
            }
        ],
    )
    golden.order = order


def test_a_local_code_gets_its_billing_code_from_a_person(golden: Golden) -> None:
    local_order(golden)
    before = cases(golden.stack)
    golden.open()
    assert "carries no billing code" in golden.page.text
    page = enter(golden, **TYPED | {"code": "epidural lower"})
    assert page.status == 200
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


def test_what_an_order_lacked_is_entered_anew_from_its_page(golden: Golden) -> None:
    local_order(golden, reasonCode=[{"text": "Pain"}], occurrenceDateTime="2026-12")
    golden.open()
    enter(golden, **TYPED | {"code": "62321"})
    golden.ready()
    assert "62321" in golden.title()
    first = golden.page.url
    golden.page = golden.browser.get(
        f"{first.split('/case/')[0]}/enter?order=ServiceRequest%2F{golden.order}"
    )
    enter(golden, **TYPED)
    golden.ready()
    assert golden.page.url != first
    assert "62323" in golden.title()
    assert "diagnosis M48.061; planned 10 Dec" in golden.page.text
    for step in (golden.settle, golden.sign, golden.decided):
        step()


def test_the_charts_own_order_of_the_same_service_is_not_sent_again(golden: Golden) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": 403})
    golden.open()
    enter(golden, **TYPED)
    golden.ready()
    for step in (golden.settle, golden.sign, golden.decided):
        step()
    ehr(golden, fail={}, context=None)
    for again in range(2):  # the chart's order, then the same typed with another day
        other = Golden(golden.stack, ASKED)
        if again:
            ehr(golden, context=[], fail={"ServiceRequest": 403})
            other.page = other.browser.get(f"{golden.stack.ehr}/open?patient=opal&order=opal-esi")
            other.page = other.browser.get(other.page.url.split("/case/")[0] + "/enter")
            enter(other, **TYPED | {"planned": "2026-12-11"})
        else:
            other.open()
        assert other.page.url.rsplit("/", 1)[1] == golden.page.url.rsplit("/", 1)[1]
        assert "is taken for the same, and asks for nothing more" in other.page.text
    assert len(ask(f"{golden.stack.payer}/sandbox/state")) == 1
    other = Golden(golden.stack, ASKED)  # three months later it is another one
    other.page = other.browser.get(f"{golden.stack.ehr}/open?patient=opal&order=opal-esi")
    other.page = other.browser.get(other.page.url.split("/case/")[0] + "/enter")
    enter(other, **TYPED | {"planned": "2027-03-10"})
    assert other.page.url.rsplit("/", 1)[1] != golden.page.url.rsplit("/", 1)[1]


def test_staff_enter_for_the_clinician_who_signs(golden: Golden) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": 403})
    staff = Golden(golden.stack, ASKED)
    way = AtSandbox(golden.stack, "public")
    staff.opened(way.standalone(staff.browser, "opal", "staff-standin"))
    enter(staff, **TYPED)
    staff.ready()
    assert "was entered here by Remy Standin" in staff.page.text
    assert "Dr. Ines Sampleton, who placed the order, may sign here" in staff.page.text
    assert "Sign and send" not in staff.page.text
    doctor = Golden(golden.stack, ASKED)
    doctor.opened(way.standalone(doctor.browser, "opal", "dr-sampleton"))
    doctor.ready()
    assert doctor.page.url.rsplit("/", 1)[1] == staff.page.url.rsplit("/", 1)[1]
    assert "Sign and send" in doctor.page.text


def test_an_order_is_entered_anew_until_it_is_sent(golden: Golden) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": 403})
    golden.open()
    enter(golden, **TYPED)
    golden.ready()
    first = golden.page.url
    assert "Example Mesa Spine Clinic, office" in golden.page.text
    golden.page = golden.browser.get(first.split("/case/")[0] + "/enter")
    enter(golden, **TYPED | {"place": "mockingbird-hopd"})
    golden.ready()
    assert golden.page.url != first
    assert "Mockingbird Flats Hospital, outpatient department" in golden.page.text
    for step in (golden.settle, golden.sign, golden.decided):
        step()
    golden.page = golden.browser.get(first.split("/case/")[0] + "/enter")
    enter(golden, **TYPED | {"diagnosis": "M54.50"})
    assert "62323, 1 unit; diagnosis M48.061" not in golden.page.text  # what was sent is shown
    assert golden.page.data["data-state"] == "affirmed"


def test_what_is_typed_is_checked_and_kept(golden: Golden) -> None:
    ehr(golden, context=[], fail={"ServiceRequest": 404})
    golden.open()
    before = cases(golden.stack)
    form = golden.page.form("/enter")
    assert form is not None
    assert dict(form.fields)["requester"] == "Practitioner/dr-sampleton"  # who is signed in
    for wrong, said in (
        ({"code": ""}, "Type the billing code"),
        ({"code": "broken heart"}, "No code that Medicare asks about goes by these words"),
        ({"diagnosis": "", "more": "M48061"}, "M48061 is no ICD-10-CM code"),
        ({"planned": "soon"}, "Enter the planned day"),
        ({"place": "elsewhere"}, "Choose where it will be done"),
        ({"diagnosis": "<script>"}, "is no ICD-10-CM code"),
        ({"diagnosis": ""}, "Choose the diagnosis"),
        ({"requester": "Practitioner/nobody"}, "Choose the clinician who orders it"),
        ({"order": "ServiceRequest/walter-tfesi-1"}, "gives its orders"),
        ({"order": "Patient/opal"}, "gives its orders"),
    ):
        page = enter(golden, **TYPED | wrong)
        assert (page.status, cases(golden.stack)) == (422, before)
        why = "This chart does not let Preclear read its orders." in page.text
        assert why is ("order" not in wrong)
        assert said in page.text
        golden.page = page
        enter_form = page.form("/enter")
        assert enter_form is not None
