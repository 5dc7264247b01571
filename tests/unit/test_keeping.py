"""A sign-in is kept for a case as long as something may be filed with it, and no longer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from launch.errors import TokenRevoked
from smart_app import reopen
from smart_app.cases.model import ChartSnapshot, Person
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.keeping import let_go
from smart_app.review import Review
from tests.unit.front import a_launch
from tests.unit.kit import FakeChart, FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_filing import affirmed, order

N1 = "JFA99900004417"
ROBIN = Person("Practitioner/2", "Robin")
DISMISSED = Reply(200, an_answer(outcome="error", disposition="dismissed: no such order"))
NOTHING = Reply(200, {"resourceType": "Parameters"})


def sent(store: Store, clock: FakeClock, answer: Any, recovery: str = "inquire") -> Line:
    """Return a line whose request was sent, and answered so."""
    payer = FakePayer({"$submit": [answer], "$inquire": [NOTHING]})
    line = Line(
        store, clock, payer, recovery=recovery, chart=FakeChart(held={"ServiceRequest/1": order()})
    )
    line.signed()
    line.step()
    return line


def ok(*items: Any, **more: Any) -> Reply:
    return Reply(200, an_answer(*items, **more))


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (DISMISSED, "dismissed"),
        (ok(an_answer_item("NA")), "not_required"),
        (Reply(400, {"resourceType": "OperationOutcome"}), "rejected"),
    ],
    ids=["dismissed", "not required", "rejected"],
)
def test_what_is_final_without_a_filing_ends_it(
    store: Store, clock: FakeClock, answer: Any, word: str
) -> None:
    line = sent(store, clock, answer)
    tracks = line.case().tracks
    assert word in (tracks.decision, tracks.submission)
    assert line.forgotten == ["case-1"]


def test_a_number_ends_it_once_it_is_filed(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, ok(an_answer_item("A1", utn=N1)))
    assert line.forgotten == []
    assert line.step()
    assert line.case().tracks.chart == "filed_and_read_back"
    assert line.forgotten == ["case-1"]


@pytest.mark.parametrize(
    "answer",
    [
        ok(an_answer_item("A4")),
        ok(an_answer_item("A1")),
        ok(an_answer_item("A3")),
        PayerUnknown("no answer"),
    ],
    ids=["pended", "affirmed without number", "denied without number", "unknown"],
)
def test_what_is_still_awaited_keeps_it(store: Store, clock: FakeClock, answer: Any) -> None:
    line = sent(store, clock, answer)
    line.pass_by(5)
    assert line.forgotten == []


def test_a_letter_and_a_persons_word_end_it(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, PayerUnknown("no answer"), recovery="person")
    line.follow.not_accepted(line.case(), line.case().revision, ROBIN)
    assert line.forgotten == ["case-1"]
    line.letter("dismissed")
    assert line.forgotten == ["case-1", "case-1"]


def test_a_new_request_in_its_place_ends_it(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, DISMISSED)
    line.forgotten.clear()
    flow: Any = SimpleNamespace(
        world=line.world, store=store, draft=lambda _: ("form", "draft"), kept=lambda _: "chart"
    )
    fresh = Review(flow).again(line.case(), line.case().revision, ROBIN, a_launch())
    assert fresh.id != "case-1"
    assert line.forgotten == ["case-1"]


def test_a_filing_under_way_keeps_it_even_when_the_case_is_closed(
    store: Store, clock: FakeClock
) -> None:
    line = sent(store, clock, DISMISSED)
    line.forgotten.clear()
    with store.write() as db:
        line.world.tasks.add(db, "file", "case-1", tag="D1")
    let_go(line.world, "case-1")
    assert line.forgotten == []


def test_a_filing_that_ends_before_its_sign_in_is_kept_ends_the_keeping(
    store: Store, clock: FakeClock
) -> None:
    chart = FakeChart(held={"ServiceRequest/1": order()})
    line = affirmed(store, clock, chart, "awaiting_launch")
    with store.write() as db:
        line.world.tasks.wake(db, "file", "case-1")
    line.world.bearer.context = _gone
    line.step()
    line.world.bearer.context = lambda *_: a_launch()
    line.world.sites.of_id("site").late_write = "offline_access"
    done: list[str] = []

    def keep(launch_id: str, _: str) -> None:
        assert line.step()  # a worker is faster
        done.append(launch_id)

    line.world.vault = SimpleNamespace(keep=keep, forget=lambda *_: done.append("forgotten"))
    reopen.join(line.world, line.case(), a_launch("2"), ChartSnapshot({}, {}, {}, clock.now()))
    assert line.case().tracks.chart == "filed_and_read_back"
    assert done == ["forgotten", "L2", "forgotten"]


def _gone(*_: Any) -> Any:
    raise TokenRevoked
