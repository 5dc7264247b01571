"""Whose an answer is, seen by what was sent, what is stored and what a biller is told."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.fhir.codes import MBI
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.pas.test_echo import traced

N1 = "JFA99900004417"
OTHERS = {"identifier": {"system": MBI, "value": "1S00ZZ0ZZ00"}}
THEIRS = [{"system": "s", "value": "id-2"}]
"""Another request of the same clinic: the request of a line is ``id-1`` of the same system."""


def a_line(store: Store, clock: FakeClock, submit: Any, inquire: Any = None) -> Line:
    """Return a line whose request was signed, and what its payer answers."""
    first = submit if isinstance(submit, Exception) else Reply(200, submit)
    again = Reply(200, inquire or submit)
    line = Line(store, clock, FakePayer({"$submit": [first], "$inquire": [again]}))
    line.signed()
    return line


def headline(line: Line) -> str:
    return states.headline(line.case().tracks)


def test_a_payer_that_puts_its_own_trace_first_is_not_sent_it_twice(
    store: Store, clock: FakeClock
) -> None:
    known = an_answer(traced("payer-7", "trace-1"))
    line = a_line(store, clock, PayerUnknown("cut"), known)
    line.pass_by(20)
    assert (line.submits(), headline(line)) == (1, "affirmed")
    assert [one.number for one in store.utns("case-1")] == [N1]


def test_an_answer_with_the_payers_own_trace_first_is_read(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer(traced("payer-7", "trace-1")))
    line.step()
    assert (headline(line), [one.number for one in store.utns("case-1")]) == ("affirmed", [N1])


@pytest.mark.parametrize(
    "known",
    [an_answer(traced("payer-7")), {"resourceType": "Bundle"}],
    ids=["a trace of its own", "a Bundle of no kind"],
)
def test_what_may_be_ours_is_not_sent_again(store: Store, clock: FakeClock, known: Any) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), known)
    line.pass_by(200, each=60)
    assert (line.submits(), headline(line)) == (1, "unknown")


def test_another_request_of_ours_is_no_hindrance(store: Store, clock: FakeClock) -> None:
    known = an_answer(traced("trace-9"), identifier=THEIRS)
    known["type"] = "collection"
    line = a_line(store, clock, PayerUnknown("cut"), known)
    line.pass_by(8)
    assert line.submits() > 1


@pytest.mark.parametrize(
    "answer",
    [
        an_answer(traced("trace-1"), patient=OTHERS),
        an_answer(traced("trace-1"), identifier=THEIRS),
        an_answer(traced()),
    ],
    ids=["another member", "another request", "it names nobody"],
)
def test_the_answer_of_another_is_not_taken(store: Store, clock: FakeClock, answer: Any) -> None:
    line = a_line(store, clock, answer)
    line.pass_by(10)
    assert (headline(line), line.case().tracks.claim) == ("unreadable", "hold")
    assert (store.utns("case-1"), line.filed) == ([], [])


def test_the_refusal_of_another_ends_nothing(store: Store, clock: FakeClock) -> None:
    failed = an_answer(outcome="error", error=[{"code": {"text": "x"}}], patient=OTHERS)
    line = a_line(store, clock, failed, an_answer(an_answer_item("A1", utn=N1)))
    line.step()
    assert headline(line) == "unreadable"
    line.pass_by(5)
    assert headline(line) == "affirmed"
