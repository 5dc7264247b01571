"""Each rung of a filing is tried, whatever becomes of the others."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from launch.errors import SignInUnavailable
from smart_app import reading
from smart_app.cases.model import ChartSnapshot, Coding, Decision
from smart_app.cases.store import Store
from smart_app.cases.tasks import LeaseLost
from smart_app.chart.entered import Entered, laid_over
from smart_app.marked import wrongly_marked
from smart_app.web import sent
from tests.unit.kit import CPT, ISS, NOW, FakeClock, Written
from tests.unit.line import LEASE, Line
from tests.unit.test_filing import N1
from tests.unit.test_taking_back import (
    FIRST,
    NO_ANSWER,
    SECOND,
    Chart,
    dies_after_writing,
    raising,
    to_file,
    warned,
    writes_of,
)


def wrong(line: Line) -> bool:
    """Tell whether an order is known to bear a wrong number, whatever is still tried."""
    case = line.case()
    numbers = [one for one in line.store.utns(case.id) if one.status == "active"]
    found = line.store.latest(case.id, "decision", Decision)
    return wrongly_marked(case, found, numbers, writes_of(line))


def fails_oddly(line: Line) -> None:
    """Let documents fail in a way that nobody thought of."""

    def odd(*_: Any) -> Any:
        raise AttributeError

    line.follow.filing._document = odd  # type: ignore[method-assign]


def test_a_document_that_fails_in_an_unforeseen_way_leaves_no_denied_order_authorized(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    line.letter("non_affirmed", N1)
    fails_oddly(line)
    line.step()
    assert (chart.bears(), warned(line)) == (False, False)
    assert line.world.tasks.of_case("case-1")[-1].last_error == "AttributeError"
    line.pass_by(60, each=600)
    assert line.events().count("order_taken_back") == line.events().count("parked") == 1


def test_a_sign_in_that_is_down_is_waited_for_although_the_document_fails(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    line.letter("non_affirmed", N1)
    fails_oddly(line)
    chart.reading = raising(SignInUnavailable())
    line.pass_by(100, each=864)
    assert (chart.bears(), "parked" in line.events()) == (True, False)
    chart.reading = lambda _: None
    line.pass_by(3, each=864)
    assert not chart.bears()


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
    dies_after_writing(line, chart)
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


N2 = "JFA99900004418"
KNEE = {"code": {"coding": [{"system": CPT, "code": "73721"}], "text": "MRI of knee"}}


def another_number(line: Line) -> None:
    """Let a person enter another number than the payer's own, be told of it, and enter it again."""
    for _ in range(2):
        line.letter("affirmed", N2)


def changed(store: Store, clock: FakeClock) -> tuple[Line, Chart]:
    """Return a line whose marked order asks for something else, when a new number comes."""
    line, chart = to_file(store, clock)
    line.step()
    chart.held[FIRST] |= KNEE
    clock.pass_by(10)
    another_number(line)
    return line, chart


def test_an_order_that_asks_for_something_else_loses_the_older_number(
    store: Store, clock: FakeClock
) -> None:
    line, chart = changed(store, clock)
    line.pass_by(3)
    assert not chart.bears()
    assert chart.held[FIRST]["code"] == KNEE["code"]
    told = [(one.rung, one.outcome, one.carries) for one in writes_of(line)][-2:]
    assert told == [
        ("ServiceRequest.update", "refused", True),
        ("ServiceRequest.take_back", "filed_and_read_back", False),
    ]
    assert (warned(line), sent.orders_marked(writes_of(line))) == (False, 0)
    assert line.events().count("order_taken_back") == 1


@pytest.mark.parametrize("end", [SystemExit(), NO_ANSWER], ids=["crash", "timeout"])
def test_an_older_number_goes_although_the_first_try_ends_half_way(
    store: Store, clock: FakeClock, end: BaseException
) -> None:
    line, chart = changed(store, clock)
    reads: list[str] = []

    def ends(reference: str) -> None:
        reads.append(reference)
        if reads.count(FIRST) == 2:  # the first found that the order asks for something else
            raise end

    chart.reading = ends
    with contextlib.suppress(SystemExit):
        line.step()
    assert (chart.bears(), wrong(line)) == (True, True)
    clock.pass_by(LEASE + 1)
    line.pass_by(5, each=10)
    assert (chart.bears(), wrong(line)) == (False, False)


@pytest.mark.parametrize("now", [KNEE, {}], ids=["another service", "the same"])
def test_an_older_number_that_the_chart_keeps_is_told(
    store: Store, clock: FakeClock, now: dict[str, Any]
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    chart.held[FIRST] |= now
    line.world.sites.of_id("site").write_ladder = ("ServiceRequest.update",)
    chart.answer = Written(403)
    clock.pass_by(10)
    another_number(line)
    line.pass_by(3)
    assert (N1 in str(chart.held[FIRST]), warned(line)) == (True, True)
    assert line.events().count("order_not_taken_back") == 1


def test_an_order_that_asks_for_the_same_gets_its_new_number(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    clock.pass_by(10)
    another_number(line)
    line.pass_by(3)
    assert (N1 in str(chart.held[FIRST]), N2 in str(chart.held[FIRST])) == (False, True)
    assert (warned(line), "order_taken_back" in line.events()) == (False, False)


@pytest.mark.parametrize("status", ["completed", "on-hold", "unknown"])
def test_a_number_stays_on_an_order_that_is_done_when_the_same_is_decided_again(
    store: Store, clock: FakeClock, status: str
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    chart.held[FIRST] |= {"status": status}
    clock.pass_by(10)
    line.letter("affirmed", N1)
    line.pass_by(3)
    assert (N1 in str(chart.held[FIRST]), wrong(line), warned(line)) == (True, False, False)
    assert (len(chart.updates), "order_taken_back" in line.events()) == (1, False)


def test_an_order_of_which_a_person_entered_the_code_gets_its_number(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    local = {"code": {"coding": [{"system": "urn:local", "code": "INJ1"}]}}
    chart.held[FIRST] |= local
    typed = Entered(FIRST, Coding(CPT, "62323"), (), NOW.date(), None, "Robin", NOW)
    context: Any = SimpleNamespace(site="site", iss=ISS, patient_id="p1")
    case, world = line.case(), line.world
    with store.write() as db:
        store.save(db, replace(case, tracks=replace(case.tracks, submission="none")))
    reading.enter(world, context, typed)
    seen = store.latest("case-1", "chart", ChartSnapshot)
    assert seen is not None
    kept = seen.resources | {"ServiceRequest": (chart.held[FIRST],)}
    with store.write() as db:
        store.save(db, replace(line.case(), tracks=case.tracks))
        store.put(db, "case-1", "chart", laid_over(replace(seen, resources=kept), [typed]))
    line.step()
    assert chart.bears()
