"""A number of the payer that differs from a letter's is told, and the letter's is not used."""

from __future__ import annotations

from smart_app.cases.store import Store
from tests.unit.kit import FakeClock
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_letters import (
    AWAITED,
    N1,
    N2,
    a_letter,
    a_line,
    active,
    answers,
    enter,
    state,
)

WAITS = an_answer_item("A4", 2)


def told(line: Line) -> int:
    return line.events().count("number_differs")


def test_the_payers_other_number_ends_that_of_a_letter(store: Store, clock: FakeClock) -> None:
    line = a_letter(store, clock, ("affirmed", N1), AWAITED)
    answers(line, an_answer_item("A1", 1, utn=N2), WAITS)
    assert (told(line), active(line), state(line)[1]) == (1, [], "hold")
    line.pass_by(20, each=600)
    assert (told(line), active(line)) == (1, [])
    enter(line, ("affirmed", N2), ("affirmed", N2))
    assert (told(line), active(line), state(line)) == (1, [N2], ("affirmed", "ready"))


def test_who_was_told_and_enters_the_letter_again_is_believed(
    store: Store, clock: FakeClock
) -> None:
    line = a_letter(store, clock, ("affirmed", N1), AWAITED)
    answers(line, an_answer_item("A1", 1, utn=N2), WAITS)
    enter(line, ("affirmed", N1), AWAITED)
    line.pass_by(20, each=600)
    assert (told(line), active(line)) == (1, [N1])


def test_a_letter_with_another_number_than_the_payer_gave_is_entered_twice(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, an_answer_item("A1", utn=N1))
    line.letter("affirmed", N2)
    assert (told(line), active(line), state(line)) == (1, [N1], ("affirmed", "ready"))
    line.letter("affirmed", N2)
    assert (told(line), active(line), state(line)) == (1, [N2], ("affirmed", "ready"))


def test_a_third_number_is_told_anew(store: Store, clock: FakeClock) -> None:
    line = a_letter(store, clock, ("affirmed", N1), AWAITED)
    answers(line, an_answer_item("A1", 1, utn=N2), WAITS)
    enter(line, ("affirmed", N1), AWAITED)
    answers(line, an_answer_item("A1", 1, utn="JFA99900004419"), WAITS)
    assert (told(line), active(line), state(line)[1]) == (2, [], "hold")
