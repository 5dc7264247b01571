"""A knee scope: early arthritis, more than pain, a standing x-ray and an MRI."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Draft
from smart_app.dtr.engine.pool import EnginePool
from tests.unit.programs import charted

SERVICE = "knee-arthroscopy"
FULL = {
    "oa-stage-grade": "kl-2",
    "oa-stage-early": True,
    "xray-standing-date": "2026-10-25",
    "xray-standing-taken": True,
    "mri-date": "2026-11-03",
}
OPEN = ["nonpain-symptoms-felt"]
AGAINST = [
    ("oa-stage", {"oa-stage-early": "false"}),
    ("nonpain-symptoms", {"nonpain-symptoms-felt": "false"}),
    ("xray-standing", {"xray-standing-taken": "false"}),
]
UNLIKE = [
    ((), {"gus_grade": {"valueInteger": 3}}, "oa-stage-early", None),
    ((), {"gus_grade": {"valueInteger": 4}}, "oa-stage-early", False),
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
