"""A letter that comes while the payer is asked, and what the payer says beside it."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item

N1, N2 = "JFA99900004417", "JFA99900004418"
WAITS = an_answer(an_answer_item("A4"))


def a_line(store: Store, clock: FakeClock, first: Any = WAITS, then: Any = None) -> Line:
    """Return a line whose payer has answered, and what it answers from then on."""
    replies = {"$submit": [Reply(200, first)], "$inquire": [Reply(200, then or first)]}
    line = Line(store, clock, FakePayer(replies))
    line.signed()
    line.step()
    return line


def answers(line: Line, body: dict[str, Any]) -> None:
    """Let the payer answer otherwise from now on, and be asked."""
    line.payer.answers["$inquire"] = [Reply(200, body)]
    line.pass_by(20, each=60)


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
