"""Each rung of a filing is tried, whatever becomes of the others."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.store import Store
from smart_app.cases.tasks import LeaseLost
from tests.unit.kit import FakeClock
from tests.unit.line import LEASE
from tests.unit.test_filing import N1
from tests.unit.test_taking_back import FIRST, SECOND, raising, to_file, warned, writes_of


def test_a_document_that_fails_in_an_unforeseen_way_leaves_no_denied_order_authorized(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    line.letter("non_affirmed", N1)

    def odd(*_: Any) -> Any:
        raise AttributeError

    line.follow.filing._document = odd  # type: ignore[method-assign]
    line.step()
    assert (chart.bears(), warned(line)) == (False, False)
    assert line.world.tasks.of_case("case-1")[-1].last_error == "AttributeError"
    line.pass_by(60, each=600)
    assert line.events().count("order_taken_back") == line.events().count("parked") == 1


def test_a_worker_that_lost_its_task_touches_no_order(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock)

    def lost(*_: Any) -> Any:
        raise LeaseLost

    line.follow.filing._document = lost  # type: ignore[method-assign]
    line.step()
    assert (chart.updates, writes_of(line)) == ([], [])


@pytest.mark.parametrize("odd", [["x"], [None], "x", {"value": "x"}], ids=str)
def test_a_document_of_an_odd_shape_keeps_no_denial_from_the_chart(
    store: Store, clock: FakeClock, odd: Any
) -> None:
    line, chart = to_file(store, clock)
    create = chart.create

    def dies(resource: Any, condition: str | None = None) -> Any:
        create(resource, condition)
        raise SystemExit

    chart.create = dies  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        line.step()
    chart.create = create  # type: ignore[method-assign]
    chart.held["DocumentReference/odd"] = chart.held["DocumentReference/new"] | {
        "id": "odd",
        "identifier": odd,
        "content": odd,
    }
    line.letter("non_affirmed", N1)
    clock.pass_by(LEASE + 1)
    line.pass_by(5)
    assert len(chart.creates) == 2
    assert line.case().tracks.chart == "filed_and_read_back"


@pytest.mark.parametrize("odd", ["code", "subject", "extension", "meta"])
def test_an_order_of_an_odd_shape_loses_nothing_of_the_others(
    store: Store, clock: FakeClock, odd: str
) -> None:
    line, chart = to_file(store, clock, orders=2)
    line.step()
    chart.held[FIRST] |= {odd: ["x"]}
    line.letter("non_affirmed", N1)
    line.pass_by(5)
    assert not chart.bears(SECOND)


def test_an_order_that_fails_in_an_unforeseen_way_loses_nothing_of_the_others(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock, orders=2)
    line.step()
    chart.reading = raising(ValueError())
    line.letter("non_affirmed", N1)
    line.step()
    assert (chart.bears(FIRST), chart.bears(SECOND), warned(line)) == (True, False, True)
    chart.reading = lambda _: None
    line.pass_by(60, each=600)
    assert (chart.bears(FIRST), warned(line)) == (False, False)
