"""An honest outcome for every way in which a chart takes, loses or refuses a document."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from launch.errors import TokenRevoked
from smart_app.chart import writeback
from smart_app.errors import ChartUnavailable
from smart_app.fhir import codes
from tests.unit.kit import ISS, NOW, FakeChart, Written, a_case

FILING = writeback.Filing(
    case=a_case(),
    decision_id="d1",
    text="Affirmed. Number JFA99900004417.",
    title="Prior authorization: affirmed",
    author_ref="Practitioner/dr",
    encounter_id="e1",
    type_code="11506-3",
    type_words="Decision",
    mime="text/plain",
    search_by_identifier=True,
    if_none_exist=True,
    at=NOW,
)


def filed(chart: FakeChart, *, asked_before: bool = False, **change: Any) -> tuple[str, str | None]:
    done = writeback.file_document(chart, replace(FILING, **change), asked_before=asked_before)
    return done.outcome, done.resource_ref


def there(text: str = FILING.text, patient: str = "Patient/p1") -> dict[str, Any]:
    """Return a document as the chart gives it back."""
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "id": "1",
        "subject": {"reference": patient},
        "content": [{"attachment": {"data": data}}],
    }


def test_a_document_is_filed_and_read_back() -> None:
    chart = FakeChart()
    assert filed(chart) == ("filed_and_read_back", "DocumentReference/new")
    sent, condition = chart.creates[0]
    assert condition == f"identifier={codes.DECISION}|d1"
    assert sent["subject"] == {"reference": "Patient/p1"}
    assert sent["context"]["encounter"] == [{"reference": "Encounter/e1"}]
    assert base64.b64decode(sent["content"][0]["attachment"]["data"]).decode() == FILING.text


def test_no_condition_for_a_chart_that_knows_none() -> None:
    chart = FakeChart()
    assert filed(chart, if_none_exist=False, encounter_id=None)[0] == "filed_and_read_back"
    assert chart.creates[0][1] is None
    assert "context" not in chart.creates[0][0]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Written(400), "refused"),
        (Written(403), "refused"),
        (Written(412), "refused"),
        (Written(422), "refused"),
        (Written(202), "accepted_unverified"),
        (Written(201), "accepted_unverified"),
        (Written(201, None, "DocumentReference/elsewhere"), "accepted_unverified"),
    ],
)
def test_what_the_chart_answers(answer: Written, outcome: str) -> None:
    assert filed(FakeChart(answer=answer))[0] == outcome


@pytest.mark.parametrize(
    "answer",
    [
        Written(201, None, f"{ISS}/DocumentReference/1/_history/2"),
        Written(201, None, "DocumentReference/1"),
        Written(201, {"resourceType": "DocumentReference", "id": "1"}),
        Written(200, {"resourceType": "DocumentReference", "id": "1"}),
        Written(201),
    ],
)
def test_the_document_is_found_however_the_chart_names_it(answer: Written) -> None:
    chart = FakeChart(held={"DocumentReference/1": there()}, answer=answer)
    assert filed(chart) == ("filed_and_read_back", "DocumentReference/1")


@pytest.mark.parametrize("found", [there("other text"), there(patient="Patient/p2")])
def test_another_text_or_patient_is_no_read_back(found: dict[str, Any]) -> None:
    answer = Written(201, None, "DocumentReference/1")
    chart = FakeChart(held={"DocumentReference/1": found}, answer=answer)
    assert filed(chart)[0] == "accepted_unverified"


@pytest.mark.parametrize("chart", [FakeChart(fails={"create"}), FakeChart(answer=Written(500))])
def test_no_answer_is_left_to_the_next_try(chart: FakeChart) -> None:
    with pytest.raises(ChartUnavailable):
        filed(chart)


def test_what_cannot_be_read_back_is_said_so() -> None:
    assert filed(FakeChart(fails={"read"}))[0] == "accepted_unverified"


def test_a_document_names_the_one_that_it_replaces() -> None:
    chart = FakeChart()
    filed(chart, replaces="DocumentReference/old")
    assert chart.creates[0][0]["relatesTo"] == [
        {"code": "replaces", "target": {"reference": "DocumentReference/old"}}
    ]


def test_after_a_crash_what_is_there_is_not_written_again() -> None:
    chart = FakeChart(held={"DocumentReference/1": there()})
    assert filed(chart, asked_before=True) == ("filed_and_read_back", "DocumentReference/1")
    assert chart.creates == []


def test_after_a_crash_what_is_not_there_is_written_under_a_condition() -> None:
    chart = FakeChart()
    assert filed(chart, asked_before=True)[0] == "filed_and_read_back"
    assert [one[1] for one in chart.creates] == [f"identifier={codes.DECISION}|d1"]


@pytest.mark.parametrize("cannot", ["search_by_identifier", "if_none_exist"])
def test_after_a_crash_a_chart_that_cannot_tell_is_not_written_to_twice(cannot: str) -> None:
    chart = FakeChart()
    assert filed(chart, asked_before=True, **{cannot: False})[0] == "unknown"
    assert chart.creates == []


def test_a_sign_in_that_ends_after_the_write_does_not_unwrite_it() -> None:
    class Ended(FakeChart):
        def read(self, reference: str) -> dict[str, Any]:
            raise TokenRevoked

        def search(self, resource_type: str, params: Any) -> list[dict[str, Any]]:
            raise TokenRevoked

    chart = Ended()
    assert filed(chart)[0] == "accepted_unverified"
    assert len(chart.creates) == 1
