"""Every form: what a full chart answers, what speaks against it, what a person must say."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Draft
from smart_app.dtr import items, package
from smart_app.dtr.engine.pool import EnginePool
from tests.unit.programs import charted
from tests.unit.programs.charted import Expected
from tests.unit.programs.forms import knee, pva, skin, sns

FORMS = tuple(one.EXPECTED for one in (knee, sns, pva, skin))


@pytest.fixture(scope="module")
def drafts(engine: EnginePool) -> dict[str, Draft]:
    """Return what the full chart answers, by service."""
    return {one.service: charted.filled(engine, one.service) for one in FORMS}


@pytest.mark.req("pas-2.0.1@54", "pas-2.2.1@spec-3", "pas-2.0.1@45")
@pytest.mark.req("pas-2.0.1@47", "pas-2.0.1@49", "pas-2.2.1@spec-1")
@pytest.mark.parametrize("form", FORMS, ids=lambda one: one.service)
def test_a_full_chart_leaves_only_what_a_person_must_say(
    form: Expected, drafts: dict[str, Draft]
) -> None:
    draft = drafts[form.service]
    assert charted.fully_charted(draft, form.full)
    assert charted.still_open(draft) == form.asked
    assert charted.settled(form.service, draft)


@pytest.mark.parametrize(
    ("service", "criterion", "given"),
    [(form.service, *row) for form in FORMS for row in form.against],
)
def test_an_answer_against_the_request_opens_its_criterion(
    service: str, criterion: str, given: dict[str, str], drafts: dict[str, Draft]
) -> None:
    assert charted.open_against(service, drafts[service], given) == [criterion]


@pytest.mark.parametrize(
    ("service", "left_out", "changed", "asked", "answer"),
    [(form.service, *row) for form in FORMS for row in form.unlike],
)
def test_what_another_chart_says(
    service: str,
    left_out: tuple[str, ...],
    changed: dict[str, Any],
    asked: str,
    answer: Any,
    engine: EnginePool,
) -> None:
    draft = charted.filled(engine, service, *left_out, **changed)
    assert charted.said(draft).get(asked) == answer


def test_risks_are_no_answer_against_but_ask_why(drafts: dict[str, Draft]) -> None:
    risky = charted.answered("pva", drafts["pva"], {"relative-contra-present": "true"})
    assert "relative-contra-why" in charted.still_open(risky)
    told = charted.answered("pva", risky, {"relative-contra-why": "Blood thinner paused"})
    assert charted.rows("pva", told)["relative-contra"].state == "documented"


def test_a_tumor_is_asked_other_things(drafts: dict[str, Draft]) -> None:
    other = charted.answered("pva", drafts["pva"], {"cause-kind": "malignant"})
    asked = ["cause", "malignant", "absolute-contra", "relative-contra"]
    assert list(charted.rows("pva", other)) == asked


def test_every_condition_of_every_form_names_a_question_of_it() -> None:
    paths = sorted(charted.FORMS.glob("*.package.json"))
    assert len(paths) > 1
    for path in paths:
        inner = list(items.walk(items.questionnaire(package.local(path))))
        names = {str(one["linkId"]) for one in inner}
        asked = {str(c["question"]) for one in inner for c in one.get("enableWhen") or []}
        assert asked <= names, path.name
