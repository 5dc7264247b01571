"""A request that is changed: the case is what the payer has, and no version answers for another."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases.model import Draft, Person
from smart_app.cases.store import Store
from smart_app.errors import (
    Forbidden,
    IllegalMove,
    LetterError,
    MissingFact,
    PayerUnknown,
    PayerUnreachable,
    StaleRevision,
)
from smart_app.pas import echo
from smart_app.updating import Wished, may_be_changed
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import SIGNER
from tests.unit.pas import requests
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import answering, card, headline, ok
from tests.unit.told import Told, event

N1, N2 = "AB1234567890CD", "AB1234567890CE"
EARLY, MIDDLE, LATE = "2026-11-24T10:00:01Z", "2026-11-25T10:00:00Z", "2026-11-26T10:00:00Z"
FIRST, OTHER = date(2026, 12, 1), date(2026, 12, 8)
REFUSED = Reply(422, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "too late"}]})
NOTHING = Reply(200, {"resourceType": "Bundle", "type": "searchset", "total": 0})
CUT = PayerUnknown("cut")


pytestmark = pytest.mark.usefixtures("asked_of_the_case")


def pended(store: Store, clock: FakeClock, *then: Any, **more: Any) -> Told:
    """Return a request that waits; ``then`` is what the payer answers to what follows."""
    orders, tells = more.pop("orders", 1), more.pop("tells", False)
    several = [an_answer_item("A4", number) for number in range(1, orders + 1)]
    first = ok(*several, created=EARLY)
    line = Told(store, clock, answering(first, *then, inquire=more.pop("inquire", first)), **more)
    line.settings.pended = "subscription" if tells else "inquire"
    items = tuple(requests.the_case(orders).items)
    request = requests.asked(replace(requests.the_case(orders), planned_date=FIRST))
    request["entry"][0]["resource"]["identifier"][0]["value"] = "id-1"
    line.signed(orders, request=request, items=items, planned_date=FIRST)
    with store.write() as db:
        store.put(db, "case-1", "draft", Draft("http://p.example/q", 1, ()))
        store.put(db, "case-1", "response", requests.RESPONSE)
    line.work()
    return line


def change(line: Told, wished: Wished | None = None, person: Person = SIGNER) -> None:
    """Ask for another day, or for what is wished."""
    case = line.case()
    line.follow.updating.begin(case, case.revision, person, wished or Wished(OTHER))


def update(line: Told) -> dict[str, Any]:
    """Return the update that was, or will be, sent."""
    (row,) = [one for one in line.store.submissions("case-1") if one.kind == "update"]
    found: dict[str, Any] = json.loads(line.store.payload(row))
    return found


def named(line: Told, code: str, created: str = MIDDLE, **more: Any) -> Reply:
    """Return an answer that names the update."""
    identifier = update(line)["entry"][0]["resource"]["identifier"]
    return ok(an_answer_item(code, **more), created=created, request={"identifier": identifier[0]})


def test_the_case_changes_when_the_payer_has_taken_it(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created=MIDDLE))
    change(line)
    assert (line.case().planned_date, headline(line)) == (FIRST, "updating")
    assert card(line)[0] == "hold_decision"
    line.work()
    assert (line.case().planned_date, headline(line)) == (OTHER, "pended")
    assert line.case().moved
    assert json.loads(line.payer.posts[1][1]) == update(line)
    (item,) = echo_items(line)
    assert item["servicedDate"] == OTHER.isoformat()
    assert line.follow.deciding.submission(line.case()).kind == "update"
    assert (
        line.events()[-3:] == ["update_asked", "updated", "decided"] or "updated" in line.events()
    )


def echo_items(line: Told) -> list[dict[str, Any]]:
    """Return the items of the update."""
    found: list[dict[str, Any]] = update(line)["entry"][0]["resource"]["item"]
    return found


@pytest.mark.parametrize("code", ["A1", "A3"])
def test_a_change_may_be_decided_at_once(store: Store, clock: FakeClock, code: str) -> None:
    line = pended(store, clock, ok(an_answer_item(code, utn=N1), created=MIDDLE))
    change(line)
    line.work()
    assert headline(line) == {"A1": "affirmed", "A3": "non_affirmed"}[code]
    assert line.case().planned_date == OTHER


@pytest.mark.req("pas-2.0.1@156")
def test_what_the_payer_refuses_leaves_the_request_as_it_was(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, REFUSED)
    change(line)
    line.work()
    assert (line.case().planned_date, headline(line)) == (FIRST, "pended")
    assert line.follow.deciding.submission(line.case()).kind == "initial"
    assert "update_refused" in line.events()
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=LATE)]
    line.pass_by(1100, each=100.0)
    assert headline(line) == "affirmed"


def test_a_dismissed_change_dismisses_no_request(store: Store, clock: FakeClock) -> None:
    dismissed = ok(outcome="error", disposition="dismissed: final already")
    line = pended(store, clock, dismissed)
    change(line)
    line.work()
    assert (line.case().planned_date, headline(line)) == (FIRST, "pended")


def test_traces_alone_answer_for_no_version(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, inquire=ok(an_answer_item("A1", utn=N1), created=LATE))
    change(line)
    line.pass_by(20, each=100.0)
    assert (line.case().planned_date, headline(line)) == (FIRST, "updating")
    assert store.utns("case-1") == []
    assert sum(url.endswith("$submit") for url, _ in line.payer.posts) <= 4


def test_what_names_the_change_tells_that_it_is_there(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT)
    change(line)
    line.payer.answers["$inquire"] = [named(line, "A1", utn=N1)]
    line.pass_by(5)
    assert (line.case().planned_date, headline(line)) == (OTHER, "affirmed")
    assert sum(url.endswith("$submit") for url, _ in line.payer.posts) == 2


def test_what_is_surely_not_there_goes_again_as_it_was(store: Store, clock: FakeClock) -> None:
    taken = ok(an_answer_item("A4"), created=MIDDLE)
    line = pended(store, clock, CUT, taken, inquire=NOTHING)
    change(line)
    line.pass_by(10)
    assert headline(line) == "pended"
    sent = [body for url, body in line.payer.posts if url.endswith("$submit")]
    assert len(sent) == 3 and sent[1] == sent[2]


def test_a_refusal_of_the_second_sending_proves_nothing(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, REFUSED, inquire=NOTHING)
    change(line)
    line.pass_by(10)
    assert headline(line) == "updating"


def test_no_byte_has_left_where_nobody_could_be_reached(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, PayerUnreachable("no"), ok(an_answer_item("A4"), created=MIDDLE))
    change(line)
    line.pass_by(10)
    assert line.case().planned_date == OTHER


@pytest.mark.parametrize("over", [True, False])
def test_a_person_asks_where_nobody_else_can(store: Store, clock: FakeClock, over: bool) -> None:
    line = pended(store, clock, CUT, recovery="person")
    change(line)
    line.work()
    assert line.events()[-1] == "update_unknown"
    with pytest.raises(LetterError):
        line.letter("affirmed", N1)
    case = line.case()
    line.follow.updating.clear_up(case, case.revision, SIGNER, over=over)
    assert headline(line) == "pended"
    assert line.case().planned_date == (OTHER if over else FIRST)
    again = line.case()
    with pytest.raises(IllegalMove):
        line.follow.updating.clear_up(again, again.revision, SIGNER, over=over)


# which version an answer is about ----------------------------------------------------------------


def test_what_is_told_meanwhile_waits_unless_it_names_the_change(
    store: Store, clock: FakeClock
) -> None:
    line = pended(store, clock, CUT, recovery="person", tells=True)
    change(line)
    line.work()
    line.tell(event(1, ok(an_answer_item("A1", utn=N1), created=LATE).body))
    line.work()
    assert headline(line) == "updating"
    assert store.utns("case-1") == []
    line.tell(event(2, named(line, "A3", LATE, utn=N2).body))
    line.work()
    assert (line.case().planned_date, headline(line)) == (OTHER, "non_affirmed")


@pytest.mark.parametrize(
    ("created", "word"), [(EARLY, "pended"), (MIDDLE, "pended"), (LATE, "affirmed"), ("", "pended")]
)
def test_an_approval_of_the_version_before_is_none_of_this_one(
    store: Store, clock: FakeClock, created: str, word: str
) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created=MIDDLE))
    change(line)
    line.work()
    head = {"created": created} if created else {}
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), **head)]
    line.pass_by(30, each=100.0)
    assert headline(line) == word


@pytest.mark.parametrize(("created", "word"), [(EARLY, "pended"), (LATE, "affirmed")])
def test_nor_is_one_that_is_told(store: Store, clock: FakeClock, created: str, word: str) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created=MIDDLE), tells=True)
    change(line)
    line.work()
    line.tell(event(1, ok(an_answer_item("A1", utn=N1), created=created).body))
    line.work()
    assert headline(line) == word


def test_what_names_the_version_before_may_be_newer(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created=MIDDLE))
    change(line)
    line.work()
    first = {"system": update(line)["entry"][0]["resource"]["identifier"][0]["system"]}
    head = {"request": {"identifier": {**first, "value": "id-1"}}}
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=EARLY, **head)]
    line.pass_by(30, each=100.0)
    assert headline(line) == "pended"
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=LATE, **head)]
    line.pass_by(30, each=100.0)
    assert headline(line) == "affirmed"
    assert line.events().count("quarantined") == 1  # the one of before is told of, once


def test_an_answer_that_names_the_version_before_takes_no_change(
    store: Store, clock: FakeClock
) -> None:
    system = requests.asked(requests.the_case())["entry"][0]["resource"]["identifier"][0]["system"]
    old = {"request": {"identifier": {"system": system, "value": "id-1"}}}
    answer = ok(an_answer_item("A1", utn=N1), created=MIDDLE, **old)
    line = pended(store, clock, answer, recovery="person")
    change(line)
    line.work()
    assert (line.case().planned_date, headline(line)) == (FIRST, "updating")
    assert store.utns("case-1") == []


# what is changed ---------------------------------------------------------------------------------


@pytest.mark.req("pas-2.2.1@spec-63", "pas-2.0.1@159")
def test_a_service_that_is_not_asked_for_any_more(store: Store, clock: FakeClock) -> None:
    both = ok(an_answer_item("C"), an_answer_item("A1", 2, utn=N1), created=MIDDLE)
    line = pended(store, clock, both, orders=2)
    change(line, Wished(FIRST, dropped=frozenset({"trace-1"})))
    line.work()
    gone, kept = echo_items(line)
    assert echo.is_cancelled(gone) and not echo.is_cancelled(kept)
    assert [one.trace for one in line.case().items] == ["trace-2"]
    assert headline(line) == "affirmed"


def test_what_is_done_together_is_not_left_alone(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, orders=2)
    first, second = line.case().items
    with store.write() as db:
        store.save(db, replace(line.case(), items=(first, replace(second, add_on=True))))
    with pytest.raises(MissingFact):
        change(line, Wished(FIRST, dropped=frozenset({"trace-1"})))


def test_people_read_what_was_changed(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, orders=2)
    note = line.follow.updating.addable(line.case())[0].ref
    units, gone = {"trace-2": 3}, frozenset({"trace-1"})
    change(line, Wished(OTHER, units=units, dropped=gone, documents=(note,)))
    (told,) = [one for one in line.world.audit.events("case-1") if one.kind == "update_asked"]
    assert formatters.event(told, "Zyter") == (
        "Change signed for Zyter: 62323 is not asked for, 62323: 3 units, planned Tue 8 Dec 2026 "
        "and 1 document added"
    )


def test_units(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created=MIDDLE))
    change(line, Wished(FIRST, units={"trace-1": 3}))
    line.work()
    assert echo_items(line)[0]["quantity"]["value"] == 3
    assert line.case().items[0].units == 3


def test_a_document_is_added(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, ok(an_answer_item("A4"), created=MIDDLE))
    (listed,) = line.follow.updating.addable(line.case())
    change(line, Wished(FIRST, documents=(listed.ref, "DocumentReference/another")))
    line.work()
    assert line.case().also_sent == (listed.ref,)
    assert line.follow.updating.addable(line.case()) == ()


def test_a_change_may_be_changed_and_withdrawn(store: Store, clock: FakeClock) -> None:
    waits = ok(an_answer_item("A4"), created=MIDDLE)
    line = pended(store, clock, waits, ok(an_answer_item("A4"), created=LATE))
    change(line)
    line.work()
    change(line, Wished(date(2026, 12, 9)))
    line.work()
    rows = store.submissions("case-1")
    first, second = (json.loads(store.payload(one)) for one in rows[1:])
    assert second["entry"][1] == first["entry"][0]  # the latest version alone comes along
    line.payer.answers["$submit"] = [ok(an_answer_item("C"))]
    case = line.case()
    line.follow.withdrawing.begin(case, case.revision, SIGNER)
    line.work()
    assert headline(line) == "cancelled"


@pytest.mark.parametrize(
    "wished",
    [
        Wished(FIRST),
        Wished(FIRST, dropped=frozenset({"trace-1"})),
        Wished(FIRST, documents=("DocumentReference/another",)),
    ],
    ids=["nothing", "all of it", "a document that is not there"],
)
def test_what_is_no_change_is_not_sent(store: Store, clock: FakeClock, wished: Wished) -> None:
    line = pended(store, clock)
    before = line.case()
    with pytest.raises(MissingFact):
        change(line, wished)
    assert (line.case(), len(store.submissions("case-1"))) == (before, 1)


def test_who_may_not_sign_changes_nothing(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    with pytest.raises(Forbidden):
        change(line, person=replace(SIGNER, may_sign=False))
    case = line.case()
    with pytest.raises(StaleRevision):
        line.follow.updating.begin(case, case.revision - 1, SIGNER, Wished(OTHER))
    assert len(store.submissions("case-1")) == 1


def test_what_is_decided_or_on_its_way_takes_no_change(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT, recovery="person")
    change(line)
    assert not may_be_changed(line.case())
    with pytest.raises(IllegalMove):
        change(line)
    case = line.case()
    with pytest.raises(IllegalMove):
        line.follow.withdrawing.begin(case, case.revision, SIGNER)


def test_an_affirmed_request_takes_none(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.letter("affirmed", N1)
    assert not may_be_changed(line.case())


def test_the_same_change_again_is_known_and_another_is_not(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock, CUT)
    change(line)
    case, updating = line.case(), line.follow.updating
    assert updating.same(case, Wished(OTHER, units={"trace-1": 1}), SIGNER)
    assert not updating.same(case, Wished(date(2026, 12, 20), units={"trace-1": 1}), SIGNER)
    assert not updating.same(case, Wished(OTHER, units={"trace-1": 2}), SIGNER)
    assert not updating.same(case, Wished(FIRST, units={"trace-1": 1}), SIGNER)
