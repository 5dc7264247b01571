"""An answer that came is kept before it is read: no failure of ours loses it or sends again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from smart_app import formatters
from smart_app.answers import ANSWER
from smart_app.cases import states
from smart_app.cases.model import Person, Receipt
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.pas import decision
from smart_app.utn import record
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import LEASE, Line
from tests.unit.pas.test_decision import an_answer, an_answer_item, extension

N1 = "JFA99900004417"
RECOVERIES = ("idempotent_resend", "inquire", "person")
UNSET = "0001-01-01T00:00:00+00:00"
WAITS = an_answer(an_answer_item("A4"))
AFFIRMED = an_answer(an_answer_item("A1", utn=N1))
NONE = Reply(200, {"resourceType": "Parameters"})


def a_line(
    store: Store, clock: FakeClock, first: Any, *, then: Any = NONE, recovery: str = "inquire"
) -> Line:
    """Return a line west of UTC whose request was signed, and what its payer answers."""
    payer = FakePayer({"$submit": [first], "$inquire": [then]})
    line = Line(store, clock, payer, recovery=recovery)
    line.world.sites.of_id("site").time_zone = "America/Chicago"
    line.signed()
    return line


def state(line: Line) -> str:
    return states.headline(line.case().tracks)


def explodes(*_: Any, **__: Any) -> Any:
    raise OverflowError


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_a_day_that_no_calendar_has_is_no_day(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    denied = Reply(200, an_answer(an_answer_item("A3"), created=UNSET))
    line = a_line(store, clock, denied, recovery=recovery)
    line.pass_by(100, each=60)
    assert (state(line), line.submits()) == ("non_affirmed", 1)


def test_a_poll_takes_a_denial_without_a_true_day(store: Store, clock: FakeClock) -> None:
    denied = Reply(200, an_answer(an_answer_item("A3"), created=UNSET))
    line = a_line(store, clock, Reply(200, WAITS), then=denied)
    line.pass_by(20, each=60)
    assert state(line) == "non_affirmed"


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"valueDate": "9999-12-31"}, {}),
        ({}, {"created": "2020-01-01T00:00:00Z"}),
        ({}, {"created": "1970-01-01T00:00:00Z"}),
    ],
    ids=["last day", "before it was signed", "epoch"],
)
def test_no_window_begins_on_a_day_that_dates_no_decision(
    store: Store, clock: FakeClock, more: dict[str, Any], answer: dict[str, Any]
) -> None:
    dated = [extension("extension-itemPreAuthIssueDate", **more)]
    item = an_answer_item("A1", utn=N1, extensions=dated)
    line = a_line(store, clock, Reply(200, an_answer(item, **answer)))
    line.step()
    found = store.utns("case-1")[0]
    assert (found.valid_from, found.valid_to) == (date(2026, 11, 24), date(2027, 3, 23))


@pytest.mark.parametrize("recovery", RECOVERIES)
@pytest.mark.parametrize("where", [(decision, "read"), (decision, "refusal"), (record, "record")])
def test_an_answer_that_our_reading_fails_of_is_read_by_a_person(
    store: Store,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    recovery: str,
    where: tuple[Any, str],
) -> None:
    fine = getattr(*where)

    def fails(*args: Any, **more: Any) -> Any:
        found = args[0]
        return fine(*args, **more) if getattr(found, "items", None) == () else explodes()

    monkeypatch.setattr(*where, fails)
    line = a_line(store, clock, Reply(200, AFFIRMED), recovery=recovery)
    with caplog.at_level(logging.ERROR):
        line.pass_by(100, each=60)
    assert line.submits() == 1
    assert state(line) == ("affirmed" if where[1] == "refusal" else "unreadable")
    failures = [one for one in caplog.records if one.msg == "answer unread"]
    assert {one.why for one in failures} == {"OverflowError"}  # type: ignore[attr-defined]
    assert "parked" not in line.events()


def test_what_a_poll_cannot_read_is_told(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(store, clock, Reply(200, WAITS), then=Reply(200, AFFIRMED))
    line.step()
    monkeypatch.setattr(decision, "_read", explodes)
    line.pass_by(20, each=60)
    assert state(line) == "unreadable"
    told = [formatters.event(one, "Zyter") for one in line.world.audit.events("case-1")]
    assert told.count("An answer was not used: software cannot read it") == 1
    monkeypatch.undo()
    line.pass_by(5, each=60)
    assert state(line) == "affirmed"


@pytest.mark.parametrize("recovery", RECOVERIES)
@pytest.mark.parametrize(
    ("answer", "word"), [(Reply(200, AFFIRMED), "affirmed"), (Reply(422, None), "rejected")]
)
def test_a_worker_that_dies_while_it_reads_leaves_the_answer(
    store: Store,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    recovery: str,
    answer: Reply,
    word: str,
) -> None:
    line = a_line(store, clock, answer, recovery=recovery)

    def dies(*_: Any) -> Any:
        raise SystemExit

    judged = line.follow.deciding.judged
    monkeypatch.setattr(line.follow.deciding, "judged", dies)
    with pytest.raises(SystemExit):
        line.step()
    monkeypatch.setattr(line.follow.deciding, "judged", judged)
    clock.pass_by(LEASE + 1)
    line.pass_by(100, each=60)
    assert (state(line), line.submits()) == (word, 1)


def test_an_answer_that_comes_before_the_next_sending_prevents_it(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, Reply(200, AFFIRMED), recovery="idempotent_resend")

    def slow(*_: Any) -> Reply:
        clock.pass_by(LEASE + 1)
        for _ in range(2):  # another worker: what became of it is not known, so send again
            assert line.step()
            clock.pass_by(2)
        assert line.case().tracks.submission == "queued"
        return Reply(200, AFFIRMED)

    post, line.payer.post = line.payer.post, slow  # type: ignore[method-assign]
    line.step()
    line.payer.post = post  # type: ignore[method-assign]
    line.pass_by(20, each=60)
    assert (state(line), line.submits()) == ("affirmed", 0)
    assert "parked" not in line.events()


def test_a_refusal_of_a_second_sending_is_none_although_a_worker_died(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), recovery="idempotent_resend")
    line.step()
    line.payer.answers["$submit"] = [Reply(409, None)]
    judged = line.follow.deciding.judged

    def dies(*_: Any) -> Any:
        raise SystemExit

    clock.pass_by(2)
    line.step()
    monkeypatch.setattr(line.follow.deciding, "judged", dies)
    with pytest.raises(SystemExit):
        line.step()
    monkeypatch.setattr(line.follow.deciding, "judged", judged)
    line.pass_by(100, each=60)
    assert (state(line), line.submits(), line.events()[-1]) == ("unknown", 2, "person_needed")


def late(line: Line, answer: Reply, meanwhile: Callable[[], object]) -> None:
    """Let an answer come when another worker does not know what became of the request."""
    post = line.payer.post

    def slow(*_: Any) -> Reply:
        line.clock.pass_by(LEASE + 1)
        assert line.step()
        meanwhile()
        return answer

    line.payer.post = slow  # type: ignore[method-assign]
    line.step()
    line.payer.post = post  # type: ignore[method-assign]
    line.pass_by(20, each=60)


def test_an_answer_that_a_letter_forestalled_is_told(store: Store, clock: FakeClock) -> None:
    denied = Reply(200, an_answer(an_answer_item("A3")))
    line = a_line(store, clock, denied, then=denied, recovery="person")
    late(line, denied, lambda: line.letter("affirmed", N1))
    assert (state(line), line.case().tracks.claim) == ("non_affirmed", "hold")
    assert line.events().count("sources_disagree") == 1
    line.letter("affirmed")
    line.pass_by(20, each=60)
    assert state(line) == "affirmed_number_awaited"
    assert line.events().count("sources_disagree") == 1


def test_an_answer_that_comes_after_all_outranks_a_refusal(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, Reply(200, AFFIRMED), recovery="person")

    def refused() -> None:
        line.follow.not_accepted(line.case(), line.case().revision, Person("Practitioner/2", "Rob"))
        assert state(line) == "rejected"

    late(line, Reply(200, AFFIRMED), refused)
    assert state(line) == "affirmed"


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_the_refusal_of_a_later_sending_hides_no_answer_to_an_earlier_one(
    store: Store, clock: FakeClock, recovery: str
) -> None:
    line = a_line(store, clock, PayerUnknown("cut"), recovery=recovery)
    line.step()
    row = line.follow.sending.submission(line.case())
    stage = f"{ANSWER}:{row.identifier}"
    with store.write() as db:
        store.put(db, "case-1", stage, Receipt("received", 200, AFFIRMED))
        store.put(db, "case-1", stage, Receipt("rejected", 409, None, ("duplicate",)))
        line.world.tasks.add(db, "recover", "case-1", tag="late")
    line.pass_by(20, each=60)
    assert (state(line), line.submits()) == ("affirmed", 1)


def test_a_refusal_after_a_letter_leaves_nothing_to_do(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, Reply(200, WAITS), recovery="person")
    late(line, Reply(422, None), lambda: line.letter("affirmed", N1))
    assert (state(line), line.case().tracks.claim) == ("affirmed", "ready")
    left = [one for one in line.world.tasks.of_case("case-1") if one.state != "done"]
    assert "recover" not in [one.kind for one in left]
