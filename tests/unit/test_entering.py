"""An order that a person entered is mended until it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app import entering, reading
from smart_app.cases.model import Case, Tracks
from smart_app.chart.entered import Entered
from smart_app.entering import EntryError, Typed
from smart_app.fhir import codes
from tests.unit.front import DOCTOR, Front, a_coverage, a_launch, an_order
from tests.unit.kit import NOW

ORDER = "ServiceRequest/1"
TYPED = Typed(ORDER, "62323", ("M54.16",), "", "2026-12-10", "office", DOCTOR.fhir_user)
PRACTITIONER = {
    "resourceType": "Practitioner",
    "id": "1",
    "identifier": [{"system": codes.NPI, "value": "1999999018"}],
    "name": [{"text": DOCTOR.name}],
}
VAGUE = {
    "code": {"text": "Lumbar epidural"},
    "reasonCode": [{"text": "Low back pain"}],
    "requester": {"display": "Dr. Rivera"},
    "occurrenceDateTime": "2026-12",
    "locationReference": [],
}


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.chart(a_coverage(), PRACTITIONER, an_order(**VAGUE))
    return no_chart


def entry(front: Front, typed: Typed) -> Entered:
    """Return what was typed of an order, as it is taken today."""
    chart, site = reading.as_given(front.world, a_launch()), front.world.sites.of_id("site")
    return entering.entry(front.world.program, site, chart, typed, DOCTOR.fhir_user, NOW)


def enter(front: Front, **more: Any) -> Case:
    """Enter an order, open it, and return its case."""
    one = entry(front, replace(TYPED, **more))
    kept = reading.enter(front.world, a_launch(), one)
    case = front.opened(order_refs=(one.order_ref,))
    if kept:
        reading.tell(front.world, case, one)
    return case


def said(case: Case) -> tuple[str, list[str]]:
    """Return code and diagnoses of a case."""
    return case.items[0].code, [one.code for one in case.items[0].diagnoses]


def told(front: Front, case: Case) -> int:
    """Return how often the record says that the order was entered."""
    return [one.kind for one in front.world.audit.events(case.id)].count("entered")


def as_sent(front: Front, case: Case, *, closed: bool = False) -> Case:
    tracks = Tracks("signed", "received", "dismissed")
    with front.store.write() as db:
        return front.store.save(db, replace(case, tracks=tracks, closed=closed))


def test_what_a_person_is_made_to_enter_is_in_the_request(front: Front) -> None:
    case = enter(front)
    assert said(case) == ("62323", ["M54.16"])
    assert case.planned_date is not None
    assert front.requesters(case, front.kept(case)) == {DOCTOR.fhir_user}


def test_an_order_that_was_entered_is_mended_until_it_is_sent(front: Front) -> None:
    first = enter(front, code="62321")
    case = enter(front)
    assert (front.now(first).closed, said(case)) == (True, ("62323", ["M54.16"]))
    case = as_sent(front, enter(front, diagnoses=("M48.061",)))
    before = told(front, case)
    assert said(enter(front, code="62321")) == ("62323", ["M48.061"])
    assert [one.code.code for one in reading.entries(front.world, "site", case.iss, "Patient/p1")]
    assert told(front, case) == before


def test_the_charts_own_code_ends_what_may_be_entered(front: Front) -> None:
    enter(front)
    front.chart(an_order())
    with pytest.raises(EntryError):
        entry(front, TYPED)


@pytest.mark.parametrize(("day", "words"), [("soon", "such as"), ("2036-12-10", "a year ahead")])
def test_a_day_that_cannot_be_meant_is_asked_for_again(front: Front, day: str, words: str) -> None:
    with pytest.raises(EntryError) as told:
        entry(front, replace(TYPED, planned=day))
    assert [words in said for said in told.value.faults.values()] == [True]


def test_all_that_is_missing_is_named_at_once(front: Front) -> None:
    with pytest.raises(EntryError) as told:
        entry(front, Typed(ORDER))
    asked = ["code", "more", "planned", "place", "requester"]
    assert list(told.value.faults) == asked


@pytest.mark.parametrize(
    ("kinds", "offered"),
    [
        ((), True),
        (("207XX0801X",), True),
        (("363LF0000X",), True),
        (("225100000X",), False),
        (("225100000X", "208100000X"), True),
    ],
)
def test_only_who_may_order_is_offered(front: Front, kinds: tuple[str, ...], offered: bool) -> None:
    coded = [{"coding": [{"system": codes.NUCC, "code": one}]} for one in kinds]
    role = {
        "resourceType": "PractitionerRole",
        "id": "r1",
        "practitioner": {"reference": "Practitioner/1"},
        "specialty": coded[1:],
    }
    person = PRACTITIONER | {"qualification": [{"code": one} for one in coded[:1]]}
    chart = replace(
        reading.as_given(front.world, a_launch()),
        resources={"Practitioner": (person,), "PractitionerRole": (role,)},
    )
    assert bool(entering.orderers(chart, DOCTOR.fhir_user)) is offered


def test_a_request_begun_anew_takes_what_is_entered_then(front: Front) -> None:
    front.ehr.held.pop(ORDER)
    case = enter(front, order_ref="")
    old = as_sent(front, case, closed=True)
    fresh = replace(case, id="fresh", attempt=2, revision=1, prior_case_id=old.id)
    with front.store.write() as db:
        assert front.store.insert(db, fresh)
        front.store.put(db, fresh.id, "chart", front.kept(old))
    anew = enter(front, order_ref="", diagnoses=("M48.061",))
    assert anew.order_refs == old.order_refs
    assert said(anew) == ("62323", ["M48.061"])
    assert told(front, anew) == 1


def test_a_signature_while_it_is_entered_keeps_what_was_signed(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = enter(front)
    later = entry(front, replace(TYPED, diagnoses=("M48.061",)))
    write = front.store.write

    def signed_first() -> Any:
        monkeypatch.undo()
        as_sent(front, case)
        return write()

    monkeypatch.setattr(front.store, "write", signed_first)
    assert not reading.enter(front.world, a_launch(), later)
    kept = reading.entries(front.world, "site", case.iss, "Patient/p1")
    assert [one.code for each in kept for one in each.diagnoses] == ["M54.16"]
    reading.tell(front.world, case, later)
    assert told(front, case) == 1


def test_two_codes_are_no_one_order(front: Front) -> None:
    with pytest.raises(EntryError) as told:
        entry(front, replace(TYPED, code="64483, 64484"))
    assert list(told.value.faults) == ["code"]
    assert "Enter one code here" in told.value.faults["code"]
