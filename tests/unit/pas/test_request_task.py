"""A payer's wish as the PAS Task that hands it on: one for each type of what is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases.model import Wanted
from smart_app.pas import lint, request_task
from smart_app.pas.wanted import FORM, LINE, MODIFIER
from tests.unit.kit import NOW
from tests.unit.pas.requests import MEMBER, a_request, the_case
from tests.unit.pas.test_wanted import a_wish, asking, wanted

VERSIONS = ("2.0.1", "2.1.0", "2.2.1")
NOTE = Wanted("ACN-1", "urn:payer", "documents", "11506-3", "", (1,), report="15")
FORMS = Wanted("ACN-2", "urn:payer", "form", FORM, "", (1,), context="trace-1", report="PY")
HANDED = request_task.Handed("https://payer.example/pas/", "open", NOW)


def tasks(
    one: Wanted, version: str = "2.2.1", orders: int = 1, **handed: Any
) -> tuple[dict[str, Any], ...]:
    request = a_request(version=version)
    told = replace(HANDED, **handed)
    return request_task.build(request, the_case(orders), one, told, version)


def inputs(task: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what a Task asks for, by the kind of its inputs."""
    return [
        (one["type"]["coding"][0]["code"], next(v for key, v in one.items() if key[:5] == "value"))
        for one in task["input"]
    ]


@pytest.mark.req("pas-2.2.1@ainfo-5", "pas-2.2.1@ainfo-7")
def test_each_type_of_code_has_a_task_of_its_own_with_the_code_as_input() -> None:
    report, loinc = tasks(NOTE)
    for one in (report, loinc):
        assert one["code"]["coding"][0]["code"] == "attachment-request-code"
        assert one["identifier"] == [{"system": "urn:payer", "value": "ACN-1"}]
    asked = [inputs(one)[1] for one in (report, loinc)]
    assert [kind for kind, _ in asked] == ["attachments-needed"] * 2
    assert [value["coding"][0]["code"] for _, value in asked] == ["15", "11506-3"]
    assert [value["coding"][0]["system"] for _, value in asked] == [
        "https://codesystem.x12.org/005010/755",
        "http://loinc.org",
    ]


@pytest.mark.req("pas-2.2.1@ainfo-6", "pas-2.2.1@ainfo-7")
def test_a_form_is_asked_for_by_the_trace_number_of_its_item() -> None:
    *_, task = tasks(FORMS)
    assert task["code"]["coding"][0]["code"] == "attachment-request-questionnaire"
    assert inputs(task)[1] == ("questionnaire-context", "trace-1")
    [line] = task["input"][1]["extension"]
    assert (line["url"], line["valuePositiveInt"]) == (LINE, 1)


def test_a_form_about_several_items_names_the_trace_of_each() -> None:
    *_, task = tasks(replace(FORMS, lines=(1, 2)), orders=2)
    assert [value for _, value in inputs(task)[1:]] == ["trace-1", "trace-2"]


def test_the_trace_is_an_identifier_in_the_older_version() -> None:
    *_, task = tasks(FORMS, "2.0.1")
    kind, value = inputs(task)[1]
    assert (kind, value["value"]) == ("questionnaires-needed", "trace-1")
    assert task["input"][1]["extension"][0]["url"].endswith("extension-paLineNumber")


def test_what_is_about_no_item_is_about_each() -> None:
    (task,) = tasks(replace(NOTE, lines=(), report=""), orders=2)
    lines = [one["extension"][0]["valuePositiveInt"] for one in task["input"][1:]]
    assert lines == [1, 2]


@pytest.mark.req("pas-2.2.1@ainfo-4")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("one", [NOTE, FORMS, replace(NOTE, code="15", system="")], ids=str)
def test_a_task_is_one_of_the_guide(one: Wanted, version: str) -> None:
    for made in tasks(one, version, due=NOW):
        assert lint.task(made, version) == ()
        assert made["meta"]["profile"][0].endswith("/profile-task")
        assert inputs(made)[0] == ("payer-url", "https://payer.example/pas/$submit-attachment")
        assert made["for"]["identifier"]["value"] == MEMBER
        assert made["reasonReference"]["identifier"]["value"] == "identifier-1"


def test_a_task_that_lacks_what_it_needs_is_none() -> None:
    (made,) = tasks(replace(NOTE, report=""))
    assert "Task.input stands" not in str(lint.task(made, "2.2.1"))
    found = lint.task({**made, "input": made["input"][:1]}, "2.2.1")
    assert found == ("Task.input is missing",)
    assert lint.task({**made, "status": 5}, "2.2.1") != ()


@pytest.mark.parametrize(
    ("state", "status"),
    [("open", "requested"), ("sending", "in-progress"), ("received", "completed")],
)
def test_a_task_is_as_far_as_its_answer(state: str, status: str) -> None:
    assert {one["status"] for one in tasks(NOTE, state=state)} == {status}


def test_a_task_that_cannot_be_done_has_failed_for_a_reason() -> None:
    for one in tasks(NOTE, state="declined", why="No such note."):
        assert (one["status"], one["statusReason"]) == ("failed", {"text": "No such note."})
        assert "output" not in one


def test_all_codes_of_a_wish_are_read_and_handed_on() -> None:
    narrowed = {
        "url": MODIFIER,
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "18804-5"}]},
    }
    payload = [{"contentString": "11506-3", "extension": [narrowed]}]
    (one,) = wanted(asking(a_wish(None, payload=payload)))
    assert (one.report, one.modifiers) == ("15", ("18804-5",))
    _, loinc = tasks(one)
    assert narrowed in loinc["input"][1]["extension"]
