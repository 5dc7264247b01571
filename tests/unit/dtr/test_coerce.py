"""What logic gave, as an answer of the item's type, or as nothing; a person chooses in doubt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.dtr import coerce, units

YES = {"system": "s", "code": "Y", "display": "Yes"}
NO = {"system": "s", "code": "N", "display": "No"}
OPTIONS = [YES, NO]


@pytest.mark.parametrize(
    ("value", "kind", "answer"),
    [
        (False, "boolean", False),
        (True, "boolean", True),
        ("true", "boolean", None),
        (1, "boolean", None),
        (3, "integer", 3),
        (3.0, "integer", 3),
        (3.5, "integer", None),
        (True, "integer", None),
        ("7", "integer", 7),
        ("seven", "integer", None),
        ({"$": "quantity", "value": 4, "unit": "wk"}, "integer", 4),
        (3.5, "decimal", 3.5),
        ("null", "string", None),
        ("  ", "text", None),
        (" left knee ", "text", "left knee"),
        (5, "string", "5"),
        (True, "string", None),
        ({"$": "date", "value": "2026-03-01"}, "date", "2026-03-01"),
        ("2026-03-01T10:00:00-07:00", "date", "2026-03-01"),
        ("2026-03-01T10:00:00-07:00", "dateTime", "2026-03-01T10:00:00-07:00"),
        ({"$": "quantity", "value": 4, "unit": "wk"}, "quantity", {"value": 4, "unit": "wk"}),
        ({"$": "quantity", "value": 4, "unit": None}, "quantity", {"value": 4}),
        (4, "quantity", None),
        ("x", "attachment", None),
        ("1_000", "integer", None),
        (2**31, "integer", None),
        ("1e300", "integer", None),
        (10**400, "integer", None),
        ("1_000", "decimal", None),
        ("see the note of May", "date", None),
        ("see the note of May", "dateTime", None),
        ("2026-03-01Tuesday", "date", None),
        ("2026-02-30", "date", None),
        (1850, "date", None),
        ("2026-03", "date", "2026-03"),
        ({"$": "date", "value": "2026-03-01T10:00"}, "date", "2026-03-01"),
        ({"$": "date", "value": "10:00:00.000"}, "time", "10:00:00.000"),
        ({"$": "quantity", "value": None, "unit": "wk"}, "quantity", None),
    ],
)
def test_one_result(value: Any, kind: str, answer: Any) -> None:
    found = coerce.one(value, {"type": kind}, OPTIONS)
    assert (found, type(found)) == (answer, type(answer))


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("Y", YES),
        ("Yes", YES),
        ({"$": "code", "code": "N"}, NO),
        ({"$": "concept", "codes": [{"code": "N"}, {"code": "Y"}]}, NO),
        ({"code": "Y", "system": "another"}, YES),
        ("maybe", None),
        (True, None),
        ({"$": "concept", "codes": []}, None),
    ],
)
def test_a_choice_is_one_of_the_options(value: Any, answer: Any) -> None:
    assert coerce.one(value, {"type": "choice"}, OPTIONS) == answer


@pytest.mark.parametrize(
    ("value", "answer"), [(3, 3), ("3", 3), (" Left ", "Left"), (4, None), (True, None)]
)
def test_an_option_that_is_no_coding_keeps_its_type(value: Any, answer: Any) -> None:
    assert coerce.one(value, {"type": "choice"}, [3, "Left"]) == answer


KILOGRAM = {"system": "http://unitsofmeasure.org", "code": "kg", "display": "kilogram"}


@pytest.mark.parametrize("kind", ["quantity", "decimal", "integer"])
@pytest.mark.parametrize("unit", ["kg", "kilogram", "[lb_av]", "lb", "g", "", None, "1"])
def test_a_number_in_another_unit_answers_nothing(kind: str, unit: str | None) -> None:
    extension = [{"url": units.UNIT, "valueCoding": KILOGRAM}]
    item = {"type": kind, "extension": extension}
    found = coerce.one({"$": "quantity", "value": 70, "unit": unit}, item, [])
    whole = {"value": 70, "unit": "kilogram", "system": KILOGRAM["system"], "code": "kg"}
    fits = unit in ("kg", "kilogram")
    assert found == ((whole if kind == "quantity" else 70) if fits else None)


def test_an_open_choice_keeps_the_text_of_what_is_no_option() -> None:
    assert coerce.one("maybe", {"type": "open-choice"}, OPTIONS) == "maybe"
    assert coerce.one("Yes", {"type": "open-choice"}, OPTIONS) == YES


@pytest.mark.parametrize(
    ("value", "repeats", "answers"),
    [
        (None, False, []),
        ([], False, []),
        ([[None, "a"]], False, ["a"]),
        (["a", "a"], False, ["a"]),
        (["a", "b"], False, []),
        (["a", "b", "a"], True, ["a", "b"]),
        ([False], False, [False]),
    ],
)
def test_several_results(value: Any, repeats: bool, answers: list[Any]) -> None:
    kind = "boolean" if value == [False] else "string"
    assert coerce.answers(value, {"type": kind, "repeats": repeats}, []) == answers


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e6, 1e6) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "code", "value", "unit"]), inner, max_size=3)
    ),
    max_leaves=5,
)
KINDS = ["boolean", "integer", "decimal", "date", "string", "quantity"]


@given(ODD, st.sampled_from(KINDS), st.booleans())
def test_whatever_logic_gives_an_item_that_takes_one_gets_at_most_one(
    value: Any, kind: str, repeats: bool
) -> None:
    found = coerce.answers(value, {"type": kind, "repeats": repeats}, [])
    assert repeats or len(found) <= 1
    assert None not in found
