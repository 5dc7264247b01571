"""Prefetch templates, filled from what was read; no query is run with a hole in it."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot
from smart_app.crd import prefetch
from smart_app.errors import PayerError
from tests.unit.kit import NOW

PATIENT = {"resourceType": "Patient", "id": "p1"}
DOCTOR = {"resourceType": "Practitioner", "id": "dr"}
PLACE = {"resourceType": "Location", "id": "l1"}
COVERAGE = {"resourceType": "Coverage", "id": "c1"}
ORDER = {
    "resourceType": "ServiceRequest",
    "id": "1",
    "requester": {"reference": "Practitioner/dr"},
    "locationReference": [{"reference": "Location/l1"}],
}
CHART = ChartSnapshot(
    PATIENT, {"Practitioner": (DOCTOR,), "Location": (PLACE,), "ServiceRequest": (ORDER,)}, {}, NOW
)
CONTEXT = {
    "userId": "Practitioner/dr",
    "patientId": "p1",
    "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": ORDER}]},
}
ORDERS = "context.draftOrders.entry.resource"


def resolved(**templates: str) -> dict[str, Any]:
    return prefetch.resolve(templates, CONTEXT, CHART, COVERAGE)


def found(bundle: Any) -> list[str]:
    return [one["resource"]["id"] for one in bundle.get("entry", [])]


def test_reads() -> None:
    made = resolved(p="Patient/{{context.patientId}}", u="{{context.userId}}", x="Patient/other")
    assert made == {"p": PATIENT, "u": DOCTOR, "x": None}


def test_searches_by_id_through_references() -> None:
    path = f"{ORDERS}.ofType(ServiceRequest).requester.resolve().ofType(Practitioner).id"
    made = resolved(q=f"Practitioner?_id={{{{{path}}}}}")
    assert found(made["q"]) == ["dr"]


def test_several_paths_are_joined_and_repeats_dropped() -> None:
    path = f"{ORDERS}.locationReference.resolve().id|{ORDERS}.locationReference.resolve().id"
    assert prefetch.fill(f"Location?_id={{{{{path}}}}}", {"context": CONTEXT}) == "Location?_id=l1"


def test_only_the_coverage_of_this_call_is_given() -> None:
    assert found(resolved(c="Coverage?patient={{context.patientId}}&status=active")["c"]) == ["c1"]


def test_an_empty_value_runs_no_query() -> None:
    made = resolved(e="Encounter/{{context.encounterId}}", s="Device?_id={{context.encounterId}}")
    assert made["e"] is None
    assert made["s"]["entry" if "entry" in made["s"] else "total"] == 0


def test_a_search_of_everything_is_never_answered_with_the_chart() -> None:
    assert found(resolved(all="Condition?patient={{context.patientId}}")["all"]) == []


@pytest.mark.parametrize(
    "template",
    [
        "Patient/{{today()}}",
        "Patient/{{nowhere.id}}",
        "Patient/{{context.patientId.first()}}",
        "Patient/{{context.patientId",
        "Patient/{{}}",
    ],
)
def test_what_cannot_be_understood_is_left_out(template: str) -> None:
    assert resolved(odd=template, p="Patient/{{context.patientId}}") == {"p": PATIENT}


@pytest.mark.parametrize("made_of", ["{{", ".a", "%a", "|", "("])
def test_a_template_that_is_too_long_to_be_meant_is_left_out(made_of: str) -> None:
    wanted = "Patient/{{context.patientId}}"
    longest = wanted + "?" + "x" * (prefetch.LONGEST - len(wanted) - 1)
    most = resolved(fits=longest)
    assert set(most) == {"fits"}
    assert resolved(long=longest + "x", odd=made_of * 20_000, p=wanted) == {"p": PATIENT}


def test_no_service_needs_templates_without_number() -> None:
    several = {f"k{number}": "Patient/{{context.patientId}}" for number in range(prefetch.MOST + 1)}
    with pytest.raises(PayerError):
        resolved(**several)
    del several["k0"]
    assert len(resolved(**several)) == prefetch.MOST


def test_a_key_may_name_an_earlier_key_in_any_order() -> None:
    made = resolved(
        z="Practitioner?_id={{%a.entry.resource.requester.resolve().id}}",
        a=f"ServiceRequest?_id={{{{{ORDERS}.id}}}}",
    )
    assert found(made["z"]) == ["dr"]


def test_keys_that_name_each_other_end() -> None:
    made = resolved(a="Patient/{{%b.id}}", b="Patient/{{%a.id}}")
    assert set(made) <= {"a", "b"}
    assert not any(made.values())
