"""What a criterion says of its answers, and what leaves it open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import smart_app
from smart_app.cases.model import Answer, Draft, Person
from smart_app.dtr import form, gaps, items, package
from tests.unit.dtr.forms import a_group, a_package, a_question
from tests.unit.kit import NOW

LIST = package.local(Path(smart_app.__file__).parent / "programs/wiser/forms/esi.package.json")
ROBIN = Person("Practitioner/2", "Robin")


def answered(draft: Draft, **given: str) -> Draft:
    """Return a draft with a person's answers; names have dashes in the form."""
    fields = {name.replace("_", "-"): [value] for name, value in given.items()}
    posted = {"fields": list(fields), **fields}
    return form.apply(LIST, draft, posted, ROBIN, NOW, None, "UTC")  # type: ignore[arg-type]


def empty() -> Draft:
    questionnaire = items.questionnaire(LIST)
    return gaps.recount(questionnaire, Draft(items.canonical(questionnaire), 1, ()))


def criterion(draft: Draft, link_id: str) -> form.CriterionView:
    return next(one for one in form.view(LIST, draft).criteria if one.link_id == link_id)


@pytest.mark.parametrize(
    ("said", "state", "summary"),
    [("false", "documented", "any present: no"), ("true", "open", "any present")],
)
def test_what_rules_it_out_is_no_tick(said: str, state: str, summary: str) -> None:
    found = criterion(answered(empty(), contra_present=said), "contra")
    assert (found.state, found.summary) == (state, summary)
    assert bool(found.against) is (state == "open")


def test_an_answer_against_is_sent_only_knowingly_and_stays_an_answer() -> None:
    draft = form.send_without(LIST, answered(empty(), contra_present="true"), "contra", ROBIN, NOW)
    assert draft.sent_without == ("contra",)
    assert criterion(draft, "contra").fields[0].raw == ("true",)
    again = form.ask_again(LIST, draft, "contra", ROBIN, NOW)
    assert (again.sent_without, criterion(again, "contra").state) == ((), "open")


def test_a_gap_that_was_left_can_be_opened_again() -> None:
    left = form.send_without(LIST, empty(), "contra", ROBIN, NOW)
    assert "contra" not in [gaps.link_of(one.path).split("-")[0] for one in left.gaps]
    again = form.ask_again(LIST, left, "contra", ROBIN, NOW)
    assert "contra-present[0]" in [one.path for one in again.gaps]


def test_less_benefit_counts_with_a_reason_for_the_repeat() -> None:
    draft = answered(empty(), sessions_given="1", repeat_relief="false")
    assert criterion(draft, "repeat-benefit").against
    told = answered(draft, repeat_rationale="Another level, after 14 days")
    assert not criterion(told, "repeat-benefit").against


def test_nothing_chosen_is_no_answer() -> None:
    with pytest.raises(form.FormError) as raised:
        form.apply(LIST, empty(), {"fields": ["contra-present"]}, ROBIN, NOW, None, "UTC")  # type: ignore[arg-type]
    assert "Nothing was chosen" in raised.value.faults[0]


@pytest.mark.parametrize(
    "value",
    [{"value": 70, "unit": "kg"}, {"value": 5, "unit": "10*3/uL"}, {"value": 7.5, "code": "mg"}],
)
def test_a_quantity_that_nobody_touched_stays_as_the_chart_gave_it(value: Any) -> None:
    asked = [a_question("weight", "quantity"), a_question("other")]
    received = a_package([a_group("body", *asked)])
    before = Draft("f", 1, (Answer("weight[0]", value, "auto"),))
    (field, _) = form.view(received, before).criteria[0].fields
    posted = {"fields": ["weight", "other"], "weight": list(field.raw), "other": ["true"]}
    after = form.apply(received, before, posted, ROBIN, NOW, None, "UTC")  # type: ignore[arg-type]
    assert after.answer("weight[0]") == before.answers[0]
    assert field.raw == (field.display,)
