"""The line after the signature: nothing sent twice, no denial shown as an approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.model import Decision, Event, Person
from smart_app.cases.store import Store
from smart_app.errors import CaseClosed, IllegalMove, PayerUnknown, StaleRevision
from smart_app.utn import claim
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import LEASE, SIGNER, WISER, Line
from tests.unit.pas.test_decision import an_answer, an_answer_item, extension

N1, N2 = "JFA99900004417", "JFA99900004418"


def answering(*submit: Any, inquire: Any = None) -> FakePayer:
    """Return a payer that answers in turn, and the same to every inquiry."""
    return FakePayer({"$submit": list(submit), "$inquire": [inquire or submit[-1]]})


def ok(*items: dict[str, Any], **more: Any) -> Reply:
    return Reply(200, an_answer(*items, **more))


def headline(line: Line) -> str:
    return states.headline(line.case().tracks)


def card(line: Line) -> tuple[str, str | None]:
    """Return the claim card's state and number."""
    numbers = tuple(line.store.utns("case-1"))
    found = claim.placement(line.case(), WISER, numbers, date(2026, 11, 24))
    return found.state, found.number


# which decision a number belongs to ---------------------------------------------------------------


def test_a_new_decision_does_not_inherit_the_old_ones_number(
    store: Store, clock: FakeClock
) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A3", utn=N1))))
    line.signed()
    assert line.step()
    assert (headline(line), card(line)) == ("non_affirmed", ("number_with_abn", N1))
    for _ in ("told", "taken"):
        line.letter("affirmed")
    assert (headline(line), card(line)) == ("affirmed_number_awaited", ("hold_number", None))
    found = store.latest("case-1", "decision", Decision)
    active = [one for one in store.utns("case-1") if one.status == "active"]
    assert found
    assert N1 not in formatters.chart_text(line.case(), found, active, "Zyter")


def test_the_same_verdict_by_letter_keeps_the_number_and_its_window(
    store: Store, clock: FakeClock
) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A1", utn=N1))))
    line.signed()
    line.step()
    line.letter("affirmed")
    assert card(line) == ("ready", N1)


def test_a_number_that_is_told_again_later_keeps_its_window(store: Store, clock: FakeClock) -> None:
    both = ok(an_answer_item("A1", 1, utn=N1), an_answer_item("A1", 2))
    line = Line(store, clock, answering(both))
    line.signed(orders=2)
    line.step()
    before = store.utns("case-1")[0]
    line.pass_by(3, each=86400)
    assert store.utns("case-1")[0].valid_to == before.valid_to


def test_one_number_of_two_is_not_ready_and_goes_on_asking(store: Store, clock: FakeClock) -> None:
    half = ok(an_answer_item("A1", 1, utn=N1), an_answer_item("A1", 2))
    whole = ok(an_answer_item("A1", 1, utn=N1), an_answer_item("A1", 2, utn=N1))
    line = Line(store, clock, answering(half, inquire=whole))
    line.signed(orders=2)
    line.step()
    assert (headline(line), card(line)[0]) == ("affirmed_number_awaited", "hold_number")
    assert line.filed == []
    line.pass_by(5)
    assert (headline(line), line.case().tracks.claim) == ("affirmed", "ready")


def test_two_numbers_for_one_claim_hold_it(store: Store, clock: FakeClock) -> None:
    both = ok(an_answer_item("A1", 1, utn=N1), an_answer_item("A1", 2, utn=N2))
    line = Line(store, clock, answering(both))
    line.signed(orders=2)
    line.step()
    assert line.case().tracks.claim == "hold"
    assert card(line) == ("hold_review", None)
    found = store.latest("case-1", "decision", Decision)
    assert found
    text = formatters.chart_text(line.case(), found, store.utns("case-1"), "Zyter")
    assert f"(UTN): {N1} (62323)" in text


