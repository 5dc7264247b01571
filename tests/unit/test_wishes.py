"""What a payer wants, each wish by itself, and what a later answer of the payer makes of it."""

from __future__ import annotations

import pytest

from smart_app.cases.model import Receipt
from smart_app.cases.store import Store
from smart_app.errors import IllegalMove, PayerUnknown, PayerUnreachable
from tests.unit.kit import FakeClock, Reply
from tests.unit.line import SIGNER
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.pas.test_wanted import a_wish, asking
from tests.unit.test_adding import REFUSED, TAKEN, add, decline, posted, state, states, wanting
from tests.unit.test_follow import ok

TWO = a_wish(payload=[{"contentString": "11506-3"}, {"contentString": "18842-5"}])


def test_two_that_have_a_number_in_common_are_answered_one_by_one(
    store: Store, clock: FakeClock
) -> None:
    line = wanting(store, clock, submit=Reply(200, asking(TWO)))
    add(line)
    assert states(line) == ["sending", "open"]
    line.step()
    assert states(line) == ["received", "open"]
    decline(line, "not in this chart", which=1)
    assert states(line) == ["received", "declined"]
    assert [one["status"] for one in line.follow.adding.tasks(line.case())][-1] == "failed"
    assert len(posted(line)) == 1


def test_what_has_no_number_is_told_and_cannot_be_sent(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, submit=Reply(200, asking(a_wish(identifier=[]))))
    assert (states(line), line.events().count("wanted")) == (["elsewhere"], 1)
    with pytest.raises(IllegalMove):
        add(line)
    with pytest.raises(IllegalMove):
        decline(line, "not in this chart")
    assert line.follow.adding.tasks(line.case()) == ()


def again(*, beside: bool) -> Reply:
    """Return a list whose answer names what is asked for, which is in it or not."""
    wish = {"fullUrl": "urn:uuid:c-1", "resource": a_wish(id="c-1")}
    answer = ok(an_answer_item("A4"), communicationRequest=[{"reference": "urn:uuid:c-1"}])
    entries = [*answer.body["entry"], *([wish] if beside else [])]
    return Reply(200, {"resourceType": "Bundle", "type": "collection", "entry": entries})


@pytest.mark.parametrize("beside", [True, False])
def test_what_is_asked_for_again_is_the_same(store: Store, clock: FakeClock, beside: bool) -> None:
    down, listed = PayerUnreachable("down"), again(beside=beside)
    line = wanting(store, clock, down, down, TAKEN, inquire=listed)
    line.pass_by(10)
    assert states(line) == ["open"]
    add(line)
    line.pass_by(60)
    assert (states(line), "add_dropped" in line.events()) == (["received"], False)


def test_what_nobody_knows_of_stays_so_when_the_payer_is_asked(
    store: Store, clock: FakeClock
) -> None:
    line = wanting(store, clock, PayerUnknown("cut"), inquire=again(beside=True))
    add(line)
    line.pass_by(30)
    assert states(line) == ["unknown"]


def test_a_refusal_of_a_second_sending_may_mean_that_it_is_there(
    store: Store, clock: FakeClock
) -> None:
    line = wanting(store, clock, PayerUnknown("cut"), REFUSED, recovery="idempotent_resend")
    add(line)
    line.pass_by(20)
    assert (state(line), len(posted(line))) == ("unknown", 2)
    (wish,) = line.follow.adding.wishes(line.case())
    assert wish.sent
    line.follow.adding.clear_up(line.case(), SIGNER, wish.sent.identifier, arrived=False)
    line.pass_by(5)
    assert (state(line), len(posted(line))) == ("rejected", 2)


def test_a_late_refusal_takes_back_nothing(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock)
    add(line)
    line.step()
    (row,) = [one for one in store.submissions("case-1") if one.kind == "attachment"]
    with store.write() as db:
        store.put(db, "case-1", f"answer:{row.identifier}", Receipt("rejected", 409))
        line.world.tasks.add(db, "attach", "case-1", tag=f"late-1:{row.identifier}")
    line.pass_by(5)
    assert state(line) == "received"


def test_what_is_newly_asked_for_without_a_number_is_told(store: Store, clock: FakeClock) -> None:
    new = a_wish(id="c-1", identifier=[], payload=[{"contentString": "18842-5"}])
    answer = ok(an_answer_item("A4"), communicationRequest=[{"reference": "urn:uuid:c-1"}])
    entries = [*answer.body["entry"], {"fullUrl": "urn:uuid:c-1", "resource": new}]
    listed = Reply(200, {"resourceType": "Bundle", "type": "collection", "entry": entries})
    line = wanting(store, clock, inquire=listed)
    add(line)
    line.pass_by(60)
    assert states(line) == ["elsewhere", "received"]


def test_a_late_task_takes_back_no_persons_word(store: Store, clock: FakeClock) -> None:
    line = wanting(store, clock, PayerUnknown("cut"), REFUSED, recovery="idempotent_resend")
    add(line)
    line.pass_by(20)
    (wish,) = line.follow.adding.wishes(line.case())
    assert wish.sent
    name = wish.sent.identifier
    line.follow.adding.clear_up(line.case(), SIGNER, name, arrived=False)
    with store.write() as db:
        line.world.tasks.add(db, "attach", "case-1", tag=f"late-1:{name}")
    line.pass_by(5)
    assert states(line) == ["rejected"]
