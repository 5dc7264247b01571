"""Figures: every call counted once, the clock from the first sending to the first decision."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from smart_app.audit.metrics import Figures
from smart_app.cases.schema.tables import exchange
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
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
    assert (figures(line).unanswered, figures(line).refused) == counted


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
