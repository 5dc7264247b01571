"""Which items apply: every operator, on every kind of answer, with parents."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.dtr.enable import applicable, enabled

LEFT, RIGHT = {"system": "s", "code": "L"}, {"system": "s", "code": "R"}


def item(operator: str, **answer: Any) -> dict[str, Any]:
    return {"enableWhen": [{"question": "q", "operator": operator, **answer}]}


@pytest.mark.parametrize(
    ("operator", "answer", "given", "holds"),
    [
        ("exists", {"answerBoolean": True}, ["x"], True),
        ("exists", {"answerBoolean": True}, [], False),
        ("exists", {"answerBoolean": False}, [], True),
        ("exists", {"answerBoolean": False}, ["x"], False),
        ("exists", {"answerBoolean": True}, [False], True),
        ("=", {"answerBoolean": True}, [True], True),
        ("=", {"answerBoolean": True}, [False], False),
        ("=", {"answerBoolean": False}, [], False),
        ("=", {"answerCoding": LEFT}, [{**LEFT, "display": "left"}], True),
        ("=", {"answerCoding": LEFT}, [RIGHT], False),
        ("=", {"answerString": "a"}, ["b", "a"], True),
        ("!=", {"answerCoding": LEFT}, [RIGHT], True),
        ("!=", {"answerCoding": LEFT}, [LEFT], False),
        (">", {"answerInteger": 4}, [5], True),
        (">", {"answerInteger": 4}, [4], False),
        (">", {"answerInteger": 4}, [], False),
        ("<", {"answerDecimal": 4.5}, [4], True),
        ("<", {"answerDecimal": 4.5}, [4.5], False),
        (">=", {"answerDate": "2026-01-01"}, ["2026-01-01"], True),
        (">=", {"answerDate": "2026-01-01"}, ["2025-12-31"], False),
        ("<=", {"answerQuantity": {"value": 6, "code": "wk"}}, [{"value": 6, "unit": "wk"}], True),
        ("<=", {"answerQuantity": {"value": 6, "code": "wk"}}, [{"value": 7}], False),
        (">", {"answerInteger": 4}, ["many"], False),
        ("like", {"answerString": "a"}, ["a"], False),
    ],
)
def test_each_operator(
    operator: str, answer: dict[str, Any], given: list[Any], holds: bool
) -> None:
    assert enabled(item(operator, **answer), {"q": given}) is holds


@pytest.mark.parametrize(
    ("behavior", "given", "holds"),
    [
        ("all", {"a": [True]}, False),
        ("all", {"a": [True], "b": [True]}, True),
        ("any", {"a": [True]}, True),
        ("any", {}, False),
        (None, {"a": [True]}, False),
    ],
)
def test_conditions_are_joined(behavior: str | None, given: dict[str, Any], holds: bool) -> None:
    conditions = [{"question": q, "operator": "=", "answerBoolean": True} for q in "ab"]
    made: dict[str, Any] = {"enableWhen": conditions}
    if behavior:
        made["enableBehavior"] = behavior
    assert enabled(made, given) is holds


def test_without_conditions_an_item_applies() -> None:
    assert enabled({}, {})
    assert enabled({"enableWhen": []}, {})


def test_what_stands_below_a_closed_group_does_not_apply() -> None:
    inner = {"linkId": "inner", "item": [{"linkId": "deep"}]}
    form = {"item": [{"linkId": "q"}, {"linkId": "g", **item("=", answerBoolean=True)}]}
    form["item"][1]["item"] = [inner]
    assert applicable(form, {}) == {"q"}
    assert applicable(form, {"q": [True]}) == {"q", "g", "inner", "deep"}
