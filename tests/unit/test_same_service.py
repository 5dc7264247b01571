"""An order of a service that is asked for already is not asked for again, and that is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from smart_app import reading
from smart_app.cases.model import Case, Coding, Tracks
from smart_app.chart import entered
from smart_app.chart.entered import Entered
from smart_app.fhir import codes
from smart_app.follow import Follow
from smart_app.web import presenters, sent
from tests.unit.front import DOCTOR, PLACES, Front, a_coverage, a_launch, an_order
from tests.unit.kit import CPT, NOW

DAY = date(2026, 12, 10)
OWN = entered.name("Patient/p1", "62323", DAY)
REQUISITION = {"requisition": {"system": "urn:x", "value": "r1"}}
PENDED = Tracks("signed", "pended", "pended")
AFFIRMED = Tracks("signed", "received", "affirmed")


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.chart(a_coverage())
    return no_chart


def an_entry(**more: Any) -> Entered:
    found = (Coding(codes.ICD10CM, "M54.16"),)
    made = Entered(
        order_ref=OWN,
        code=Coding(CPT, "62323"),
        diagnoses=found,
        planned=DAY,
        place=PLACES[0],
        requester=DOCTOR.fhir_user,
        by="Robin",
        at=NOW,
    )
    return replace(made, **more)


def entered_and_sent(front: Front, tracks: Tracks) -> Case:
    """Enter an order, open it, and return its case as it is when sent."""
    reading.enter(front.world, a_launch(), an_entry())
    return as_sent(front, front.opened(order_refs=(OWN,)), tracks)


def as_sent(front: Front, case: Case, tracks: Tracks) -> Case:
    with front.store.write() as db:
        return front.store.save(db, replace(case, tracks=tracks))


def told(front: Front, case: Case) -> tuple[str, ...]:
    """Return what the page of a case says of orders that were not added."""
    if case.tracks.submission == "none":
        return presenters.review(front, case, DOCTOR).not_added
    found = sent.case_view(Follow(front.world), case)
    return tuple(one for one in found.warnings if "the same" in one)


def test_the_charts_own_order_leads_to_the_request_and_that_is_told(front: Front) -> None:
    asked = entered_and_sent(front, PENDED)
    assert told(front, asked) == ()
    front.chart(an_order())
    case = front.opened()
    assert case.id == asked.id
    assert told(front, case) == (
        "This is the request of 62323 begun Tue 24 Nov 2026. The order of the same service that "
        "was opened Tue 24 Nov, 10:00 is taken for the same, and asks for nothing more.",
    )


def test_only_the_same_service_is_left_out_of_a_requisition(front: Front) -> None:
    asked = entered_and_sent(front, PENDED)
    other = {"code": {"coding": [{"system": CPT, "code": "64483"}]}}
    front.chart(an_order(**REQUISITION), an_order("2", **REQUISITION, **other))
    for named in ("ServiceRequest/1", "ServiceRequest/2"):
        case = front.opened(order_refs=(named,))
        assert case.id != asked.id
        assert case.order_refs == ("ServiceRequest/2",)
        assert told(front, case) == (
            "62323 is already in the request begun Tue 24 Nov 2026: it was not added to this one.",
        )
    as_sent(front, case, PENDED)
    assert front.opened().id == asked.id
    assert front.opened(order_refs=("ServiceRequest/2",)).id == case.id


def test_a_case_of_both_is_begun_anew_without_what_was_sent_meanwhile(front: Front) -> None:
    other = {"code": {"coding": [{"system": CPT, "code": "64483"}]}}
    front.chart(an_order(**REQUISITION), an_order("2", **REQUISITION, **other))
    both = front.opened()
    assert both.order_refs == ("ServiceRequest/1", "ServiceRequest/2")
    own = replace(both, id="own", order_refs=(OWN,), tracks=PENDED)
    items = tuple(replace(one, order_ref=OWN) for one in both.items if one.code == "62323")
    with front.store.write() as db:
        assert front.store.insert(db, replace(own, items=items))
    with front.store.write() as db:
        assert front.store.sent_elsewhere(db, both)
    case = front.opened()
    assert case.order_refs == ("ServiceRequest/2",)
    with front.store.write() as db:
        assert not front.store.sent_elsewhere(db, case)
    assert front.now(both).closed


@pytest.mark.parametrize("tracks", [AFFIRMED, Tracks("signed", "rejected")])
def test_an_order_months_after_a_decided_one_is_asked_for(front: Front, tracks: Tracks) -> None:
    asked = entered_and_sent(front, tracks)
    front.chart(an_order())
    assert front.opened().id == asked.id
    front.world.clock.pass_by(timedelta(days=40).total_seconds())  # type: ignore[attr-defined]
    case = front.opened(launch_id="L2")
    assert case.id != asked.id
    assert told(front, case) == ()
    with front.store.write() as db:
        assert not front.store.sent_elsewhere(db, case)


def test_an_entered_order_months_after_the_charts_own_is_asked_for(front: Front) -> None:
    front.chart(an_order())
    asked = as_sent(front, front.opened(), AFFIRMED)
    front.ehr.held.pop("ServiceRequest/1")
    assert entered_and_sent(front, AFFIRMED).id == asked.id
    front.world.clock.pass_by(timedelta(days=90).total_seconds())  # type: ignore[attr-defined]
    later = f"{OWN}2"
    reading.enter(front.world, a_launch(), an_entry(order_ref=later, planned=date(2027, 3, 10)))
    assert front.opened(order_refs=(later,)).id != asked.id
