"""What the page shows of charts that speak against the request, and where its findings stand."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string

from smart_app import WORDS
from smart_app.cases.model import Answer, Draft, Evidence
from smart_app.chart import evidence
from smart_app.dtr import form, gaps, items, response
from smart_app.dtr.engine.pool import EnginePool
from smart_app.paths import resource
from tests.unit.dtr.forms import a_group, a_package, a_question
from tests.unit.kit import NOW
from tests.unit.programs import charted
from tests.unit.programs.charted import Story
from tests.unit.programs.forms import knee, pva, skin, sns

BRUNO, FLORA, EZRA, KIT = skin.STORY, sns.STORY, pva.STORY, knee.STORY
STORIES = (BRUNO, FLORA, EZRA, KIT)
every = pytest.mark.parametrize("story", STORIES, ids=lambda one: one.patient)
OLD = EZRA.against["acuity"]
MACROS = (
    '{% from "components/fields.html" import field, acts %}'
    '{% from "components/icons.html" import icon %}'
    '{% from "components/quote.html" import quote %}'
)


@pytest.fixture(scope="module")
def drafts(engine: EnginePool) -> dict[str, Draft]:
    """Return what each chart answers and what its notes say of the rest, by patient."""
    found = {}
    for one in STORIES:
        terms = evidence.load_terms(charted.FORMS / f"{one.service}.evidence.toml")
        hints = evidence.find(charted.a_chart(one.patient), terms)
        questionnaire = items.questionnaire(charted.the_form(one.service))
        found[one.patient] = gaps.recount(questionnaire, charted.told(engine, one), hints)
    return found


@pytest.fixture(scope="module")
def app() -> Flask:
    """Return an application that only renders."""
    made = Flask("shown", template_folder=str(resource("templates")))
    made.jinja_env.globals.update(WORDS)
    return made


def words(app: Flask, template: str, **given: Any) -> str:
    """Return what a template says, in order, with its fields as ``[name]``."""
    with app.test_request_context():
        html = render_template_string(MACROS + template, base="", csrf="", revision=1, **given)
    html = re.sub(r"</?mark>", "", html)
    fields = re.sub(r'<(?:input|textarea)[^>]*? name="([^"]+)"[^>]*>', r" [\1] ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", fields)).split())


def card(app: Flask, story: Story, draft: Draft, link_id: str) -> str:
    """Return the words of an open criterion."""
    one = charted.rows(story.service, draft)[link_id]
    return words(app, '{% include "review/_gap.html" %}', one=one)


def without(story: Story, draft: Draft, link_id: str) -> Draft:
    """Return a draft in which a person lets a criterion stand as it is."""
    received = charted.the_form(story.service)
    return form.send_without(received, draft, link_id, charted.ROBIN, NOW)


def sent(story: Story, draft: Draft) -> dict[str, list[Any]]:
    """Return the answers of the form as it is signed, by linkId."""
    patient = {"resourceType": "Patient", "id": story.patient}
    coverage = {"resourceType": "Coverage", "id": "c"}
    received = charted.the_form(story.service)
    signed = response.sign(
        received,
        draft,
        patient=patient,
        orders=(),
        coverage=coverage,
        person=charted.ROBIN,
        at=NOW,
    )
    return {one["linkId"]: one["answer"] for one in items.walk(signed) if "answer" in one}


@every
def test_what_speaks_against_is_said_at_once_and_whatever_a_person_lets_stand(
    story: Story, drafts: dict[str, Draft]
) -> None:
    draft = drafts[story.patient]
    assert charted.speaks_against(story.service, draft) == story.against
    for link_id in charted.rows(story.service, draft):
        draft = without(story, draft, link_id)
    assert charted.speaks_against(story.service, draft) == story.against


def test_an_old_fracture_is_told_beside_the_question_that_is_open(
    app: Flask, drafts: dict[str, Draft]
) -> None:
    found = card(app, EZRA, drafts["ezra"], "acuity")
    assert found.startswith("Speaks against it; also: confirm ")
    assert "imaging Older than 12 weeks; " in found
    assert f"No sign of infection or tumor. {OLD}" in found
    assert "[acuity-active]" in found
    assert found.endswith("Send with this answer, and the rest missing")


def test_an_open_question_among_answered_ones_is_marked(
    app: Flask, drafts: dict[str, Draft]
) -> None:
    marked = 0
    for story in STORIES:
        for one in charted.rows(story.service, drafts[story.patient]).values():
            asked = [it for it in one.fields if it.enabled and it.required and not it.hidden]
            open_ones = sum(it.gap is not None for it in asked)
            among = open_ones if len(asked) > open_ones else 0
            found = card(app, story, drafts[story.patient], one.link_id)
            assert found.count("(not answered yet)") == among, found
            marked += among
    assert marked


@pytest.mark.parametrize(
    ("raw", "error", "kind"),
    [
        ((), "", "date"),
        (("2026-11-24",), "", "date"),
        (("2026-11",), "", "text"),
        (("24.11.2026",), "enter a date as YYYY-MM-DD", "text"),
    ],
)
def test_a_day_is_picked_and_a_month_alone_is_not_lost(
    app: Flask, drafts: dict[str, Draft], raw: tuple[str, ...], error: str, kind: str
) -> None:
    fields = charted.rows("pva", drafts["ezra"])["acuity"].fields
    day = replace(next(one for one in fields if one.type == "date"), raw=raw, error=error)
    with app.test_request_context():
        html = render_template_string(MACROS + "{{ field(one) }}", one=day)
    assert f'value="{"".join(raw)}"' in html
    assert f'type="{kind}"' in html


def test_what_is_sent_with_a_gap_keeps_the_answer_against(
    app: Flask, drafts: dict[str, Draft]
) -> None:
    left = without(EZRA, drafts["ezra"], "acuity")
    assert left.sent_without == ("acuity",)
    assert {"acuity-kind", "acuity-onset"} <= set(sent(EZRA, left))
    one = charted.rows("pva", left)["acuity"]
    row = words(app, '{% include "review/_without.html" %}', one=one)
    assert OLD in row
    assert "Will be sent as it stands, the rest missing, knowingly." in row
    view = SimpleNamespace(payer="P", form=form.view(charted.the_form("pva"), left), documents=())
    preview = words(app, '{% include "review/preview.html" %}', view=view)
    assert OLD in preview
    assert "What speaks against it" in preview


def test_no_document_takes_the_place_of_an_answer_against(
    app: Flask, drafts: dict[str, Draft]
) -> None:
    scan = Evidence("DocumentReference/scan", "2026-11-10", title="MRI from outside")
    (open_one,) = [one for one in drafts["ezra"].gaps if one.path == "acuity-active[0]"]
    offered = tuple(
        replace(one, candidates=(scan,)) if one is open_one else one for one in drafts["ezra"].gaps
    )
    draft = replace(drafts["ezra"], gaps=offered)
    found = card(app, EZRA, draft, "acuity")
    assert "MRI from outside" in found
    assert "Use this document" not in found
    received = charted.the_form("pva")
    with pytest.raises(form.FormError):
        form.use_document(received, draft, open_one.path, scan, charted.ROBIN, NOW)
    with pytest.raises(form.FormError):
        charted.answered("pva", draft, {"acuity-document": "MRI of 10 Nov 2026"})
    both = {"acuity-document": "MRI of 10 Nov 2026", "acuity-kind": "acute"}
    assert "acuity" not in charted.speaks_against("pva", charted.answered("pva", draft, both))


def test_leave_to_send_as_missing_ends_where_something_then_speaks_against(
    drafts: dict[str, Draft],
) -> None:
    received = charted.the_form(BRUNO.service)
    kind = next(
        one.value for one in drafts["bruno"].answers if gaps.link_of(one.path) == "wound-type-kind"
    )
    blank = Draft(drafts["bruno"].questionnaire, 1, (Answer("wound-type-kind[0]", kind, "auto"),))
    left = without(BRUNO, gaps.recount(items.questionnaire(received), blank), "failed-response")
    assert left.sent_without == ("failed-response",)
    found = Answer("failed-response-months[0]", False, "auto")
    later = gaps.recount(
        items.questionnaire(received), replace(left, answers=(*left.answers, found))
    )
    assert later.sent_without == ()
    assert "failed-response-months" in sent(BRUNO, later)


def test_a_text_that_no_answer_brings_up_speaks_against_nothing() -> None:
    unless = {"question": "q", "operator": "exists", "answerBoolean": False}
    text = {"linkId": "t", "type": "display", "text": "Answer it", "enableWhen": [unless]}
    received = a_package([a_group("g", a_question("q", required=True), text)])
    (one,) = form.view(received, Draft("f", 1, ())).criteria
    assert one.against == ()


def test_every_open_question_has_what_was_found_right_before_it(
    app: Flask, drafts: dict[str, Draft]
) -> None:
    found = card(app, BRUNO, drafts["bruno"], "baseline")
    note = found.index("No redness, odor")
    assert found.index("[baseline-stage]") < note < found.index("[baseline-infection-present]")
    assert "[" not in found[note : found.index("[baseline-infection-present]")]


def test_the_answers_that_speak_against_come_first(app: Flask, drafts: dict[str, Draft]) -> None:
    found = card(app, FLORA, drafts["flora"], "test-stim")
    assert "Test stimulation at least half better: no; " in found
    row = charted.rows("sns", drafts["flora"])["test-stim"]
    assert row.summary == "at least half better: no; test lead 28 Oct 2026; Leaks a day"


def test_no_answer_that_speaks_against_is_left_out_of_the_row(drafts: dict[str, Draft]) -> None:
    said = {
        "control-infection": "false",
        "control-edema": "false",
        "control-debrided": "false",
        "control-compression": "false",
    }
    row = charted.rows(BRUNO.service, charted.answered(BRUNO.service, drafts["bruno"], said))
    assert len(row["control"].against) == 4
    assert row["control"].summary.count(": no") == 4
