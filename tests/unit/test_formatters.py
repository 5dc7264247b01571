"""Every word that a person may read exists, and only an affirmation is green."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.model import (
    Coding,
    CoverageAnswer,
    CoverageRepetition,
    DecisionWord,
    Event,
    Evidence,
    ItemDecision,
    Tracks,
    WriteOutcome,
)
from smart_app.pas.usable import Why
from tests.unit.kit import NOW, a_case

ROOT = Path(__file__).resolve().parents[2]


def headlines() -> set[str]:
    """Return every state that the one line of a page may be about."""
    tracks = (
        Tracks(submission=sent, decision=decided, utn=number)
        for sent, decided, number in product(*(states.MOVES[t] for t in TRACKS))
    )
    return {states.headline(one) for one in tracks}


TRACKS = ("submission", "decision", "utn")


def events() -> set[str]:
    """Return every kind of event that the code writes."""
    found = set()
    for path in (ROOT / "smart_app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = {"Event": 0, "note": 2}.get(name)
            if place is None or len(node.args) <= place:
                continue
            told = node.args[place]
            branches = (told.body, told.orelse) if isinstance(told, ast.IfExp) else (told,)
            found |= {one.value for one in branches if isinstance(one, ast.Constant)}
    return found


def test_every_decision_and_outcome_has_words() -> None:
    assert set(formatters.DECISIONS) == set(get_args(DecisionWord))
    assert set(get_args(WriteOutcome)) <= set(formatters.WRITE_OUTCOMES)
    assert set(states.MOVES["chart"]) <= set(formatters.WRITE_OUTCOMES)


def test_every_state_has_a_chip() -> None:
    assert headlines() - set(formatters.CHIPS) <= {"cancelling"}  # nothing cancels yet


def test_only_an_affirmation_is_green() -> None:
    green = {state for state, (tone, _, _) in formatters.CHIPS.items() if tone == "ok"}
    assert green == {"affirmed", "affirmed_number_awaited"}


def test_every_event_has_words() -> None:
    kinds = events()
    assert len(kinds) > 20
    assert kinds - set(formatters.EVENTS) == set()


def test_each_reason_not_to_use_an_answer_has_words() -> None:
    told_apart = {"answers that differ"}  # an event of its own
    assert set(get_args(Why)) - told_apart == set(formatters.UNUSED)


def test_words_that_were_looked_for_are_marked() -> None:
    found = Evidence(
        "DocumentReference/1", "DocumentReference", sentence="No Fever, no sign.", marks=("fever",)
    )
    assert formatters.marked(found) == [("No ", False), ("Fever", True), (", no sign.", False)]
    plain = Evidence("DocumentReference/1", "DocumentReference", sentence="a (b")
    assert formatters.marked(plain) == [("a (b", False)]


def test_an_order_is_told_from_another_by_its_side_and_day() -> None:
    code = Coding("http://hl7.org/fhir/sid/icd-10-cm", "M17.12", "Arthritis")
    facts = formatters.order_facts(["left knee"], (code,), date(2026, 12, 5), "2026-11-23", "Dr. X")
    said = ["Left knee.", "Diagnosis M17.12, planned Sat 5 Dec 2026.", "Ordered Mon 23 Nov 2026 by"]
    assert facts == f"{' '.join(said)} Dr. X."
    assert formatters.order_facts([], (), None, None, "Dr. X") == ""


@pytest.mark.parametrize(
    ("outcome", "orders", "words"),
    [
        ("filed_and_read_back", 0, "read back. The document is under Documents."),
        ("filed_and_read_back", 2, "2 orders are marked too."),
        ("accepted_unverified", 0, "could not be read back. Look under Documents."),
        ("none", 0, ""),
    ],
)
def test_the_chart_line_says_what_is_known(outcome: str, orders: int, words: str) -> None:
    assert formatters.chart_line(outcome, "Documents", orders).endswith(words)


def information(**more: Any) -> CoverageRepetition:
    """Return what a payer says of one order."""
    empty: dict[str, Any] = {one.name: () for one in fields(CoverageRepetition)}
    found = CoverageRepetition(
        **empty
        | {"covered": "covered", "pa_needed": None, "assertion_id": None, "satisfied_pa_id": None}
        | {"expires": None}
    )
    return replace(found, **more)


def said(*needed: str | None, covered: str = "covered") -> str:
    """Return the sentence about several orders."""
    several = tuple(information(pa_needed=one, covered=covered) for one in needed)
    return formatters.payer_said(CoverageAnswer("answered", "p", repetitions=several), "Zyter")[1]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("needed", "words"),
    [
        (("no-auth", "no-auth"), "needs no authorization"),
        (("no-auth", "auth-needed"), "asks for authorization too"),
        (("no-auth", "satisfied"), "is there already"),
        (("no-auth", None), "did not say"),
        (("no-auth", "performpa"), "depends"),
        (("conditional", "auth-needed"), "asks for authorization too"),
        ((), "did not say"),
        ((None,), "did not say"),
    ],
)
def test_the_payers_most_careful_word_is_said(needed: Any, words: str, order: int) -> None:
    assert words in said(*needed[::order])


def test_what_is_not_covered_is_said_first() -> None:
    assert "not covered" in said("auth-needed", covered="not-covered")


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 unit"), (1.0, "1 unit"), (1.5, "1.5 units"), (0.25, "0.25 units")]
)
def test_a_part_of_a_unit_is_told(count: float, words: str) -> None:
    assert formatters.units(count) == words


def test_what_was_affirmed_instead_is_told_with_its_code() -> None:
    found = ItemDecision("trace-1", "affirmed_modified", replaced_by=("62321",))
    assert (
        formatters.item_line(a_case(), found)
        == "62323: affirmed with changes, asked for 1 unit, instead: 62321"
    )


@pytest.mark.parametrize("chart", ["refused", "manual_pending", "unknown", "accepted_unverified"])
def test_an_affirmation_that_the_chart_lacks_leaves_something_to_do(chart: str) -> None:
    case = a_case()
    case = replace(case, tracks=replace(case.tracks, chart=chart))
    facts = (case, "affirmed", "Zyter", "Noridian", "person", "today")
    assert formatters.NOTHING not in formatters.next_line(*facts, warned=False)


@pytest.mark.parametrize(
    ("state", "left"),
    [("affirmed", "Decided today."), ("pended", "This page changes by itself."), ("queued", "")],
)
def test_beside_a_warning_nobody_reads_that_there_is_nothing_to_do(state: str, left: str) -> None:
    facts = (a_case(), state, "Zyter", "Noridian", "person", "today")
    assert formatters.NOTHING in formatters.next_line(*facts, warned=False)
    assert formatters.next_line(*facts, warned=True) == left


def test_a_line_of_the_history_keeps_its_sentences() -> None:
    facts = {"rung": "DocumentReference.create", "outcome": "refused"}
    line = formatters.event(Event("written", NOW, facts=facts), "Zyter")
    assert line == (
        "Document in the chart: the chart refused it. Copy the number into the chart yourself."
    )


def test_a_day_of_the_chart_has_its_year() -> None:
    found = Evidence("Observation/1", "Observation", None, "2023-11-21", "Dr. Patchwell")
    assert formatters.chip(found).split(" · ")[1] == "21 Nov 2023"
    assert (formatters.short_day("2023-11"), formatters.short_day(None)) == ("2023-11", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("injection, lower back", "injection, neck"), "injection"),
        (("repair, mid back", "repair of each further vertebra"), "repair, mid back and repair of"),
    ],
)
def test_the_words_of_several_codes_leave_none_out(words: tuple[str, str], told: str) -> None:
    case = a_case(orders=2)
    items = tuple(
        replace(one, coding=(replace(one.coding[0], words=said), *one.coding[1:]))
        for one, said in zip(case.items, words, strict=True)
    )
    found = formatters.scope_line(replace(case, items=items))
    assert told in found


@pytest.mark.parametrize(
    ("order_ref", "words"),
    [
        ("ServiceRequest/1", "Order · 26 Nov 2026"),
        ("ServiceRequest/entered-1", "Order entered here · 26 Nov 2026"),
    ],
)
def test_an_entered_order_is_no_source_of_the_chart(order_ref: str, words: str) -> None:
    found = Evidence(order_ref, "ServiceRequest", date="2026-11-26")
    assert formatters.chip(found) == words


def test_an_answer_about_another_person_is_no_letter_to_read() -> None:
    case = a_case()
    words = formatters.headline(case, "unreadable", "Zyter", None, "UTC", "another member")
    assert words == "Zyter sent an answer that is about another person. It is not used."
    then = formatters.next_line(
        case, "unreadable", "Zyter", "MAC", "person", "", warned=False, why="another member"
    )
    assert "goes on asking" in then


@pytest.mark.parametrize(
    ("refused", "words"), [("update", "Change it again"), ("cancel", "stands")]
)
def test_what_was_refused_leaves_something_to_do(refused: str, words: str) -> None:
    said = formatters.next_line(
        a_case(), "pended", "Zyter", "MAC", "person", "", warned=False, refused=refused
    )
    assert words in said
    assert "Nothing for you to do" not in said
