"""Any JSON that a payer could send: made up, or a sound answer spoiled in a few places."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.pas.test_decision import an_answer, an_answer_item

MANY, FEW = 2500, 120
"""How many inputs a reader is fed with, and a whole line."""
FED: dict[str, int] = {}
"""Every test that is fed, and with how many inputs."""
NUMBER = "JFA99900004417"
CODES = ("A1", "A2", "A3", "A4", "A6", "C", "CT", "NA")


def fed(many: int, *inputs: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Feed a test with so many inputs, always the same ones."""
    same = settings(
        max_examples=many,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )

    def with_inputs(test: Any) -> Any:
        FED[test.__name__] = many
        return same(given(*inputs)(test))

    return with_inputs


WORDS = (
    "resourceType",
    "Bundle",
    "ClaimResponse",
    "OperationOutcome",
    "Parameters",
    "entry",
    "resource",
    "item",
    "adjudication",
    "extension",
    "valueCodeableConcept",
    "coding",
    "code",
    "status",
    "active",
    "outcome",
    "trace-1",
    "A1",
    "A3",
    "JFA99900004417",
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=8)
)
ANY = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
"""Any JSON value, often in the words of the standard."""


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from _places(one, (*path, key))


@st.composite
def spoiled(draw: st.DrawFn, sound: Callable[[], Any]) -> Any:
    """Return a sound answer of which up to three parts are replaced, moved or left out."""
    answer = copy.deepcopy(sound())
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(answer))
        if not places:
            return answer
        *way, last = draw(st.sampled_from(places))
        parent = answer
        for key in way:
            parent = parent[key]
        what = draw(st.sampled_from(("replace", "move", "leave out")))
        if what == "leave out":
            del parent[last]
        elif what == "replace":
            parent[last] = draw(ANY)
        else:
            other = answer
            for key in draw(st.sampled_from(places)):
                other = other[key]
            parent[last] = copy.deepcopy(other)
    return answer


def either(*several: Any) -> st.SearchStrategy[Any]:
    """Return one of several sound bodies, as it is or spoiled."""
    return st.sampled_from(several).flatmap(lambda one: spoiled(lambda: one))


def answers(*codes: str) -> st.SearchStrategy[Any]:
    """Return a PAS answer about a case of one order, sound, spoiled, or anything."""
    sound = (an_answer_item(code, utn=NUMBER) for code in codes or CODES)
    return either(*(an_answer(item, status="active") for item in sound)) | ANY
