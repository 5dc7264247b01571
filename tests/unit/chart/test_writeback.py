"""An honest outcome for every way in which a chart takes, loses or refuses a document."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from launch.errors import TokenRevoked
from smart_app.chart import writeback
from smart_app.errors import ChartUnavailable, WrongPatient
from smart_app.fhir import codes
from smart_app.fhir.codes import COVERAGE_INFORMATION
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
NUMBER = "JFA99900004417"
CASE = a_case(coverage_ref="Coverage/c1")


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
    assert condition == f"identifier={writeback.SYSTEM}|d1"
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
    assert [one[1] for one in chart.creates] == [f"identifier={writeback.SYSTEM}|d1"]


@pytest.mark.parametrize("cannot", ["search_by_identifier", "if_none_exist"])
def test_after_a_crash_a_chart_that_cannot_tell_is_not_written_to_twice(cannot: str) -> None:
    chart = FakeChart()
    assert filed(chart, asked_before=True, **{cannot: False})[0] == "unknown"
    assert chart.creates == []


# the order ---------------------------------------------------------------------------------------

GIVEN: dict[str, Any] = {
    "url": COVERAGE_INFORMATION,
    "extension": [
        {"url": "coverage", "valueReference": {"reference": "Coverage/c1"}},
        {"url": "pa-needed", "valueCode": "auth-needed"},
        {"url": "questionnaire", "valueCanonical": "http://payer.example/q"},
        {"url": "coverage-assertion-id", "valueString": "a1"},
    ],
}


def an_order(patient: str = "Patient/p1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "1",
        "meta": {"versionId": "7"},
        "subject": {"reference": patient},
        **more,
    }


def a_mark(extensions: tuple[Any, ...], before: Callable[[], object] = list) -> writeback.Mark:
    numbers = frozenset({NUMBER})
    return writeback.Mark(CASE, "ServiceRequest/1", "62323", extensions, numbers, NOW, before)


def marked(chart: FakeChart, extensions: tuple[Any, ...] = (GIVEN,)) -> str:
    done = writeback.update_order(chart, a_mark(extensions), NUMBER)
    return done.outcome


def test_an_order_is_satisfied_with_the_payers_own_extension_alone() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(note=[{"text": "kept"}])})
    assert marked(chart) == "filed_and_read_back"
    sent, etag = chart.updates[0]
    assert (etag, sent["note"]) == ('W/"7"', [{"text": "kept"}])
    parts = {one["url"]: one for one in sent["extension"][0]["extension"]}
    assert parts["pa-needed"]["valueCode"] == "satisfied"
    assert parts["satisfied-pa-id"]["valueString"] == NUMBER
    assert parts["coverage-assertion-id"]["valueString"] == "a1"
    assert "questionnaire" not in parts


def test_without_the_payers_extension_the_order_stays_as_it_is() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order()})
    assert marked(chart, ()) == "refused"
    assert chart.updates == []


def test_a_marked_order_is_not_written_again() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order()})
    marked(chart)
    assert marked(chart) == "filed_and_read_back"
    assert len(chart.updates) == 1


def test_another_patients_order_is_never_touched() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order("Patient/p2")})
    with pytest.raises(WrongPatient):
        marked(chart)
    assert chart.updates == []


def a_code(code: str, system: str = codes.CPT) -> dict[str, Any]:
    return {"code": {"text": "Injection", "coding": [{"system": system, "code": code}]}}


@pytest.mark.parametrize(
    "now",
    [
        a_code("64483"),
        {"status": "revoked"},
        {"status": "entered-in-error"},
        {"status": "completed"},
        {"doNotPerform": True},
    ],
    ids=str,
)
def test_an_order_that_says_something_else_by_now_gets_no_number(now: dict[str, Any]) -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(**(a_code("62323") | now))})
    done = writeback.update_order(chart, a_mark((GIVEN,)), NUMBER)
    assert (done.outcome, done.carries) == ("refused", False)
    assert done.why == "the order says something else now"
    assert chart.updates == []


@pytest.mark.parametrize("code", [a_code("62323"), a_code("local", "urn:local"), {}], ids=str)
def test_an_order_of_the_code_or_of_none_gets_its_number(code: dict[str, Any]) -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(status="active", **code)})
    assert marked(chart) == "filed_and_read_back"


def test_a_number_is_taken_back_whatever_the_order_says_by_now() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(**a_code("62323"))})
    marked(chart)
    chart.held["ServiceRequest/1"] |= {"status": "revoked", **a_code("64483")}
    assert writeback.restore_order(chart, a_mark((GIVEN,))).outcome == "filed_and_read_back"
    assert chart.held["ServiceRequest/1"]["extension"] == [GIVEN]


@pytest.mark.parametrize(
    ("answer", "outcome", "tries"),
    [
        (Written(412), "refused", 2),
        (Written(403), "refused", 1),
        (Written(422), "refused", 1),
        (Written(200), "accepted_unverified", 1),
    ],
)
def test_what_the_chart_answers_to_an_update(answer: Written, outcome: str, tries: int) -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order()}, answer=answer)
    assert marked(chart) == outcome
    assert len(chart.updates) == tries


@pytest.mark.parametrize("verb", ["read", "update"])
def test_no_answer_about_an_order_is_left_to_the_next_try(verb: str) -> None:
    with pytest.raises(ChartUnavailable):
        marked(FakeChart(held={"ServiceRequest/1": an_order()}, fails={verb}))


MEDICAID = {
    "url": COVERAGE_INFORMATION,
    "extension": [
        {"url": "coverage", "valueReference": {"reference": "Coverage/medicaid"}},
        {"url": "pa-needed", "valueCode": "auth-needed"},
    ],
}


def test_what_another_payer_said_stays_as_it_is() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(extension=[MEDICAID])})
    assert marked(chart) == "filed_and_read_back"
    assert chart.updates[0][0]["extension"][0] == MEDICAID
    alone = FakeChart(held={"ServiceRequest/1": an_order(extension=[MEDICAID])})
    assert marked(alone, ()) == "refused"
    assert alone.updates == []


@pytest.mark.parametrize("given", [(), (MEDICAID,)], ids=["nothing", "another coverage"])
def test_what_the_payer_told_the_chart_alone_is_not_ours_to_complete(given: Any) -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(extension=[GIVEN])})
    assert marked(chart, given) == "refused"
    assert chart.updates == []


def test_a_number_is_taken_back_from_an_order() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(extension=[MEDICAID])})
    marked(chart)
    assert writeback.restore_order(chart, a_mark((GIVEN,))).outcome == "filed_and_read_back"
    assert chart.held["ServiceRequest/1"]["extension"] == [MEDICAID, GIVEN]


def satisfied_by(*numbers: str) -> dict[str, Any]:
    """Return the payer's extension as numbers have satisfied it."""
    said = [{"url": "satisfied-pa-id", "valueString": one} for one in numbers]
    needed = {"url": "pa-needed", "valueCode": "satisfied", "id": "x"}
    return GIVEN | {"extension": [GIVEN["extension"][0], needed, *said, GIVEN["extension"][3]]}