@pytest.mark.parametrize("late", [0, 6])
def test_a_late_number_does_not_move_the_window(store: Store, clock: FakeClock, late: int) -> None:
    numbered = ok(an_answer_item("A1", utn=N1))
    line = Line(store, clock, answering(ok(an_answer_item("A1")), inquire=numbered))
    line.signed()
    line.step()
    clock.pass_by(late * 86400)
    line.pass_by(5)
    found = store.utns("case-1")[0]
    assert (found.valid_from, found.valid_to) == (date(2026, 11, 24), date(2027, 3, 23))


def test_the_day_on_which_an_answer_was_made_counts(store: Store, clock: FakeClock) -> None:
    made = "2026-11-23T23:30:00-07:00"
    line = Line(store, clock, answering(ok(an_answer_item("A1", utn=N1), created=made)))
    line.signed()
    clock.pass_by(3 * 86400)
    line.step()
    assert store.utns("case-1")[0].valid_from == date(2026, 11, 24)


def test_a_mistyped_day_of_a_letter_can_be_corrected(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A4"))))
    line.signed()
    line.step()
    line.letter("affirmed", N1)
    clock.pass_by(2 * 86400)
    line.letter("affirmed", N1)
    assert store.utns("case-1")[0].valid_from == date(2026, 11, 26)


@pytest.mark.parametrize("code", ["A6", "A2", "A3"])
def test_only_an_affirmation_makes_a_claim_ready(store: Store, clock: FakeClock, code: str) -> None:
    line = Line(store, clock, answering(ok(an_answer_item(code, utn=N1))))
    line.signed()
    line.step()
    assert line.case().tracks.claim == "hold"
    assert card(line)[0] != "ready"
    assert formatters.CHIPS[headline(line)][0] != "ok"


# a letter beside the payer's own answer -----------------------------------------------------------


def test_a_late_answer_does_not_undo_a_letter(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A1"))))
    line.signed()
    line.step()
    line.letter("non_affirmed")
    line.pass_by(20)
    assert headline(line) == "non_affirmed"
    assert "sources_disagree" not in line.events()


def test_the_payers_answer_adds_the_number_to_a_letter(store: Store, clock: FakeClock) -> None:
    payer = answering(ok(an_answer_item("A4")), inquire=ok(an_answer_item("A1", utn=N1)))
    line = Line(store, clock, payer)
    line.signed()
    line.step()
    line.letter("affirmed")
    assert headline(line) == "affirmed_number_awaited"
    line.pass_by(5)
    assert (headline(line), card(line)) == ("affirmed", ("ready", N1))
    found = store.latest("case-1", "decision", Decision)
    assert found and found.source == "letter"


@pytest.mark.parametrize(("typed", "wire"), [("affirmed", "A3"), ("non_affirmed", "A1")])
def test_a_contradiction_is_told_once_and_never_green(
    store: Store, clock: FakeClock, typed: Any, wire: str
) -> None:
    payer = answering(ok(an_answer_item("A4")), inquire=ok(an_answer_item(wire, utn=N1)))
    line = Line(store, clock, payer)
    line.signed()
    line.step()
    line.letter(typed)
    line.pass_by(60)
    assert line.case().tracks.decision == "non_affirmed"
    assert line.events().count("sources_disagree") == 1
    assert card(line)[0] != "ready"


def test_a_letter_beside_no_poll_begins_one(store: Store, clock: FakeClock) -> None:
    payer = answering(Reply(422, None), inquire=ok(an_answer_item("A1", utn=N1)))
    line = Line(store, clock, payer)
    line.signed()
    line.step()
    assert headline(line) == "rejected"
    line.letter("affirmed")
    line.pass_by(5)
    assert headline(line) == "affirmed"


def test_a_letter_about_a_closed_case_is_refused(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, answering(ok(outcome="error", disposition="dismissed: twice")))
    line.signed()
    line.step()
    with store.write() as db:
        store.save(db, replace(line.case(), closed=True))
    with pytest.raises(CaseClosed):
        line.letter("affirmed", N1)
    assert line.case().tracks.decision == "dismissed"


# asking until it is final -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "orders"),
    [
        (ok(an_answer_item("CT", 1), an_answer_item("A4", 2)), 2),
        (ok(an_answer_item("CT")), 1),
        (ok(outcome="queued"), 1),
        (ok(an_answer_item("A1", 1, utn=N1)), 2),
        (ok(an_answer_item("86")), 1),
        (Reply(200, {"resourceType": "Bundle"}), 1),
    ],
    ids=["call and pended", "call", "queued without items", "item missing", "code", "nothing"],
)
def test_what_is_open_is_asked_for(
    store: Store, clock: FakeClock, answer: Reply, orders: int
) -> None:
    line = Line(store, clock, answering(answer))
    line.signed(orders=orders)
    line.step()
    with store.read() as db:
        assert line.world.tasks.waiting(db, "poll", "case-1")


@pytest.mark.parametrize("code", ["A1", "A3", "C", "NA"])
def test_what_is_final_is_not_asked_for(store: Store, clock: FakeClock, code: str) -> None:
    line = Line(store, clock, answering(ok(an_answer_item(code, utn=N1))))
    line.signed()
    line.step()
    with store.read() as db:
        assert not line.world.tasks.waiting(db, "poll", "case-1")


# what became of it --------------------------------------------------------------------------------

WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
UNCLEAR = [
    {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]},
    {"resourceType": "Bundle", "entry": [{"resource": WARNING}]},
    {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "ClaimResponse"}}]},
]
THEIRS = {
    "resourceType": "ClaimResponse",
    "item": [
        {
            "itemSequence": 1,
            "extension": [extension("extension-itemTraceNumber", valueIdentifier={"value": "z"})],
        }
    ],
}
FOUND = [
    {
        "resourceType": "Bundle",
        "entry": [{"resource": THEIRS}, *an_answer(an_answer_item("A1", utn=N1))["entry"]],
    },
    {
        "resourceType": "Parameters",
        "parameter": [{"name": "x", "resource": an_answer(an_answer_item("A1", utn=N1))}],
    },
    an_answer({"itemSequence": 1, "adjudication": []}, identifier=[{"value": "id-1"}]),
]
NONE = {"resourceType": "Parameters"}


