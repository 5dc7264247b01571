"""The form is the one of who decides: fetched again when a person settles otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Case
from smart_app.errors import StaleRevision, Superseded
from tests.unit.dtr.forms import a_group, a_question
from tests.unit.front import DOCTOR, Front, a_coverage, a_launch, an_order, payers_form
from tests.unit.kit import FakeClock

ZYTER = payers_form([a_group("g", a_question("q"), a_question("zyters"))])
COHERE = payers_form([a_group("g", a_question("q"), a_question("coheres"))])


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.forms = {"zyter": ZYTER, "cohere": COHERE}
    no_chart.chart(an_order(place=()), a_coverage())
    return no_chart


def shown(front: Front, case: Case) -> Any:
    """Return the form that the page shows, or None while it is prepared."""
    found = front.draft(front.now(case))
    return found[0].questionnaires[0]["item"] if found else None


def form_of(package: Any) -> Any:
    return package.questionnaires[0]["item"]


def answered(front: Front, case: Case, **values: str) -> Case:
    """Answer questions as the doctor."""
    posted = {name: [value] for name, value in values.items()} | {"fields": list(values)}
    return front.acts.answer(case, case.revision, DOCTOR, posted)


def values(front: Front, case: Case) -> dict[str, Any]:
    found = front.draft(front.now(case))
    assert found
    return {one.path: one.value for one in found[1].answers if one.value is not None}


def test_the_payers_form_comes_once_the_place_tells_who_decides(front: Front) -> None:
    case = front.opened()
    assert (case.payer_id, front.origin(case)) == (None, "local")
    case = front.settled(case, "place", "office")
    assert (case.payer_id, shown(front, case)) == ("zyter", form_of(ZYTER))
    case = front.settled(case, "place", "texas")
    assert (case.payer_id, shown(front, case)) == ("cohere", form_of(COHERE))


def test_what_a_person_answered_goes_along_or_is_shown(front: Front) -> None:
    case = front.settled(front.opened(), "place", "office")
    case = answered(front, case, q="true", zyters="true")
    case = front.settled(case, "place", "texas")
    assert values(front, case) == {"q[0]": True}
    found = front.draft(case)
    assert found and [text for text, _ in found[1].left_over] == ["Text of zyters"]
    case = front.settled(case, "place", "office")
    assert values(front, case) == {"q[0]": True, "zyters[0]": True}


def test_the_same_payer_keeps_its_form_and_answers(front: Front) -> None:
    case = answered(front, front.settled(front.opened(), "place", "office"), q="true")
    front.forms = {}
    for key in ("hospital", "far", "hospital"):
        case = front.settled(case, "place", key)
    assert shown(front, case) == form_of(ZYTER)
    assert values(front, case) == {"q[0]": True}


def test_another_coverage_is_asked_about_anew(front: Front) -> None:
    front.chart(an_order(), a_coverage("second", "129"))
    case = front.opened()
    case = front.settled(case, "coverage", "Coverage/medicare")
    asked: list[str | None] = []
    fetch = front.fetch
    front.fetch = lambda case, *rest: (asked.append(case.coverage_ref), fetch(case))[1]  # type: ignore[method-assign]
    front.settled(case, "coverage", "Coverage/second")
    assert asked == ["Coverage/second"]


def test_what_comes_too_late_for_a_choice_is_not_kept(front: Front) -> None:
    front.pool.held = []
    case = front.opened()
    case = front.settled(case, "place", "office")
    case = front.settled(case, "place", "texas")
    assert shown(front, case) is None
    begun = front.pool.held
    assert len(begun) == 3
    begun[0]()
    begun[1]()
    assert shown(front, case) is None
    begun[2]()
    assert shown(front, case) == form_of(COHERE)


def test_a_choice_that_changes_no_payer_lets_the_preparation_run(front: Front) -> None:
    front.chart(an_order(place=("office", "hospital")))
    front.pool.held = []
    case = front.settled(front.opened(), "place", "hospital")
    assert len(front.pool.held) == 1
    front.pool.held[0]()
    assert shown(front, case) == form_of(ZYTER)


def test_while_a_form_is_fetched_nothing_is_answered(front: Front) -> None:
    case = front.settled(front.opened(), "place", "office")
    front.pool.held = []
    case = front.settled(case, "place", "texas")
    with pytest.raises(StaleRevision):
        answered(front, case, q="true")
    assert [state for state, _ in front.store.stages(case.id).values()] == []


def test_a_preparation_that_died_is_taken_up_with_the_answers(
    front: Front, clock: FakeClock
) -> None:
    case = answered(front, front.settled(front.opened(), "place", "office"), q="true")
    front.pool.held = []
    case = front.settled(case, "place", "texas")
    front.pool.held = None
    clock.pass_by(3600)
    again = front.opened()
    assert again.id == case.id
    assert shown(front, case) == form_of(COHERE)
    assert values(front, case) == {"q[0]": True}


def test_what_was_out_of_scope_is_prepared_once_it_is_not(front: Front) -> None:
    front.pool.held = []
    case = front.settled(front.opened(), "place", "far")
    assert case.scope.verdict == "out_of_scope"
    case = front.settled(case, "place", "office")
    for one in front.pool.held:
        one()
    assert shown(front, case) == form_of(ZYTER)


def test_what_was_begun_before_an_order_fell_out_of_scope_does_not_count(front: Front) -> None:
    front.chart(a_coverage("second", None))
    front.pool.held = []
    case = front.opened()
    for field, key in (
        ("place", "office"),
        ("coverage", "Coverage/medicare"),
        ("place", "far"),
        ("coverage", "Coverage/second"),
        ("place", "office"),
    ):
        case = front.settled(case, field, key)
    assert (case.scope.verdict, case.payer_id) == ("unknown", None)
    for one in front.pool.held:
        one()
    assert front.origin(front.now(case)) == "local"


def test_nothing_is_settled_on_an_old_page_or_a_closed_case(front: Front) -> None:
    case = front.opened()
    with pytest.raises(StaleRevision):
        front.acts.settle(case, case.revision - 1, DOCTOR, "place", "office", a_launch())
    front.chart(an_order(place=()) | {"occurrenceDateTime": "2026-12-24"})
    front.opened()
    old = front.now(case)
    with pytest.raises(Superseded):
        front.acts.settle(old, old.revision, DOCTOR, "place", "office", a_launch())


def test_a_form_that_cannot_be_shown_is_never_stored(front: Front) -> None:
    odd = [a_group("g", {"linkId": "q", "text": "No type"})]
    front.forms["zyter"] = payers_form(odd)
    case = front.settled(front.opened(), "place", "office")
    assert front.origin(case) == "local"
    stages = front.store.stages(case.id)
    assert (stages["payer_form"][0], stages["form"]) == ("failed", ("done", "local"))
