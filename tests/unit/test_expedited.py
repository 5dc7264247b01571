"""A request that cannot wait: the reason goes with it, and the shorter clock runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smart_app.cases.model import Case
from smart_app.cases.store import Store
from smart_app.errors import MissingFact, StaleRevision
from smart_app.review import LONGEST_REASON
from tests.unit.front import DOCTOR, Front, a_coverage, an_order
from tests.unit.kit import NOW, FakeClock
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_follow import answering, ok
from tests.unit.told import Told

WHY = "Waiting may damage the cord."


def opened(front: Front) -> Case:
    front.chart(a_coverage(), an_order())
    return front.opened()


def said(front: Front, case: Case, reason: str) -> Case:
    return front.acts.expedite(case, case.revision, DOCTOR, reason)


def test_the_reason_is_kept_and_may_be_taken_back(no_chart: Front) -> None:
    case = said(no_chart, opened(no_chart), f"  {WHY}\n")
    assert (case.expedited, case.urgency) == (True, WHY)
    assert said(no_chart, case, WHY) == case
    again = said(no_chart, case, " ")
    assert (again.expedited, again.urgency) == (False, None)
    kinds = [one.kind for one in no_chart.world.audit.events(case.id)]
    assert kinds[-2:] == ["expedited", "standard"]


def test_a_reason_that_no_message_holds_changes_nothing(no_chart: Front) -> None:
    case = opened(no_chart)
    with pytest.raises(MissingFact):
        said(no_chart, case, "x" * (LONGEST_REASON + 1))
    assert no_chart.now(case) == case
    assert said(no_chart, case, "x" * LONGEST_REASON).expedited


def test_a_page_that_is_older_than_the_case_changes_nothing(no_chart: Front) -> None:
    case = opened(no_chart)
    said(no_chart, case, WHY)
    with pytest.raises(StaleRevision):
        no_chart.acts.expedite(case, case.revision, DOCTOR, "Another reason")
    assert no_chart.now(case).urgency == WHY


@pytest.mark.parametrize(("expedited", "days"), [(True, 2), (False, 3)])
def test_the_clock_is_that_of_its_kind(
    store: Store, clock: FakeClock, expedited: bool, days: int
) -> None:
    line = Told(store, clock, answering(ok(an_answer_item("A4"))))
    line.signed(expedited=expedited)
    line.work()
    case = line.case()
    assert case.due_at is not None and case.due_rule is not None
    assert timedelta(0) <= case.due_at - NOW - timedelta(days=days) < timedelta(minutes=1)
    assert case.due_rule.startswith("Expedited" if expedited else "Standard")
