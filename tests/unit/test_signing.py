"""What is signed is still ordered when it is sent, or nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from smart_app import newer, reading, requesting
from smart_app.cases.model import Case, Coding
from smart_app.cases.store import Store
from smart_app.chart.entered import Entered
from smart_app.errors import (
    ChartError,
    ChartUnavailable,
    OrderChanged,
    OrderGone,
    StaleRevision,
    WrongPatient,
)
from smart_app.fhir import codes
from smart_app.pas import lint
from smart_app.review import Review
from tests.unit.front import DOCTOR, Front, a_coverage, a_launch, an_order
from tests.unit.kit import NOW, FakeClock

MEMBERS = {"requisition": {"value": "both"}}


@pytest.fixture
def front(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """Return a line whose request is complete, and whose payer is set."""
    claim = {"identifier": [{}]}
    request = {"entry": [{"fullUrl": "urn:uuid:1", "resource": claim}]}
    monkeypatch.setattr(Review, "_wire", lambda *_: ("zyter", "pas"))
    monkeypatch.setattr(requesting, "sign", lambda *_: "the form")
    monkeypatch.setattr(requesting, "build", lambda *_: request)
    monkeypatch.setattr(lint, "faults", lambda *_: ())
    with ThreadPoolExecutor(2) as pool:
        made = Front(store, clock, pool)
        made.world.sites.of_id("site").late_write = "next_launch"
        made.chart(a_coverage(), an_order("1", **MEMBERS), an_order("2", **MEMBERS))
        yield made


def sign(front: Front, case: Case) -> Case:
    return front.acts.sign(case, case.revision, DOCTOR, a_launch())


def nothing_sent(front: Front, case: Case) -> bool:
    now = front.now(case)
    return (now, front.store.submissions(case.id)) == (case, [])


@pytest.mark.req("pas-2.0.1@188", "pas-2.2.1@priv-1")
def test_orders_that_stand_are_sent(front: Front) -> None:
    case = front.opened()
    front.chart(an_order("2", **MEMBERS, note=[{"text": "bring the films"}]))
    assert sign(front, case).tracks.submission == "queued"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"status": "revoked"}, OrderGone),
        ({"status": "entered-in-error"}, OrderGone),
        ({"status": "completed"}, OrderGone),
        ({"status": "on-hold"}, OrderGone),
        ({"status": None}, OrderGone),
        ({"doNotPerform": True}, OrderGone),
        ({"subject": {"reference": "Patient/p2"}}, WrongPatient),
        ({"code": {"coding": [{"system": codes.CPT, "code": "62321"}]}}, OrderChanged),
        ({"quantityQuantity": {"value": 2}}, OrderChanged),
        ({"reasonCode": [{"coding": [{"system": codes.ICD10CM, "code": "M54.50"}]}]}, OrderChanged),
        ({"occurrenceDateTime": "2027-02-01"}, OrderChanged),
        ({"bodySite": [{"text": "Right knee"}]}, OrderChanged),
        ({"orderDetail": [{"text": "Another product"}]}, OrderChanged),
    ],
    ids=str,
)
def test_an_order_that_changed_since_it_was_looked_at_sends_nothing(
    front: Front, change: dict[str, Any], error: type[ChartError]
) -> None:
    case = front.opened()
    front.chart(an_order("2", **MEMBERS) | change)
    with pytest.raises(error):
        sign(front, case)
    assert nothing_sent(front, case)


@pytest.mark.parametrize("first", ["ServiceRequest/1", "ServiceRequest/2"])
def test_an_unsent_case_goes_on_whichever_order_of_it_is_opened(front: Front, first: str) -> None:
    case = front.opened(order_refs=(first,))
    for number, again in enumerate(("ServiceRequest/1", "ServiceRequest/2"), start=2):
        assert front.opened(order_refs=(again,), launch_id=f"L{number}").id == case.id


@pytest.mark.parametrize("key", ["bodySite", "orderDetail"])
def test_an_unsent_case_begins_anew_when_its_order_names_another_side_or_product(
    front: Front, key: str
) -> None:
    def said(words: str) -> dict[str, Any]:
        return an_order("2", **MEMBERS) | {key: [{"text": words}]}

    front.chart(said("one"))
    case = front.opened()
    assert front.opened(launch_id="L2").id == case.id
    front.chart(said("the other"))
    assert front.opened(launch_id="L3").attempt == 2


def test_an_order_whose_own_code_changed_behind_the_entered_one_sends_nothing(front: Front) -> None:
    def local(code: str) -> dict[str, Any]:
        return an_order("1") | {"code": {"coding": [{"system": "urn:local", "code": code}]}}

    front.chart(a_coverage(), local("INJ1"))
    code = Coding(codes.CPT, "62323")
    typed = Entered("ServiceRequest/1", code, (), NOW.date(), None, "Robin", NOW)
    assert reading.enter(front.world, a_launch(), typed)
    case = front.opened(order_refs=("ServiceRequest/1",))
    assert [one.code for one in case.items] == ["62323"]
    front.chart(local("MRI7"))
    with pytest.raises(OrderChanged):
        sign(front, case)
    assert nothing_sent(front, case)
    front.chart(local("INJ1"))
    assert sign(front, case).tracks.submission == "queued"


def test_what_is_found_while_a_person_signs_is_not_signed_over(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = front.opened()
    monkeypatch.setattr(newer, "pending", lambda *_: "what another launch just found")
    with pytest.raises(StaleRevision):
        sign(front, case)
    assert nothing_sent(front, case)


def test_an_order_that_is_nowhere_sends_nothing(front: Front) -> None:
    case = front.opened()
    del front.ehr.held["ServiceRequest/2"]
    with pytest.raises(OrderGone):
        sign(front, case)
    assert nothing_sent(front, case)


def test_a_chart_that_does_not_answer_sends_nothing_until_it_does(front: Front) -> None:
    case = front.opened()
    front.ehr.fails.add("read")
    with pytest.raises(ChartUnavailable):
        sign(front, case)
    assert nothing_sent(front, case)
    front.ehr.fails.clear()
    assert sign(front, case).tracks.submission == "queued"


@pytest.mark.parametrize("ended", [True, False])
def test_a_sign_in_is_kept_only_for_a_request_that_has_not_ended_meanwhile(
    front: Front, ended: bool
) -> None:
    front.world.sites.of_id("site").late_write = "offline_access"
    front.world.sites.registrations = SimpleNamespace(idle_minutes=dict)  # type: ignore[assignment]
    kept: list[str] = []

    def keep(_: str, case_id: str) -> None:
        now = front.store.case(case_id)
        with front.store.write() as db:  # a worker is faster
            rejected = replace(now.tracks, submission="rejected" if ended else "received")
            front.store.save(db, replace(now, tracks=rejected))
        kept.append(case_id)

    front.world.vault = SimpleNamespace(  # type: ignore[assignment]
        keep=keep, forget=lambda case_id, _: kept.remove(case_id)
    )
    case = front.opened()
    sign(front, case)
    assert kept == ([] if ended else [case.id])