@pytest.mark.parametrize("answer", UNCLEAR, ids=["OperationOutcome", "warning", "no trace"])
def test_what_does_not_tell_is_not_sent_again(store: Store, clock: FakeClock, answer: Any) -> None:
    payer = answering(PayerUnknown("cut"), ok(an_answer_item("A4")), inquire=Reply(200, answer))
    line = Line(store, clock, payer)
    line.signed()
    line.pass_by(200, each=60)
    assert (line.submits(), headline(line)) == (1, "unknown")


@pytest.mark.parametrize("answer", FOUND, ids=["beside another", "other name", "our identifier"])
def test_what_is_found_is_not_sent_again(store: Store, clock: FakeClock, answer: Any) -> None:
    payer = answering(PayerUnknown("cut"), ok(an_answer_item("A4")), inquire=Reply(200, answer))
    line = Line(store, clock, payer)
    line.signed()
    line.pass_by(8)
    assert (line.submits(), line.case().tracks.submission) == (1, "received")


def test_what_is_certainly_not_there_is_sent_again(store: Store, clock: FakeClock) -> None:
    cut, sent = PayerUnknown("cut"), ok(an_answer_item("A1", utn=N1))
    line = Line(store, clock, answering(cut, sent, inquire=Reply(200, NONE)))
    line.signed()
    line.pass_by(8)
    assert (line.submits(), headline(line)) == (2, "affirmed")


