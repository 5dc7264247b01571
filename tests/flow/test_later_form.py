"""A form that a payer asks for later, over HTTP: shown, signed, and sent once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import acts
from sandbox.golden import Golden, ask


def asked(golden: Golden) -> str:
    """Have a signed request pended and a form asked for; return the address of the form."""
    ask(f"{golden.stack.payer}/control", {"decision": "more-info-form", "after": "affirm"})
    for step in (golden.open, golden.ready, golden.settle, golden.sign):
        step()
    golden._until(lambda: golden.page.data.get("data-state") == "pended", "pended")
    name = golden.page.html.partition("/form/")[2].split('"')[0]
    return f"{golden.page.url}/form/{name}"


def ready(golden: Golden, url: str) -> None:
    """Open the form, and wait until the chart has answered it."""
    golden.page = golden.browser.get(url)
    golden._until(lambda: golden.page.form("/sign") is not None, "the form")


def sent(golden: Golden) -> list[dict[str, Any]]:
    """Return what answered the payer's question."""
    every = golden.exchange()
    return [
        one["request"]["body"] for one in every if str(one["url"]).endswith("$submit-attachment")
    ]


def kinds(body: dict[str, Any]) -> list[str]:
    parts = [one["part"] for one in body["parameter"] if one["name"] == "Attachment"]
    return [each["resource"]["resourceType"] for one in parts for each in one if "resource" in each]


@pytest.mark.req("pas-2.0.1@23")
def test_the_chart_answers_it_and_the_payer_decides(golden: Golden) -> None:
    ready(golden, asked(golden))
    assert "8 of 9 criteria documented" in golden.page.text
    form = golden.page.form("/sign")
    assert form is not None
    refused = golden.browser.submit(golden.page, form)
    assert (refused.status, sent(golden)) == (422, [])
    assert "Some things are still open" in refused.text
    golden.page, closed = acts.settled(golden.browser, golden.page)
    assert closed == ["answer"]
    form = golden.page.form("/sign")
    assert form is not None
    for _ in range(2):  # a second click
        golden.page = golden.browser.submit(golden.page, form)
    golden.decided()
    (body,) = sent(golden)
    assert kinds(body) == ["QuestionnaireResponse"]
    assert "The form was signed for Zyter by Dr. Ines Sampleton" in golden.page.text
    golden.chart()


def test_what_is_shown_and_ticked_goes_along(golden: Golden) -> None:
    ready(golden, asked(golden))
    golden.page, _ = acts.settled(golden.browser, golden.page)
    preview = golden.browser.get(f"{golden.page.url}/preview")
    assert "Reasons not to inject" not in preview.text  # a heading, and no answer
    assert "Disc herniation at L4-L5" in preview.text
    link = golden.page.html.partition("/note?ref=")[2].split('"')[0]
    note = golden.browser.get(f"{golden.page.url}/note?ref={link}")
    assert (note.status, "Back to the form" in note.text) == (200, True)
    form = golden.page.form("/sign")
    assert form is not None
    chosen = golden.page.html.partition('name="document" form="request" value="')[2].split('"')[0]
    golden.page = golden.browser.submit(golden.page, form, document=chosen)
    golden.decided()
    (body,) = sent(golden)
    assert kinds(body) == ["QuestionnaireResponse", "DocumentReference"]


def test_the_same_is_there_as_tasks_for_another_system(golden: Golden) -> None:
    url = asked(golden)
    page = golden.browser.get(f"{url.partition('/form/')[0]}/tasks")
    found = [one["resource"] for one in json.loads(page.html)["entry"]]
    codes = [one["code"]["coding"][0]["code"] for one in found]
    assert codes == ["attachment-request-code", "attachment-request-questionnaire"]
    assert {one["status"] for one in found} == {"requested"}


def test_a_payer_whose_form_cannot_be_had_is_asked_again(golden: Golden) -> None:
    url = asked(golden)
    ask(f"{golden.stack.payer}/control", {"dtr": "500"})
    golden.page = golden.browser.get(url)
    golden._until(lambda: golden.page.form("/again") is not None, "the failure")
    assert "form could not be had" in golden.page.text
    ask(f"{golden.stack.payer}/control", {"dtr": "normal"})
    again = golden.page.form("/again")
    assert again is not None
    golden.page = golden.browser.submit(golden.page, again)
    golden._until(lambda: golden.page.form("/sign") is not None, "the form")


@pytest.mark.req("pas-2.0.1@21")
def test_what_cannot_be_provided_is_noted_and_the_page_says_to_call(golden: Golden) -> None:
    ready(golden, asked(golden))
    form = golden.page.form("/decline")
    assert form is not None
    golden.page = golden.browser.submit(golden.page, form, why="No such record.")
    assert "noted that it cannot be provided: “No such record”" in golden.page.text
    assert "Zyter does not see this. Call and say so." in golden.page.text
    tasks = golden.browser.get(f"{golden.page.url}/tasks")
    found = [one["resource"] for one in json.loads(tasks.html)["entry"]]
    assert {one["status"] for one in found} == {"failed"}
    assert "Answer the form" in golden.page.text
