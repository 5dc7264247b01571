"""An order is held against what the payer was asked for last, not against what was signed first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from smart_app.chart import writeback
from tests.unit.chart.test_marking import CASE, RECORD, TODAY, a_mark, an_order
from tests.unit.kit import FakeChart

FILED = "filed_and_read_back"


@pytest.mark.parametrize(("units", "outcome"), [(4, "refused"), (2, FILED)])
def test_an_order_is_held_against_what_a_change_asked_for(units: int, outcome: str) -> None:
    item = replace(CASE.items[0], units=2)
    signed = an_order(quantityQuantity={"value": 4})
    mark = replace(a_mark(signed=signed), case=replace(CASE, items=(item,)), item=item)
    order = an_order(quantityQuantity={"value": units})
    done = writeback.update_order(FakeChart(held={"ServiceRequest/1": order}), mark, RECORD)
    assert done.outcome == outcome


@pytest.mark.parametrize(
    ("moved", "day", "outcome"),
    [
        (False, 7, FILED),
        (True, 7, "refused"),
        (True, 20, FILED),
        (True, 40, FILED),
    ],
)
def test_the_day_of_the_signature_counts_until_a_change_moves_it(
    moved: bool, day: int, outcome: str
) -> None:
    def on(days: int) -> dict[str, Any]:
        return an_order(occurrenceDateTime=(TODAY + timedelta(days=days)).isoformat())

    case = replace(CASE, planned_date=TODAY + timedelta(days=20), moved=moved)
    later = replace(
        RECORD, valid_from=TODAY + timedelta(days=30), valid_to=TODAY + timedelta(days=60)
    )
    mark = replace(a_mark(signed=on(7)), case=case)
    done = writeback.update_order(FakeChart(held={"ServiceRequest/1": on(day)}), mark, later)
    assert done.outcome == outcome


def test_an_order_without_a_day_contradicts_none() -> None:
    mark = replace(a_mark(), case=replace(CASE, planned_date=TODAY, moved=True))
    done = writeback.update_order(FakeChart(held={"ServiceRequest/1": an_order()}), mark, RECORD)
    assert done.outcome == FILED
