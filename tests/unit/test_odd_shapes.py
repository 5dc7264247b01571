"""What a chart keeps in an odd shape is left out and told of; what is sound goes on."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app import entering, formatters, reading
from smart_app.cases.model import Case
from smart_app.cases.store import Store
from smart_app.chart.orders import companions
from smart_app.errors import NoOrder, OrderChanged, OrderToEnter, SeveralOrders
from smart_app.web import presenters
from tests.unit.front import DOCTOR, Front, a_coverage, a_launch, an_appointment, an_order
from tests.unit.kit import CPT, FakeClock
from tests.unit.test_taking_back import FIRST, to_file, warned

CODED = {"system": CPT, "code": "62323"}
ODD: list[dict[str, Any]] = [
    {"requisition": "R1"},
    {"requisition": ["R1"]},
    {"code": "62323"},
    {"code": {"coding": [CODED, 5]}},
    {"bodySite": {"text": "Left knee"}},
    {"bodySite": [{"coding": 5}]},
    {"orderDetail": [5]},
    {"reasonReference": 5},
    {"locationReference": 7},
    {"occurrencePeriod": "2026-12-01"},
    {"quantityQuantity": "3"},
    {"quantityQuantity": {"value": "3"}},
    {"note": ["by phone"]},
    {"doNotPerform": "true"},
    {"status": ["revoked"]},
]
odd_order = pytest.mark.parametrize("odd", ODD, ids=str)


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.chart(an_order(), a_coverage())
    return no_chart


def told(front: Front, case: Case) -> str:
    """Return what the page of a case says of what was left out."""
    return presenters.review(front, case, DOCTOR).left_out


@odd_order
def test_a_sound_order_goes_on_beside_an_odd_one(front: Front, odd: dict[str, Any]) -> None:
    front.chart(an_order("2") | odd)
    case = front.opened()
    assert case.order_refs == ("ServiceRequest/1",)
    assert told(front, case).startswith("The chart keeps 1 of its orders in a form")


def test_what_is_about_another_person_is_told_of(front: Front) -> None:
    front.chart(an_order("2", subject={"reference": "Patient/p2"}))
    assert "gave 1 entry that is not about this person" in told(front, front.opened())


def test_of_a_sound_chart_nothing_is_told(front: Front) -> None:
    front.chart(an_order("2"))
    assert told(front, front.opened()) == ""


def test_a_launch_without_an_order_asks_where_one_could_not_be_read(front: Front) -> None:
    front.chart(an_order("2", requisition="R1"))
    with pytest.raises(SeveralOrders) as asked:
        front.open(a_launch(order_refs=()))
    assert [len(one) for one in asked.value.groups] == [1]
    assert formatters.left_out(asked.value.unread).startswith("The chart keeps 1 of its orders")


@pytest.mark.parametrize(
    ("opened", "first"), [(("ServiceRequest/2",), "active"), ((), "revoked")], ids=str
)
def test_an_odd_order_that_may_be_meant_is_told_of(
    front: Front, opened: tuple[str, ...], first: str
) -> None:
    front.chart(an_order(status=first), an_order("2", requisition="R1"))
    with pytest.raises(NoOrder) as refused:
        front.open(a_launch(order_refs=opened))
    assert "in a form that Preclear cannot read" in refused.value.say
    assert not isinstance(refused.value, OrderToEnter)


def test_an_order_may_be_entered_where_none_can_be_read(front: Front) -> None:
    front.chart(an_order(requisition="R1"))
    with pytest.raises(OrderToEnter, match="in a form that Preclear cannot read"):
        front.open(a_launch())
    assert entering.may_enter(reading.as_given(front.world, a_launch()), "")


def test_an_odd_appointment_leaves_the_place_to_a_person(front: Front) -> None:
    front.chart(an_appointment("hospital", basedOn={"reference": "ServiceRequest/1"}))
    case = front.opened()
    assert [(one.field, one.why) for one in case.conflicts] == [("place", "unread")]
    assert "1 of its appointments" in told(front, case)


def test_an_order_of_an_odd_shape_may_go_with_what_is_asked_for(front: Front) -> None:
    front.chart(an_order(requisition={"value": "r1"}))
    chart = reading.as_given(front.world, a_launch())
    assert companions(chart.of("ServiceRequest"), chart) == ()
    front.chart(an_order("2", requisition="r1"))
    chart = reading.as_given(front.world, a_launch())
    assert companions(chart.of("ServiceRequest"), chart) is None


@odd_order
def test_an_order_that_is_odd_by_now_is_not_sent(front: Front, odd: dict[str, Any]) -> None:
    case = front.opened()
    front.chart(an_order() | odd)
    with pytest.raises(OrderChanged):
        reading.orders_again(front.world, a_launch(), case, front.kept(case))


@odd_order
def test_a_number_goes_from_an_order_that_is_odd_by_now(
    store: Store, clock: FakeClock, odd: dict[str, Any]
) -> None:
    line, chart = to_file(store, clock)
    line.step()
    assert chart.bears()
    chart.held[FIRST] |= odd
    line.letter("non_affirmed")
    line.pass_by(5)
    assert (chart.bears(), warned(line)) == (False, False)


@odd_order
def test_no_number_comes_to_an_order_that_is_odd_by_now(
    store: Store, clock: FakeClock, odd: dict[str, Any]
) -> None:
    line, chart = to_file(store, clock)
    chart.held[FIRST] |= odd
    line.pass_by(5)
    assert (chart.updates, chart.bears()) == ([], False)
    assert line.case().tracks.chart == "filed_and_read_back"


def test_orders_that_may_not_be_read_are_not_called_odd() -> None:
    assert formatters.left_out(("ServiceRequest", "Binary/of-n1")) == ""
    assert "1 of its orders" in formatters.left_out(("Observation", "ServiceRequest/2"))
