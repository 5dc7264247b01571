"""A chart or a sign-in that is not as it should be: a page in plain words, nothing half-done."""

from __future__ import annotations

import copy
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.browser import Browser, Form, Page
from sandbox.ehr.people import charts
from sandbox.golden import Failed, Golden, ask
from sandbox.stack import Stack
from smart_app.clock import SystemClock


@pytest.fixture
def golden(golden: Golden) -> Golden:
    """Return the player of an order of its own."""
    golden.order = f"order-{uuid.uuid4()}"
    ehr(golden, chart=[an_order(golden)])
    return golden


def authored(reference: str) -> dict[str, Any]:
    """Return a resource of the sandbox's people."""
    kind, name = reference.split("/")
    today = SystemClock().today("America/Phoenix")
    return next(
        copy.deepcopy(one)
        for one in charts(today)
        if one["resourceType"] == kind and one["id"] == name
    )


def an_order(golden: Golden, **changes: Any) -> dict[str, Any]:
    """Return the test's own order, some members changed."""
    return authored("ServiceRequest/opal-esi") | {"id": golden.order} | changes


def another(golden: Golden) -> Golden:
    """Return a second launch of the same order, in another browser."""
    made = Golden(golden.stack, golden.asked)
    made.order = golden.order
    return made


def ehr(golden: Golden, **settings: Any) -> None:
    """Tell the chart how to behave."""
    ask(f"{golden.stack.ehr}/sandbox/control", settings)


def refused(golden: Golden) -> Page:
    """Open the order and return the page that says why not; no case came of it."""
    before = cases(golden.stack)
    with pytest.raises(Failed):
        golden.open()
    assert cases(golden.stack) == before
    for word in ("Traceback", "Exception", "Opal", "Examplewood", "1S00EX0MP78"):
        assert word not in golden.page.text
    return golden.page


def cases(stack: Stack) -> int:
    """Return how many cases there are."""
    with sqlite3.connect(Path(stack.folder) / "preclear.sqlite") as db:
        return int(db.execute("select count(*) from pa_case").fetchone()[0])


def recorded(golden: Golden) -> int:
    """Return how many requests the payer recorded."""
    return len(ask(f"{golden.stack.payer}/sandbox/state"))


def test_a_sign_in_without_a_patient(golden: Golden) -> None:
    ehr(golden, patient="")
    page = refused(golden)
    assert "did not say which patient" in page.text
    assert "open Preclear from the order" in page.text


def test_an_order_of_another_patient(golden: Golden) -> None:
    ehr(golden, context=["ServiceRequest/walter-tfesi-1"])
    page = refused(golden)
    assert "belongs to another patient" in page.text
    assert "Walter" not in page.html


def test_a_chart_without_an_active_order(golden: Golden) -> None:
    both = (an_order(golden), authored("ServiceRequest/opal-esi"))
    ehr(golden, context=[], chart=[{**one, "status": "revoked"} for one in both])
    assert "no active order" in refused(golden).text


def test_a_sign_in_that_names_no_order_asks_which(golden: Golden) -> None:
    before = cases(golden.stack)
    ehr(golden, context=[])
    assert golden.open() == "Which order is it about?"
    assert cases(golden.stack) == before


def test_a_code_that_expired_on_the_way(golden: Golden) -> None:
    ehr(golden, code_seconds=-1)
    assert "did not confirm the sign-in" in refused(golden).text


def test_a_chart_that_does_not_answer(golden: Golden) -> None:
    ehr(golden, fail={"Patient": 500})
    page = refused(golden)
    ehr(golden, fail={})
    assert "Nothing was sent" in page.text


