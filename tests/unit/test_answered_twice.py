"""A request that was sent twice may be answered twice: no answer hides another."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.answers import ANSWER
from smart_app.cases.model import Person, Receipt
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import LEASE, Line
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tests.unit.test_answer_kept import AFFIRMED, N1, NONE, RECOVERIES, WAITS, a_line, state

OURS = [{"system": "s", "value": "id-1"}]
DUPLICATE = an_answer(outcome="error", disposition="dismissed: duplicate", identifier=OURS)
DENIED = an_answer(an_answer_item("A3"))
OTHER_NUMBER = an_answer(an_answer_item("A1", utn="JFA99900004418"))
UNREADABLE = {"not": "FHIR"}


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_a_second_sending_that_is_dismissed_says_nothing_of_the_first(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), recovery=recovery)
    line.payer.answers["$submit"] = [PayerUnknown("cut"), Reply(200, DUPLICATE)]
    line.payer.answers["$inquire"] = [NONE, Reply(200, AFFIRMED)]
    line.step()
    if recovery == "person":
        line.pass_by(3, each=60)
        line.follow.not_there(line.case(), line.case().revision, Person("Practitioner/1", "Robin"))
    line.pass_by(60, each=60)
    wanted = "affirmed" if recovery == "inquire" else "unknown"
    assert (state(line), line.submits()) == (wanted, 2)


def test_a_second_sending_that_is_dismissed_and_not_found_is_a_persons(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), recovery="inquire")
    line.payer.answers["$submit"] = [PayerUnknown("cut"), Reply(200, DUPLICATE)]
    line.pass_by(60, each=60)
    assert (state(line), line.submits(), line.events()[-1]) == ("unknown", 2, "person_needed")


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_a_first_sending_that_is_dismissed_is(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    line = a_line(store, clock, Reply(200, DUPLICATE), recovery=recovery)
    line.pass_by(20, each=60)
    assert (state(line), line.submits()) == ("dismissed", 1)


def kept(line: Line, *answers: Any) -> None:
    """Let answers to a request be found of which nothing was taken."""
    line.step()
    with line.store.write() as db:
        for one in answers:
            line.store.put(db, "case-1", f"{ANSWER}:id-1", Receipt("received", 200, one))
        line.world.tasks.add(db, "recover", "case-1", tag="late")
    line.pass_by(20, each=60)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ((AFFIRMED, DUPLICATE), "affirmed"),
        ((AFFIRMED, AFFIRMED), "affirmed"),
        ((AFFIRMED, WAITS), "affirmed"),
        ((DENIED, UNREADABLE), "non_affirmed"),
        ((AFFIRMED, UNREADABLE), "unreadable"),
        ((DENIED, AFFIRMED), "unreadable"),
        ((AFFIRMED, OTHER_NUMBER), "unreadable"),
    ],
)
def test_of_two_answers_none_hides_the_other(
    store: Store, clock: FakeClock, answers: tuple[Any, Any], wanted: str, turned: bool
) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), recovery="person")
    kept(line, *(reversed(answers) if turned else answers))
    assert (state(line), line.submits()) == (wanted, 1)
    assert (line.case().tracks.claim == "ready") is (wanted == "affirmed")
    assert ("answers_disagree" in line.events()) is (answers in CONTRADICT)


CONTRADICT = ((DENIED, AFFIRMED), (AFFIRMED, OTHER_NUMBER))


def answered(line: Line, first: Any, second: Any) -> None:
    """Let the first of two sendings be answered when the second one's answer was taken."""
    post, begun = line.payer.post, list[str]()
    line.payer.answers["$submit"] = [Reply(200, second)]

    def slow(*given: Any) -> Reply:
        begun.extend(one for one in given[:1] if one.endswith("$submit"))
        if len(begun) != 1 or not given[0].endswith("$submit"):
            return post(*given)
        line.clock.pass_by(LEASE + 1)
        for _ in range(10):  # another worker: what became of it is not known, so send again
            while line.step():
                pass
            line.clock.pass_by(2)
        return Reply(200, first)

    line.payer.post = slow  # type: ignore[method-assign]
    line.step()
    line.pass_by(20, each=60)
    assert len(begun) == 2


@pytest.mark.parametrize(("first", "second"), [(DENIED, AFFIRMED), (AFFIRMED, DENIED)])
def test_a_late_answer_that_contradicts_what_was_taken_ends_it(
    store: Store, clock: FakeClock, first: Any, second: Any
) -> None:
    line = a_line(store, clock, None, recovery="idempotent_resend")
    answered(line, first, second)
    assert (state(line), line.case().tracks.claim) == ("unreadable", "hold")
    assert line.events().count("answers_disagree") == 1
    assert not [one for one in store.utns("case-1") if one.status == "active"]
    line.payer.answers["$inquire"] = [Reply(200, DENIED)]
    line.pass_by(20, each=600)
    assert state(line) == "non_affirmed"


def test_a_late_answer_to_a_sending_whose_copy_was_dismissed_is_taken(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, None, recovery="idempotent_resend")
    answered(line, AFFIRMED, DUPLICATE)
    assert (state(line), line.case().tracks.claim) == ("affirmed", "ready")
    assert [one.number for one in store.utns("case-1")] == [N1]
