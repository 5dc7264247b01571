"""A number whose dates leave no day: affirmed, and yet nothing to be done or billed on any day."""

from __future__ import annotations

from smart_app import formatters
from smart_app.cases.model import Decision
from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item

NUMBER = "JFA99900004417"


def test_dates_that_leave_no_day_hold_the_claim_and_promise_nothing(
    store: Store, clock: FakeClock
) -> None:
    item = an_answer_item("A1", utn=NUMBER)
    period = {"start": "2026-12-11", "end": "2026-12-10"}
    answer = Reply(200, an_answer(item, preAuthPeriod=period))
    line = Line(store, clock, FakePayer({"$submit": [answer], "$inquire": [answer]}))
    line.signed()
    line.step()
    case, found = line.case(), store.latest("case-1", "decision", Decision)
    assert found is not None
    assert (case.tracks.decision, case.tracks.utn, case.tracks.claim) == (
        "affirmed",
        "recorded",
        "hold",
    )
    text = formatters.chart_text(case, found, store.utns("case-1"), "Zyter")
    assert "leave no valid day: ask the payer" in text
    assert "Valid for dates of service" not in text
    assert "Do it by" not in formatters.headline(case, "affirmed", "Zyter", None, "UTC")