@pytest.mark.parametrize("given", [(), (MEDICAID,)], ids=["nothing", "another coverage"])
def test_a_number_is_taken_back_although_nothing_is_known_to_put_back(given: Any) -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(extension=[satisfied_by(NUMBER)])})
    done = writeback.restore_order(chart, a_mark(given))
    assert (done.outcome, done.carries) == ("filed_and_read_back", False)
    held = next(one for one in chart.held["ServiceRequest/1"]["extension"] if one != MEDICAID)
    assert held["extension"] == [GIVEN["extension"][0], GIVEN["extension"][3]]


def test_a_number_of_somebody_else_stays_when_ours_is_taken_back() -> None:
    both = satisfied_by(NUMBER, "SOMEBODYELSE00")
    chart = FakeChart(held={"ServiceRequest/1": an_order(extension=[both])})
    writeback.restore_order(chart, a_mark(()))
    assert chart.held["ServiceRequest/1"]["extension"] == [satisfied_by("SOMEBODYELSE00")]


def test_an_order_that_carries_no_number_is_left_alone() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order()})
    done = writeback.restore_order(chart, a_mark(()))
    assert (done.outcome, chart.updates) == ("filed_and_read_back", [])


def test_a_sign_in_that_ends_after_the_write_does_not_unwrite_it() -> None:
    class Ended(FakeChart):
        def read(self, reference: str) -> dict[str, Any]:
            raise TokenRevoked

        def search(self, resource_type: str, params: Any) -> list[dict[str, Any]]:
            raise TokenRevoked

    chart = Ended()
    assert filed(chart)[0] == "accepted_unverified"
    assert len(chart.creates) == 1
