"""What granted scopes allow, in both spellings."""

from __future__ import annotations

import pytest

from launch.context import references
from launch.scopes import allows, allows_a_part


def allowed(scope: str, kind: str = "Observation") -> str:
    """Return the letters that a scope allows on a type."""
    return "".join(one for one in "cruds" if allows([scope], kind, one))


@pytest.mark.parametrize(
    ("scope", "letters"),
    [
        ("patient/Observation.read", "rs"),
        ("patient/Observation.write", "cud"),
        ("patient/Observation.*", "cruds"),
        ("user/*.read", "rs"),
        ("patient/*.*", "cruds"),
        ("patient/Observation.rs", "rs"),
        ("patient/Observation.crus", "crus"),
        ("user/Observation.c", "c"),
        ("patient/Observation.rs?category=laboratory", ""),
        ("patient/Observation.cruds?category=laboratory", ""),
        ("patient/Condition.rs", ""),
        ("launch/patient", ""),
        ("openid", ""),
        ("", ""),
        ("patient/Observation", ""),
        ("patient/Observation.", ""),
        ("Observation.rs", ""),
        ("xpatient/Observation.rs", ""),
    ],
)
def test_a_scope(scope: str, letters: str) -> None:
    assert allowed(scope) == letters


def test_scopes_add_up_and_none_allow_nothing() -> None:
    granted = ["openid", "patient/Observation.r", "patient/Observation.s"]
    assert allows(granted, "Observation", "r")
    assert allows(granted, "Observation", "s")
    assert not allows(granted, "Observation", "c")
    assert not allows([], "Observation", "r")


@pytest.mark.parametrize(
    ("granted", "whole", "part"),
    [
        (["patient/Observation.rs?category=laboratory"], False, True),
        (["patient/Observation.rs?category=a", "patient/Observation.rs?category=b"], False, True),
        (["patient/Observation.rs?category=laboratory", "user/*.read"], True, False),
        (["patient/Observation.rs"], True, False),
        (["patient/Observation.r?category=laboratory"], False, False),
        (["patient/Condition.rs?category=problem-list-item"], False, False),
    ],
)
def test_a_granular_scope_allows_a_part(granted: list[str], whole: bool, part: bool) -> None:
    assert allows(granted, "Observation", "s") is whole
    assert allows_a_part(granted, "Observation", "s") is part


@pytest.mark.parametrize(
    ("context", "named"),
    [
        ([{"reference": "ServiceRequest/1"}], {"ServiceRequest": ["ServiceRequest/1"]}),
        (["Coverage/2"], {"Coverage": ["Coverage/2"]}),
        ([{"reference": "https://ehr.example/fhir/ServiceRequest/1"}], {}),
        ([{"type": "ServiceRequest"}, 5, None, "x"], {}),
        ({"reference": "ServiceRequest/1"}, {}),
        (None, {}),
    ],
)
def test_context_names_relative_references_only(
    context: object, named: dict[str, list[str]]
) -> None:
    assert references({"fhirContext": context}) == named
