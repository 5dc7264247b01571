"""Another form takes what a person answered wherever it can, and shows the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases.model import Answer, Draft, Evidence, QuestionnairePackage, Resource
from smart_app.dtr import carry, form, units
from tests.unit.dtr.forms import a_group, a_package, a_question
from tests.unit.kit import NOW


def an_answer(link_id: str, value: Any, origin: Any = "manual", **more: Any) -> Answer:
    given = {"state": "confirmed", "author": "Practitioner/1", "authored_at": NOW, **more}
    return Answer(f"{link_id}[0]", value, origin, **given)


def a_draft(*answers: Answer, **more: Any) -> Draft:
    return Draft("http://payer.example/form", 1, answers, **more)


def carried(
    given: Answer, item: Resource | None, *computed: Answer
) -> tuple[Draft, QuestionnairePackage]:
    """Return the new draft after one answer to the question ``q``, and the new form."""
    other = a_group("h", a_question("else", required=True))
    earlier = a_package([a_group("g", a_question("q"))])
    now = a_package([a_group("g", item) if item else other])
    return carry.over(earlier, a_draft(given), now, a_draft(*computed)), now


WEIGHT = a_question("q", "quantity") | {
    "extension": [{"url": units.UNIT, "valueCoding": {"code": "kg"}}]
}
KILOGRAMS = {"value": 70, "unit": "kg", "code": "kg"}
CHOICE = a_question("q", "choice", answerOption=[{"valueCoding": {"code": "a", "display": "New"}}])


@pytest.mark.parametrize(
    ("value", "item", "now"),
    [
        (True, a_question("q"), True),
        (False, a_question("q", required=True), False),
        ("2026-11-01", a_question("q", "date"), "2026-11-01"),
        ({"code": "a", "display": "Old"}, CHOICE, {"code": "a", "display": "New"}),
        ("words", a_question("q", "text"), "words"),
        (7, a_question("q", "decimal"), 7),
        (KILOGRAMS, a_question("q", "quantity"), {"value": 70, "unit": "kg"}),
        (KILOGRAMS, WEIGHT, KILOGRAMS),
    ],
)
def test_what_the_new_form_can_take_stands(value: Any, item: Resource, now: Any) -> None:
    document = Evidence("DocumentReference/1", "DocumentReference")
    draft, _ = carried(an_answer("q", value, evidence=(document,)), item)
    assert [(one.value, one.origin, one.author) for one in draft.answers] == [
        (now, "manual", "Practitioner/1")
    ]
    assert (draft.answers[0].authored_at, draft.answers[0].evidence) == (NOW, (document,))
    assert (draft.gaps, draft.left_over) == ((), ())


@pytest.mark.parametrize(
    ("value", "item"),
    [
        (True, None),
        (True, a_question("q", "text")),
        ("b", CHOICE),
        ({"code": "b"}, CHOICE),
        ("soon", a_question("q", "date")),
        (2.5, a_question("q", "integer")),
        ({"value": 154, "unit": "lb"}, WEIGHT),
    ],
)
def test_what_it_cannot_take_is_shown_beside_it(value: Any, item: Resource | None) -> None:
    draft, now = carried(an_answer("q", value), item)
    assert draft.answers == ()
    assert [(text, one.value) for text, one in draft.left_over] == [("Text of q", value)]
    assert form.view(now, draft).left_over[0][0] == "Text of q"


def test_a_person_stands_over_the_chart_and_says_so() -> None:
    draft, _ = carried(an_answer("q", False), a_question("q"), an_answer("q", True, "auto"))
    assert [(one.value, one.origin, one.was) for one in draft.answers] == [
        (False, "override", True)
    ]


def test_a_person_who_says_what_the_chart_says_changes_nothing() -> None:
    computed = an_answer("q", True, "auto", author=None)
    draft, _ = carried(an_answer("q", True), a_question("q"), computed)
    assert draft.answers == (computed,)


def test_what_a_person_cleared_is_not_put_back() -> None:
    stone = an_answer("q", None, "override", state="cleared")
    draft, _ = carried(stone, a_question("q"), an_answer("q", True, "auto"))
    assert [(one.value, one.state) for one in draft.answers] == [(None, "cleared")]
    gone, _ = carried(stone, None)
    assert gone.left_over == ()


def test_what_the_chart_answered_before_is_not_carried() -> None:
    draft, _ = carried(an_answer("q", True, "auto"), a_question("q"))
    assert (draft.answers, draft.left_over) == ((), ())


def test_leave_to_send_an_open_point_is_asked_for_again() -> None:
    items = [a_group("g", a_question("q", required=True), a_question("g-missing"))]
    given = a_draft(an_answer("g-missing", True), sent_without=("g",))
    draft = carry.over(a_package(items), given, a_package(items), a_draft())
    assert (draft.answers, draft.sent_without, draft.left_over) == ((), (), ())
    assert [one.path for one in draft.gaps] == ["q[0]"]


def test_what_was_left_over_finds_its_place_in_a_third_form() -> None:
    first = a_package([a_group("g", a_question("q"))])
    other = a_package([a_group("h", a_question("else"))])
    second = carry.over(first, a_draft(an_answer("q", True)), other, a_draft())
    third = carry.over(other, second, first, a_draft())
    assert [one.value for one in third.answers] == [True]
    assert third.left_over == ()


def test_several_answers_need_an_item_that_repeats() -> None:
    several = (an_answer("q", "one"), replace(an_answer("q", "two"), path="q[1]"))
    earlier = a_package([a_question("q", "string", repeats=True)])

    def into(**more: Any) -> Draft:
        now = a_package([a_question("q", "string", **more)])
        return carry.over(earlier, a_draft(*several), now, a_draft())

    assert [one.value for one in into(repeats=True).answers] == ["one", "two"]
    assert [one.value for _, one in into().left_over] == ["one", "two"]
