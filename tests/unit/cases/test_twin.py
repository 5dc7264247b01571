"""A service that was asked for by an order entered here is not asked for again by another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app.cases import twin
from smart_app.cases.model import ENTERED, Case, Tracks
from tests.unit.kit import a_case

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


@pytest.mark.parametrize(("new", "sent"), [(TYPED, CHARTS), (CHARTS, TYPED), (TYPED, f"{TYPED}2")])
@pytest.mark.parametrize("tracks", [PENDED, AFFIRMED])
def test_the_same_service_is_the_same_request(new: str, sent: str, tracks: dict[str, str]) -> None:
    assert twin.of(case("new", new), case("sent", sent, **tracks))


@pytest.mark.parametrize(
    ("planned", "tracks", "same"),
    [
        (date(2026, 12, 24), AFFIRMED, True),
        (date(2026, 12, 25), AFFIRMED, False),  # the next of a row
        (date(2027, 3, 1), PENDED, True),  # nothing new while one is undecided
        (None, AFFIRMED, True),
    ],
)
def test_a_later_day_is_another_request_once_the_first_is_decided(
    planned: date | None, tracks: dict[str, str], same: bool
) -> None:
    assert twin.of(case("new", CHARTS, planned), case("sent", TYPED, **tracks)) is same


def test_what_is_no_twin() -> None:
    new, sent = case("new", TYPED), case("sent", CHARTS, **PENDED)
    other = replace(sent.items[0].coding[0], code="64483")
    items = (replace(sent.items[0], coding=(other,)),)
    assert not twin.of(new, replace(sent, items=items))
    assert not twin.of(new, replace(sent, closed=True))
    assert not twin.of(new, case("sent", CHARTS))  # never sent
    assert not twin.of(new, replace(sent, id="new"))
    assert not twin.of(case("new", CHARTS), case("sent", "ServiceRequest/2", **PENDED))
