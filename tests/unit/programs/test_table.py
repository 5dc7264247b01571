"""Stage 3 against the guide: every row of the table, and what holds for all requests."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import smart_app
from smart_app.cases.model import Coding, ScopeFinding
from smart_app.fhir import codes
from smart_app.programs import base, scope
from tests.unit.kit import an_item
from tests.unit.programs.table import DIAGNOSIS, STATE, USUAL, Row, rows

WISER = base.load(Path(smart_app.__file__).parent / "programs/wiser")
ROWS = rows()


def several(cell: str, usual: str) -> tuple[str, ...]:
    """Return the values of a cell; none when the fact is not known."""
    return () if cell == "?" else tuple((cell or usual).split())


def the_coverage(cell: str) -> dict[str, Any] | None:
    kind = cell.split()[0]
    if kind == "none":
        return None
    made: dict[str, Any] = {"resourceType": "Coverage", "status": "active"}
    if kind != "?":
        made["type"] = {"coding": [{"system": codes.SOPT, "code": kind}]}
    return made


def question(row: Row) -> scope.Question:
    """Return the question of a row."""
    cell = row.coverage or USUAL["coverage"]
    words = cell.split()[1:]
    modifiers, pos = tuple(row.modifiers.split()), row.pos or USUAL["pos"]
    items = []
    for number, code in enumerate(row.codes.split(), 1):
        usual = DIAGNOSIS.get(code, "")
        found = tuple(Coding(codes.ICD10CM, one) for one in several(row.diagnoses, usual))
        items.append(an_item(number, code, diagnoses=found, modifiers=modifiers))
    return scope.Question(
        items=tuple(items),
        coverage=the_coverage(cell),
        payor_name=" ".join(one for one in words if not one.startswith("+")) or "Medicare",
        states=several(row.state, STATE.get(row.codes.split()[0], USUAL["state"])),
        places_of_service=several(pos, ""),
        types_of_bill=several(row.tob, USUAL["tob"] if pos in ("19", "22") else ""),
        on=date.fromisoformat(row.on or USUAL["on"]),
        companion_codes=None if row.companions == "?" else several(row.companions, ""),
        alongside=tuple(one[1:] for one in words if one in ("+medicaid", "+secondary")),
        deceased="+deceased" in words,
    )


def test_the_table_is_long_enough_and_says_nothing_twice() -> None:
    asked = [str(question(one)) + one.rule for one in ROWS]
    assert len(asked) >= 150
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row) -> None:
    found = scope.judge(WISER, question(row))
    assert found.verdict == row.verdict, (found.reasons, found.questions)
    if row.verdict == "unknown":
        assert found.open_rules == (row.rule,)
        assert "?" in found.questions[0]
        return
    told = {one.rule: one for one in found.reasons}
    assert row.rule in told
    if row.verdict == "out_of_scope":
        assert (len(found.reasons), found.questions) == (1, ())
    assert row.source in told[row.rule].source


def test_every_code_of_the_guide_has_its_own_row() -> None:
    active = {code.code for one in WISER.services if one.status == "active" for code in one.codes}
    assert len(active) == 41
    assert active <= {one.codes for one in ROWS if one.verdict == "in_scope"} | {"64561"}


def test_each_open_fact_is_one_question() -> None:
    open_row = Row("64561", "?", "?", "?", "?", "", "", "?", "", "", "", "")
    found = scope.judge(WISER, question(open_row))
    assert found.verdict == "unknown"
    assert found.open_rules == ("coverage", "state", "diagnosis", "companion")


# what holds for all requests ----------------------------------------------------------------------

KNOWN = sorted(
    {code.code for one in WISER.services for code in one.codes}
    | {code for one in WISER.services for code in one.companions[:3]}
    | {"63650", "99213", "", "ÄÖ"}
)
LISTED = sorted({one for service in WISER.services for one in service.diagnoses[:3]})
DIAGNOSES = st.lists(st.sampled_from([*LISTED, "G47.33", "L97.421", "M54.16", "x"]), max_size=3)
TYPES = ["121", "12", "111", "14", "1", "122", "523", "2", "32", "512", "zz"]


@st.composite
def questions(draw: Any) -> scope.Question:
    """Make a question of any mixture of facts, known or not."""
    items = tuple(
        an_item(
            number,
            code,
            diagnoses=tuple(Coding(codes.ICD10CM, one) for one in draw(DIAGNOSES)),
            modifiers=tuple(draw(st.lists(st.sampled_from(["ET", "LT"]), max_size=1))),
        )
        for number, code in enumerate(draw(st.lists(st.sampled_from(KNOWN), max_size=3)), 1)
    )
    kind = draw(st.sampled_from([None, "?", *TYPES]))
    states = st.lists(st.sampled_from(["AZ", "TX", "WA", "CA", "zz"]), max_size=2)
    places = st.lists(st.sampled_from(["11", "22", "24", "21", "23", "x"]), max_size=2)
    days = st.dates(date(2025, 12, 1), date(2032, 2, 1))
    together = st.none() | st.lists(st.sampled_from(["64590", "62362", "x"]), max_size=2)
    companions = draw(together)
    return scope.Question(
        items=items,
        coverage=None if kind is None else the_coverage(kind),
        payor_name=draw(st.sampled_from(["", "Medicare", "Railroad Medicare", "ßß"])),
        payor_unread=draw(st.booleans()),
        states=tuple(draw(states)),
        places_of_service=tuple(draw(places)),
        types_of_bill=tuple(
            draw(st.lists(st.sampled_from(["131", "0131", "851", ""]), max_size=1))
        ),
        on=draw(days),
        companion_codes=None if companions is None else tuple(companions),
        alongside=tuple(draw(st.lists(st.sampled_from(["medicaid", "secondary"]), max_size=2))),
        deceased=draw(st.booleans()),
        order_words=draw(st.sampled_from(["", "steroid", "pump trial"])),
    )


def judged(asked: scope.Question) -> ScopeFinding:
    return scope.judge(WISER, asked)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_a_finding_always_says_why(asked: scope.Question) -> None:
    found = judged(asked)
    assert all(one.words and one.source and one.rule for one in found.reasons)
    assert len(set(found.open_rules)) == len(found.open_rules) == len(found.questions)
    assert (found.verdict == "unknown") == bool(found.questions)
    assert found.reasons or found.questions
    assert found.verdict != "out_of_scope" or len(found.reasons) == 1


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_what_is_not_known_is_never_in_scope(asked: scope.Question) -> None:
    found = judged(asked)
    if found.verdict != "in_scope":
        return
    kind = scope.coverage_kind(WISER, asked.coverage, asked.payor_name, asked.payor_unread)
    service = next(one for one in WISER.services if one.id == found.service)
    diagnoses = {one.code for item in asked.items for one in item.diagnoses}
    assert kind == "original_medicare" and not asked.deceased
    assert len(set(asked.states)) == 1 and set(asked.states) <= set(service.states)
    assert asked.places_of_service
    assert set(asked.places_of_service) <= set(service.places_of_service)
    assert not service.diagnoses or diagnoses & set(service.diagnoses)
    assert WISER.since <= asked.on <= (WISER.until or date.max)
    assert "ET" not in {one for item in asked.items for one in item.modifiers}
    assert found.route and found.route.state == asked.states[0]


@given(st.integers(0, 4000))
@settings(deadline=None)
def test_a_day_alone_decides_by_the_program_s_first_and_last(days: int) -> None:
    on = date(2025, 6, 1) + timedelta(days=days)
    asked = question(Row("29877", "", "", "", "", "", on.isoformat(), "", "", "", "", ""))
    inside = date(2026, 1, 15) <= on <= date(2031, 12, 31)
    assert (judged(asked).verdict == "in_scope") == inside
