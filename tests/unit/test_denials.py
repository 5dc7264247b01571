"""Every denial of the payer's own is told to who enters a letter that turns it."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import DecisionWord
from smart_app.cases.store import Store
from smart_app.errors import LetterError
from tests.unit.kit import FakeClock
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_letters import AWAITED, N1, N2, a_letter, a_line, answers, enter, state


@pytest.mark.parametrize("word", ["affirmed_modified", "partial"])
def test_a_denial_is_told_to_who_enters_that_a_part_was_affirmed(
    store: Store, clock: FakeClock, word: DecisionWord
) -> None:
    line = a_line(store, clock, an_answer_item("A3"))
    line.letter(word, N1)
    assert (state(line), line.events()[-1]) == (("non_affirmed", "hold"), "sources_disagree")


@pytest.mark.parametrize("second", [an_answer_item("A4", 2), None], ids=["waits", "not mentioned"])
def test_denials_in_two_answers_are_both_told(
    store: Store, clock: FakeClock, second: dict[str, Any] | None
) -> None:
    line = a_line(store, clock, an_answer_item("A4", 1), an_answer_item("A3", 2))
    answers(line, an_answer_item("A3", 1), *([second] if second else []))
    enter(line, ("affirmed", N1), ("affirmed", N1))
    told = [
        one.facts["said"]
        for one in line.world.audit.events("case-1")
        if one.kind == "sources_disagree"
    ]
    assert any("trace-1 non_affirmed" in one for one in told)
    assert any("trace-2 non_affirmed" in one for one in told)
    assert state(line)[1] == "hold"
    enter(line, ("affirmed", N1), ("affirmed", N1))
    assert state(line) == ("affirmed", "ready")


def test_the_number_of_a_denial_within_an_answer_that_waits_is_no_affirmations(
    store: Store, clock: FakeClock
) -> None:
    line = a_letter(store, clock, ("non_affirmed", N2), AWAITED)
    answers(line, an_answer_item("A3", 1, utn=N1), an_answer_item("A4", 2))
    with pytest.raises(LetterError):
        enter(line, ("affirmed", N1), ("affirmed", N1))
