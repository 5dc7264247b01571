"""A number comes to the order that was decided, and to no other; and goes from any."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot, Coding, UtnRecord
from smart_app.chart import writeback
from smart_app.chart.entered import Entered, laid_over
from smart_app.errors import ChartUnavailable, WrongPatient
from smart_app.fhir import codes
from smart_app.fhir.codes import COVERAGE_INFORMATION
from tests.unit.kit import NOW, FakeChart, Written, a_case

NUMBER = "JFA99900004417"
CASE = a_case(coverage_ref="Coverage/c1")
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
        "status": "active",
        "subject": {"reference": patient},
        "code": {"text": "Injection", "coding": [{"system": codes.CPT, "code": "62323"}]},
        **more,
    }


TODAY = NOW.date()
WINDOW = (TODAY, TODAY + timedelta(days=119))
RECORD = UtnRecord(NUMBER, "wiser", "m", ("trace-1",), "d1", "affirmed", TODAY, *WINDOW)


def a_mark(
    extensions: tuple[Any, ...] = (GIVEN,),
    *,
    signed: dict[str, Any] | None = None,
    typed: tuple[Entered, ...] = (),
) -> writeback.Mark:
    """Return what is known of an order: as it was ``signed``, and what people ``typed`` of it."""
    chart = ChartSnapshot({}, {"ServiceRequest": (signed or an_order(),)}, {}, NOW)
    seen, numbers = laid_over(chart, typed), frozenset({NUMBER, "JFA99900001111"})
    return writeback.Mark(CASE, CASE.items[0], seen, typed, extensions, numbers, NOW, list)


def marked(chart: FakeChart, extensions: tuple[Any, ...] = (GIVEN,), **known: Any) -> str:
    done = writeback.update_order(chart, a_mark(extensions, **known), RECORD)
    return done.outcome


@pytest.mark.req("pas-2.0.1@10", "pas-2.2.1@use-4")
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


KNEE = {"code": {"text": "MRI of knee", "coding": [{"system": codes.SNOMED, "code": "241646009"}]}}
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RIGHT = {"url": "urn:x:modifier", "valueCode": "RT"}
LEFT = {"system": codes.SNOMED, "code": "82169009"}
SOMETHING_ELSE: list[dict[str, Any]] = [
    a_code("64483"),
    KNEE,
    {"code": {}},
    {"status": "revoked"},
    {"status": "entered-in-error"},
    {"status": "unknown"},
    {"status": None},
    {"doNotPerform": True},
    {"code": a_code("62323")["code"] | {"extension": [RIGHT]}},
    {"quantityQuantity": {"value": 9}},
    {"reasonCode": [{"coding": [{"system": ICD, "code": "Z00.00"}]}]},
    {"reasonReference": [{"reference": "Condition/other"}]},
    {"occurrenceDateTime": "2028-01-01"},
    {"bodySite": [{"coding": [{"system": codes.SNOMED, "code": "6757004"}], "text": "Right knee"}]},
    {"bodySite": [{"text": "Right knee"}]},
    {"bodySite": [{"coding": [LEFT | {"extension": [RIGHT]}]}]},
    {"code": a_code("62323")["code"] | {"text": "Injection, right"}},
    {"extension": [GIVEN, {"url": "http://hl7.org/fhir/targetBodyStructure", "valueCode": "x"}]},
    {"bodySite": [{"coding": [LEFT], "text": "Right knee"}]},
    {"bodySite": [{"coding": [LEFT | {"display": "Right knee"}]}]},
    {"bodySite": [{"coding": [{"display": "Right knee"}]}]},
    {"bodySite": [{"extension": [{"url": "bodySite", "valueReference": {"reference": "B/r"}}]}]},
    {"orderDetail": [{"coding": [{"system": codes.HCPCS, "code": "Q4101"}]}]},
]


def refused(chart: FakeChart, mark: writeback.Mark, record: UtnRecord = RECORD) -> bool:
    """Tell whether an order is left without a number because it says something else."""
    done = writeback.update_order(chart, mark, record)
    assert done.outcome == "filed_and_read_back" or chart.updates == []
    return (done.outcome, done.why) == ("refused", "the order says something else now")


@pytest.mark.parametrize("now", SOMETHING_ELSE, ids=str)
def test_an_order_that_says_something_else_by_now_gets_no_number(now: dict[str, Any]) -> None:
    assert refused(FakeChart(held={"ServiceRequest/1": an_order(**now)}), a_mark())


@pytest.mark.parametrize(
    "now",
    [
        {"status": "completed"},
        {"status": "on-hold"},
        {"reasonCode": [{"coding": [{"system": ICD, "code": "M54.16"}], "text": "in new words"}]},
    ],
    ids=str,
)
def test_an_order_that_waits_was_performed_or_is_worded_anew_has_its_number(
    now: dict[str, Any],
) -> None:
    reason = {"reasonCode": [{"coding": [{"system": ICD, "code": "M54.16"}]}]}
    reason["bodySite"] = [{"coding": [LEFT], "text": "Left knee"}]
    mark = a_mark(signed=an_order(**reason))
    chart = FakeChart(held={"ServiceRequest/1": an_order(**reason) | now})
    assert not refused(chart, mark)
    chart = FakeChart(held={"ServiceRequest/1": an_order(**reason)})
    assert not refused(chart, mark)
    chart.held["ServiceRequest/1"] |= now
    done = writeback.update_order(chart, mark, RECORD)
    assert (done.outcome, done.carries) == ("filed_and_read_back", True)


def test_an_order_of_which_nothing_is_kept_gets_no_number() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order()})
    assert refused(chart, replace(a_mark(), seen=None))
    assert refused(chart, replace(a_mark(), seen=ChartSnapshot({}, {}, {}, NOW)))


def test_an_order_without_a_code_that_nobody_entered_gets_no_number() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(**KNEE)})
    assert refused(chart, a_mark(signed=an_order(**KNEE)))


def test_an_order_that_was_a_draft_and_is_active_now_gets_its_number() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(note=[{"text": "by phone"}])})
    assert marked(chart, signed=an_order(status="draft")) == "filed_and_read_back"


TYPED = Entered(
    order_ref="ServiceRequest/1",
    code=Coding(codes.CPT, "62323"),
    diagnoses=(Coding(ICD, "M48.061"),),
    planned=date(2026, 12, 10),
    place=None,
    requester="Practitioner/1",
    by="Robin",
    at=NOW,
)
LOCAL = a_code("INJ1", "urn:local")
SNOMED = {"system": "http://snomed.info/sct", "code": "231261005"}


@pytest.mark.parametrize(
    ("now", "goes"),
    [
        (LOCAL, True),
        (a_code("62323"), True),  # the chart has the entered code itself now
        ({"code": LOCAL["code"] | {"coding": [*LOCAL["code"]["coding"], SNOMED]}}, True),
        (a_code("64483"), False),
        (KNEE, False),
        (LOCAL | {"code": LOCAL["code"] | {"text": "Knee MRI"}}, False),
        (LOCAL | {"reasonCode": [{"coding": [{"system": ICD, "code": "Z00.00"}]}]}, False),
    ],
    ids=str,
)
def test_what_a_person_entered_completes_the_order_that_it_was_entered_for(
    now: dict[str, Any], goes: bool
) -> None:
    mark = a_mark(signed=an_order(**LOCAL), typed=(TYPED,))
    assert refused(FakeChart(held={"ServiceRequest/1": an_order(**now)}), mark) is not goes


def test_an_entry_of_an_order_that_had_a_code_of_its_own_completes_no_other_one() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(**LOCAL)})
    signed = an_order(reasonCode=[{"coding": [{"system": ICD, "code": "M48.061"}]}])
    signed |= {"occurrenceDateTime": "2026-12-10"}
    assert refused(chart, a_mark(signed=signed, typed=(TYPED,)))


@pytest.mark.parametrize(
    ("was", "now", "goes"),
    [
        ("2026-12-10", "2027-01-04", True),
        ("2026-12-10", "2027-03-09", True),
        ("2026-12-10", "2027-03-10", False),
        ("2026-12-10", "2026-12-01", False),
        ("2026-12-10", None, False),
        (None, "2027-01-04", True),
        (None, "2027-04-01", False),
        ("2028-01-01", "2028-01-01", True),
    ],
)
def test_an_order_that_is_put_off_within_the_window_gets_its_number(
    was: str | None, now: str | None, goes: bool
) -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(occurrenceDateTime=now)})
    mark = a_mark(signed=an_order(occurrenceDateTime=was))
    window = replace(RECORD, valid_from=date(2026, 12, 2), valid_to=date(2027, 3, 9))
    assert refused(chart, mark, window) is not goes


@pytest.mark.parametrize("now", [{"status": "revoked"}, a_code("64483"), KNEE], ids=str)
def test_a_number_is_taken_back_whatever_the_order_says_by_now(now: dict[str, Any]) -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(**a_code("62323"))})
    marked(chart)
    chart.held["ServiceRequest/1"] |= now
    done = writeback.restore_order(chart, a_mark())
    assert (done.outcome, done.carries) == ("filed_and_read_back", False)
    kept = [GIVEN["extension"][0], GIVEN["extension"][3]]  # not what was said of another service
    assert chart.held["ServiceRequest/1"]["extension"][0]["extension"] == kept


def test_an_order_that_bears_its_number_stays_as_it_is() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order(extension=[satisfied_by(NUMBER)])})
    assert (marked(chart), marked(chart, ())) == ("filed_and_read_back", "filed_and_read_back")
    assert chart.updates == []


@pytest.mark.parametrize(
    ("now", "stays"),
    [
        *(({"status": one}, True) for one in ("draft", "on-hold", "completed", "unknown", None)),
        *(({"status": one}, False) for one in ("revoked", "entered-in-error")),
        ({"doNotPerform": True}, False),
        ({"status": "completed"} | a_code("64483"), False),
        ({"status": "completed", "occurrenceDateTime": "2028-01-01"}, False),
    ],
    ids=str,
)
def test_no_status_alone_takes_its_number_from_an_order(now: dict[str, Any], stays: bool) -> None:
    held = an_order(extension=[satisfied_by(NUMBER)]) | now
    chart = FakeChart(held={"ServiceRequest/1": held})
    done = writeback.update_order(chart, a_mark(), RECORD)
    assert (done.outcome == "filed_and_read_back", done.carries) == (stays, True)
    assert chart.updates == []


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
