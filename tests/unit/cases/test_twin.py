"""A service that was asked for by an order entered here is not asked for again by another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app.cases import twin
from smart_app.cases.model import ENTERED, Case, Tracks
from tests.unit.kit import NOW, a_case, an_item

DAY = date(2026, 12, 10)


def case(name: str, order: str, planned: date | None = DAY, **tracks: Any) -> Case:
    made = a_case()
    items = tuple(replace(one, order_ref=order) for one in made.items)
    return replace(
        made,
        id=name,
        order_refs=(order,),
        items=items,
        planned_date=planned,
        tracks=Tracks(**{"submission": "none", **tracks}),
    )


TYPED, CHARTS = f"{ENTERED}1", "ServiceRequest/1"
PENDED = {"submission": "pended", "decision": "pended"}
AFFIRMED = {"submission": "received", "decision": "affirmed"}


REJECTED = {"submission": "rejected"}
TODAY = NOW.date()  # on which the cases of these tests are begun


def same(new: Case, sent: Case, today: date = TODAY) -> bool:
    """Tell whether the whole of a case is asked for by a sent one."""
    return twin.of(new.items, new.planned_date, sent, today) == set(new.order_refs)


@pytest.mark.parametrize(("new", "sent"), [(TYPED, CHARTS), (CHARTS, TYPED), (TYPED, f"{TYPED}2")])
@pytest.mark.parametrize("tracks", [PENDED, AFFIRMED])
def test_the_same_service_is_the_same_request(new: str, sent: str, tracks: dict[str, str]) -> None:
    assert same(case("new", new), case("sent", sent, **tracks))


@pytest.mark.parametrize(
    ("planned", "tracks", "twins"),
    [
        (date(2026, 12, 24), AFFIRMED, True),
        (date(2026, 12, 25), AFFIRMED, False),  # the next of a row
        (date(2027, 3, 1), PENDED, True),  # nothing new while one is undecided
        (date(2027, 3, 1), PENDED | {"decision": "contact_payer"}, True),
        (None, PENDED, True),
        (date(2026, 12, 24), REJECTED, True),  # its own page begins it anew
        (date(2026, 12, 25), REJECTED, False),  # no payer has it
    ],
)
def test_a_later_day_is_another_request_once_the_first_is_decided(
    planned: date | None, tracks: dict[str, str], twins: bool
) -> None:
    assert same(case("new", CHARTS, planned), case("sent", TYPED, **tracks)) is twins


@pytest.mark.parametrize(
    ("new", "sent", "today", "twins"),
    [
        (None, DAY, TODAY, True),  # the first is still to be done, and it may be this one
        (None, DAY, date(2026, 12, 24), True),
        (None, DAY, date(2026, 12, 25), False),
        (DAY, None, date(2026, 12, 8), True),
        (DAY, None, date(2026, 12, 9), False),
        (None, None, date(2026, 12, 8), True),
        (None, None, date(2026, 12, 9), False),
    ],
)
@pytest.mark.parametrize("orders", [(TYPED, CHARTS), (CHARTS, TYPED)])
def test_an_order_without_a_day_is_the_same_for_a_while(
    new: date | None, sent: date | None, today: date, twins: bool, orders: tuple[str, str]
) -> None:
    first, second = orders
    asked = case("sent", first, sent, **AFFIRMED)
    assert same(case("new", second, new), asked, today) is twins
    assert same(case("new", second, new), replace(asked, tracks=Tracks(**PENDED)), today)


def test_only_the_orders_of_the_same_service_are_twins() -> None:
    new = case("new", CHARTS)
    both = replace(new, items=(*new.items, an_item(2, "64484")))
    sent = case("sent", TYPED, **PENDED)
    assert twin.of(both.items, DAY, sent, TODAY) == {CHARTS}


def test_what_is_no_twin() -> None:
    new, sent = case("new", TYPED), case("sent", CHARTS, **PENDED)
    other = replace(sent.items[0].coding[0], code="64483")
    items = (replace(sent.items[0], coding=(other,)),)
    assert not same(new, replace(sent, items=items))
    assert not same(new, replace(sent, closed=True))
    assert not same(new, case("sent", CHARTS))  # never sent
    assert not same(case("new", CHARTS), case("sent", "ServiceRequest/2", **PENDED))
