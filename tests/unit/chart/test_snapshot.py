"""What the chart takes back is not taken, whoever asks the chart later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from smart_app.chart import orders, snapshot
from smart_app.fhir import codes
from tests.unit.dtr.forms import PATIENT
from tests.unit.kit import NOW, FakeChart

VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def a_resource(kind: str, **more: Any) -> dict[str, Any]:
    subject = "beneficiary" if kind == "Coverage" else "subject"
    return {"resourceType": kind, "id": "1", subject: {"reference": "Patient/p1"}, **more}


def verified(*words: str) -> dict[str, Any]:
    return {"coding": [{"system": VERIFICATION, "code": one} for one in words]}


def read(*resources: dict[str, Any]) -> Any:
    held = {"Patient/p1": PATIENT}
    held |= {f"{one['resourceType']}/{one['id']}": one for one in resources}
    with ThreadPoolExecutor(2) as pool:
        return snapshot.read(FakeChart(held=held), "p1", pool, NOW)


@pytest.mark.parametrize(
    "kind",
    [one for one in snapshot.SEARCHES if one not in ("ServiceRequest", "Condition", "Appointment")],
)
def test_what_was_an_error_is_not_in_the_chart(kind: str) -> None:
    assert read(a_resource(kind, status="entered-in-error")).of(kind) == ()
    assert len(read(a_resource(kind, status="active")).of(kind)) == 1


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        ("entered-in-error", False),
        ("refuted", False),
        ("confirmed", True),
        ("unconfirmed", True),
        (None, True),
    ],
)
def test_a_problem_ruled_out_is_no_diagnosis(word: str | None, counts: bool) -> None:
    code = {"coding": [{"system": codes.ICD10CM, "code": "M54.16"}]}
    status = {"verificationStatus": verified(word)} if word else {}
    order = a_resource("ServiceRequest", reasonReference=[{"reference": "Condition/1"}])
    chart = read(order, a_resource("Condition", code=code, **status))
    assert [one.code for one in orders.diagnoses(order, chart)] == ["M54.16"] * counts
    assert len(chart.of("Condition")) == counts


def test_an_order_that_was_an_error_is_told_of_by_its_own_name() -> None:
    order = a_resource("ServiceRequest", status="entered-in-error")
    assert read(order).of("ServiceRequest") == (order,)


def test_a_decision_that_was_filed_is_no_note_of_the_chart() -> None:
    filed = [{"system": codes.DECISION, "value": "d1"}]
    assert read(a_resource("DocumentReference", identifier=filed)).of("DocumentReference") == ()
