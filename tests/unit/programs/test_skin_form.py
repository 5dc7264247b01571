"""A skin substitute: the wound and its progress, blood flow, and what else is under control."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Draft
from smart_app.dtr.engine.pool import EnginePool
from tests.unit.programs import charted

SERVICE = "skin-substitutes"
FULL = {
    "wound-type-kind": "diabetic",
    "wound-type-site": "Left foot, sole under the first toe joint",
    "baseline-first": 4.2,
    "baseline-now": 3.6,
    "baseline-stage": "Wagner grade 1",
    "bed-size": True,
    "circulation-adequate": True,
    "diabetes-type": "type-2",
    "diabetes-managed": True,
    "failed-response-weeks": True,
    "failed-response-care": ["debridement", "offloading"],
    "failed-response-smaller": 14,
    "control-debrided": True,
    "control-offloading": True,
    "smoking-status": "former",
    "product-code": "Q4101",
    "applications-planned": 4,
}
OPEN = [
    "baseline-infection-present",
    "bed-clean",
    "bed-shallow",
    "control-infection",
    "control-edema",
    "applications-single",
    "exclusions-present",
]
AGAINST = [
    ("baseline", {"baseline-infection-present": "true"}),
    ("bed", {"bed-clean": "false", "bed-shallow": "true"}),
    ("bed", {"bed-clean": "true", "bed-shallow": "false"}),
    ("bed", {"bed-clean": "true", "bed-shallow": "true", "bed-size": "false"}),
    ("circulation", {"circulation-adequate": "false"}),
    ("diabetes", {"diabetes-managed": "false"}),
    ("failed-response", {"failed-response-weeks": "false"}),
    ("control", {"control-infection": "false", "control-edema": "true"}),
    ("control", {"control-infection": "true", "control-edema": "false"}),
    ("smoking", {"smoking-status": "current", "smoking-counseled": "false"}),
    ("applications", {"applications-planned": "11", "applications-single": "true"}),
    ("applications", {"applications-single": "false"}),
    ("exclusions", {"exclusions-present": "true"}),
]
UNLIKE = [
    (
        ("dora-toe",),
        {"dora_abi": {"valueQuantity": {"value": 1.41, "unit": "1"}}},
        "circulation-adequate",
        None,
    ),
    (
        (),
        {"dora_abi": {"valueQuantity": {"value": 1.41, "unit": "1"}}},
        "circulation-adequate",
        True,
    ),
    ((), {"dora_area_3": {"valueQuantity": {"value": 1.8}}}, "failed-response-weeks", None),
    ((), {"dora_ulcer": {"onsetDateTime": "2026-11-01"}}, "failed-response-weeks", False),
    (
        (),
        {
            "dora_ulcer": {
                "code": {
                    "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I83.015"}]
                }
            }
        },
        "wound-type-kind",
        "venous",
    ),
]


@pytest.fixture(scope="module")
def draft(engine: EnginePool) -> Draft:
    """Return what the full chart answers."""
    return charted.filled(engine, SERVICE)


def test_a_full_chart_leaves_only_what_a_person_must_say(draft: Draft) -> None:
    assert charted.fully_charted(draft, FULL)
    assert charted.still_open(draft) == OPEN
    assert charted.settled(SERVICE, draft)


@pytest.mark.parametrize(("criterion", "given"), AGAINST)
def test_an_answer_against_the_request_opens_its_criterion(
    criterion: str, given: dict[str, str], draft: Draft
) -> None:
    assert charted.open_against(SERVICE, draft, given) == [criterion]


@pytest.mark.parametrize(("left_out", "changed", "asked", "answer"), UNLIKE)
def test_what_another_chart_says(
    left_out: tuple[str, ...], changed: dict[str, Any], asked: str, answer: Any, engine: EnginePool
) -> None:
    draft = charted.filled(engine, SERVICE, *left_out, **changed)
    assert charted.said(draft).get(asked) == answer
