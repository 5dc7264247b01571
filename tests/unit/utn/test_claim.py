"""Where the number goes: whose claim, which form, in which state of the case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import smart_app
from smart_app import formatters
from smart_app.cases.model import (
    Case,
    ClaimCard,
    Decision,
    DecisionWord,
    ItemDecision,
    Place,
    Tracks,
    UtnRecord,
)
from smart_app.programs import base
from smart_app.utn import claim
from tests.unit.kit import NOW, a_case, an_item

WISER = base.load(Path(smart_app.__file__).parent / "programs/wiser")
UTN = "JFA99900004417"
HOPD = Place("hopd", "Hospital", "22", "AZ", tob="131")
OFFICE = Place("office", "Clinic", "11", "AZ")
SURGERY = Place("asc", "Surgery center", "24", "TX")
RECORD = UtnRecord(
    UTN,
    "wiser",
    "member",
    ("trace-1",),
    "d1",
    "affirmed",
    date(2026, 11, 24),
    valid_from=date(2026, 11, 24),
    valid_to=date(2027, 3, 23),
)


def case_at(place: Place | None, decision: str = "affirmed", **more: Any) -> Case:
    return a_case(**more, items=(an_item(place=place),), tracks=Tracks(decision=decision))


def card(case: Case, *numbers: UtnRecord) -> ClaimCard:
    return claim.placement(case, WISER, numbers, date(2026, 11, 24))


@pytest.mark.parametrize(
    ("place", "whose"),
    [(HOPD, "facility"), (SURGERY, "facility"), (OFFICE, "professional"), (None, "unknown")],
)
def test_in_a_facility_the_facilitys_claim_carries_the_number(
    place: Place | None, whose: str
) -> None:
    assert card(case_at(place), RECORD).whose_claim == whose


@pytest.mark.parametrize(
    ("decision", "numbered", "state"),
    [
        ("none", False, "hold_decision"),
        ("pended", True, "hold_decision"),
        ("contact_payer", False, "hold_decision"),
        ("unreadable", True, "hold_decision"),
        ("affirmed", False, "hold_number"),
        ("affirmed", True, "ready"),
        ("affirmed_modified", True, "hold_review"),
        ("affirmed_modified", False, "hold_number"),
        ("partial", True, "hold_review"),
        ("partial", False, "hold_number"),
        ("non_affirmed", True, "number_with_abn"),
        ("non_affirmed", False, "hold_number"),
        ("dismissed", False, "review_expected"),
        ("cancelled", False, "review_expected"),
        ("not_required", False, "review_expected"),
    ],
)
def test_the_state_of_the_claim(decision: str, numbered: bool, state: str) -> None:
    numbers = (RECORD,) if numbered else ()
    assert card(case_at(HOPD, decision), *numbers).state == state


@pytest.mark.parametrize(
    ("planned", "state"),
    [
        (date(2026, 11, 23), "outside_window"),
        (date(2026, 11, 24), "ready"),
        (date(2027, 3, 23), "ready"),
        (date(2027, 3, 24), "outside_window"),
        (None, "ready"),
    ],
)
def test_the_date_of_service_must_lie_in_the_window(planned: date | None, state: str) -> None:
    assert card(case_at(HOPD, planned_date=planned), RECORD).state == state


@pytest.mark.parametrize("planned", [date(2026, 11, 24), None])
def test_a_number_that_holds_on_no_day_goes_on_no_claim(planned: date | None) -> None:
    never = replace(RECORD, valid_from=None, valid_to=None)
    found = card(case_at(HOPD, planned_date=planned), never)
    assert found.state == "hold_window"
    assert not any(UTN in one.text for one in found.placements)


@pytest.mark.parametrize(
    ("place", "forms"),
    [(HOPD, {"837I", "FISS"}), (OFFICE, {"837P"}), (SURGERY, {"837P"})],
)
def test_the_forms_of_this_claim_are_marked(place: Place, forms: set[str]) -> None:
    marked = [one for one in card(case_at(place), RECORD).placements if one.this_claim]
    assert forms <= {one.form for one in marked}
    assert all(UTN in one.text for one in marked)
    others = [one for one in card(case_at(place), RECORD).placements if not one.this_claim]
    assert not forms & {one.form for one in others}


@pytest.mark.parametrize("decision", ["affirmed", "partial", "pended"])
def test_a_claim_that_waits_shows_nothing_to_type(decision: str) -> None:
    numbers = () if decision == "affirmed" else (RECORD,)
    found = card(case_at(HOPD, decision), *numbers)
    assert [one.text for one in found.placements] == [""] * len(found.placements)


def test_a_hospitals_claim_is_called_so() -> None:
    rows = card(case_at(HOPD), RECORD).placements
    assert [one.form_words.split(",")[0] for one in rows] == ["Hospital"] * 2 + ["Doctor"] * 2


def test_in_a_surgery_center_the_doctors_own_claim_has_its_row() -> None:
    rows = card(case_at(SURGERY), RECORD).placements
    assert [one.form_words for one in rows if one.this_claim][0] == "Surgery center, electronic"
    assert [one.this_claim for one in rows][-1] is False
    assert rows[-1].form_words == ""
    assert not any("Surgery" in one.form_words for one in card(case_at(OFFICE), RECORD).placements)


def test_dates_of_service_stand_only_beside_an_affirmation() -> None:
    assert card(case_at(HOPD), RECORD).valid_to == date(2027, 3, 23)
    assert card(case_at(HOPD, "non_affirmed"), RECORD).valid_to is None


@pytest.mark.parametrize("decision", ["non_affirmed", "pended", "affirmed"])
def test_a_day_is_checked_only_where_a_number_covers_days(decision: str) -> None:
    planned = case_at(OFFICE, decision, planned_date=date(2026, 12, 6))
    checked = {one.words: one.passed for one in card(planned, RECORD).checks}
    assert checked.get("date") is (True if decision == "affirmed" else None)
    assert "date" not in {one.words for one in card(planned).checks}


def test_a_superseded_number_is_shown_in_the_chain_and_not_used() -> None:
    old = replace(RECORD, number="JFA99900004416", status="superseded")
    found = card(case_at(HOPD), old, RECORD)
    assert found.number == UTN
    assert [one.number for one in found.chain] == [old.number, UTN]
    assert card(case_at(HOPD), old).number is None


@pytest.mark.parametrize(
    ("decision", "wanted"),
    [
        ("affirmed", ["None"]),
        ("non_affirmed", ["GA"]),
        ("affirmed_modified", []),
        ("partial", []),
    ],
)
def test_the_modifier_of_the_decision_is_marked(decision: str, wanted: list[str]) -> None:
    marked = [one[1] for one in card(case_at(HOPD, decision), RECORD).modifiers if one[3]]
    assert marked == wanted


def test_one_number_of_two_holds_the_claim() -> None:
    half = replace(case_at(HOPD), tracks=Tracks(decision="affirmed", utn="awaited"))
    assert card(half, RECORD).state == "hold_number"


def test_an_expired_number_without_a_planned_date_holds_the_claim() -> None:
    found = claim.placement(case_at(HOPD), WISER, (RECORD,), date(2027, 3, 24))
    assert found.state == "outside_window"


def said(case: Case, *numbers: UtnRecord, **items: DecisionWord) -> list[tuple[bool | None, str]]:
    """Return the checks in words; ``items`` are decisions by trace."""
    decided = tuple(ItemDecision(name.replace("_", "-"), word) for name, word in items.items())
    decision = Decision("d1", "case-1", decided, NOW, "pas")
    found = claim.placement(case, WISER, numbers, date(2026, 11, 24), decision)
    return [(one.passed, formatters.check_line(one)) for one in found.checks]


def test_checks_say_what_is_wrong() -> None:
    soon, late = date(2026, 12, 1), date(2027, 12, 1)
    assert said(case_at(HOPD, planned_date=soon), RECORD, trace_1="affirmed") == [
        (True, "Number recorded"),
        (True, "Every code affirmed"),
        (True, "Planned Tue 1 Dec: inside the valid dates"),
    ]
    assert said(case_at(HOPD, planned_date=late), RECORD, trace_1="affirmed")[2] == (
        False,
        "Planned Wed 1 Dec: outside the valid dates",
    )
    assert said(case_at(HOPD, "non_affirmed"), trace_1="non_affirmed") == [
        (False, "No number yet"),
        (False, "Not affirmed: 62323"),
    ]
    assert said(case_at(HOPD), RECORD, trace_1="affirmed")[2] == (None, "No planned date to check")
    two = replace(RECORD, number="JFA99900004418")
    assert said(case_at(HOPD), RECORD, two, trace_1="affirmed")[-1][0] is False


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("cancelled", "Withdrawn: no number will come"),
        ("dismissed", "Dismissed: no number will come"),
        ("not_required", "Not required: no number will come"),
    ],
)
def test_what_gets_no_number_says_so_and_nothing_of_its_codes(decision: str, words: str) -> None:
    found = card(case_at(HOPD, decision))
    assert [formatters.check_line(one) for one in found.checks] == [words]
