"""Several late answers are kept before any is looked at: each is held against what stands."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.model import Decision, Receipt
from smart_app.cases.store import Store
from smart_app.pas import echo
from smart_app.pas.names import PAS
from smart_app.pas.usable import DIFFER
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import SENT, an_answer, an_answer_item

N1, N2 = "JFA99900004417", "JFA99900004418"
SILENT = Reply(500, None)
A1, A3, A4 = (an_answer(an_answer_item(code)) for code in ("A1", "A3", "A4"))
NUMBERED = an_answer(an_answer_item("A1", utn=N1))
FAILED = {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}}
X = {**A4, "entry": [*A4["entry"], FAILED]}


def of_another() -> dict[str, Any]:
    """Return an approval beside another member's coverage."""
    body = copy.deepcopy(A1)
    other = {"resourceType": "Coverage", "id": "q", "subscriberId": "9ZZ9ZZ9ZZ99"}
    body["entry"].append({"resource": other})
    return body


def two(first: str, second: str, **more: Any) -> dict[str, Any]:
    numbers = {"A1": N1, "A3": N2}
    items = (
        an_answer_item(code, n, utn=numbers.get(code)) for n, code in enumerate((first, second), 1)
    )
    return an_answer(*items, **more)


def a_line(store: Store, clock: FakeClock, *told: Any, orders: int = 1) -> Line:
    """Return a line whose payer answered, then told otherwise when asked, then fell silent."""
    first, *then = (Reply(200, one) for one in told)
    line = Line(store, clock, FakePayer({"$submit": [first], "$inquire": [*then, SILENT]}))
    line.signed(orders=orders)
    line.step()
    line.pass_by(10)
    return line


def late(line: Line, *bodies: Any) -> None:
    """Keep several more answers to the same request, oldest first, then look at them."""
    with line.store.write() as db:
        for number, body in enumerate(bodies):
            line.store.put(db, "case-1", "answer:id-1", Receipt("received", 200, body))
            line.world.tasks.add(db, "recover", "case-1", tag=f"late-{number}")
    line.pass_by(30)


def state(line: Line) -> tuple[str, str]:
    return states.headline(line.case().tracks), line.case().tracks.claim


def stands(line: Line) -> Decision:
    found = line.store.latest("case-1", "decision", Decision)
    assert found is not None
    return found


READY = ("affirmed", "ready")


@pytest.mark.parametrize(
    "bodies", [(A3,), (A3, X), (X, A3), (A3, of_another())], ids=["alone", "then", "after", "other"]
)
def test_a_late_denial_takes_a_letter_back_whatever_came_with_it(
    store: Store, clock: FakeClock, bodies: tuple[Any, ...]
) -> None:
    line = a_line(store, clock, A4)
    line.letter("affirmed", N1)
    assert state(line) == READY
    late(line, *bodies)
    assert state(line) == ("non_affirmed", "hold")
    assert "sources_disagree" in line.events()
    assert ("quarantined" in line.events()) is (len(bodies) > 1)


@pytest.mark.parametrize("bodies", [(A3,), (A3, X), (X, A3)], ids=["alone", "then", "after"])
def test_a_late_denial_is_told_beside_an_answer_that_is_known(
    store: Store, clock: FakeClock, bodies: tuple[Any, ...]
) -> None:
    line = a_line(store, clock, X, NUMBERED)
    assert state(line) == READY
    late(line, *bodies)
    assert (state(line), stands(line).quarantined) == (
        ("unreadable", "hold"),
        ("answers that differ",),
    )


@pytest.mark.parametrize("bodies", [(X,), (X, A4), (A4, X)], ids=["alone", "then", "after"])
def test_a_late_answer_that_may_deny_is_told_wherever_it_stands(
    store: Store, clock: FakeClock, bodies: tuple[Any, ...]
) -> None:
    line = a_line(store, clock, A4, NUMBERED)
    assert state(line) == READY
    late(line, *bodies)
    assert state(line) == ("unreadable", "hold")


