"""A request that is withdrawn: never acted on meanwhile, ended only when the payer says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.store import Store
from smart_app.errors import IllegalMove, LetterError, PayerUnknown, PayerUnreachable, StaleRevision
from smart_app.utn import claim
from smart_app.withdrawing import may_be_withdrawn
from tests.unit.kit import FakeChart, FakeClock, FakePayer, Reply
from tests.unit.line import SIGNER, WISER, Line
from tests.unit.pas import requests
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import ok
from tests.unit.test_hearing import pended as told_case
from tests.unit.test_hearing import says
from tests.unit.told import event

N1 = "AB1234567890CD"
AFFIRMED, PENDED = ok(an_answer_item("A1", utn=N1)), ok(an_answer_item("A4"))
GONE = ok(an_answer_item("C"))
UNREAD = Reply(200, {"resourceType": "Bundle"})
REFUSED = Reply(422, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "too late"}]})


def sent(store: Store, clock: FakeClock, first: Any, *then: Any, **more: Any) -> Line:
    """Return a sent case; ``then`` is what the payer answers to what follows."""
    inquire = more.pop("inquire", PENDED)
    payer = FakePayer({"$submit": [first, *then], "$inquire": [inquire]})
    line = Line(store, clock, payer, **more)
    request = requests.a_request()
    request["entry"][0]["resource"]["identifier"][0]["value"] = "id-1"
    line.signed(request=request)
    line.step()
    return line


def withdraw(line: Line) -> None:
    """Ask to withdraw the request as it is now."""
    case = line.case()
    line.follow.withdrawing.begin(case, case.revision, SIGNER)


def work(line: Line) -> None:
    """Do all that is due."""
    while line.step():
        pass


def posted(line: Line) -> list[dict[str, Any]]:
    """Return what was submitted."""
    return [json.loads(body) for url, body in line.payer.posts if url.endswith("$submit")]


@pytest.mark.req("pas-2.0.1@69")
@pytest.mark.parametrize("first", [AFFIRMED, PENDED], ids=["affirmed", "pended"])
def test_what_the_payer_withdrew_is_over(store: Store, clock: FakeClock, first: Any) -> None:
    line = sent(store, clock, first, GONE)
    withdraw(line)
    work(line)
    tracks = line.case().tracks
    assert (tracks.submission, tracks.decision, tracks.claim) == ("cancelled", "cancelled", "hold")
    assert [one.status for one in store.utns("case-1")] in ([], ["superseded"])
    original, last = posted(line)
    head = last["entry"][0]["resource"]
    assert head["related"][0]["claim"]["reference"] == original["entry"][0]["fullUrl"]
    assert head["identifier"][0]["value"] not in ("id-1", "")
    assert last["entry"][1] == original["entry"][0]


def test_nobody_acts_on_what_is_being_withdrawn(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, AFFIRMED, GONE)
    withdraw(line)
    case = line.case()
    state = states.headline(case.tracks)
    assert state == "cancelling"
    assert formatters.CHIPS[state][0] != "ok"
    card = claim.placement(case, WISER, tuple(store.utns(case.id)), clock.now().date())
    assert card.state == "hold_decision"
    assert not any(one.text for one in card.placements)
    assert not may_be_withdrawn(case)


@pytest.mark.parametrize("answer", [REFUSED, AFFIRMED])
def test_what_the_payer_did_not_withdraw_goes_on(
    store: Store, clock: FakeClock, answer: Any
) -> None:
    line = sent(store, clock, AFFIRMED, answer, inquire=AFFIRMED)
    withdraw(line)
    work(line)
    line.pass_by(30)
    case = line.case()
    assert "cancel_refused" in line.events()
    assert case.tracks.submission in ("received", "pended")
    assert (case.tracks.decision, case.tracks.claim) == ("affirmed", "ready")


def test_an_answer_that_does_not_tell_has_the_payer_asked(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, AFFIRMED, UNREAD, inquire=GONE)
    withdraw(line)
    line.pass_by(5)
    assert line.case().tracks.submission == "cancelled"


@pytest.mark.parametrize("answer", [PENDED, ok()])
def test_what_leaves_it_open_neither_ends_nor_refuses(
    store: Store, clock: FakeClock, answer: Reply
) -> None:
    line = sent(store, clock, AFFIRMED, answer, inquire=GONE)
    withdraw(line)
    work(line)
    assert "cancel_refused" not in line.events()
    line.pass_by(5)
    assert line.case().tracks.submission == "cancelled"


def test_an_answer_that_does_not_tell_goes_to_a_person(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, AFFIRMED, UNREAD, recovery="person")
    withdraw(line)
    line.pass_by(5)
    assert (line.case().tracks.submission, line.events()[-1]) == ("cancelling", "cancel_unknown")


def marked(code: str | None, **more: Any) -> Reply:
    """Return an answer that says of itself that it does not stand."""
    items = [an_answer_item(code, **more)] if code else []
    return ok(*items, status="cancelled")


@pytest.mark.parametrize("answer", [marked("A1", utn=N1), marked("C"), marked(None), UNREAD])
def test_a_list_that_lags_makes_nothing_stand_again(
    store: Store, clock: FakeClock, answer: Reply
) -> None:
    line = sent(store, clock, AFFIRMED, answer, inquire=AFFIRMED)
    withdraw(line)
    line.pass_by(60)
    assert (line.case().tracks.submission, line.case().tracks.claim) == ("cancelling", "hold")
    line.payer.answers["$inquire"] = [GONE]
    line.pass_by(60, each=60.0)
    assert line.case().tracks.submission == "cancelled"


ALREADY = Reply(409, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "it is"}]})


@pytest.mark.parametrize("recovery", ["idempotent_resend", "inquire"])
def test_a_refusal_of_what_may_have_arrived_proves_nothing(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    cut = PayerUnknown("cut")
    line = sent(store, clock, AFFIRMED, cut, ALREADY, inquire=AFFIRMED, recovery=recovery)
    withdraw(line)
    line.pass_by(60, each=60.0)
    assert (line.case().tracks.submission, line.case().tracks.claim) == ("cancelling", "hold")
    assert line.events()[-1] == "cancel_unknown"


def test_what_nothing_tells_is_asked_at_growing_pauses_and_told_once(
    store: Store, clock: FakeClock
) -> None:
    line = sent(store, clock, PENDED, marked("A4"), inquire=marked("A4"))
    withdraw(line)
    line.step()
    assert sum(url.endswith("$inquire") for url, _ in line.payer.posts) == 1
    line.pass_by(60, each=300.0)
    assert line.events().count("cancel_unknown") == 1
    assert line.case().tracks.submission == "cancelling"


def test_an_answer_that_cannot_be_read_is_not_asked_for_again(
    store: Store, clock: FakeClock
) -> None:
    line = sent(store, clock, AFFIRMED, UNREAD, GONE, recovery="idempotent_resend")
    withdraw(line)
    line.pass_by(60)
    assert (len(posted(line)), line.events()[-1]) == (2, "cancel_unknown")
    case = line.case()
    line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=True)
    assert line.case().tracks.submission == "cancelled"


def test_a_letter_brings_no_withdrawn_request_back(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, PENDED, GONE)
    withdraw(line)
    work(line)
    with pytest.raises(LetterError):
        line.letter("affirmed", N1)
    tracks = replace(line.case().tracks, decision="affirmed", utn="recorded")
    assert states.headline(tracks) == "cancelled"


@pytest.mark.parametrize("first", [AFFIRMED, PENDED], ids=["before", "meanwhile"])
def test_nothing_is_filed_as_affirmed_while_it_is_withdrawn(
    store: Store, clock: FakeClock, first: Any
) -> None:
    chart, cut = FakeChart(), PayerUnknown("cut")
    line = sent(store, clock, first, cut, inquire=AFFIRMED, recovery="person", chart=chart)
    withdraw(line)
    line.pass_by(60)
    assert (chart.creates, chart.updates) == ([], [])
    case = line.case()
    line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=True)
    line.pass_by(60)
    assert not [one for one, _ in chart.creates if N1 in str(one)]


def test_a_second_click_withdraws_once(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, PENDED, GONE)
    seen = line.case()
    withdraw(line)
    with pytest.raises(StaleRevision):
        line.follow.withdrawing.begin(seen, seen.revision + 1, SIGNER)
    with pytest.raises((StaleRevision, IllegalMove)):
        line.follow.withdrawing.begin(seen, seen.revision, SIGNER)
    work(line)
    assert len(posted(line)) == 2


@pytest.mark.req("pas-2.0.1@184")
@pytest.mark.parametrize("code", ["A3", "NA"])
def test_what_was_refused_takes_no_withdrawal(store: Store, clock: FakeClock, code: str) -> None:
    line = sent(store, clock, ok(an_answer_item(code)))
    with pytest.raises(IllegalMove):
        withdraw(line)


def test_what_was_not_sent_yet_takes_none(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, PayerUnreachable("down"))
    with pytest.raises(IllegalMove):
        withdraw(line)


@pytest.mark.parametrize("there", [True, False], ids=["arrived", "lost"])
def test_after_no_answer_the_payer_is_asked(store: Store, clock: FakeClock, there: bool) -> None:
    after = GONE if there else PENDED
    line = sent(store, clock, PENDED, PayerUnknown("cut"), GONE, inquire=after)
    withdraw(line)
    line.pass_by(40)
    assert line.case().tracks.submission == "cancelled"
    cancels = posted(line)[1:]
    assert len(cancels) == (1 if there else 2)
    assert all(one == cancels[0] for one in cancels)


def test_where_only_a_person_can_ask_one_does(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, AFFIRMED, PayerUnknown("cut"), recovery="person")
    withdraw(line)
    line.pass_by(40)
    case = line.case()
    assert (case.tracks.submission, len(posted(line))) == ("cancelling", 2)
    assert line.events().count("cancel_unknown") == 1
    line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=True)
    tracks = line.case().tracks
    assert (tracks.submission, tracks.decision) == ("cancelled", "cancelled")
    assert [one.status for one in store.utns("case-1")] == ["superseded"]


def test_a_person_hears_that_it_was_not_withdrawn(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, AFFIRMED, PayerUnknown("cut"), recovery="person")
    withdraw(line)
    line.pass_by(40)
    case = line.case()
    line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=False)
    tracks = line.case().tracks
    assert (tracks.submission, tracks.decision, tracks.claim) == ("received", "affirmed", "ready")


def test_a_person_clears_up_only_what_nobody_knows(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, AFFIRMED, GONE)
    withdraw(line)
    case = line.case()
    with pytest.raises(IllegalMove):
        line.follow.withdrawing.clear_up(case, case.revision, SIGNER, over=True)


def test_a_worker_that_dies_sends_the_same_bytes(store: Store, clock: FakeClock) -> None:
    line = sent(store, clock, PENDED, SystemExit(), GONE, inquire=PENDED)
    withdraw(line)
    with pytest.raises(SystemExit):
        line.step()
    line.pass_by(300)
    cancels = posted(line)[1:]
    assert line.case().tracks.submission == "cancelled"
    assert all(one == cancels[0] for one in cancels)


@pytest.mark.parametrize("created", [None, "2026-12-24T12:00:00Z"], ids=["undated", "newer"])
def test_what_is_told_of_a_withdrawn_request_is_not_used(
    store: Store, clock: FakeClock, created: str | None
) -> None:
    line = told_case(store, clock)
    with store.write() as db:
        tracks = replace(line.case().tracks, submission="cancelled", decision="cancelled")
        store.save(db, replace(line.case(), tracks=tracks))
    line.tell(event(1, says("A1", created, utn=N1)))
    work(line)
    assert states.headline(line.case().tracks) == "cancelled"
    assert (store.utns("case-1"), line.events()[-1]) == ([], "told_too_late")


def test_a_late_answer_to_the_request_ends_no_withdrawal(store: Store, clock: FakeClock) -> None:
    line = told_case(store, clock)
    assert line.tell(event(1, says("C")))
    work(line)
    assert line.case().tracks.decision == "cancelled"
    line.tell(event(2, says("A1", "2026-11-24T12:00:00Z", utn=N1)))
    work(line)
    assert line.case().tracks.decision == "cancelled"
    assert store.utns("case-1") == []
