"""An order that is cancelled while its request waits: the payer does not know, so a person must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smart_app.cases.model import Case, Tracks
from smart_app.follow import Follow
from smart_app.web import sent
from tests.unit.front import Front, a_coverage, an_order

PENDED = Tracks("signed", "pended", "pended")
AFFIRMED = Tracks("signed", "received", "affirmed")


def waiting(front: Front, tracks: Tracks = PENDED) -> Case:
    """Return the case of an order that was sent."""
    front.chart(a_coverage(), an_order())
    case = front.opened()
    with front.store.write() as db:
        return front.store.save(db, replace(case, tracks=tracks, channel="pas"))


def told(front: Front, status: str, launch: str) -> tuple[str, ...]:
    """Return what the case's page warns of when it is opened again, the order being as it is."""
    front.chart(an_order(status=status))
    case = front.opened(launch_id=launch)
    view = sent.case_view(Follow(front.world), case)
    return tuple(one for one in view.warnings if "cancelled in the chart" in one)


@pytest.mark.req("pas-2.0.1@159")
@pytest.mark.parametrize("status", ["revoked", "entered-in-error"])
def test_a_cancelled_order_is_told_of_until_the_payer_knows(no_chart: Front, status: str) -> None:
    case = waiting(no_chart)
    assert told(no_chart, "active", "L2") == ()
    for launch in ("L3", "L4"):
        (words,) = told(no_chart, status, launch)
        assert "Change the request, or withdraw it" in words
    kinds = [one.kind for one in no_chart.world.audit.events(case.id)]
    assert kinds.count("order_cancelled") == 1
    assert told(no_chart, "active", "L5") == ()


def test_what_is_decided_needs_no_change(no_chart: Front) -> None:
    waiting(no_chart, AFFIRMED)
    assert told(no_chart, "revoked", "L2") == ()
