"""What a person entered of an order is in the order wherever the chart's own says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app.cases import codec
from smart_app.cases.model import ChartSnapshot, Coding, Resource
from smart_app.chart import entered, orders
from smart_app.chart.entered import Entered
from smart_app.fhir import codes
from tests.unit.kit import CPT, NOW

DAY = date(2026, 12, 10)
ONE = Entered(
    order_ref="ServiceRequest/1",
    code=Coding(CPT, "62323"),
    diagnoses=(Coding(codes.ICD10CM, "M54.16"),),
    planned=DAY,
    place=None,
    by="Robin",
    at=NOW,
    requester="Practitioner/1",
)


def laid(one: Entered = ONE, **order: Any) -> tuple[Resource, ChartSnapshot]:
    """Return the order as it is with what was entered, and the chart."""
    bare = {
        "resourceType": "ServiceRequest",
        "id": "1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "Lumbar epidural"},
    }
    patient = {"resourceType": "Patient", "id": "p1"}
    chart = ChartSnapshot(patient, {"ServiceRequest": (bare | order,)}, {}, NOW)
    chart = entered.laid_over(chart, [one])
    found = chart.by_reference("ServiceRequest/1")
    assert found
    return found, chart


@pytest.mark.parametrize(
    "reason",
    [
        {},
        {"reasonCode": [{"text": "Low back pain"}]},
        {"reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "279039007"}]}]},
        {"reasonReference": [{"reference": "Condition/unread"}]},
    ],
)
def test_the_diagnosis_stands_beside_words_without_a_code(reason: dict[str, Any]) -> None:
    order, chart = laid(**reason)
    assert [one.code for one in orders.diagnoses(order, chart)] == ["M54.16"]
    for key, said in reason.items():
        assert order[key][: len(said)] == said


def test_the_charts_own_diagnosis_stands_alone() -> None:
    own = {"coding": [{"system": codes.ICD10CM, "code": "M48.061"}]}
    order, chart = laid(reasonCode=[{"text": "Low back pain"}, own])
    assert [one.code for one in orders.diagnoses(order, chart)] == ["M48.061"]


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"occurrenceDateTime": "2026-12"},
        {"occurrencePeriod": {"start": "2026-12"}},
        {"occurrenceTiming": {"code": {"text": "soon"}}},
        {"_occurrenceDateTime": {"extension": []}},
    ],
)
def test_the_day_takes_the_place_of_what_is_no_day(when: dict[str, Any]) -> None:
    order, _ = laid(**when)
    assert orders.planned_date((order,)) == DAY
    assert [key for key in order if "occurrence" in key] == ["occurrenceDateTime"]


def test_the_charts_own_day_stands() -> None:
    when = {"occurrencePeriod": {"start": "2026-12-03T08:00:00-07:00"}}
    order, _ = laid(**when)
    assert orders.planned_date((order,)) == date(2026, 12, 3)
    assert "occurrenceDateTime" not in order


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        ({}, "Practitioner/1"),
        ({"requester": {"display": "Dr Rivera"}}, "Practitioner/1"),
        ({"requester": {"reference": "Practitioner/2"}}, "Practitioner/2"),
    ],
)
def test_the_clinician_stands_where_the_chart_names_nobody_to_sign(
    given: dict[str, Any], stands: str
) -> None:
    order, _ = laid(**given)
    assert orders.placed(order)[0] == stands


def test_what_an_older_version_kept_is_read() -> None:
    kept = codec.plain(replace(ONE, requester=""))
    del kept["requester"]
    found = codec.load(Entered, codec.dump(kept | {"by_ref": "Practitioner/1"}))
    assert found == replace(ONE, requester="")
    order, _ = laid(found)
    assert "requester" not in order
