"""A chart that changed after it was read is shown before signing, and taken or left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app import newer
from smart_app.cases.model import Answer, Case, Draft
from smart_app.dtr import gaps, items
from smart_app.errors import StaleRevision
from tests.unit.dtr.forms import a_group, a_question
from tests.unit.front import DOCTOR, Front, a_coverage, an_order, payers_form

FORM = payers_form([a_group("g", a_question("q"), a_question("r", required=True))])
NOTE = {
    "resourceType": "DocumentReference",
    "id": "n1",
    "status": "current",
    "description": "Visit note",
    "subject": {"reference": "Patient/p1"},
}


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.forms = {"zyter": FORM}
    no_chart.chart(an_order(place=("office",)), a_coverage())
    return no_chart


def says(front: Front, value: Any) -> None:
    """Let the chart answer the first question so."""

    def fill(case: Case, received: Any, chart: Any, *rest: Any) -> Draft:
        form = items.questionnaire(received)
        given = (Answer("q[0]", value, "auto"),) if value is not None else ()
        return gaps.recount(form, Draft(items.canonical(form), 1, given))

    front.fill = fill  # type: ignore[method-assign]


def again(front: Front) -> Case:
    """Open the order another time."""
    return front.opened(launch_id="L2")


def mark(front: Front, case: Case) -> str:
    """Return the mark of the changes that the page shows."""
    found = newer.pending(front.store, case)
    assert found
    return newer.shown(found)


def names(front: Front, case: Case) -> list[str]:
    return [anchor for anchor, _ in front.acts.open_points(case)]


def values(front: Front, case: Case) -> dict[str, Any]:
    found = front.draft(front.now(case))
    assert found
    return {one.path: one.value for one in found[1].answers}


def test_a_chart_that_says_the_same_asks_nothing(front: Front) -> None:
    says(front, True)
    front.opened()
    case = again(front)
    assert newer.pending(front.store, case) is None


def test_what_changed_is_shown_and_stands_before_signing(front: Front) -> None:
    says(front, True)
    front.opened()
    says(front, False)
    front.chart(NOTE)
    case = again(front)
    found = newer.pending(front.store, case)
    assert found
    assert [one[2] for one in found.changes if not one[0]] == ["Visit note"]
    assert len([one for one in found.changes if one[0]]) == 1
    assert "newer" in names(front, case)
    assert values(front, case) == {"q[0]": True}


@pytest.mark.parametrize(("take", "value", "notes"), [("take", False, 1), ("keep", True, 0)])
def test_a_person_takes_it_or_keeps_what_was_read(
    front: Front, take: str, value: bool, notes: int
) -> None:
    says(front, True)
    case = front.opened()
    case = front.acts.answer(case, case.revision, DOCTOR, {"fields": ["r"], "r": ["true"]})
    says(front, False)
    front.chart(NOTE)
    case = again(front)
    seen = mark(front, case)
    with pytest.raises(StaleRevision):
        front.acts.chart_changed(case, case.revision - 1, DOCTOR, seen, take)
    case = front.acts.chart_changed(case, case.revision, DOCTOR, seen, take)
    assert values(front, case) == {"q[0]": value, "r[0]": True}
    assert len(front.kept(case).of("DocumentReference")) == notes
    assert "newer" not in names(front, case)
    assert "newer" not in names(front, front.opened(launch_id="L3"))
    with pytest.raises(StaleRevision):
        front.acts.chart_changed(case, case.revision, DOCTOR, seen, take)


def test_a_failed_second_look_changes_nothing(front: Front) -> None:
    says(front, True)
    front.opened()

    def broken(*_: Any) -> Draft:
        raise AttributeError("x")

    front.fill = broken  # type: ignore[method-assign]
    assert values(front, again(front)) == {"q[0]": True}
    assert replace(again(front), revision=1).tracks.documentation == "draft"


def answered(front: Front, case: Case, link_id: str, value: str) -> Case:
    """Answer a question as the doctor."""
    posted = {"fields": [link_id], link_id: [value]}
    return front.acts.answer(front.now(case), front.now(case).revision, DOCTOR, posted)


@pytest.mark.parametrize("take", ["take", "keep"])
def test_what_is_answered_between_the_look_and_the_choice_stays(front: Front, take: str) -> None:
    says(front, True)
    case = answered(front, front.opened(), "r", "true")
    says(front, False)
    case = answered(front, again(front), "r", "false")
    case = front.acts.chart_changed(case, case.revision, DOCTOR, mark(front, case), take)
    assert values(front, case) == {"q[0]": take == "keep", "r[0]": False}


def test_a_person_stands_over_what_is_taken_and_the_chart_is_kept_beside(front: Front) -> None:
    says(front, True)
    front.opened()
    says(front, False)
    case = answered(front, again(front), "q", "false")
    case = answered(front, case, "q", "true")
    case = front.acts.chart_changed(case, case.revision, DOCTOR, mark(front, case), "take")
    found = front.draft(case)
    assert found
    one = found[1].answer("q[0]")
    assert one
    assert (one.value, one.origin, one.was) == (True, "override", False)


@pytest.mark.parametrize(("later", "leave"), [(True, ("g",)), (False, ())])
def test_leave_to_send_a_point_stays_while_the_point_says_the_same(
    front: Front, later: bool, leave: tuple[str, ...]
) -> None:
    flag = a_question("g-missing")
    both = [a_group("g", a_question("q"), a_question("r", required=True), flag)]
    front.forms = {"zyter": payers_form(both)}
    says(front, True)
    case = front.opened()
    says(front, later)
    front.chart(NOTE)
    case = front.acts.send_without(again(front), case.revision, DOCTOR, "g")
    case = front.acts.chart_changed(case, case.revision, DOCTOR, mark(front, case), "take")
    found = front.draft(case)
    assert found
    assert found[1].sent_without == leave
    assert bool(found[1].answer("g-missing[0]")) is bool(leave)
    assert [one.path for one in found[1].gaps] == ["r[0]"]


def test_what_was_found_for_another_form_is_no_longer_asked(front: Front) -> None:
    says(front, True)
    front.opened()
    says(front, False)
    case = again(front)
    seen = mark(front, case)
    found = front.draft(case)
    assert found
    with front.store.write() as db:
        front.store.put(db, case.id, "draft", replace(found[1], questionnaire="http://x/other"))
    assert newer.pending(front.store, case) is None
    with pytest.raises(StaleRevision):
        front.acts.chart_changed(case, case.revision, DOCTOR, seen, "take")


@pytest.mark.parametrize("take", ["take", "keep"])
def test_what_another_launch_found_meanwhile_is_not_taken_unseen(front: Front, take: str) -> None:
    says(front, True)
    front.opened()
    says(front, False)
    case = again(front)
    seen = mark(front, case)
    front.chart(NOTE)
    later = front.opened(launch_id="L3")
    assert later.revision == case.revision
    for stale in (seen, ""):
        with pytest.raises(StaleRevision):
            front.acts.chart_changed(later, later.revision, DOCTOR, stale, take)
    assert newer.pending(front.store, later)
    assert values(front, later) == {"q[0]": True}
    front.acts.chart_changed(later, later.revision, DOCTOR, mark(front, later), take)


@pytest.mark.parametrize("take", ["take", "keep"])
def test_what_is_found_while_a_person_chooses_is_not_settled_unseen(
    front: Front, take: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(front, True)
    front.opened()
    says(front, False)
    case = again(front)
    seen, write = mark(front, case), front.store.write

    def another_is_first() -> Any:
        monkeypatch.undo()
        front.chart(NOTE)
        front.opened(launch_id="L3")
        return write()

    monkeypatch.setattr(front.store, "write", another_is_first)
    with pytest.raises(StaleRevision):
        front.acts.chart_changed(case, case.revision, DOCTOR, seen, take)
    found = newer.pending(front.store, case)
    assert found
    assert [one[2] for one in found.changes if not one[0]] == ["Visit note"]
    assert "newer" in names(front, case)
