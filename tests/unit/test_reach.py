"""A case says how people reach who decides: by the payer's file, else by the program's data."""

from __future__ import annotations

from smart_app.web import presenters
from tests.unit.front import Front, a_coverage, an_order


def test_the_programs_telephone_of_the_state(no_chart: Front) -> None:
    no_chart.chart(a_coverage(), an_order())
    case = no_chart.opened()
    assert case.scope.route
    (here,) = [one for one in no_chart.world.program.participants if one.id == "AZ"]
    assert presenters.payer_contact(no_chart.world, case) == f"Telephone {here.telephone}"


def test_the_payers_own_words_come_first(no_chart: Front) -> None:
    no_chart.chart(a_coverage(), an_order())
    case = no_chart.opened()
    find = no_chart.world.payers.find

    def named(payer_id: str | None) -> object:
        found = find(payer_id)
        found.contact = "Telephone 555-0100"
        return found

    no_chart.world.payers.find = named  # type: ignore[method-assign]
    assert presenters.payer_contact(no_chart.world, case) == "Telephone 555-0100"
