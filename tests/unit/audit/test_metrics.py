"""Figures: every call counted once, the clock from the first sending to the first decision."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from smart_app.audit.metrics import MOST_REMARKS, Figures
from smart_app.cases.model import Remark
from smart_app.cases.schema.tables import exchange
from smart_app.cases.schema.tables import remark as table
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.pas import remarks
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import MEMBER, Line
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import ok

REFUSED = Reply(422, {"resourceType": "OperationOutcome"})


def figures(line: Line) -> Figures:
    (found,) = line.world.metrics.figures("site")
    return found


@pytest.mark.req("pas-2.0.1@201", "pas-2.2.1@metric-2")
def test_the_clock_runs_from_the_first_sending_to_the_first_decision(
    store: Store, clock: FakeClock
) -> None:
    pended, denied = ok(an_answer_item("A4")), ok(an_answer_item("A3", utn="AB1234567890CD"))
    line = Line(store, clock, FakePayer({"$submit": [pended], "$inquire": [pended, denied]}))
    line.signed()
    line.step()
    assert (figures(line).waiting, figures(line).turnaround) == (1, None)
    assert figures(line).words == {}, "what waits is not counted as decided as well"
    line.pass_by(300)
    found = figures(line)
    assert (found.sent, found.pended, found.waiting) == (1, 1, 0)
    assert found.words == {"non_affirmed": 1}
    assert found.turnaround is not None and 1 <= found.turnaround <= 10
    assert found.outcomes == {("initial", "received"): 1, ("inquiry", "received"): 2}


@pytest.mark.parametrize(
    ("answer", "counted"),
    [(PayerUnknown("cut"), (1, 0)), (Reply(500, None), (1, 0)), (REFUSED, (0, 1))],
)
def test_what_failed_is_told_apart(
    store: Store, clock: FakeClock, answer: object, counted: tuple[int, int]
) -> None:
    payer = FakePayer({"$submit": [answer], "$inquire": [ok(an_answer_item("A4"))]})
    line = Line(store, clock, payer)
    line.signed()
    line.step()
    found = figures(line)
    assert (found.unanswered, found.refused) == counted
    assert found.sent == found.waiting + found.unheard + sum(found.words.values())


def test_figures_that_cannot_be_kept_stop_nothing(store: Store, clock: FakeClock) -> None:
    with store.step() as db:
        db.execute(sa.schema.DropTable(exchange))
    line = Line(store, clock, FakePayer({"$submit": [ok(an_answer_item("NA"))]}))
    line.signed()
    line.step()
    assert line.case().tracks.decision == "not_required"


def test_no_figure_is_about_a_patient(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, FakePayer({"$submit": [ok(an_answer_item("NA"))]}))
    line.signed()
    line.step()
    with store.read() as db:
        rows = db.execute(sa.select(exchange)).all()
    assert rows and MEMBER not in str(rows) and "Patient" not in str(rows)
    assert line.world.metrics.figures("another") == []


def remark(**issue: object) -> dict[str, object]:
    """Return a remark beside an answer."""
    told = {"severity": "warning", "code": "value", **issue}
    return {"resource": {"resourceType": "OperationOutcome", "issue": [told]}}


@pytest.mark.req("pas-2.0.1@117", "pas-2.2.1@spec-40")
def test_what_a_payer_remarks_is_for_those_who_run_it(store: Store, clock: FakeClock) -> None:
    place, words = "Bundle.entry[0].resource.item[0]", f"of {MEMBER}, Ann Test"
    answer = ok(an_answer_item("A3", utn="AB1234567890CD"))
    answer.body["entry"].append(remark(expression=[place], diagnostics=words))
    line = Line(store, clock, FakePayer({"$submit": [answer], "$inquire": [answer]}))
    line.signed()
    line.step()
    (found,) = line.world.metrics.remarks("site")
    assert (found.remark.code, found.remark.place, found.times) == ("value", place, 1)
    assert line.case().tracks.decision == "non_affirmed"
    assert "value" not in str(line.world.audit.events("case-1")[-3:])
    with store.read() as db:
        assert MEMBER not in str(db.execute(sa.select(table)).all())
    assert line.world.metrics.remarks("another") == []


@pytest.mark.parametrize(
    "issue",
    [
        {"severity": "error"},
        {"code": None},
        {"code": f"of {MEMBER}"},
        {"code": ["value"]},
        {"code": "x" * 50},
    ],
)
def test_what_is_no_remark_is_none(issue: dict[str, object]) -> None:
    assert remarks.read({"entry": [remark(**issue)]}) == ()


def test_a_place_that_is_no_path_is_not_kept() -> None:
    (found,) = remarks.read([remark(expression=["Patient.where(name='Ann')", 7])])
    assert (found.code, found.place) == ("value", "")


def test_the_same_is_counted_and_no_flood_kept(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, FakePayer({"$submit": [ok(an_answer_item("A4"))]}))
    case = line.signed()
    for number in range(MOST_REMARKS + 5):
        line.world.metrics.remarked(case, (Remark("value", f"item[{number % 3 or number}]"),))
    found = line.world.metrics.remarks("site")
    assert len(found) <= MOST_REMARKS
    assert sum(one.times for one in found) == MOST_REMARKS + 5


def test_an_answer_that_is_too_deep_holds_none() -> None:
    body: dict[str, object] = {}
    for _ in range(5000):
        body = {"entry": body}
    assert remarks.read(body) == ()
