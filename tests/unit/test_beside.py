"""A letter that comes while the payer is asked, and what the payer says beside it."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.model import UtnRecord
from smart_app.cases.store import Store
from smart_app.errors import StaleRevision
from smart_app.web import sent
from tests.unit.kit import NOW, FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item, coded

N1, N2 = "JFA99900004417", "JFA99900004418"
CALLED = "itself answered after the letter"  # a person has to read it
WAITS = an_answer(an_answer_item("A4"))


def a_line(store: Store, clock: FakeClock, first: Any = WAITS, then: Any = None) -> Line:
    """Return a line whose payer has answered, and what it answers from then on."""
    replies = {"$submit": [Reply(200, first)], "$inquire": [Reply(200, then or first)]}
    line = Line(store, clock, FakePayer(replies))
    line.signed()
    line.step()
    return line


def a_number(number: str) -> UtnRecord:
    return UtnRecord(number, "wiser", "m", ("t",), "D", "affirmed", NOW.date())


def answers(line: Line, body: dict[str, Any]) -> None:
    """Let the payer answer otherwise from now on, and be asked."""
    line.payer.answers["$inquire"] = [Reply(200, body)]
    line.pass_by(20, each=60)


def warned(line: Line, words: str) -> bool:
    """Tell whether the page warns of something, by its words."""
    record = line.world.audit.record("case-1")
    return words in " ".join(sent._warnings(line.case(), record, "Zyter", []))


def state(line: Line) -> tuple[str, str]:
    return states.headline(line.case().tracks), line.case().tracks.claim


def test_a_letter_that_comes_as_the_asking_ends_begins_it_again(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(store, clock, then=an_answer(an_answer_item("A3", utn=N2)))
    line.letter("affirmed", N1)
    clock.pass_by(10)
    finish = line.world.tasks.finish

    def meanwhile(task: Any) -> Any:
        if task.kind == "poll":
            monkeypatch.undo()
            line.letter("non_affirmed")
        return finish(task)

    monkeypatch.setattr(line.world.tasks, "finish", meanwhile)
    line.pass_by(20)
    assert [one.number for one in store.utns("case-1") if one.status == "active"] == [N2]


def test_an_answer_is_held_against_the_letter_that_stands(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(store, clock)
    line.letter("non_affirmed")
    post = line.payer.post

    def meanwhile(*_: Any) -> Reply:
        monkeypatch.setattr(line.payer, "post", post)
        line.letter("affirmed", N1)
        return Reply(200, an_answer(an_answer_item("A1")))

    monkeypatch.setattr(line.payer, "post", meanwhile)
    line.pass_by(20)
    assert (state(line), "sources_disagree" in line.events()) == (("affirmed", "ready"), False)


# numbers that are not used ------------------------------------------------------------------------

RIVALS = {"A1": an_answer(an_answer_item("A1", utn=N1), preAuthRef=N2)}
RIVALS["A3"] = an_answer(an_answer_item("A3", utn=N1), preAuthRef=N2)


@pytest.mark.parametrize(
    ("code", "typed", "word"),
    [
        ("A1", "affirmed", "affirmed_number_awaited"),
        ("A3", "non_affirmed", "non_affirmed"),
        ("A3", "affirmed", "non_affirmed"),
    ],
)
def test_two_numbers_of_the_payer_beside_a_letter_are_told_once(
    store: Store, clock: FakeClock, code: str, typed: Any, word: str
) -> None:
    line = a_line(store, clock, then=RIVALS[code])
    line.letter(typed)
    line.pass_by(20, each=60)
    assert (state(line)[0], store.utns("case-1")) == (word, [])
    assert line.events().count("numbers_disagree") == 1
    assert warned(line, "which one counts")
    decided = len(store.history("case-1", "decision", object))
    line.pass_by(20, each=60)
    assert len(store.history("case-1", "decision", object)) == decided
    answers(line, an_answer(an_answer_item(code, utn=N1)))
    assert [one.number for one in store.utns("case-1")] == [N1]
    assert not warned(line, "which one counts")


def test_a_number_that_is_not_used_is_asked_about_until_one_comes(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, an_answer(an_answer_item("A1", utn="BAD")))
    assert warned(line, "does not fit this patient")
    line.letter("affirmed", N2)
    assert (state(line), line.events()[-1]) == (("affirmed", "ready"), "number")
    assert not warned(line, "does not fit this patient")


def test_numbers_that_are_not_used_are_told_when_they_change(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, an_answer(an_answer_item("A1", utn="BAD")))
    line.pass_by(20, each=60)
    assert line.events().count("number_refused") == 1
    answers(line, an_answer(an_answer_item("A1", utn="WORSE")))
    assert line.events().count("number_refused") == 2
    with store.write() as db:
        assert store.add_utn(db, "case-2", a_number(N1))
    answers(line, an_answer(an_answer_item("A1", utn=N1)))
    assert line.events().count("number_refused") == 3
    assert "BAD" not in str(line.world.audit.events("case-1"))


# answers that only a person can read --------------------------------------------------------------

LOCAL = an_answer(coded(("https://payer.example/action", "A3")))
CALL = an_answer(an_answer_item("CT"))
MODIFIED = an_answer(an_answer_item("A3"), modifierExtension=[{"url": "x"}])


@pytest.mark.parametrize("body", [LOCAL, CALL, MODIFIED], ids=["local", "call", "modified"])
def test_an_answer_after_a_letter_that_a_person_has_to_read_is_told(
    store: Store, clock: FakeClock, body: dict[str, Any]
) -> None:
    line = a_line(store, clock)
    line.letter("affirmed")
    seen = line.follow.deciding.decided(line.case())
    answers(line, body)
    assert (state(line)[0], warned(line, CALLED)) == ("affirmed_number_awaited", True)
    assert line.events().count("answer_unclear") == 1
    event = line.world.audit.events("case-1")[-1]
    with pytest.raises(StaleRevision):  # that page did not warn
        line.follow.take_letter(line.case(), seen, line.letter_of("affirmed"), event)
    line.letter("affirmed")
    line.pass_by(20, each=60)
    assert (warned(line, CALLED), line.events().count("answer_unclear")) == (False, 1)
    answers(line, WAITS)
    answers(line, body)
    assert warned(line, CALLED)
    answers(line, an_answer(an_answer_item("A1", utn=N1)))
    assert (state(line), warned(line, CALLED)) == (("affirmed", "ready"), False)


@pytest.mark.parametrize("body", [LOCAL, CALL, MODIFIED], ids=["local", "call", "modified"])
@pytest.mark.parametrize("first", [True, False])
def test_what_was_to_be_read_before_the_letter_is_not_told_again(
    store: Store, clock: FakeClock, body: dict[str, Any], first: bool
) -> None:
    line = a_line(store, clock, body if first else WAITS)
    answers(line, body)
    line.letter("affirmed")
    line.pass_by(20, each=60)
    assert (state(line)[0], warned(line, CALLED)) == ("affirmed_number_awaited", False)
