"""Stage 3 on the shipped program: who is asked for an epidural, and which question is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import smart_app
from smart_app.cases.model import Coding, ScopeFinding
from smart_app.fhir import codes
from smart_app.programs import base, scope
from tests.unit.kit import an_item

WISER = base.load(Path(smart_app.__file__).parent / "programs/wiser")
PAIN = (Coding(codes.ICD10CM, "M54.16"),)


def a_coverage(kind: str | None = "121", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Coverage", "status": "active", **more}
    if kind:
        made["type"] = {"coding": [{"system": codes.SOPT, "code": kind}]}
    return made


def judged(**change: Any) -> ScopeFinding:
    question = scope.Question(
        items=(an_item(diagnoses=PAIN),),
        coverage=a_coverage(),
        payor_name="Medicare",
        states=("AZ",),
        places_of_service=("22",),
        on=date(2026, 11, 30),
    )
    return scope.judge(WISER, replace(question, **change))


def test_an_epidural_of_original_medicare_in_arizona_is_in_scope() -> None:
    found = judged()
    assert (found.verdict, found.service, found.questions) == ("in_scope", "esi", ())
    assert found.route and found.route.state == "AZ"
    assert all(one.source for one in found.reasons)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"coverage": a_coverage("111")}, "coverage"),
        ({"coverage": a_coverage("113")}, "coverage"),
        ({"payor_name": "Palmetto Railroad Medicare"}, "coverage"),
        ({"coverage": a_coverage("121", **{"class": [{"name": "RRB Part B"}]})}, "coverage"),
        ({"coverage": a_coverage("5")}, "coverage"),
        ({"states": ("CA",)}, "state"),
        ({"on": date(2026, 1, 14)}, "date"),
        ({"on": date(2032, 1, 1)}, "date"),
        ({"places_of_service": ("21",)}, "site"),
        ({"items": (an_item(code="99213"),)}, "code"),
        ({"items": (an_item(diagnoses=PAIN), an_item(2, "99213"))}, "code"),
        ({"items": ()}, "code"),
    ],
)
def test_the_first_rule_that_says_no_explains_why(change: dict[str, Any], rule: str) -> None:
    found = judged(**change)
    assert (found.verdict, [one.rule for one in found.reasons]) == ("out_of_scope", [rule])
    assert found.questions == ()


@pytest.mark.parametrize(
    "change",
    [
        {"coverage": None},
        {"coverage": a_coverage(None)},
        {"coverage": a_coverage("1")},
        {"coverage": a_coverage("523")},
        {"coverage": a_coverage("122")},
        {"payor_unread": True},
        {"states": ()},
        {"states": ("AZ", "TX")},
    ],
)
def test_what_is_not_known_becomes_a_question(change: dict[str, Any]) -> None:
    found = judged(**change)
    assert found.verdict == "unknown"
    assert len(found.questions) == 1
    assert found.questions[0].endswith("?")
    assert found.open_rules in (("coverage",), ("state",))


@pytest.mark.parametrize(
    ("kinds", "counts"),
    [
        ([], None),
        (["original_medicare"], 0),
        (["unknown"], 0),
        (["beside", "original_medicare"], 1),
        (["not_medicare", "excluded"], 1),
        (["original_medicare", "managed", "unknown"], 1),
        (["beside", "unknown"], 1),
        (["not_medicare", "beside"], 1),
        (["not_medicare", "not_medicare"], 0),
        (["original_medicare", "unknown"], None),
        (["original_medicare", "excluded"], None),
        (["managed", "managed"], None),
    ],
)
def test_which_coverage_counts(kinds: list[scope.CoverageKind], counts: int | None) -> None:
    assert scope.which(kinds) == counts


@pytest.mark.parametrize("kind", ["112", "512"])
def test_an_unread_payer_makes_no_plan_original_medicare(kind: str) -> None:
    assert judged(coverage=a_coverage(kind), payor_unread=True).verdict == "out_of_scope"


def test_a_medicare_number_alone_proves_nothing() -> None:
    held = a_coverage(None, identifier=[{"system": codes.MBI, "value": "1S00EX0MP78"}])
    assert judged(coverage=held).verdict == "unknown"


@pytest.mark.parametrize("on", [date(2026, 1, 15), date(2031, 12, 31)])
def test_first_and_last_day_count(on: date) -> None:
    assert judged(on=on).verdict == "in_scope"


@pytest.mark.parametrize("state", ["AZ", "NJ", "OH", "OK", "TX", "WA"])
def test_every_state_has_who_decides_and_who_numbers(state: str) -> None:
    found = judged(states=(state,))
    assert found.verdict == "in_scope"
    assert found.route and found.route.participant and found.route.mac


def test_a_no_outranks_an_open_question() -> None:
    assert judged(states=(), coverage=a_coverage("111")).verdict == "out_of_scope"


def test_a_service_that_is_not_in_force_is_out_of_scope() -> None:
    waiting = [one for one in WISER.services if one.status != "active"]
    for service in waiting:
        found = judged(items=(an_item(code=service.codes[0].code),))
        assert (found.verdict, found.reasons[0].rule) == ("out_of_scope", "status")


def test_a_service_bound_to_diagnoses_asks_for_one() -> None:
    bound = replace(WISER.services[0], diagnoses=("M54.16",))
    program = replace(WISER, services=(bound,))
    code = bound.codes[0].code
    question = scope.Question((an_item(code=code),), a_coverage(), "", ("AZ",), ("22",), date.max)
    question = replace(question, on=date(2026, 11, 30))

    def verdict(*found: str) -> str:
        diagnoses = tuple(Coding(codes.ICD10CM, one) for one in found)
        asked = replace(question, items=(an_item(code=code, diagnoses=diagnoses),))
        return scope.judge(program, asked).verdict

    assert verdict() == "unknown"
    assert verdict("M54.16") == "in_scope"
    assert verdict("M54.5", "M54.16") == "in_scope"
    assert verdict("Z00.0") == "out_of_scope"
