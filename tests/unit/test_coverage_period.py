"""A coverage counts on the days of its period, and on no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.front import Front, a_coverage, an_order
from tests.unit.kit import FakeClock


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.chart(an_order(), a_coverage())
    return no_chart


@pytest.mark.parametrize(
    ("period", "counts"),
    [  # the service is on 24 November 2026
        ({"end": "2026-11-23"}, False),
        ({"end": "2026-11-23T23:59:59-07:00"}, False),
        ({"end": "2026-10"}, False),
        ({"end": "2025"}, False),
        ({"start": "2026-11-25"}, False),
        ({"start": "2027-01"}, False),
        ({"start": "2027"}, False),
        ({"end": "2026-11-24"}, True),
        ({"start": "2026-11-24", "end": "2026-11"}, True),
        ({"start": "2026", "end": "2026"}, True),
        ({"start": "2026-11"}, True),
        ({"start": "2020-01-01"}, True),
        ({}, True),
        ({"start": "soon", "end": 7}, True),
    ],
)
def test_a_coverage_counts_within_its_period(
    front: Front, period: dict[str, Any], counts: bool
) -> None:
    front.chart(a_coverage("advantage", "112", period=period))
    case = front.opened(coverage_ref="Coverage/advantage")
    counted = (
        ("Coverage/advantage", "out_of_scope") if counts else ("Coverage/medicare", "in_scope")
    )
    assert (case.coverage_ref, case.scope.verdict) == counted


@pytest.mark.parametrize(
    ("day", "verdict"), [("2026-12-31", "out_of_scope"), ("2027-01-01", "in_scope")]
)
def test_the_planned_day_decides_which_coverage_is_active(
    front: Front, day: str, verdict: str
) -> None:
    front.chart(
        an_order(occurrenceDateTime=day),
        a_coverage(period={"start": "2027"}),
        a_coverage("advantage", "112", period={"end": "2026"}),
    )
    assert front.opened().scope.verdict == verdict


@pytest.mark.req("pas-2.0.1@71")
def test_a_coverage_that_has_ended_counts_for_nothing_although_it_is_named(front: Front) -> None:
    front.chart(a_coverage(period={"end": "2026-10-31"}))
    case = front.opened(coverage_ref="Coverage/medicare")
    assert (case.coverage_ref, case.scope.open_rules) == (None, ("coverage",))


def test_a_coverage_that_ends_begins_the_case_anew(front: Front, clock: FakeClock) -> None:
    follows = a_coverage("other", "121", period={"start": "2026-11-25"})
    front.chart(a_coverage(period={"end": "2026-11-24"}), follows)
    first = front.opened()
    assert front.opened(launch_id="L2").id == first.id
    clock.pass_by(24 * 3600)
    later = front.opened(launch_id="L3")
    assert (later.attempt, later.coverage_ref) == (2, "Coverage/other")
