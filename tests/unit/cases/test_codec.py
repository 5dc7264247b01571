"""What is stored is what was given: every type that crosses a border, there and back."""

from __future__ import annotations

import dataclasses
import types
from datetime import UTC, date, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smart_app.cases import codec, model

KINDS = [
    one
    for one in vars(model).values()
    if dataclasses.is_dataclass(one) and one.__module__ == model.__name__
]
TEXT = st.text(max_size=8)
LEAF = st.none() | st.booleans() | st.integers(-1000, 1000) | TEXT
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-1000, 1000),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Any: JSON,
}


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a type hint of the model."""
    if hint in SIMPLE:
        return SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = [of(one) for one in arguments if one is not type(None)]
        return st.none() | st.one_of(inner)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return st.lists(of(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(of(one) for one in arguments))
    if origin is dict:
        return st.dictionaries(TEXT, of(arguments[1]), max_size=2)
    hints = get_type_hints(hint)
    return st.builds(hint, **{one.name: of(hints[one.name]) for one in dataclasses.fields(hint)})


def test_the_model_has_its_types() -> None:
    assert len(KINDS) > 25


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.__name__)
@given(data=st.data())
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_there_and_back(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(of(kind))
    stored = codec.dump(value)
    assert codec.load(kind, stored) == value
    assert codec.dump(codec.load(kind, stored)) == stored


def test_keys_of_a_newer_version_are_dropped() -> None:
    assert codec.load(model.Tracks, b'{"claim": "ready", "weather": "fine"}').claim == "ready"


def test_raw_resources_pass_through_untouched() -> None:
    raw = {"birthDate": "1950-01-01", "_birthDate": {"extension": [{"url": "x"}]}, "x": 1.10}
    chart = model.ChartSnapshot(raw, {"Condition": (raw,)}, {}, datetime(2026, 1, 1, tzinfo=UTC))
    assert codec.load(model.ChartSnapshot, codec.dump(chart)).patient == raw
