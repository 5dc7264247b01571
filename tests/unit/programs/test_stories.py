"""Charts with gaps and conflicts: what is answered, what is asked, what speaks against it."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Draft
from smart_app.dtr.engine.pool import EnginePool
from tests.unit.programs import charted
from tests.unit.programs.charted import Story
from tests.unit.programs.forms import knee, pva, skin, sns

STORIES = tuple(one.STORY for one in (skin, sns, pva, knee))
every = pytest.mark.parametrize("story", STORIES, ids=lambda one: one.patient)


@pytest.fixture(scope="module")
def drafts(engine: EnginePool) -> dict[str, Draft]:
    """Return what each chart answers, by patient."""
    return {one.patient: charted.told(engine, one) for one in STORIES}


@every
def test_a_chart_answers_what_it_holds_and_asks_for_the_rest(
    story: Story, drafts: dict[str, Draft]
) -> None:
    draft = drafts[story.patient]
    assert charted.fully_charted(draft, story.charted)
    assert charted.still_open(draft) == story.asked


@every
def test_the_notes_speak_of_what_is_asked(story: Story) -> None:
    for link_id, words in story.noted.items():
        said = charted.sentences(story, link_id)
        found = None in said if words is None else any(words in (one or "") for one in said)
        assert found, (link_id, said)


@every
def test_a_conflict_is_told_and_ends_only_when_a_person_says_otherwise(
    story: Story, drafts: dict[str, Draft]
) -> None:
    left = [one for one in story.asked if one in story.given]
    yes = charted.confirmed([one for one in story.asked if one not in left])
    draft = charted.answered(story.service, drafts[story.patient], yes)
    assert charted.speaks_against(story.service, draft) == story.against
    assert charted.still_open(draft) == left
    done = charted.answered(story.service, draft, story.given)
    assert charted.still_open(done) == []
    assert charted.speaks_against(story.service, done) == story.ends
    found = charted.rows(story.service, done).values()
    assert {one.link_id for one in found if one.state != "documented"} == set(story.ends)


@pytest.mark.parametrize(
    ("story", "left_out", "changed", "asked", "answer"),
    [(story, *row) for story in STORIES for row in story.unlike],
    ids=lambda one: one.patient if isinstance(one, Story) else None,
)
def test_each_gap_and_conflict_has_its_one_cause(
    story: Story,
    left_out: tuple[str, ...],
    changed: dict[str, Any],
    asked: str,
    answer: Any,
    engine: EnginePool,
    drafts: dict[str, Draft],
) -> None:
    assert charted.said(drafts[story.patient]).get(asked) != answer
    draft = charted.told(engine, story, *left_out, **changed)
    assert charted.said(draft).get(asked) == answer
