"""What a payer wants to see: sent once, or said not to be had, and never lost from sight."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot
from smart_app.cases.store import Store
from smart_app.errors import IllegalMove, MissingFact, PayerUnknown, PayerUnreachable
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import LEASE, NOTE, SIGNER, Line
from tests.unit.pas import requests
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.pas.test_wanted import a_wish, asking
from tests.unit.test_follow import ok

CHOSEN = ("DocumentReference/n1",)
TAKEN = Reply(200, {"resourceType": "OperationOutcome", "issue": [{"severity": "information"}]})
REFUSED = Reply(422, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "no note"}]})


def wanting(store: Store, clock: FakeClock, *answers: Any, **more: Any) -> Line:
    """Return a case whose payer wants a note; ``answers`` are to what is sent then."""
    payer = FakePayer(
        {
            "$submit": [more.pop("submit", Reply(200, asking(a_wish())))],
            "$inquire": [more.pop("inquire", ok(an_answer_item("A4")))],
            "$submit-attachment": list(answers or [TAKEN]),
        }
    )
    line = Line(store, clock, payer, **more)
    request = requests.a_request()
    request["entry"][0]["resource"]["identifier"][0]["value"] = "id-1"
    line.signed(request=request)
    line.step()
    return line


def add(line: Line, *chosen: str, name: str | None = None) -> None:
    """Send documents for a wish, the first one if no other is named."""
    line.follow.adding.begin(line.case(), SIGNER, name or named(line), chosen or CHOSEN)


def named(line: Line, which: int = 0) -> str:
    """Return the name of a wish."""
    return line.follow.adding.wishes(line.case())[which].name


def decline(line: Line, why: str, which: int = 0) -> None:
    """Say that a wish cannot be answered."""
    line.follow.adding.decline(line.case(), SIGNER, named(line, which), why)


def states(line: Line) -> list[str]:
    """Return what became of each wish."""
    return [one.state for one in line.follow.adding.wishes(line.case())]


def state(line: Line) -> str:
    """Return what became of the one wish."""
    (wish,) = line.follow.adding.wishes(line.case())
    return wish.state


def posted(line: Line) -> list[dict[str, Any]]:
    """Return what was sent beside requests."""
    return [json.loads(body) for url, body in line.payer.posts if url.endswith("-attachment")]


@pytest.mark.req("pas-2.0.1@22", "pas-2.0.1@24")
def test_what_is_asked_for_is_sent(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    assert state(line) == "open"
    assert line.events().count("wanted") == 1
    add(line)
    line.step()
    assert state(line) == "received"
    (sent,) = posted(line)
    told = {one["name"]: one for one in sent["parameter"]}
    assert told["TrackingId"]["valueIdentifier"] == {"system": "urn:payer", "value": "ACN-1"}
    assert told["AttachTo"]["valueCode"] == "preauthorization"
    assert told["MemberId"]["valueIdentifier"]["value"] == requests.MEMBER
    parts = {one["name"]: one for one in told["Attachment"]["part"]}
    assert parts["LineItem"]["valueString"] == "1"
    assert parts["Code"]["valueCodeableConcept"]["coding"][0]["code"] == "11506-3"
    assert parts["Content"]["resource"]["content"][0]["attachment"]["data"] == "eA=="
    assert told["Final"]["valueBoolean"] is True


def test_an_inquiry_that_names_no_wish_ends_none(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    line.pass_by(10)
    assert state(line) == "open"
    assert line.events().count("wanted") == 1


def test_what_is_decided_wants_nothing(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, inquire=ok(an_answer_item("A3", utn="AB1234567890CD")))
    name = named(line)
    line.pass_by(10)
    assert line.follow.adding.wishes(line.case()) == ()
    with pytest.raises(IllegalMove):
        add(line, name=name)


@pytest.mark.parametrize("chosen", [("DocumentReference/other",), ("Patient/p1",), ("",)])
def test_only_documents_of_this_chart_are_sent(
    store: Store, clock: FakeClock, chosen: tuple[str, ...]
) -> None:
    line = wanting(store, clock)
    with pytest.raises(MissingFact):
        add(line, *chosen)
    assert posted(line) == []


def test_a_second_click_sends_nothing_more(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    add(line)
    with pytest.raises(IllegalMove):
        add(line)
    line.pass_by(5)
    assert len(posted(line)) == 1


def test_another_wish_is_none(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    with pytest.raises(IllegalMove):
        add(line, name="another")


def test_what_was_refused_may_be_sent_otherwise(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, REFUSED, TAKEN)
    add(line)
    line.step()
    (wish,) = line.follow.adding.wishes(line.case())
    assert (wish.state, wish.faults) == ("rejected", ("no note",))
    add(line)
    line.pass_by(3)
    assert state(line) == "received"


@pytest.mark.parametrize("answer", [PayerUnknown("cut"), Reply(500, None), SystemExit()])
def test_after_no_answer_a_person_asks(store: Store, clock: FakeClock, answer: Any) -> None:
    line = wanting(store, clock, answer, TAKEN)
    add(line)
    for _ in range(80):
        with contextlib.suppress(SystemExit):
            line.step()
        clock.pass_by(1)
    assert (state(line), len(posted(line))) == ("unknown", 1)
    name = line.follow.adding.wishes(line.case())[0].sent
    assert name is not None
    line.follow.adding.clear_up(line.case(), SIGNER, name.identifier, arrived=False)
    with pytest.raises(IllegalMove):
        line.follow.adding.clear_up(line.case(), SIGNER, name.identifier, arrived=False)
    line.pass_by(5)
    assert state(line) == "received"
    first, second = posted(line)
    assert first == second


def test_a_person_hears_that_it_arrived(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, PayerUnknown("cut"))
    add(line)
    line.step()
    name = line.follow.adding.wishes(line.case())[0].sent
    assert name is not None
    line.follow.adding.clear_up(line.case(), SIGNER, name.identifier, arrived=True)
    line.pass_by(5)
    assert (state(line), len(posted(line))) == ("received", 1)


def test_a_payer_that_keeps_one_of_it_gets_the_same_again(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, PayerUnknown("cut"), TAKEN, recovery="idempotent_resend")
    add(line)
    line.pass_by(5)
    first, second = posted(line)
    assert (state(line), first == second) == ("received", True)


def test_a_payer_that_is_down_gets_it_later(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, PayerUnreachable("down"), TAKEN)
    add(line)
    line.pass_by(10)
    assert state(line) == "received"


def test_what_is_asked_for_no_more_does_not_leave(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, PayerUnreachable("down"), TAKEN)
    add(line)
    line.step()
    with store.write() as db:
        tracks = replace(line.case().tracks, submission="cancelled", decision="cancelled")
        store.save(db, replace(line.case(), tracks=tracks))
    tried = len(posted(line))
    line.pass_by(60)
    assert (len(posted(line)), line.events()[-1]) == (tried, "add_dropped")


def test_what_a_withdrawal_kept_from_leaving_may_be_sent_when_it_is_refused(
    store: Store, clock: FakeClock
) -> None:
    line = wanting(store, clock, PayerUnreachable("down"), TAKEN, recovery="person")
    add(line)
    line.step()
    line.payer.answers["$submit"] = [PayerUnknown("cut")]
    case, withdrawing = line.case(), line.follow.withdrawing
    withdrawing.begin(case, case.revision, SIGNER)
    line.pass_by(60)
    assert (states(line), "add_dropped" in line.events()) == ([], True)
    case = line.case()
    withdrawing.clear_up(case, case.revision, SIGNER, over=False)
    assert state(line) == "open"
    add(line)
    line.pass_by(3)
    assert state(line) == "received"


def test_the_same_is_sent_three_times_at_most(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, PayerUnknown("cut"), recovery="idempotent_resend")
    add(line)
    line.pass_by(60)
    assert (len(posted(line)), state(line)) == (3, "unknown")


def test_nothing_is_sent_for_a_closed_case(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    name = named(line)
    with store.write() as db:
        store.save(db, replace(line.case(), closed=True))
    with pytest.raises(IllegalMove):
        add(line, name=name)


@pytest.mark.req("pas-2.0.1@21")
def test_what_cannot_be_provided_is_noted_and_its_task_has_failed(
    store: Store, clock: FakeClock
) -> None:
    line = wanting(store, clock)
    decline(line, " The note was never written. ")
    assert (state(line), line.events()[-1]) == ("declined", "declined")
    tasks = line.follow.adding.tasks(line.case())
    assert {one["status"] for one in tasks} == {"failed"}
    assert tasks[0]["statusReason"] == {"text": "The note was never written."}
    with pytest.raises(IllegalMove):
        decline(line, "again")
    line.pass_by(5)
    assert posted(line) == []


def test_why_it_cannot_be_provided_must_be_said(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    with pytest.raises(MissingFact):
        decline(line, "  ")
    assert state(line) == "open"


def test_what_turns_up_after_all_is_sent(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    decline(line, "not found")
    clock.pass_by(60)
    add(line)
    line.pass_by(3)
    assert state(line) == "received"
    assert {one["status"] for one in line.follow.adding.tasks(line.case())} == {"completed"}


def test_what_is_on_its_way_is_not_declined(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    add(line)
    with pytest.raises(IllegalMove):
        decline(line, "not found")


@pytest.mark.parametrize("person", [None, True, False], ids=["nobody", "there", "not there"])
def test_an_answer_after_the_lease_is_not_lost(
    store: Store, clock: FakeClock, person: bool | None
) -> None:
    """Whatever a person has said meanwhile, nothing is sent again of what the payer has taken."""
    line = wanting(store, clock)
    add(line)
    post = line.payer.post

    def slow(url: str, body: bytes, content_type: str) -> Reply:
        reply = post(url, body, content_type)
        clock.pass_by(LEASE + 1)
        other = line.world.tasks.claim()
        assert other
        line.follow.adding.attach(other)
        assert state(line) == "unknown"
        wish = line.follow.adding.wishes(line.case())[0]
        if person is not None and wish.sent:
            line.follow.adding.clear_up(line.case(), SIGNER, wish.sent.identifier, arrived=person)
        return reply

    line.payer.post = slow  # type: ignore[method-assign]
    line.step()
    line.payer.post = post  # type: ignore[method-assign]
    line.pass_by(5)
    assert (state(line), len(posted(line))) == ("received", 1)


def test_a_worker_that_dies_with_the_answer_sends_nothing_more(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = wanting(store, clock)
    add(line)

    def dies(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as during:
        during.setattr(type(line.follow.adding), "_over", dies)
        with pytest.raises(SystemExit):
            line.step()
    clock.pass_by(LEASE + 1)
    line.pass_by(5)
    assert (state(line), len(posted(line))) == ("received", 1)


def test_a_document_that_is_not_sound_is_not_sent(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    chart = store.latest("case-1", "chart", ChartSnapshot)
    assert chart
    wrong = {**NOTE, "date": "11/24/2026"}
    resources = {**chart.resources, "DocumentReference": (wrong,)}
    with store.write() as db:
        store.put(db, "case-1", "chart", replace(chart, resources=resources))
    with pytest.raises(MissingFact) as caught:
        add(line)
    assert "“date”" in caught.value.say
    line.step()
    assert (posted(line), state(line)) == ([], "open")
