"""A task that fails whatever is done is parked and told, and keeps no other one waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from smart_app.cases.model import Person
from smart_app.cases.store import Store
from tests.durability.machines import machines
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item

AFFIRMED = Reply(200, an_answer(an_answer_item("A1", utn="JFA99900004417")))


@pytest.fixture
def store(database_url: str, clock: FakeClock) -> Iterator[Store]:
    with machines(database_url, 1, clock) as made:
        yield made[0]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_a_poisoned_task_is_parked_and_told(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, FakePayer({"$submit": [AFFIRMED], "$inquire": [AFFIRMED]}))
    sending, tried, others = line.follow.handlers["send"], [], []

    def poisoned(task: Any) -> None:
        tried.append(task.attempt)
        raise ValueError("nothing that anybody thought of")

    def other(task: Any) -> None:
        with line.world.tasks.finish(task):
            others.append(len(tried))

    line.follow.handlers |= {"send": poisoned, "file": other}
    line.signed()
    with store.write() as db:
        line.world.tasks.add(db, "file", "case-1", delay=20)
    line.pass_by(200)
    (task,) = (one for one in line.world.tasks.of_case("case-1") if one.kind == "send")
    assert (task.state, task.last_error) == ("parked", "ValueError")
    assert tried == list(range(1, task.max_attempts + 1))
    assert others and others[0] < task.max_attempts, "another task waited for it"
    assert (line.case().tracks.submission, line.events()[-1]) == ("parked", "parked")
    assert line.submits() == 0
    line.follow.handlers["send"] = sending
    line.follow.ask_now(line.case(), Person("Practitioner/2", "Robin"))
    line.pass_by(2)
    assert (line.case().tracks.decision, line.submits()) == ("affirmed", 1)
