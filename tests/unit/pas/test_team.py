"""Who orders and who performs is what the chart names, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot, Decision, ItemDecision, UtnRecord
from smart_app.chart import documents, orders
from smart_app.fhir import codes
from smart_app.pas import previous, team
from tests.unit.kit import NOW
from tests.unit.pas.requests import DOCTOR, PATIENT, an_order, the_case

TAXONOMY = "208VP0014X"
SURGEON = {
    "resourceType": "Practitioner",
    "id": "surgeon",
    "identifier": [{"system": codes.NPI, "value": "1999999026"}],
    "qualification": [{"code": {"coding": [{"system": codes.NUCC, "code": "207X00000X"}]}}],
}
NAMELESS = {"resourceType": "Practitioner", "id": "nameless"}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "role",
    "practitioner": {"reference": "Practitioner/dr"},
    "specialty": [{"coding": [{"system": codes.NUCC, "code": TAXONOMY}]}],
}
PTANS = {"1999999018": "Z10001", "1999999026": "Z10002"}


def chart(**more: tuple[dict[str, Any], ...]) -> ChartSnapshot:
    """Return a chart with the people of this file."""
    people = {"Practitioner": (DOCTOR, SURGEON, NAMELESS), "PractitionerRole": (ROLE,)}
    return ChartSnapshot(PATIENT, people | more, {}, NOW)


def placed(by: str | None, number: int = 1, **more: Any) -> dict[str, Any]:
    """Return an order that someone placed."""
    order = an_order(number) | {"performer": []} | more
    return order | ({"requester": {"reference": by}} if by else {})


@pytest.mark.parametrize(
    ("several", "who"),
    [
        ((placed("Practitioner/dr"),), DOCTOR),
        ((placed("PractitionerRole/role"),), DOCTOR),
        ((placed("Practitioner/dr"), placed("PractitionerRole/role", 2)), DOCTOR),
        ((placed(None),), SURGEON),
        ((placed("Organization/x"),), SURGEON),
        ((placed("Practitioner/dr"), placed("Practitioner/nameless", 2)), SURGEON),
        ((placed("Practitioner/dr"), placed(None, 2)), SURGEON),
    ],
)
def test_who_ordered_is_who_placed_all_orders_or_else_signs(several: Any, who: Any) -> None:
    found = team.ordering(chart(), several, SURGEON, PTANS)
    assert found.practitioner is who
    assert found.ptan == PTANS[who["identifier"][0]["value"]]
    assert found.taxonomy == (TAXONOMY if who is DOCTOR else "207X00000X")


def test_who_performs_is_who_the_orders_name_with_a_number() -> None:
    named = [{"reference": f"Practitioner/{one}"} for one in ("surgeon", "nameless", "gone")]
    several = (placed(None, performer=named), placed(None, 2))
    [found] = team.performing(chart(), several, PTANS)
    assert (found.practitioner, found.ptan) == (SURGEON, "Z10002")
    assert found.order_refs == {"ServiceRequest/1"}
    [whole] = team.performing(chart(), several[:1], PTANS)
    assert whole.order_refs == frozenset()


def test_of_the_chart_the_conditions_and_the_visit_of_the_orders_are_kept() -> None:
    coded = {"coding": [{"system": codes.ICD10CM, "code": "M54.16"}]}
    conditions = tuple(
        {"resourceType": "Condition", "id": one, "code": coded, "recordedDate": day}
        for one, day in (("named", "2026-03-04T10:00:00Z"), ("other", "2020-01-01"))
    )
    visits = tuple({"resourceType": "Encounter", "id": one} for one in ("e1", "e2"))
    order = an_order() | {
        "reasonReference": [{"reference": "Condition/named"}],
        "encounter": {"reference": "Encounter/e2"},
    }
    kept = documents.keep(chart(Condition=conditions, Encounter=visits), (order,))
    assert kept.of("Condition") == conditions[:1]
    assert kept.of("Encounter") == visits[1:]
    assert {key: str(day) for key, day in orders.recorded((order,), kept).items()} == {
        "M54.16": "2026-03-04"
    }


def a_record(number: str) -> UtnRecord:
    return UtnRecord(number, "wiser", "m", (), "d1", "partial", NOW.date())


def test_only_numbers_of_the_program_are_quoted_each_with_its_item_s_verdict() -> None:
    items = (
        ItemDecision("trace-1", "affirmed", number="JFA99900004417"),
        ItemDecision("trace-2", "non_affirmed", number="JFA99900004418"),
        ItemDecision("trace-3", "non_affirmed", number="not recorded"),
        ItemDecision("trace-4", "pended", number="JFA99900004417"),
        ItemDecision("trace-9", "affirmed", number="JFA99900004417"),
    )
    decided = Decision("d1", "case-1", items, NOW, "pas")
    records = (a_record("JFA99900004417"), a_record("JFA99900004418"))
    found = previous.numbers(the_case(4), decided, records)
    assert [(one.order_ref, one.number[-1], one.verdict) for one in found] == [
        ("ServiceRequest/1", "7", "affirmed"),
        ("ServiceRequest/2", "8", "non_affirmed"),
    ]
    assert previous.numbers(the_case(4), None, records) == ()
