"""A denial never stays in the chart as an authorization, whatever fails on the way."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from launch.errors import SessionEnded, SignInUnavailable, TokenRevoked
from smart_app.cases.model import (
    ChartSnapshot,
    CoverageAnswer,
    CoverageRepetition,
    Decision,
    ItemDecision,
    Tracks,
    UtnRecord,
    WriteReceipt,
)
from smart_app.cases.store import Store
from smart_app.chart import annotate
from smart_app.errors import ChartUnavailable
from smart_app.web import sent
from tests.unit.kit import CPT, NOW, FakeChart, FakeClock, FakePayer, Written, a_case
from tests.unit.line import COVERAGE, LEASE, SIGNER, Line
from tests.unit.test_filing import GIVEN, N1, WINDOW, order

NO_ANSWER = ChartUnavailable("timeout")
FIRST, SECOND = "ServiceRequest/1", "ServiceRequest/2"


class Chart(FakeChart):
    """A chart in which something happens when an order is read, or after it was written."""

    reading: Callable[[str], object] = staticmethod(lambda _: None)
    written: Callable[[str], object] = staticmethod(lambda _: None)

    def read(self, reference: str) -> Any:
        self.reading(reference)
        return super().read(reference)

    def update(self, resource: Any, etag: str) -> Any:
        done = super().update(resource, etag)
        self.written(f"ServiceRequest/{resource['id']}")
        return done

    def bears(self, reference: str = FIRST) -> bool:
        """Tell whether an order says that it is authorized."""
        return "satisfied" in str(self.held[reference])


def raising(error: BaseException, about: str = FIRST) -> Callable[[str], None]:
    def act(reference: str) -> None:
        if reference == about:
            raise error

    return act


def at_first(act: Callable[[], object], about: str = FIRST) -> Callable[[str], None]:
    """Do something once."""
    acts = [act]

    def once(reference: str) -> None:
        if acts and reference == about:
            acts.pop()()

    return once


def to_file(store: Store, clock: FakeClock, orders: int = 1) -> tuple[Line, Chart]:
    """Return a line whose case is affirmed, with a number for all its orders, and to be filed."""
    held = {f"ServiceRequest/{n}": order(id=str(n), extension=[GIVEN]) for n in (1, 2)}
    chart = Chart(held)
    line = Line(store, clock, FakePayer({}), chart=chart)
    tracks = Tracks("signed", "received", "affirmed", "recorded", "none", "ready")
    case = a_case(orders=orders, payer_id="zyter", launch_id="L", tracks=tracks, signed_by=SIGNER)
    case = replace(case, coverage_ref="Coverage/c1")
    traces = tuple(one.trace for one in case.items)
    items = tuple(ItemDecision(one, "affirmed", number=N1) for one in traces)
    told = tuple(
        CoverageRepetition(GIVEN, ref, "Coverage/c1", None, None, (), (), (), (), None)
        for ref in (FIRST, SECOND)
    )
    patient = {"resourceType": "Patient", "id": "p1"}
    number = UtnRecord(N1, "wiser", "m", traces, "D1", "affirmed", *WINDOW)
    with store.write() as db:
        store.insert(db, case)
        kept = {"Coverage": (COVERAGE,), "ServiceRequest": tuple(held.values())}
        store.put(db, case.id, "chart", ChartSnapshot(patient, kept, {}, NOW))
        store.put(
            db, case.id, "coverage_answer", CoverageAnswer("answered", "zyter", repetitions=told)
        )
        found = Decision("D1", case.id, items, NOW, "pas", word="affirmed")
        store.put(db, case.id, "decision", found)
        store.add_utn(db, case.id, number)
        line.world.tasks.add(db, "file", case.id, tag="D1")
    return line, chart


def warned(line: Line) -> bool:
    """Tell whether the page says that an order is wrong."""
    store, case = line.store, line.case()
    numbers = tuple(one for one in store.utns(case.id) if one.status == "active")
    found = store.latest(case.id, "decision", Decision)
    return sent.order_wrong(line.world, case, found, numbers, writes_of(line))


def writes_of(line: Line) -> list[WriteReceipt]:
    return line.store.history("case-1", "write", WriteReceipt)


@pytest.mark.parametrize("ended", [SystemExit(), NO_ANSWER], ids=["crash", "timeout"])
def test_a_mark_whose_answer_never_came_is_taken_back(
    store: Store, clock: FakeClock, ended: BaseException
) -> None:
    line, chart = to_file(store, clock)
    chart.written = raising(ended)
    with contextlib.suppress(SystemExit):
        line.step()
    assert chart.bears()
    chart.written = lambda _: None
    line.letter("non_affirmed", N1)
    clock.pass_by(LEASE + 1)
    line.pass_by(5)
    assert not chart.bears()
    assert not warned(line)
    assert sent.orders_marked(writes_of(line)) == 0
    assert line.events().count("order_taken_back") == 1
    newest = chart.creates[-1][0]
    assert newest["relatesTo"][0]["target"]["reference"] == "DocumentReference/new"


def dies_after_writing(line: Line, chart: FakeChart) -> None:
    """Step once, and die when the chart has the document and nobody knows of it."""
    create = chart.create

    def dies(resource: Any, condition: str | None = None) -> Any:
        create(resource, condition)
        raise SystemExit

    chart.create = dies  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        line.step()
    chart.create = create  # type: ignore[method-assign]


@pytest.mark.parametrize("more", [{}, {"use": "official", "type": {"text": "ours"}}], ids=str)
def test_a_document_whose_answer_never_came_is_named_as_replaced(
    store: Store, clock: FakeClock, more: dict[str, Any]
) -> None:
    line, chart = to_file(store, clock)
    dies_after_writing(line, chart)
    chart.held["DocumentReference/new"]["identifier"][0] |= more
    line.letter("non_affirmed")
    clock.pass_by(LEASE + 1)
    line.pass_by(5)
    newest = chart.creates[-1][0]
    assert newest["relatesTo"][0]["target"]["reference"] == "DocumentReference/new"


def test_a_denial_is_filed_although_the_older_document_cannot_be_looked_for(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    chart.fails = {"search"}
    create = chart.create

    def tells_nothing(resource: Any, condition: str | None = None) -> Written:
        create(resource, condition)
        return Written(201)

    chart.create = tells_nothing  # type: ignore[method-assign]
    line.step()
    assert line.case().tracks.chart == "accepted_unverified"
    line.letter("non_affirmed")
    line.pass_by(60, each=60)
    assert [len(chart.creates), chart.bears()] == [2, False]
    assert line.case().tracks.chart == "accepted_unverified"


@pytest.mark.parametrize("word", ["non_affirmed", "affirmed"])
def test_a_decision_whose_document_was_never_written_is_left_to_a_person(
    store: Store, clock: FakeClock, word: Any
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    line.letter(word, N1)
    found = line.store.latest("case-1", "decision", Decision)
    assert found is not None
    filing = line.follow.filing

    def in_vain(*_: Any) -> Any:
        raise NO_ANSWER

    filing._filing = in_vain  # type: ignore[method-assign]
    line.pass_by(60, each=60)
    told = [one.outcome for one in writes_of(line) if one.decision == found.id]
    assert told[-1] == "filed_and_read_back"
    assert (len(chart.creates), line.case().tracks.chart) == (1, "manual_pending")


def test_a_number_that_is_taken_back_files_no_denial(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock)
    line.world.sites.of_id("site").write_ladder = ("ServiceRequest.update",)
    line.step()
    assert line.case().tracks.chart == "filed_and_read_back"
    line.letter("non_affirmed")
    line.pass_by(5)
    assert (chart.bears(), line.case().tracks.chart) == (False, "manual_pending")


def test_one_order_that_fails_loses_nothing_of_the_others(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock, orders=2)
    chart.reading = raising(NO_ANSWER)
    line.step()
    assert (chart.bears(FIRST), chart.bears(SECOND)) == (False, True)
    assert sent.orders_marked(writes_of(line)) == 1
    line.letter("non_affirmed", N1)
    chart.reading = lambda _: None
    line.pass_by(5)
    assert not chart.bears(SECOND)
    assert not warned(line)


def test_an_order_that_keeps_failing_says_nothing_of_the_document(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock, orders=2)
    chart.reading = raising(NO_ANSWER)
    line.pass_by(60, each=600)
    assert line.case().tracks.chart == "filed_and_read_back"
    assert (len(chart.creates), len(chart.updates)) == (1, 1)
    assert "parked" not in line.events()
    told = [one.facts for one in line.world.audit.events("case-1") if one.kind == "written"]
    assert [one["outcome"] for one in told] == [
        "filed_and_read_back",
        "filed_and_read_back",
        "unknown",
    ]


def test_an_order_that_cannot_be_changed_back_is_told_at_once_and_tried_again(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    chart.reading = raising(NO_ANSWER)
    line.letter("non_affirmed", N1)
    line.step()
    assert (chart.bears(), warned(line)) == (True, True)
    line.pass_by(3)
    assert line.events().count("order_not_taken_back") == 1
    chart.reading = lambda _: None
    line.pass_by(60, each=10)
    assert (chart.bears(), warned(line)) == (False, False)


@pytest.mark.parametrize("gone", [SessionEnded(), TokenRevoked(), SignInUnavailable()], ids=str)
def test_a_sign_in_that_is_gone_leaves_the_order_told_as_wrong(
    store: Store, clock: FakeClock, gone: Exception
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    line.letter("non_affirmed", N1)

    def no_chart(_: Any) -> Any:
        raise gone

    line.world.chart = no_chart
    line.pass_by(2)
    assert warned(line)
    line.world.chart = lambda _: chart
    if line.case().tracks.chart == "awaiting_launch":
        with store.write() as db:
            line.world.tasks.add(db, "file", "case-1", tag="launch-L2")
    line.pass_by(60, each=10)
    assert (chart.bears(), warned(line)) == (False, False)


def test_a_sign_in_that_ends_before_the_order_is_changed_back_waits_for_the_signer(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    chart.reading = raising(TokenRevoked())
    line.letter("non_affirmed", N1)
    line.step()
    assert (line.case().tracks.chart, warned(line)) == ("awaiting_launch", True)
    chart.reading = lambda _: None
    with store.write() as db:
        line.world.tasks.add(db, "file", "case-1", tag="launch-L2")
    line.pass_by(3)
    assert (chart.bears(), warned(line), len(chart.creates)) == (False, False, 2)
    assert line.case().tracks.chart == "filed_and_read_back"


def test_a_denial_during_the_write_waits_until_the_write_has_ended(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)

    def denied() -> None:
        line.letter("non_affirmed", N1)
        assert line.step()  # another worker

    chart.written = at_first(denied)
    line.pass_by(10)
    assert not chart.bears()
    assert not warned(line)


def test_a_denial_right_before_the_write_prevents_it(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock)
    chart.reading = at_first(lambda: line.letter("non_affirmed", N1))
    line.pass_by(10)
    assert chart.updates == []
    assert not warned(line)


def test_an_order_for_another_service_gets_no_number(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock)
    chart.held[FIRST] |= {"code": {"coding": [{"system": CPT, "code": "64483"}]}}
    line.pass_by(3)
    assert (chart.bears(), chart.updates) == (False, [])
    assert line.case().tracks.chart == "filed_and_read_back"
    assert writes_of(line)[-1].outcome == "refused"


def test_a_refused_mark_is_no_mark(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock)
    line.world.sites.of_id("site").write_ladder = ("ServiceRequest.update",)
    chart.answer = Written(403)
    line.step()
    line.letter("non_affirmed", N1)
    assert not warned(line)
    line.pass_by(3)
    assert len(chart.updates) == 1
    assert "order_not_taken_back" not in line.events()


def test_a_number_that_is_not_ours_stays_on_the_order(store: Store, clock: FakeClock) -> None:
    line, chart = to_file(store, clock)
    line.step()
    chart.held[FIRST] = json.loads(json.dumps(chart.held[FIRST]).replace(N1, "SOMEBODYELSE00"))
    line.letter("non_affirmed", N1)
    line.pass_by(3)
    assert "SOMEBODYELSE00" in str(chart.held[FIRST])
    assert not warned(line)


def test_a_decision_that_is_open_again_frees_the_order_of_the_older_ones_number(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    chart.written = raising(NO_ANSWER)
    line.step()
    with store.write() as db:
        items = (ItemDecision("trace-1", "pended"),)
        found = Decision("D2", "case-1", items, NOW, "pas", word="pended")
        line.follow.deciding.take(db, line.case(), found, 0)
    chart.written = lambda _: None
    line.pass_by(10)
    assert line.case().tracks.chart == "filed_and_read_back"
    assert (annotate.numbers_of(chart.held[FIRST], "Coverage/c1"), warned(line)) == (
        frozenset(),
        False,
    )


def test_the_order_of_a_service_that_was_taken_out_is_no_more_authorized(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock, orders=2)
    line.step()
    assert (chart.bears(FIRST), chart.bears(SECOND)) == (True, True)
    case, before = line.case(), line.store.latest("case-1", "decision", Decision)
    assert before is not None
    left = replace(before, id="D2", items=before.items[:1])
    with store.write() as db:
        store.save(db, replace(case, items=case.items[:1], dropped=case.items[1:]))
        store.put(db, "case-1", "decision", left)
    assert warned(line)
    with store.write() as db:
        line.world.tasks.add(db, "file", "case-1", tag="D2")
    line.pass_by(3)
    assert (chart.bears(FIRST), chart.bears(SECOND), warned(line)) == (True, False, False)