@pytest.mark.parametrize("npi", [None, "1999999990"], ids=["missing", "wrong check digit"])
def test_a_clinician_without_a_valid_npi_cannot_send(golden: Golden, npi: str | None) -> None:
    person = authored("Practitioner/dr-sampleton")
    person["identifier"] = [
        {**one, "value": npi} if "us-npi" in one["system"] else one
        for one in person["identifier"]
        if npi or "us-npi" not in one["system"]
    ]
    ehr(golden, chart=[person])
    before = recorded(golden)
    golden.open()
    golden.ready()
    golden.settle()
    form = golden.page.form("/sign")
    assert form is not None
    page = golden.browser.submit(golden.page, form)
    assert page.status in (403, 422)
    assert "NPI" in page.text
    assert recorded(golden) == before


def to_sign(golden: Golden) -> Callable[[], Page]:
    """Bring a case to its signature, and return the click."""
    for step in (golden.open, golden.ready, golden.settle):
        step()
    form = golden.page.form("/sign")
    assert form is not None
    return lambda: golden.browser.submit(golden.page, form)


@pytest.mark.parametrize("status", ["revoked", "entered-in-error", "on-hold"])
def test_an_order_that_is_taken_back_before_the_signature_is_not_sent(
    golden: Golden, status: str
) -> None:
    before, click = recorded(golden), to_sign(golden)
    ehr(golden, chart=[an_order(golden, status=status)])
    page = click()
    assert page.status == 409
    assert "no longer active in the chart. Nothing was sent." in page.text
    assert recorded(golden) == before


def test_a_chart_that_is_down_at_the_signature_is_asked_again(golden: Golden) -> None:
    before, click = recorded(golden), to_sign(golden)
    ehr(golden, fail={"ServiceRequest": 500})
    page = click()
    assert page.status == 503
    assert "The chart did not answer. Nothing was sent. Try again in a minute." in page.text
    ehr(golden, fail={})
    golden.page = page
    golden.sign()
    golden.decided()
    assert recorded(golden) == before + 1


def test_tokens_revoked_before_signing_lose_nothing(golden: Golden) -> None:
    golden.open()
    golden.ready()
    golden.settle()
    ehr(golden, revoke_tokens=True)
    fresh = golden.browser.get(golden.page.url)
    assert fresh.status == 200
    again = another(golden)
    again.open()
    again.ready()
    assert "9 of 9 criteria documented" in again.page.text
    for step in (again.sign, again.decided, again.chart):
        step()


def test_a_page_of_a_closed_browser_stays_closed(golden: Golden) -> None:
    golden.open()
    page = Browser().get(golden.page.url)
    assert page.status == 401
    assert "Opal" not in page.html


def test_an_order_that_changed_begins_anew(golden: Golden) -> None:
    golden.open()
    golden.ready()
    first = golden.page.url
    order = an_order(golden)
    order["code"]["coding"][0]["code"] = "62321"
    ehr(golden, chart=[order])
    again = another(golden)
    again.open()
    assert again.page.url.split("/case/")[1] != first.split("/case/")[1]
    assert "62321" in again.page.text
    assert "62323" not in again.page.text
    form = golden.page.form("/sign")
    assert form is not None
    old = golden.browser.submit(golden.page, form)
    assert old.status == 409
    assert "The order changed in the chart" in old.text
    assert golden.browser.get(first).status == 409


def test_an_order_that_was_sent_is_not_sent_with_a_later_one(golden: Golden) -> None:
    for step in (golden.open, golden.ready, golden.settle, golden.sign, golden.decided):
        step()
    before = recorded(golden)
    case = golden.page.url.split("/case/")[1]
    order = an_order(golden, requisition={"system": "urn:example", "value": golden.order})
    later = f"later-{golden.order}"[:64]
    ehr(golden, chart=[order, order | {"id": later}])
    again = another(golden)
    again.open()
    assert again.page.url.split("/case/")[1] == case
    second = another(golden)
    second.order = later
    second.open()
    assert second.page.url.split("/case/")[1] != case
    second.ready()
    assert recorded(golden) == before


