"""Sacral nerve stimulation: the bladder diary before and during the test decides."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Draft
from smart_app.dtr import items, package
from smart_app.dtr.engine.pool import EnginePool
from tests.unit.programs import charted

SERVICE = "sns"
FULL = {
    "diagnosis-kind": "urge",
    "failed-kind": ["behavioral", "medicine"],
    "failed-visits": 5,
    "diary-able-kept": True,
    "test-stim-day": "2026-10-30",
    "test-stim-measure": "leaks",
    "test-stim-before": 6,
    "test-stim-during": 1.5,
    "test-stim-percent": 75,
    "test-stim-half": True,
}
OPEN = ["diagnosis-cause-present"]
AGAINST = [
    ("diagnosis", {"diagnosis-cause-present": "true"}),
    ("diary-able", {"diary-able-kept": "false"}),
    ("test-stim", {"test-stim-half": "false"}),
]
UNLIKE = [
    (("nell-leaks-during",), {}, "test-stim-measure", "voids"),
    (("nell-leaks-during",), {}, "test-stim-half", False),
    (("nell-leaks-during", "nell-voids-during"), {}, "test-stim-half", None),
    (("nell-test-lead",), {}, "test-stim-before", None),
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


def test_every_condition_of_every_form_names_a_question_of_it() -> None:
    paths = sorted(charted.FORMS.glob("*.package.json"))
    assert len(paths) > 1
    for path in paths:
        inner = list(items.walk(items.questionnaire(package.local(path))))
        names = {str(one["linkId"]) for one in inner}
        asked = {str(c["question"]) for one in inner for c in one.get("enableWhen") or []}
        assert asked <= names, path.name
