"""Cement repair of a vertebra: the age of the fracture, pain where the patient is, its course."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Draft
from smart_app.dtr.engine.pool import EnginePool
from tests.unit.programs import charted

SERVICE = "pva"
FULL = {
    "cause-kind": "osteoporotic",
    "cause-level": "L1",
    "acuity-onset": "2026-11-06",
    "acuity-kind": "acute",
    "setting-pain-kind": "home",
    "setting-pain-score": 8,
    "setting-pain-care": "medicine",
    "course-kind": "worse",
    "course-before": 6,
    "bmd-referral-made": True,
    "prevention-medicine": "alendronate 10 mg tablet",
}
OPEN = ["acuity-active", "prevention-told", "absolute-contra-present", "relative-contra-present"]
AGAINST = [
    ("acuity", {"acuity-active": "false"}),
    ("acuity", {"acuity-kind": "older", "acuity-active": "true"}),
    ("setting-pain", {"setting-pain-score": "4"}),
    ("setting-pain", {"setting-pain-kind": "hospital", "setting-pain-score": "7"}),
    ("course", {"course-kind": "stable", "course-two": "false"}),
    ("bmd-referral", {"bmd-referral-made": "false"}),
    ("prevention", {"prevention-told": "false"}),
    ("malignant", {"cause-kind": "malignant", "malignant-pain": "false"}),
    ("absolute-contra", {"absolute-contra-present": "true"}),
]
UNLIKE = [
    ((), {"vera_fracture": {"onsetDateTime": "2026-09-20"}}, "acuity-kind", "subacute"),
    ((), {"vera_fracture": {"onsetDateTime": "2026-08-01"}}, "acuity-kind", "older"),
    (
        (),
        {"vera_pain_now": {"valueQuantity": {"value": 5, "unit": "score"}}},
        "course-kind",
        "stable",
    ),
    (
        (),
        {"vera_visit": {"status": "in-progress", "class": {"code": "IMP"}}},
        "setting-pain-kind",
        "hospital",
    ),
    (("vera-visit",), {}, "setting-pain-kind", None),
    (("vera-mri", "vera-x-ray"), {}, "acuity-imaging", None),
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


def test_risks_are_no_answer_against_but_ask_why(draft: Draft) -> None:
    risky = charted.answered(SERVICE, draft, {"relative-contra-present": "true"})
    assert "relative-contra-why" in charted.still_open(risky)
    told = charted.answered(SERVICE, risky, {"relative-contra-why": "Blood thinner paused"})
    assert charted.rows(SERVICE, told)["relative-contra"].state == "documented"


def test_a_tumor_is_asked_other_things(draft: Draft) -> None:
    other = charted.answered(SERVICE, draft, {"cause-kind": "malignant"})
    asked = ["cause", "malignant", "absolute-contra", "relative-contra"]
    assert list(charted.rows(SERVICE, other)) == asked