def test_a_cancelled_order_leads_to_the_request_of_its_sibling(golden: Golden) -> None:
    first, later = an_order(golden), f"later-{golden.order}"[:64]
    shared = {"requisition": {"system": "urn:example", "value": golden.order}}
    ehr(golden, chart=[first | shared])
    for step in (golden.open, golden.ready, golden.settle, golden.sign, golden.decided):
        step()
    case = golden.page.url.split("/case/")[1]
    ehr(golden, chart=[first | shared | {"id": later, "status": "revoked"}])
    before = cases(golden.stack)
    again = another(golden)
    again.order = later
    again.open()
    assert again.page.url.split("/case/")[1] == case
    assert cases(golden.stack) == before


def of_act(page: Page, act: str, field: str) -> Form:
    """Return the page's form of an act on a conflict."""
    found = [one for one in page.forms if one.act == act and ("field", field) in one.fields]
    assert len(found) == 1
    return found[0]


def choose(golden: Golden, act: str, field: str, key: str) -> Page:
    """Choose an option of a conflict, and wait until the form is answered."""
    golden.page = golden.browser.submit(golden.page, of_act(golden.page, act, field), key=key)
    assert golden.page.status == 200
    return golden.page


def a_second_coverage(golden: Golden, **changes: Any) -> str:
    """Add another active coverage to the chart; the first stays."""
    name = f"c-{golden.order}"[:64]
    first = authored("Coverage/opal-medicare")
    ehr(golden, chart=[an_order(golden), first | {"id": name} | changes])
    return f"Coverage/{name}"


def test_a_place_chosen_by_mistake_is_changed_until_it_is_signed(golden: Golden) -> None:
    ehr(golden, fail={"Appointment": 500})
    golden.open()
    assert "Not all could be read" in golden.page.text
    choose(golden, "settle", "place", "bayou-office")
    golden.ready()
    assert "Cohere Health" in golden.page.text
    choose(golden, "resettle", "place", "mockingbird-hopd")
    golden.ready()
    assert "Place: Mockingbird Flats Hospital, outpatient department, chosen by" in golden.page.text
    assert "gave no form" not in golden.page.text
    golden.settle()
    for step in (golden.sign, golden.decided):
        step()
    assert golden.page.form("/settle") is None


def test_which_of_two_coverages_counts_is_asked(golden: Golden) -> None:
    railroad = a_second_coverage(golden, payor=[{"display": "Railroad Medicare"}])
    ehr(golden, context=[f"ServiceRequest/{golden.order}"])
    golden.open()
    assert "More than one coverage" in golden.page.text
    assert "Choose it on this page." in golden.page.text
    out = choose(golden, "settle", "coverage", railroad)
    assert "You can close this page" in out.text
    choose(golden, "resettle", "coverage", "Coverage/opal-medicare")
    golden.ready()
    golden.settle()
    for step in (golden.sign, golden.decided):
        step()


def test_what_the_chart_leaves_open_says_what_to_do_there(golden: Golden) -> None:
    untold = authored("Coverage/opal-medicare")
    del untold["type"]
    ehr(golden, chart=[an_order(golden), untold])
    golden.open()
    assert "Record in the chart which kind of Medicare the patient has" in golden.page.text
    assert golden.page.form("/sign") is None
    assert "no electronic connection" not in golden.page.text


def test_an_order_not_to_do_it_is_told_as_such(golden: Golden) -> None:
    ehr(golden, chart=[an_order(golden, doNotPerform=True)])
    assert "This order says not to do it" in refused(golden).text


def test_a_note_that_cannot_be_read_is_named_where_it_may_matter(golden: Golden) -> None:
    note = {
        "resourceType": "DocumentReference",
        "id": f"note-{golden.order}",
        "status": "current",
        "description": "Letter of the spine clinic",
        "subject": {"reference": "Patient/opal"},
        "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/none"}}],
    }
    ehr(golden, chart=[an_order(golden), note])
    golden.open()
    golden.ready()
    assert "Letter of the spine clinic" in golden.page.text
    assert "its text could not be read. Open it in the chart." in golden.page.text
