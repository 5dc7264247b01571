"""What a person posts, as an answer, or as a sentence that says what to enter."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.dtr import values

OPTIONS = [{"code": "Y", "display": "Yes"}]


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        ("true", "boolean", True),
        ("false", "boolean", False),
        (" 4 ", "integer", 4),
        ("4,5", "decimal", 4.5),
        ("2026-02-28", "date", "2026-02-28"),
        ("2026", "date", "2026"),
        ("Y", "choice", OPTIONS[0]),
        ("own words", "open-choice", "own words"),
        ("12", "quantity", {"value": 12.0}),
        (" text ", "text", "text"),
    ],
)
def test_what_fits_is_taken(text: str, kind: str, answer: Any) -> None:
    assert values.parse(text, {"type": kind}, OPTIONS) == answer


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "boolean"),
        ("yes", "boolean"),
        ("4.5", "integer"),
        ("many", "decimal"),
        ("2026-02-30", "date"),
        ("28/02/2026", "date"),
        ("N", "choice"),
        ("x" * 4001, "text"),
    ],
)
def test_what_does_not_fit_is_told_in_words(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r"^(enter|choose|that day|the text)"):
        values.parse(text, {"type": kind}, OPTIONS)


@pytest.mark.parametrize(
    ("value", "kind", "element"),
    [
        (False, "boolean", {"valueBoolean": False}),
        (OPTIONS[0], "choice", {"valueCoding": OPTIONS[0]}),
        ("own", "open-choice", {"valueString": "own"}),
        ("2026-01-01", "date", {"valueDate": "2026-01-01"}),
        (4, "integer", {"valueInteger": 4}),
        ("t", "text", {"valueString": "t"}),
    ],
)
def test_an_answer_is_sent_as_its_type(value: Any, kind: str, element: dict[str, Any]) -> None:
    assert values.fhir(value, {"type": kind}) == element


def test_words_are_for_people() -> None:
    assert [values.words(one) for one in (None, True, False, 4.0, OPTIONS[0])] == [
        "",
        "Yes",
        "No",
        "4",
        "Yes",
    ]
    assert values.words({"value": 6, "unit": "weeks"}) == "6 weeks"
