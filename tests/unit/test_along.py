"""An order that goes along is no item of the request, and a person may tell that it goes along."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Case
from smart_app.fhir import codes
from smart_app.formatters import scope_line
from tests.unit.front import Front, a_coverage, a_launch, an_order
from tests.unit.kit import CPT

LEAD, GENERATOR = "64561", "64590"
REASON = {"reasonCode": [{"coding": [{"system": codes.ICD10CM, "code": "N39.41"}]}]}


def ordered(number: str, code: str, **more: Any) -> dict[str, Any]:
    return an_order(number) | {"code": {"coding": [{"system": CPT, "code": code}]}} | REASON | more


@pytest.fixture
def front(no_chart: Front) -> Front:
    no_chart.chart(a_coverage())
    return no_chart


def asked(case: Case) -> tuple[list[tuple[int, str]], list[str]]:
    """Return what is asked for, with its sequence, and what goes along."""
    return [(one.sequence, one.code) for one in case.items], [one.code for one in case.along]


BOTH = {"requisition": {"value": "both"}}


@pytest.mark.parametrize("numbers", [("1", "2"), ("2", "1")])
def test_an_order_that_goes_along_is_no_item(front: Front, numbers: tuple[str, str]) -> None:
    lead, generator = numbers
    front.chart(ordered(lead, LEAD, **BOTH), ordered(generator, GENERATOR, **BOTH))
    both = ("ServiceRequest/1", "ServiceRequest/2")
    case = front.opened(order_refs=both)
    assert (case.scope.verdict, case.conflicts) == ("in_scope", ())
    assert asked(case) == ([(1, LEAD)], [GENERATOR])
    assert case.order_refs == both  # a launch from either leads here
    assert case.items[0].order_ref == f"ServiceRequest/{lead}"
    assert GENERATOR not in scope_line(case)
    assert front.opened(order_refs=both, launch_id="L2").id == case.id
    first, *_ = front.kept(case).by_references(case.lines)
    assert first["id"] == lead  # the form is answered for what is asked for


def test_without_a_requisition_a_person_tells_what_is_ordered_along(front: Front) -> None:
    front.chart(ordered("1", LEAD))
    case = front.opened(order_refs=("ServiceRequest/1",))
    assert (case.scope.verdict, case.scope.open_rules) == ("unknown", ("companion",))
    (question,) = case.conflicts
    assert [one.words for one in question.options] == [
        f"Together with {GENERATOR}",
        "Without 64590",
    ]
    together = front.settled(case, "companion", "together")
    assert (together.scope.verdict, asked(together)) == ("in_scope", ([(1, LEAD)], []))
    assert together.payer_id == "zyter"
    alone = front.settled(together, "companion", "alone")
    assert alone.scope.verdict == "out_of_scope"
    kinds = [one.kind for one in front.world.audit.events(case.id)]
    assert kinds == ["opened", "companion_settled", "companion_settled"]
    again = front.open(a_launch("9", order_refs=("ServiceRequest/1",)))
    assert (again.id, again.scope.verdict) == (case.id, "out_of_scope")


def test_the_chart_s_requisition_counts_before_what_a_person_says(front: Front) -> None:
    front.chart(ordered("1", LEAD, **BOTH))
    case = front.opened(order_refs=("ServiceRequest/1",))
    assert (case.scope.verdict, case.conflicts) == ("out_of_scope", ())
