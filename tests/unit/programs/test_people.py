"""The sandbox's people show every kind of coverage, and every state of the program."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import smart_app
from sandbox.ehr.people import charts
from sandbox.payer import participants
from smart_app import judging
from smart_app.cases.model import ChartSnapshot, Resource, ScopeFinding
from smart_app.chart import coverages, orders
from smart_app.fhir.codes import npi_valid
from smart_app.programs import base, scope
from tests.unit.kit import NOW

WISER = base.load(Path(smart_app.__file__).parent / "programs/wiser")
TODAY = date(2026, 11, 24)
PEOPLE = charts(TODAY)
STATES = {
    one["id"]: one["address"][0]["state"] for one in PEOPLE if one["resourceType"] == "Patient"
}


def a_chart(patient: str) -> ChartSnapshot:
    """Return a chart's coverages, problems and orders, with everybody's payers."""
    about = f"Patient/{patient}"
    found: dict[str, tuple[Resource, ...]] = {}
    for kind, key in (
        ("Coverage", "beneficiary"),
        ("ServiceRequest", "subject"),
        ("Condition", "subject"),
    ):
        found[kind] = tuple(
            one for one in PEOPLE if one["resourceType"] == kind and one[key]["reference"] == about
        )
    found["Organization"] = tuple(one for one in PEOPLE if one["resourceType"] == "Organization")
    return ChartSnapshot({"resourceType": "Patient", "id": patient}, found, {}, NOW)


def judged(patient: str, order_id: str) -> ScopeFinding:
    """Judge a patient's order in the state where the patient lives."""
    chart = a_chart(patient)
    order = chart.by_reference(f"ServiceRequest/{order_id}")
    assert order
    named = order["insurance"][0]["reference"]
    counts, _ = judging.coverage(WISER, chart, named, TODAY)
    paid = coverages.payor(counts, chart) if counts else coverages.Payor("", unread=False)
    lines = orders.items((order,), chart, WISER.is_add_on, WISER.words)
    question = scope.Question(lines, counts, paid.names, (STATES[patient],), ("11",), TODAY)
    return scope.judge(WISER, question)


@pytest.mark.parametrize(
    ("patient", "verdict"),
    [
        ("opal", "in_scope"),
        ("hattie", "out_of_scope"),  # Medicare Advantage
        ("roy", "out_of_scope"),  # Railroad Medicare
        ("dolly", "in_scope"),  # Medicare and Medicaid
        ("sid", "in_scope"),  # Medicare pays second
        ("una", "unknown"),  # no type
    ],
)
def test_each_coverage_is_told_from_the_others(patient: str, verdict: str) -> None:
    found = judged(patient, f"{patient}-esi")
    assert found.verdict == verdict
    if verdict != "in_scope":
        assert "coverage" in [*(one.rule for one in found.reasons), *found.open_rules]


def test_two_people_have_an_order_for_each_form_at_least_in_two_states() -> None:
    for service in (one for one in WISER.services if one.form):
        own = {one.code for one in service.codes if not one.add_on}
        asked = set()
        for order in (one for one in PEOPLE if one["resourceType"] == "ServiceRequest"):
            patient = order["subject"]["reference"].partition("/")[2]
            if order["code"]["coding"][0]["code"] in own:
                found = judged(patient, order["id"])
                asked |= {(patient, STATES[patient])} if found.verdict == "in_scope" else set()
        assert len({state for _, state in asked}) >= 2, (service.id, asked)


def test_people_live_in_every_state_and_nobody_is_real() -> None:
    assert set(STATES.values()) == {"AZ", "NJ", "OH", "OK", "TX", "WA"}
    assert len(STATES) >= 10
    for one in PEOPLE:
        for row in one.get("identifier") or []:
            if row.get("system") == "http://hl7.org/fhir/sid/us-mbi":
                assert row["value"][1] == "S" and len(row["value"]) == 11
            if row.get("system") == "http://hl7.org/fhir/sid/us-npi":
                assert row["value"].startswith("1999999") and npi_valid(row["value"])


def test_the_payer_knows_every_code_of_the_program() -> None:
    for service in WISER.services:
        if service.status == "active":
            for one in service.codes:
                assert participants.service(one.code) == service.id
