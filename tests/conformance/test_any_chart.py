"""Whatever a chart gave: a request is built or refused in words, and what is odd is told."""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import ChartSnapshot, Resource
from smart_app.chart import documents, orders, shapes
from smart_app.errors import MissingFact
from smart_app.pas import bundle, lint, team
from smart_app.pas.versions import LATEST
from tests.conformance.any_json import FEW, MANY, fed, spoiled
from tests.unit.kit import NOW
from tests.unit.pas.requests import COVERAGE, DOCTOR, NOTE, PATIENT, an_order, parts, the_case
from tests.unit.pas.test_content import DEVICE, DRUG, PLANNED, SURGEON, ordered
from tests.unit.pas.test_team import PTANS, ROLE

CONDITION = {
    "resourceType": "Condition",
    "id": "c",
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.16"}]},
    "recordedDate": "2026-03-04",
}
NAMES = ("patient", "coverage", "doctor", "surgeon", "role", "note", "visit", "order", "condition")


def full() -> list[Resource]:
    """Return a chart that says all that a request is made of, in the order of the names."""
    coverage = COVERAGE | {
        "type": {"coding": [{"code": "121"}]},
        "period": {"start": "2026-01-01"},
        "class": [{"type": {"coding": [{"code": "plan"}]}, "value": "A"}],
        "subscriberId": "1S00EX0MP78",
    }
    order = an_order() | {
        "requester": {"reference": "Practitioner/dr"},
        "performer": [{"reference": "Practitioner/surgeon"}],
        "reasonReference": [{"reference": "Condition/c"}],
        "encounter": {"reference": "Encounter/e1"},
        "bodySite": [{"text": "Left knee"}],
        "occurrenceTiming": {"repeat": {"count": 2}},
        "extension": [{"url": "x", "extension": [{"url": "coverage"}]}],
    }
    taught = SURGEON | {"qualification": [{"code": {"coding": [{"code": "x"}]}}]}
    return [PATIENT, coverage, DOCTOR, taught, ROLE, NOTE, PLANNED, order, CONDITION]


def whole(given_: list[Any], sound: list[Resource]) -> list[Resource]:
    """Return what a snapshot lets through: objects with their type and id."""
    names = [{"resourceType": one["resourceType"], "id": one["id"]} for one in sound]
    return [
        (one if isinstance(one, dict) else {}) | name
        for one, name in zip([*given_, *names][: len(names)], names, strict=True)
    ]


@fed(MANY, spoiled(full))
def test_a_request_of_an_odd_chart_is_built_or_refused_in_words(odd: list[Any]) -> None:
    found = dict(zip(NAMES, whole(odd if isinstance(odd, list) else [], full()), strict=True))
    if not all(shapes.readable(one) for one in found.values()):
        return  # a snapshot says of such a resource that it is there and cannot be read
    by_type: dict[str, tuple[Resource, ...]] = {}
    for one in found.values():
        by_type[one["resourceType"]] = (*by_type.get(one["resourceType"], ()), one)
    asked = (found["order"],)
    chart = documents.keep(ChartSnapshot(found["patient"], by_type, {}, NOW), asked)
    try:
        made = bundle.build(
            parts(
                patient=found["patient"],
                coverage=found["coverage"],
                orders=asked,
                ordering=team.ordering(chart, asked, found["doctor"], PTANS),
                performing=team.performing(chart, asked, PTANS),
                documents=(found["note"],),
                encounter=found["visit"],
                recorded=orders.recorded(asked, chart),
            )
        )
    except MissingFact as cause:
        assert cause.say
        return
    assert all(isinstance(one, str) for one in lint.faults(made, LATEST))


@fed(FEW, spoiled(lambda: [DEVICE, DRUG]))
def test_odd_equipment_and_drugs(odd: list[Any]) -> None:
    for one in whole(odd if isinstance(odd, list) else [], [DEVICE, DRUG]):
        made = ordered(one, "E0760")
        assert all(isinstance(told, str) for told in lint.faults(made, LATEST))


def test_the_sound_chart_is_fit_to_be_sent() -> None:
    assert the_case().items
    assert all(shapes.readable(one) for one in full())