@pytest.mark.parametrize(
    ("known", "end"),
    [(an_answer(an_answer_item("A1", utn=N1)), "affirmed"), (NONE, "rejected")],
    ids=["it has it", "it has none"],
)
def test_a_refusal_of_what_was_sent_twice_is_asked_about(
    store: Store, clock: FakeClock, known: Any, end: str
) -> None:
    payer = FakePayer(
        {
            "$submit": [PayerUnknown("cut"), Reply(409, None)],
            "$inquire": [Reply(200, NONE), Reply(200, known)],
        }
    )
    line = Line(store, clock, payer)
    line.signed()
    line.pass_by(20)
    assert (line.submits(), headline(line)) == (2, end)


def test_a_person_clears_up_what_only_a_person_can_ask(store: Store, clock: FakeClock) -> None:
    payer = answering(PayerUnknown("cut"), ok(an_answer_item("A1", utn=N1)))
    line = Line(store, clock, payer, recovery="person")
    line.signed()
    line.pass_by(5)
    case, robin = line.case(), Person("Practitioner/2", "Robin")
    assert (line.submits(), headline(line)) == (1, "unknown")
    with pytest.raises(StaleRevision):
        line.follow.not_there(case, case.revision - 1, robin)
    line.follow.not_there(case, case.revision, robin)
    line.pass_by(2)
    assert (line.submits(), headline(line)) == (2, "affirmed")
    who = {one.kind: one.who for one in line.world.audit.events("case-1")}
    assert who["person_not_there"] == "Robin"


def test_nobody_overrules_a_payer_that_is_asked(store: Store, clock: FakeClock) -> None:
    payer = answering(PayerUnknown("cut"), inquire=Reply(200, UNCLEAR[0]))
    line = Line(store, clock, payer)
    line.signed()
    line.step()
    case = line.case()
    with pytest.raises(IllegalMove):
        line.follow.not_there(case, case.revision, Person("Practitioner/2", "Robin"))


# failures that nobody foresaw ---------------------------------------------------------------------


def test_half_a_character_in_an_answer_stops_nothing(store: Store, clock: FakeClock) -> None:
    item = an_answer_item("A1", utn=N1, noteNumber=[1])
    line = Line(store, clock, answering(ok(item, processNote=[{"number": 1, "text": "ok \ud83d"}])))
    line.signed()
    line.step()
    assert headline(line) == "affirmed"


def test_a_send_that_cannot_be_begun_says_so_and_can_be_tried_again(
    store: Store, clock: FakeClock
) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A1", utn=N1))))
    line.signed()
    payers = line.world.payers
    line.world.payers = SimpleNamespace(of_id={}.__getitem__)  # its file was renamed
    line.pass_by(60, each=6)
    assert (headline(line), line.submits()) == ("parked", 0)
    assert line.events()[-1] == "parked"
    line.world.payers = payers
    line.follow.ask_now(line.case(), SIGNER)
    line.pass_by(2)
    assert headline(line) == "affirmed"


@pytest.mark.parametrize("kind", ["poll", "recover"])
def test_asking_never_ends_whatever_goes_wrong(store: Store, clock: FakeClock, kind: str) -> None:
    first = ok(an_answer_item("A4")) if kind == "poll" else PayerUnknown("cut")
    line = Line(store, clock, answering(first, inquire=Reply(200, an_answer())))
    line.signed()
    line.step()
    line.world.program = None
    line.payer.answers["$inquire"] = [AttributeError("x")]
    line.pass_by(100, each=LEASE)
    assert {one.state for one in line.world.tasks.of_case("case-1") if one.kind == kind} == {"due"}


def test_a_letter_is_stale_only_when_another_decision_came(store: Store, clock: FakeClock) -> None:
    line = Line(store, clock, answering(ok(an_answer_item("A4"))))
    line.signed()
    line.step()
    seen = line.follow.deciding.decided(line.case())
    line.pass_by(5)
    found = replace(line.letter_of("affirmed"), id="L1")
    event = Event("letter", clock.now(), "Robin")
    line.follow.take_letter(line.case(), seen, found, event)
    with pytest.raises(StaleRevision):
        line.follow.take_letter(line.case(), seen, replace(found, id="L2"), event)
