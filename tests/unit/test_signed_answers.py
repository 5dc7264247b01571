"""What the chart's document tells of the answers: each question once, by whom, as signed last."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases.store import Store
from tests.unit.kit import FakeChart, FakeClock, FakePayer
from tests.unit.line import Line


def answered(value: dict[str, Any], origin: str = "auto") -> dict[str, Any]:
    """Return an item of a signed form."""
    told = [{"url": "origin", "extension": [{"url": "source", "valueCode": origin}]}]
    return {"linkId": "q", "text": "Question", "answer": [{"extension": told, **value}]}


def a_form(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "http://payer.example/form|1",
        "_questionnaire": {"extension": [{"valueString": "The form"}]},
        "authored": "2026-11-24T10:00:00+00:00",
        "item": [{"linkId": "g", "text": "Group", "item": list(items)}],
        **more,
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueBoolean": False}, "No"),
        ({"valueDate": "2026-11-24"}, "Tue 24 Nov 2026"),
        ({"valueDate": "2026-11"}, "2026-11"),
        ({"valueDecimal": 7}, "7"),
        ({"valueCoding": {"code": "a", "display": "Words"}}, "Words"),
        ({"valueQuantity": {"value": 4, "unit": "weeks"}}, "4 weeks"),
        ({"valueString": "text"}, "text"),
    ],
)
def test_an_answer_in_words(value: dict[str, Any], words: str) -> None:
    told = formatters.answers([a_form(answered(value))], "UTC")
    assert told == f"\nWhat was answered: The form, signed Tue 24 Nov 2026\nQuestion: {words}\n"


def test_what_a_person_said_is_told_apart() -> None:
    told = formatters.answers([a_form(answered({"valueInteger": 1}, "manual"))], "UTC")
    assert told.endswith("Question: 1 (answered by hand)\n")


def test_a_form_that_was_signed_again_is_told_as_it_was_signed_last() -> None:
    first, last = (a_form(answered({"valueInteger": one})) for one in (1, 2))
    other = a_form(answered({"valueInteger": 3}), questionnaire="another")
    told = formatters.answers([first, other, last], "UTC")
    assert told.count("What was answered") == 2
    assert ": 1" not in told


def test_no_form_says_nothing() -> None:
    assert formatters.answers([], "UTC") == ""


def test_what_was_signed_after_the_decision_is_no_part_of_its_document(
    store: Store, clock: FakeClock
) -> None:
    line = Line(store, clock, FakePayer({}), chart=FakeChart())
    line.signed()
    early = a_form(answered({"valueInteger": 1}))
    late = a_form(answered({"valueInteger": 2}), authored="2026-11-24T10:00:05+00:00")
    with store.write() as db:
        store.put(db, "case-1", "response", early)
        store.put(db, "case-1", "response", late)
    found = line.letter_of("affirmed")
    assert line.follow.filing._signed(line.case(), found) == [early]
