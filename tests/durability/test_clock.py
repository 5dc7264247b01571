"""A machine's clock that jumps loses no work and sends nothing twice, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from tests.durability.machines import machines
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import LEASE, Line
from tests.unit.pas.test_decision import an_answer, an_answer_item

HOUR = 3600.0
AFFIRMED = Reply(200, an_answer(an_answer_item("A1", utn="JFA99900004417")))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def two(database_url: str, clock: FakeClock) -> Iterator[list[Store]]:
    with machines(database_url, 2, clock) as made:
        yield made


class Jumping(FakePayer):
    """A payer during whose answer the clock jumps, and another machine looks for work."""

    meanwhile: Any = None

    def post(self, url: str, body: bytes, content_type: str) -> Reply:
        answer = super().post(url, body, content_type)
        if self.meanwhile and url.endswith("$submit"):
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return answer


def lines(two: list[Store], clock: FakeClock) -> tuple[Line, Line]:
    """Return two machines that speak to one payer, of which nothing is known when asked."""
    payer = Jumping({"$submit": [AFFIRMED], "$inquire": [Reply(200, {"resourceType": "Bundle"})]})
    here, there = (Line(one, clock, payer) for one in two)
    here.signed()
    return here, there


def test_a_jump_forward_in_the_middle_of_a_sending_sends_nothing_twice(
    two: list[Store], clock: FakeClock
) -> None:
    here, there = lines(two, clock)

    def jump() -> None:
        clock.pass_by(HOUR)
        assert there.step()  # the lease looks as if it had run out

    here.payer.meanwhile = jump  # type: ignore[attr-defined]
    here.step()
    here.pass_by(20)
    assert here.submits() == 1
    assert (here.case().tracks.decision, here.case().tracks.utn) == ("affirmed", "recorded")


def test_a_jump_back_in_the_middle_of_a_sending_sends_nothing_twice(
    two: list[Store], clock: FakeClock
) -> None:
    here, there = lines(two, clock)

    def jump() -> None:
        clock.pass_by(-HOUR)
        assert not there.step()

    here.payer.meanwhile = jump  # type: ignore[attr-defined]
    here.step()
    assert here.case().tracks.utn == "recorded"
    clock.pass_by(2 * HOUR)
    there.pass_by(5)
    assert here.submits() == 1


def test_what_is_due_waits_until_a_clock_that_was_set_back_is_there_again(
    two: list[Store], clock: FakeClock
) -> None:
    here, there = (Tasks(one, LEASE) for one in two)
    for case_id in ("case-1", "case-2"):
        with two[0].write() as db:
            here.add(db, "poll", case_id)
    dead = here.claim()
    clock.pass_by(-HOUR)
    assert there.claim() is None
    clock.pass_by(HOUR + LEASE + 1)
    claimed = [there.claim(), there.claim()]
    assert dead and {one.case for one in claimed if one} == {"case-1", "case-2"}
    assert there.claim() is None


def test_a_jump_forward_runs_what_waits_once(two: list[Store], clock: FakeClock) -> None:
    here, there = (Tasks(one, LEASE) for one in two)
    with two[0].write() as db:
        here.add(db, "poll", "case-1", delay=HOUR)
    clock.pass_by(10 * HOUR)
    assert here.claim()
    assert there.claim() is None
