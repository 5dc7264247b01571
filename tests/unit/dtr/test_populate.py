"""A chart that was not read as a whole gives no "No", however the logic reaches what was not."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot, Draft, Resource
from smart_app.dtr import populate, units
from tests.unit.dtr.forms import (
    READ,
    Script,
    a_chart,
    a_group,
    a_library,
    a_package,
    a_question,
    names,
    retrieve,
)
from tests.unit.kit import NOW

COMMON = a_library("Common", {"PT": retrieve("Procedure"), "Pain": retrieve("Observation")})
LACKS_PROCEDURE = a_chart("Procedure")


def filled(
    chart: ChartSnapshot, define: dict[str, Any], *others: Resource, **includes: str
) -> Draft:
    """Return the draft of a form of one yes-or-no question."""
    main = a_library("Main", {"Tried": define}, **includes)
    question = a_question("tried", define="Tried", required=True)
    return populate.fill(
        a_package([a_group("therapy", question)], (main, *others)),
        chart,
        orders=(),
        coverage=None,
        engine=Script(),
        now=NOW,
        zone="UTC",
        hints={},
    )


def said(draft: Draft) -> list[tuple[str, Any]]:
    return [(one.state, one.value) for one in draft.answers]


UNREAD = [("unavailable", None)]
ANSWERED_NO = [("confirmed", False)]


@pytest.mark.parametrize("path", ["Common", "http://payer.example/ns/Common"])
@pytest.mark.parametrize("kind", ["ExpressionRef", "FunctionRef"])
def test_an_alias_is_followed_into_another_library(kind: str, path: str) -> None:
    draft = filled(LACKS_PROCEDURE, names("PT", "C", kind), COMMON, C=path)
    assert said(draft) == UNREAD
    assert draft.answers[0].why_empty == "Procedure"
    assert [one.kind for one in draft.gaps] == ["unavailable"]


def test_what_was_read_is_answered_although_something_else_was_not() -> None:
    assert said(filled(LACKS_PROCEDURE, names("Pain", "C"), COMMON, C="Common")) == ANSWERED_NO


def test_a_whole_chart_answers() -> None:
    chart = a_chart(read=(*READ, "Procedure"))
    assert said(filled(chart, names("PT", "C"), COMMON, C="Common")) == ANSWERED_NO


@pytest.mark.parametrize(
    "define",
    [
        names("PT", "Nobody"),
        names("PT", "Gone"),
        names("Nothing", "C"),
        names("Nothing", "C", "FunctionRef"),
        names("Nothing"),
        {"expression": {"type": "Exists", "operand": {"type": "Retrieve"}}},
        retrieve("Resource"),
        {"external": True},
    ],
)
def test_what_cannot_be_followed_may_read_anything(define: dict[str, Any]) -> None:
    includes = {"C": "Common", "Gone": "NotInThePackage"}
    assert said(filled(LACKS_PROCEDURE, define, COMMON, **includes)) == UNREAD
    assert said(filled(a_chart(), define, COMMON, **includes)) == ANSWERED_NO


def test_defines_that_name_each_other_end() -> None:
    first = a_library("Common", {"PT": names("Tried", "M")}, M="Main")
    assert said(filled(LACKS_PROCEDURE, names("PT", "C"), first, C="Common")) == ANSWERED_NO


def test_a_function_two_libraries_away_is_followed() -> None:
    both = a_library("Common", {"PT": retrieve("Observation")})
    other = a_library("Other", {"PT": names("PT", "C", "FunctionRef")}, C="Common")
    assert said(filled(a_chart("Observation"), names("PT", "O"), both, other, O="Other")) == UNREAD


def test_a_type_that_nobody_reads_is_not_empty() -> None:
    draft = filled(a_chart(), retrieve("Immunization"))
    assert said(draft) == UNREAD


def test_one_person_who_could_not_be_read_makes_the_type_incomplete() -> None:
    chart = a_chart("Practitioner/1", read=(*READ, "Practitioner"))
    draft = filled(chart, retrieve("Practitioner"))
    assert draft.answers[0].why_empty == "Practitioner"


def test_a_number_in_another_unit_is_shown_and_answers_nothing() -> None:
    pound = {"$": "quantity", "value": 154, "unit": "[lb_av]"}
    weight = {"$": "fhir", "json": {"resourceType": "Observation", "id": "w1"}}
    extension = [{"url": units.UNIT, "valueCoding": {"code": "kg"}}]
    question = a_question("weight", "quantity", define="Weight", required=True)
    question["extension"] += extension
    defines = {"Weight": retrieve("Observation"), "Weight Source": retrieve("Observation")}
    draft = populate.fill(
        a_package([a_group("body", question)], (a_library("Main", defines),)),
        a_chart(),
        orders=(),
        coverage=None,
        engine=Script({"Weight": pound, "Weight Source": weight}),  # type: ignore[arg-type]
        now=NOW,
        zone="UTC",
        hints={},
    )
    assert draft.answers == ()
    (gap,) = draft.gaps
    assert [(one.resource_ref, one.sentence) for one in gap.candidates] == [
        ("Observation/w1", "154 [lb_av]")
    ]