@pytest.mark.parametrize("turned", [False, True])
def test_a_denial_of_one_item_counts_beside_what_cannot_be_read(
    store: Store, clock: FakeClock, turned: bool
) -> None:
    line = a_line(store, clock, two("A4", "A4"), two("A1", "A1"), orders=2)
    assert state(line) == READY
    bodies = [two("ZZ", "A3"), two("A4", "A4")]
    late(line, *(reversed(bodies) if turned else bodies))
    assert state(line) == ("unreadable", "hold")


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("other", [of_another(), X], ids=["stray", "error"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_denial_beside_an_approval_is_not_lost_with_what_came_beside_it(
    store: Store, clock: FakeClock, other: Any, turned: bool, typed: bool
) -> None:
    told = [two("A4", "A4")] if typed else [two("A4", "A4"), two("A1", "A1")]
    line = a_line(store, clock, *told, orders=2)
    if typed:
        line.letter("affirmed", N1)
    assert state(line) == READY
    bodies = [two("A1", "A3"), other]
    late(line, *(reversed(bodies) if turned else bodies))
    assert state(line) == (("partial" if typed else "unreadable"), "hold")
    assert "sources_disagree" in line.events() or stands(line).quarantined == (DIFFER,)


def test_a_late_approval_beside_a_stray_answer_is_taken(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, A4)
    late(line, of_another(), NUMBERED)
    assert (state(line), "quarantined" in line.events()) == (READY, True)


def test_an_answer_about_another_member_ends_no_approval(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, A4, NUMBERED)
    late(line, of_another())
    assert (state(line), line.events().count("quarantined")) == (READY, 1)


def read_by(human: bool, note: str) -> dict[str, Any]:
    flag = {"url": "wasHumanReviewedFlag", "valueBoolean": human}
    reviewer = {"url": PAS + "extension-claimResponseReviewer", "extension": [flag]}
    return {"extension": [reviewer], "processNote": [{"text": note}]}


def test_what_was_decided_together_keeps_both_reasons_and_no_reader_of_one(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, two("A4", "A3", **read_by(False, "No MRI.")), orders=2)
    late(line, two("A1", "A4", **read_by(True, "With the nurse.")))
    found = stands(line)
    assert (found.word, found.human_reviewer) == ("partial", None)
    assert set(found.notes) == {"No MRI.", "With the nurse."}


def test_a_decision_after_a_waiting_answer_is_told_as_its_own(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, two("A4", "A4"), orders=2)
    late(line, two("A3", "A4", **read_by(False, "No MRI.")))
    assert (stands(line).human_reviewer, stands(line).notes) == (False, ("No MRI.",))


def test_a_late_decision_begins_its_window_on_its_own_day(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, two("A4", "A4"), orders=2)
    clock.pass_by(86400 * 10)
    late(line, two("A1", "A4"))
    assert [one.valid_from for one in store.utns("case-1")] == [clock.now().date()]


@pytest.mark.parametrize("end", [None, "2027-03-20"])
def test_a_period_that_leaves_no_day_is_not_made_good_by_an_older_one(
    store: Store, clock: FakeClock, end: str | None
) -> None:
    older = {"start": "2026-11-24"} | ({"end": end} if end else {})
    newer = an_answer(
        an_answer_item("A1", utn=N1), preAuthPeriod={"start": "2026-11-24", "end": "12/31/2026"}
    )
    line = a_line(store, clock, an_answer(an_answer_item("A1"), preAuthPeriod=older), newer)
    assert state(line) == ("affirmed", "hold")
    assert [one.valid_to for one in store.utns("case-1")] == [None]


@pytest.mark.parametrize("before", ["", "with ", "with:\n", "\t", "“", "21 °", "(", "urn:uuid:"])
def test_our_name_is_found_after_whatever_stands_before_it(before: str) -> None:
    body = {"processNote": [{"text": f"Joined {before}{SENT.identifier}.", "n": [1, None]}]}
    assert echo.mentions(body, SENT)
    assert echo.mentions({"x": [[f"{before}{SENT.identifier.upper()}"]]}, SENT)
    assert not echo.mentions({"x": f"{before}a{SENT.identifier}"}, SENT)
