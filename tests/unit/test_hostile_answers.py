"""Answers that hide a denial: behind an older approval, beside it, or in a letter's shadow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.model import Event, Receipt
from smart_app.cases.store import Store
from smart_app.pas import inquiry, verdicts
from tests.unit.kit import READ_AT, FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.requests import the_case
from tests.unit.pas.test_decision import SENT, an_answer, an_answer_item, read

N1, N2, N3 = "JFA99900004417", "JFA99900004418", "JFA99900004419"
ECHO = {"identifier": [{"system": SENT.system, "value": SENT.identifier}]}


def a_head(*items: dict[str, Any], created: str, **more: Any) -> dict[str, Any]:
    """Return a ClaimResponse."""
    made = {"resourceType": "ClaimResponse", "outcome": "complete", "item": list(items)}
    return made | {"created": created, "status": "active"} | more


APPROVAL = a_head(an_answer_item("A1", utn=N1), created="2026-11-24", id="r1")
LATER = {
    "same id, emptied": a_head(created="2026-11-25", id="r1", status="entered-in-error"),
    "same id, a bare denial": a_head(
        {"itemSequence": 1, "adjudication": an_answer_item("A3")["adjudication"]},
        created="2026-11-25",
        id="r1",
    ),
    "our Claim, emptied": a_head(created="2026-11-25", status="cancelled", **ECHO),
    "its item cancelled": a_head(an_answer_item("C"), created="2026-11-25", status="cancelled"),
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("later", LATER)
def test_a_later_version_takes_an_approval_back(later: str, turned: bool) -> None:
    several = [APPROVAL, LATER[later]]
    entries = [{"resource": one} for one in (reversed(several) if turned else several)]
    body = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    found = inquiry.ours(the_case(), body, SENT, READ_AT)
    assert (found.body, found.state) == (None, "unclear")


def a_line(store: Store, clock: FakeClock, *, orders: int = 1, **answers: Any) -> Line:
    """Return a line whose request was sent and answered once."""
    line = Line(store, clock, FakePayer({key: [one] for key, one in answers.items()}))
    line.signed(orders=orders)
    line.step()
    return line


def late(line: Line, body: Any) -> None:
    """Let one more answer to the same request come in, and be looked at."""
    with line.store.write() as db:
        line.store.put(db, "case-1", "answer:id-1", Receipt("received", 200, body))
        line.world.tasks.add(db, "recover", "case-1", tag="late")
    while line.step():
        pass


ODD = {"url": "http://payer.example/denied", "valueBoolean": True}
UNUSABLE = (an_answer_item("ZZ"), an_answer_item("A3", modifierExtension=[ODD]))
APPROVED = an_answer(an_answer_item("A1", utn=N1))


@pytest.mark.parametrize("second", [an_answer_item("CT"), an_answer_item("ZZ")], ids=["CT", "ZZ"])
@pytest.mark.parametrize("turned", [False, True])
def test_an_approval_beside_what_cannot_be_read_is_none(
    store: Store, clock: FakeClock, second: dict[str, Any], turned: bool
) -> None:
    bodies = [APPROVED, an_answer(second)]
    first, then = reversed(bodies) if turned else bodies
    line = a_line(store, clock, **{"$submit": Reply(200, first), "$inquire": Reply(500, None)})
    late(line, then)
    case = line.case()
    assert case.tracks.claim == "hold"
    assert states.headline(case.tracks) != "affirmed"


@pytest.mark.parametrize("code", ["CT", "ZZ"])
def test_beside_a_letter_what_cannot_be_read_is_warned_of(
    store: Store, clock: FakeClock, code: str
) -> None:
    line = a_line(store, clock, **{"$submit": Reply(200, APPROVED), "$inquire": Reply(500, None)})
    line.letter("affirmed", N1)
    late(line, an_answer(an_answer_item(code)))
    assert states.headline(line.case().tracks) == "affirmed"
    assert "answer_unclear" in line.events()
    recover = [one for one in line.world.tasks.of_case("case-1") if one.kind == "recover"]
    assert [one.state for one in recover] == ["done"]


@pytest.mark.parametrize("last", UNUSABLE, ids=["unknown code", "unknown modifier"])
def test_a_late_answer_that_cannot_be_used_ends_what_was_taken(
    store: Store, clock: FakeClock, last: dict[str, Any]
) -> None:
    line = a_line(store, clock, **{"$submit": Reply(200, APPROVED), "$inquire": Reply(500, None)})
    case = line.case()
    assert states.headline(case.tracks) == "affirmed"
    with store.write() as db:
        store.save(db, replace(case, tracks=replace(case.tracks, chart="filed_and_read_back")))
    while line.step():  # the chart gets the number
        pass
    before = len(line.filed)
    late(line, an_answer(last))
    assert states.headline(line.case().tracks) == "unreadable"
    assert line.case().tracks.claim == "hold"
    assert len(line.filed) > before, "the chart that got the number is told"


def test_a_letter_that_was_not_taken_ends_no_warning_and_is_taken_in_the_end(
    store: Store, clock: FakeClock
) -> None:
    answer = an_answer(an_answer_item("A1", 1, utn=N1), an_answer_item("A3", 2))
    replies = {"$submit": Reply(200, answer), "$inquire": Reply(200, answer)}
    line = a_line(store, clock, orders=2, **replies)
    for number in (N1, N2, N2):  # told of the denial, of the other number, and taken
        line.letter("affirmed", number)
    kinds = [one for one in line.events() if one.startswith("letter")]
    assert kinds == ["letter_not_taken", "letter_not_taken", "letter"]
    active = [one.number for one in store.utns("case-1") if one.status == "active"]
    assert active == [N2]


def test_a_payers_own_reference_ends_no_letters_number(store: Store, clock: FakeClock) -> None:
    replies = {"$submit": Reply(200, an_answer(an_answer_item("A4")))}
    replies["$inquire"] = Reply(200, an_answer(an_answer_item("A1", utn="PA-12345")))
    line = a_line(store, clock, **replies)
    line.letter("affirmed", N1)
    line.pass_by(10)
    active = [one.number for one in store.utns("case-1") if one.status == "active"]
    assert active == [N1]


def test_a_third_number_is_told_of_before_it_is_taken(store: Store, clock: FakeClock) -> None:
    answer = Reply(200, APPROVED)
    line = a_line(store, clock, **{"$submit": answer, "$inquire": answer})
    kinds = []
    for number in (N2, N3, N3):
        line.letter("affirmed", number)
        kinds.append(next(one for one in reversed(line.events()) if one.startswith("letter")))
    assert kinds == ["letter_not_taken", "letter_not_taken", "letter"]


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_days_the_earlier_begins_the_window(turned: bool) -> None:
    days = ("2026-11-24", "2026-11-01")
    url = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-itemPreAuthIssueDate"
    bodies = [
        an_answer(an_answer_item("A1", utn=N1, extensions=[{"url": url, "valueDate": one}]))
        for one in (reversed(days) if turned else days)
    ]
    read_again = [read(the_case(), one) for one in bodies]
    agreed = verdicts.agreed(read_again)
    assert agreed is not None
    assert str(agreed.decided_on) == "2026-11-01"


def test_numbers_that_contradict_each_other_beside_a_letter_are_told_of(
    store: Store, clock: FakeClock
) -> None:
    waiting = an_answer(an_answer_item("A4", 1), an_answer_item("A4", 2))
    items = an_answer_item("A1", 1, utn=N2), an_answer_item("A1", 2, utn=N2)
    rivals = Reply(200, an_answer(*items, preAuthRef=N3))
    line = a_line(store, clock, orders=2, **{"$submit": Reply(200, waiting), "$inquire": rivals})
    case, letter = line.case(), line.letter_of("affirmed")
    first, second = letter.items  # the second number is awaited
    numbered = replace(first, number=N1, number_path="letter")
    event = Event("letter", clock.now(), "Robin", {"word": "affirmed"})
    seen = line.follow.deciding.decided(case)
    line.follow.take_letter(case, seen, replace(letter, items=(numbered, second)), event)
    line.pass_by(10)
    assert "answer_unclear" in line.events()
