"""What became of a request: refused, late, or known to nobody but the payer."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.model import Person
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown, PayerUnreachable
from smart_app.sending import MOST_SENDS
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import LEASE, Line
from tests.unit.pas.test_decision import an_answer, an_answer_item

N1 = "JFA99900004417"
ROBIN = Person("Practitioner/2", "Robin")
AFFIRMED = Reply(200, an_answer(an_answer_item("A1", utn=N1)))
NONE = Reply(200, {"resourceType": "Parameters"})
UNCLEAR = Reply(200, {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]})


def a_line(
    store: Store, clock: FakeClock, *submit: Any, recovery: str = "inquire", inquire: Any = NONE
) -> Line:
    """Return a line whose request was signed, and what its payer answers in turn."""
    payer = FakePayer({"$submit": list(submit), "$inquire": [inquire]})
    line = Line(store, clock, payer, recovery=recovery)
    line.signed()
    return line


def state(line: Line) -> str:
    return states.headline(line.case().tracks)


def failed(*errors: str, **more: Any) -> Reply:
    """Return an answer that was processed and decided nothing."""
    coded = [{"code": {"text": words}} for words in errors]
    return Reply(200, an_answer(outcome="error", error=coded, **more))


def test_errors_of_a_processed_request_are_a_refusal(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, failed("Invalid or missing provider identification"))
    line.step()
    assert state(line) == "rejected"
    receipt = store.latest("case-1", "receipt", object)
    assert "Invalid or missing provider identification" in str(receipt)
    with store.read() as db:
        assert not line.world.tasks.waiting(db, "poll", "case-1")


def test_an_affirmation_beside_an_error_is_not_believed(store: Store, clock: FakeClock) -> None:
    both = an_answer(an_answer_item("A1", utn=N1), outcome="error", error=[{"code": {"text": "x"}}])
    line = a_line(store, clock, Reply(200, both))
    line.step()
    assert (state(line), store.utns("case-1")) == ("unreadable", [])


@pytest.mark.parametrize("recovery", ["idempotent_resend", "person"])
def test_a_refusal_of_what_may_have_arrived_is_left_to_a_person(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), Reply(409, None), recovery=recovery)
    line.pass_by(5)
    if recovery == "person":
        line.follow.not_there(line.case(), line.case().revision, ROBIN)
        line.pass_by(5)
    assert (line.submits(), state(line)) == (2, "unknown")
    line.follow.not_accepted(line.case(), line.case().revision, ROBIN)
    assert state(line) == "rejected"


def test_a_refusal_after_the_connection_was_never_made_is_a_refusal(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, PayerUnreachable("no"), Reply(422, None), recovery="person")
    line.pass_by(10)
    assert (line.submits(), state(line)) == (2, "rejected")


@pytest.mark.parametrize("recovery", ["inquire", "idempotent_resend"])
def test_the_same_bytes_are_not_sent_for_ever(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), recovery=recovery)
    line.pass_by(60, each=10)
    assert (line.submits(), state(line)) == (MOST_SENDS, "unknown")
    assert "person_needed" in line.events()


def test_an_answer_after_the_lease_is_not_lost(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, AFFIRMED, recovery="person")

    def slow(url: str, body: bytes, content_type: str) -> Reply:
        clock.pass_by(LEASE + 1)
        taken = line.world.tasks.claim()  # another worker
        assert taken
        line.follow.sending.send(taken)
        return AFFIRMED

    line.payer.post = slow  # type: ignore[method-assign]
    line.step()
    assert state(line) == "unknown"
    line.step()
    assert state(line) == "affirmed"


def test_a_person_may_clear_up_what_the_payer_does_not_tell(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), AFFIRMED, inquire=UNCLEAR)
    line.pass_by(40, each=60)
    assert (line.submits(), state(line)) == (1, "unknown")
    line.follow.not_there(line.case(), line.case().revision, ROBIN)
    line.pass_by(2)
    assert (line.submits(), state(line)) == (2, "affirmed")


@pytest.mark.parametrize(
    "issue", [{"details": "bad"}, {"expression": [1, None]}, {"expression": "x"}, "x", None]
)
def test_a_sloppy_refusal_is_still_one(store: Store, clock: FakeClock, issue: Any) -> None:
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    line = a_line(store, clock, Reply(400, body))
    line.step()
    assert (line.submits(), state(line)) == (1, "rejected")
