"""What the chart does not settle becomes a question; what a person settles is judged anew."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Case, Conflict
from smart_app.fhir import codes
from smart_app.formatters import scope_line
from tests.unit.dtr.forms import PATIENT
from tests.unit.front import (
    PLACES,
    Front,
    a_coverage,
    a_launch,
    an_appointment,
    an_order,
    at,
    unread,
)
from tests.unit.kit import CPT


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.chart(an_order(), a_coverage(), *(location(one.facility_id) for one in PLACES))
    return no_chart


def location(number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Location", "id": number, "name": f"Called {number}", **more}


def conflict(case: Case, field: str) -> Conflict | None:
    return next((one for one in case.conflicts if one.field == field), None)


def keys(found: Conflict | None) -> list[str]:
    return [one.key for one in found.options] if found else []


EVERY = ["office", "hospital", "texas", "far"]


# the place ---------------------------------------------------------------------------------------


def test_one_place_that_order_and_appointment_name_is_settled(front: Front) -> None:
    front.chart(an_appointment("office"))
    case = front.opened()
    assert case.conflicts == ()
    assert [one.place for one in case.items] == [PLACES[0]]
    assert (case.scope.verdict, case.payer_id, case.channel) == ("in_scope", "zyter", "pas")


def test_an_appointment_shows_its_own_day_and_not_when_it_was_booked(front: Front) -> None:
    when = {"start": "2026-12-06T09:00:00-07:00", "created": "2026-11-22T08:00:00-07:00"}
    front.chart(an_appointment("hospital", **when))
    found = conflict(front.opened(), "place")
    assert found
    (booked,) = [one for one in found.options if one.key == "hospital"]
    assert [one.date for one in booked.evidence] == ["2026-12-06"]


def test_two_places_disagree(front: Front) -> None:
    front.chart(an_appointment("hospital"))
    found = conflict(front.opened(), "place")
    assert found and (found.why, sorted(keys(found))) == ("disagree", ["hospital", "office"])


def test_no_place_is_a_question(front: Front) -> None:
    front.chart(an_order(place=()))
    found = conflict(front.opened(), "place")
    assert found and (found.why, keys(found)) == ("unknown", EVERY)


def test_appointments_that_could_not_be_read_leave_the_place_open(front: Front) -> None:
    unread(front, "Appointment")
    case = front.opened()
    found = conflict(case, "place")
    assert found and (found.why, keys(found)) == ("unread", EVERY)
    assert found.options[0].evidence  # the order still says what it says
    assert found.chosen is None
    assert [one.place for one in case.items] == [None]


@pytest.mark.parametrize("scope", ["patient/Appointment.rs?date=2026", "patient/Appointment.r"])
def test_appointments_that_may_not_all_be_read_leave_the_place_open(
    front: Front, scope: str
) -> None:
    types = ("Patient", "Coverage", "ServiceRequest", "Condition", "Location")
    granted = (scope, *(f"patient/{one}.rs" for one in types))
    found = conflict(front.opened(scopes=granted), "place")
    assert found and found.why == "unread"


def test_a_place_that_could_not_be_read_leaves_it_open(front: Front) -> None:
    front.chart(an_appointment("nowhere"))
    found = conflict(front.opened(), "place")
    assert found and (found.why, keys(found)) == ("unread", EVERY)


def test_a_place_that_the_site_does_not_list_leaves_it_open_and_is_named(front: Front) -> None:
    front.chart(an_appointment("stranger"), location("stranger", name="Stranger Clinic"))
    found = conflict(front.opened(), "place")
    assert found and (found.why, keys(found)) == ("unlisted", EVERY)
    assert found.named == ("Stranger Clinic",)


@pytest.mark.parametrize("called", [{"display": "Stranger Clinic"}, {"type": "Location"}])
def test_a_place_that_is_only_called_by_a_name_counts(front: Front, called: dict[str, str]) -> None:
    front.chart(an_order() | {"locationReference": [*at("office"), called]})
    found = conflict(front.opened(), "place")
    assert found and found.why == ("unlisted" if "display" in called else "unread")


def test_a_listed_place_need_not_be_readable(front: Front) -> None:
    del front.ehr.held["Location/office"]
    assert front.opened().conflicts == ()


# the coverage ------------------------------------------------------------------------------------

MEDIGAP = a_coverage("medigap", "523")


@pytest.mark.parametrize("kind", ["523", "122", "191", "512"])
def test_a_plan_beside_medicare_leaves_medicare_in_force(front: Front, kind: str) -> None:
    front.chart(a_coverage("other", kind))
    case = front.opened()
    assert (case.coverage_ref, case.scope.verdict) == ("Coverage/medicare", "in_scope")
    assert case.conflicts == ()


def test_a_plan_beats_original_medicare(front: Front) -> None:
    front.chart(a_coverage("advantage", "112"), MEDIGAP)
    case = front.opened()
    assert (case.coverage_ref, case.scope.verdict) == ("Coverage/advantage", "out_of_scope")


@pytest.mark.parametrize("kind", [None, "1", "121"])
def test_several_that_may_be_medicare_are_a_question(front: Front, kind: str | None) -> None:
    front.chart(a_coverage("second", kind, subscriberId="1S00EX0MP78"))
    case = front.opened()
    found = conflict(case, "coverage")
    assert found and sorted(keys(found)) == ["Coverage/medicare", "Coverage/second"]
    assert (case.coverage_ref, case.scope.verdict) == (None, "unknown")
    words = {one.key: one.words for one in found.options}
    assert words["Coverage/medicare"] == "The payer of medicare"
    assert words["Coverage/second"] == "The payer of second (number ending MP78)"


@pytest.mark.parametrize(
    ("others", "counts"),
    [
        ([a_coverage("second", "1")], "Coverage/medicare"),
        ([a_coverage("advantage", "112")], "Coverage/advantage"),
    ],
)
def test_what_the_launch_names_counts_unless_a_plan_took_its_place(
    front: Front, others: list[dict[str, Any]], counts: str
) -> None:
    front.chart(*others)
    case = front.opened(coverage_ref="Coverage/medicare")
    assert (case.coverage_ref, case.conflicts) == (counts, ())


def test_a_launch_that_names_medigap_is_about_medicare(front: Front) -> None:
    front.chart(MEDIGAP)
    case = front.opened(coverage_ref="Coverage/medigap")
    assert (case.coverage_ref, case.scope.verdict) == ("Coverage/medicare", "in_scope")


def test_medigap_alone_is_no_answer(front: Front) -> None:
    front.chart(MEDIGAP, a_coverage(status="cancelled"))
    assert front.opened().scope.verdict == "unknown"


def test_a_coverage_chosen_by_a_person_is_judged(front: Front) -> None:
    front.chart(a_coverage("second", "121", payor=[{"display": "Railroad Medicare"}]))
    case = front.opened()
    front.forms = {"zyter": front.fetch(case)}
    chosen = front.settled(case, "coverage", "Coverage/medicare")
    assert (chosen.coverage_ref, chosen.scope.verdict) == ("Coverage/medicare", "in_scope")
    assert chosen.payer_id == "zyter"
    other = front.settled(chosen, "coverage", "Coverage/second")
    assert (other.coverage_ref, other.scope.verdict) == ("Coverage/second", "out_of_scope")
    kinds = [one.kind for one in front.world.audit.events(case.id)]
    assert kinds == ["opened", "coverage_settled", "coverage_settled"]


@pytest.mark.parametrize(
    "payor",
    [
        [{"display": "Railroad Medicare"}],
        [{"reference": "Organization/payer", "display": "Palmetto RRB"}],
        [{"reference": "Organization/railroad"}],
        [{"reference": "#r"}],
    ],
)
def test_railroad_medicare_is_known_by_any_of_its_names(
    front: Front, payor: list[dict[str, str]]
) -> None:
    named = {"resourceType": "Organization", "id": "payer", "name": "Medicare"}
    front.chart(
        named,
        named | {"id": "railroad", "name": "Railroad Retirement Board"},
        a_coverage(payor=payor, contained=[{"id": "r", "name": "Railroad Medicare"}]),
    )
    assert front.opened().scope.verdict == "out_of_scope"


@pytest.mark.parametrize("display", [{}, {"display": "Medicare"}])
def test_a_payer_that_could_not_be_read_may_be_any(front: Front, display: dict[str, str]) -> None:
    front.chart(a_coverage(payor=[{"reference": "Organization/payer", **display}]))
    case = front.opened()
    assert (case.scope.verdict, case.scope.open_rules) == ("unknown", ("coverage",))
    assert case.payer_id is None


def test_once_the_payer_can_be_read_the_order_is_judged_anew(front: Front) -> None:
    front.chart(a_coverage(payor=[{"reference": "Organization/payer"}]))
    first = front.opened()
    front.chart({"resourceType": "Organization", "id": "payer", "name": "Medicare"})
    second = front.now(front.open(a_launch("2", order_refs=("ServiceRequest/1",))))
    assert (second.id != first.id, second.scope.verdict) == (True, "in_scope")
    del front.ehr.held["Organization/payer"]
    third = front.open(a_launch("3", order_refs=("ServiceRequest/1",)))
    assert third.id == second.id  # what cannot be read today says nothing new


def test_another_active_coverage_begins_anew_and_a_choice_is_kept(front: Front) -> None:
    first = front.opened()
    front.chart(a_coverage("second", "129"))
    second = front.opened()
    assert second.id != first.id
    chosen = front.settled(second, "coverage", "Coverage/medicare")
    again = front.opened()
    assert (again.id, again.coverage_ref) == (chosen.id, "Coverage/medicare")


# what a person settles ---------------------------------------------------------------------------


def test_a_place_is_settled_as_often_as_it_takes(front: Front) -> None:
    front.chart(an_order(place=()))
    case = front.opened()
    for key, verdict in (("hospital", "in_scope"), ("far", "out_of_scope"), ("office", "in_scope")):
        case = front.settled(case, "place", key)
        places = [one.place.facility_id for one in case.items if one.place]
        assert (case.scope.verdict, places) == (verdict, [key])
        found = conflict(case, "place")
        assert found and (found.chosen, found.chosen_by) == (key, "Dr. Rivera")


# what else the chart says -------------------------------------------------------------------------


def rules_of(case: Case) -> list[str]:
    return [one.rule for one in case.scope.reasons]


def with_code(number: str, code: str, diagnosis: str, **more: Any) -> dict[str, Any]:
    coding = {"system": codes.ICD10CM, "code": diagnosis}
    made = an_order(number, reasonCode=[{"coding": [coding]}], **more)
    return made | {"code": {"coding": [{"system": CPT, "code": code}]}}


@pytest.mark.parametrize("died", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-11-01"}])
def test_no_request_is_made_for_the_dead(front: Front, died: dict[str, Any]) -> None:
    front.chart(PATIENT | died)
    case = front.opened()
    assert (case.scope.verdict, rules_of(case)) == ("out_of_scope", ["deceased"])


def test_the_living_are_not_taken_for_dead(front: Front) -> None:
    front.chart(PATIENT | {"deceasedBoolean": False})
    assert front.opened().scope.verdict == "in_scope"


def test_medicaid_beside_medicare_is_told_and_changes_nothing(front: Front) -> None:
    front.chart(a_coverage("medicaid", "2"))
    case = front.opened()
    assert (case.coverage_ref, case.scope.verdict) == ("Coverage/medicare", "in_scope")
    assert "medicaid" in rules_of(case)


@pytest.mark.parametrize(
    ("orders", "second"), [((2, 1), True), ((1, 2), False), ((2, None), False)]
)
def test_medicare_that_pays_second_is_told(
    front: Front, orders: tuple[int, int | None], second: bool
) -> None:
    other = {"order": orders[1]} if orders[1] else {}
    front.chart(a_coverage(order=orders[0]), a_coverage("employer", "512", **other))
    case = front.opened()
    assert case.scope.verdict == "in_scope"
    assert ("secondary" in rules_of(case)) == second


def test_a_lead_is_judged_by_the_generator_of_its_requisition(front: Front) -> None:
    group = {"requisition": {"value": "r1"}}
    front.chart(
        with_code("1", "64561", "N39.41", **group), with_code("2", "64590", "N39.41", **group)
    )
    case = front.opened()
    assert (case.scope.verdict, case.scope.service, case.scope.along) == (
        "in_scope",
        "sns",
        ("64590",),
    )
    assert scope_line(case) == (
        "Medicare prior authorization is recommended for 64561, sacral nerve stimulator lead "
        "placed through the skin."
    )


@pytest.mark.parametrize(
    ("group", "verdict"), [({"requisition": {"value": "r1"}}, "out_of_scope"), ({}, "unknown")]
)
def test_a_lead_alone_is_a_trial_as_far_as_is_known(
    front: Front, group: dict[str, Any], verdict: str
) -> None:
    front.chart(with_code("1", "64561", "N39.41", **group))
    assert front.opened().scope.verdict == verdict


def test_an_emergency_is_outside(front: Front) -> None:
    order = an_order()
    url = "https://ehr.example/modifier"
    order["code"]["extension"] = [{"url": url, "valueCode": "ET"}]
    front.chart(order)
    case = front.opened()
    assert (case.items[0].modifiers, rules_of(case)) == (("ET",), ["emergency"])


@pytest.mark.parametrize(
    ("order", "verdict"),
    [
        (with_code("1", "62323", "G35"), "unknown"),
        (with_code("1", "62323", "G35", note=[{"text": "Steroid injection"}]), "in_scope"),
        (with_code("1", "62323", "M54.16", note=[{"text": "pump trial"}]), "unknown"),
    ],
)
def test_the_order_s_own_words_tell_what_62323_is_for(
    front: Front, order: dict[str, Any], verdict: str
) -> None:
    front.chart(order)
    case = front.opened()
    assert case.scope.verdict == verdict
    assert verdict == "in_scope" or case.scope.open_rules == ("purpose",)


@pytest.mark.parametrize(
    ("coverage", "end"), [("121", "one thing is open."), (None, "2 things are open.")]
)
def test_how_many_things_are_open_is_told(front: Front, coverage: str | None, end: str) -> None:
    front.chart(with_code("1", "62323", "G35"), a_coverage(kind=coverage))
    assert scope_line(front.opened()).endswith(f"62323: {end}")
