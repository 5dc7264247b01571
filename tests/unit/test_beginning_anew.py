"""A new request takes the place of an old one only when no order bears the old one's number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from launch.errors import TokenRevoked
from smart_app.cases.model import Case, Person, Tracks
from smart_app.cases.store import Store
from smart_app.errors import Deleted, NotInChart
from smart_app.review import Review, StillMarked
from tests.unit.front import DOCTOR, Front, a_coverage, a_launch, an_order
from tests.unit.kit import FakeClock
from tests.unit.line import Line
from tests.unit.test_filing import GIVEN, order
from tests.unit.test_taking_back import FIRST, NO_ANSWER, SECOND, Chart, at_first, raising, to_file

TOGETHER = {"requisition": {"value": "both"}}
BOTH = (FIRST, SECOND)


def begin_anew(line: Line) -> Case:
    """Begin a new request in place of a dismissed one, as a user who did not sign."""
    flow: Any = SimpleNamespace(
        world=line.world, store=line.store, draft=lambda _: ("form", "draft"), kept=lambda _: "c"
    )
    robin, context = Person("Practitioner/2", "Robin"), a_launch(fhir_user="Practitioner/2")
    return Review(flow).again(line.case(), line.case().revision, robin, context)


def dismissed(store: Store, clock: FakeClock) -> tuple[Line, Chart]:
    """Return a line whose order is marked, then dismissed, when the signer's token is gone."""
    line, chart = to_file(store, clock)
    line.step()

    def gone(*_: Any) -> Any:
        raise TokenRevoked

    line.world.bearer.context = gone
    line.letter("dismissed")
    line.pass_by(3)
    assert (line.case().tracks.chart, chart.bears()) == ("awaiting_launch", True)
    return line, chart


@pytest.mark.parametrize("answers", [True, False])
def test_a_request_whose_order_is_still_marked_is_not_replaced(
    store: Store, clock: FakeClock, answers: bool
) -> None:
    line, chart = dismissed(store, clock)
    if not answers:
        chart.reading = raising(NO_ANSWER)
    with pytest.raises(StillMarked):
        begin_anew(line)
    assert not line.case().closed


def test_an_order_that_was_changed_by_hand_lets_a_new_request_begin(
    store: Store, clock: FakeClock
) -> None:
    line, chart = dismissed(store, clock)
    chart.held[FIRST] = order(extension=[GIVEN])
    assert begin_anew(line).prior_case_id == "case-1"
    assert line.case().closed


def test_an_order_that_was_deleted_lets_a_new_request_begin(store: Store, clock: FakeClock) -> None:
    line, chart = dismissed(store, clock)
    chart.reading = raising(Deleted("status 410"))
    assert begin_anew(line).prior_case_id == "case-1"


def test_an_order_that_this_user_may_not_see_is_not_taken_for_unmarked(
    store: Store, clock: FakeClock
) -> None:
    line, chart = dismissed(store, clock)
    chart.reading = raising(NotInChart("status 404"))
    with pytest.raises(StillMarked):
        begin_anew(line)
    assert not line.case().closed


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]},
        {"resourceType": "OperationOutcome", "id": "1"},
        order(id="2"),
        {"resourceType": "ServiceRequest"},
    ],
    ids=str,
)
def test_an_answer_about_something_else_is_not_taken_for_an_unmarked_order(
    store: Store, clock: FakeClock, body: dict[str, Any]
) -> None:
    line, chart = dismissed(store, clock)
    chart.held[FIRST] = body
    with pytest.raises(StillMarked):
        begin_anew(line)
    assert not line.case().closed


def test_a_write_under_way_is_waited_for_before_a_new_request_begins(
    store: Store, clock: FakeClock
) -> None:
    line, chart = to_file(store, clock)
    refused: list[bool] = []

    def during(_: str) -> None:
        line.letter("dismissed")
        before, chart.held[FIRST] = chart.held[FIRST], order(extension=[GIVEN])
        with pytest.raises(StillMarked):
            begin_anew(line)
        refused.append(True)
        chart.held[FIRST] = before

    chart.written = at_first(lambda: during(FIRST))
    line.step()
    assert refused == [True]
    line.pass_by(5)
    assert not chart.bears()
    assert begin_anew(line).prior_case_id == "case-1"


@pytest.fixture
def front(no_chart: Front) -> Front:
    """Return the stages before the signature, over a chart of two orders that belong together."""
    no_chart.world.vault = SimpleNamespace(forget=lambda *_: None)
    no_chart.world.sites.registrations = SimpleNamespace(idle_minutes=dict)
    no_chart.chart(a_coverage(), an_order(**TOGETHER), an_order("2", **TOGETHER))
    return no_chart


def test_what_was_changed_stays_so_in_the_new_request(front: Front) -> None:
    """The chart says what it said before: the request that a person changed goes on."""
    case = front.opened(order_refs=BOTH)
    assert len(case.items) == 2
    changed = replace(
        case,
        items=tuple(replace(one, units=3) for one in case.items),
        planned_date=date(2026, 12, 24),
        tracks=Tracks("signed", "received", "dismissed"),
    )
    with front.store.write() as db:
        case = front.store.save(db, changed)
    fresh = front.acts.again(case, case.revision, DOCTOR, a_launch())
    again = front.opened(launch_id="L2", order_refs=BOTH)
    assert (again.id, again.prior_case_id) == (fresh.id, case.id)
    assert again.planned_date == date(2026, 12, 24)
    front.chart(
        a_coverage(),
        an_order(occurrenceDateTime="2026-12-30", **TOGETHER),
        an_order("2", **TOGETHER),
    )
    other = front.opened(launch_id="L3", order_refs=BOTH)
    assert (other.id != fresh.id, other.planned_date) == (True, date(2026, 12, 30))


def less(front: Front) -> tuple[Case, Case]:
    """Return a request of two orders of which a change took one out, and its new request."""
    case = front.opened(order_refs=BOTH)
    changed = replace(
        case,
        items=case.items[:1],
        dropped=case.items[1:],
        tracks=Tracks("signed", "received", "dismissed"),
    )
    with front.store.write() as db:
        case = front.store.save(db, changed)
    return case, front.acts.again(case, case.revision, DOCTOR, a_launch())


@pytest.mark.parametrize("refs", [BOTH, (FIRST,)], ids=["both", "the other"])
def test_what_was_taken_out_is_none_of_the_new_request(front: Front, refs: tuple[str, ...]) -> None:
    case, fresh = less(front)
    assert (fresh.asking, len(fresh.items)) == (case.asking, 1)
    assert front.opened(launch_id="L2", order_refs=refs).id == fresh.id


def test_what_was_taken_out_is_asked_for_when_it_is_opened(front: Front) -> None:
    _, fresh = less(front)
    other = front.opened(launch_id="L2", order_refs=(SECOND,))
    assert (other.id != fresh.id, len(other.items)) == (True, 2)


def test_what_was_taken_out_may_have_a_request_of_its_own(front: Front) -> None:
    _, fresh = less(front)
    own = {"order_refs": (SECOND,), "items": fresh.dropped, "dropped": (), "prior_case_id": None}
    tracks = Tracks("signed", "received", "pended")
    with front.store.write() as db:
        front.store.insert(db, replace(fresh, id="other", tracks=tracks, **own))
        assert not front.store.sent_elsewhere(db, fresh)
