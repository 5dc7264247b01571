"""Who a page is about, and the orders that a person may choose from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from fhirclient.models.patient import Patient

from smart_app import formatters
from smart_app.cases.model import Case, Resource
from smart_app.errors import SeveralOrders
from smart_app.fhir import codes, refs
from smart_app.flow import Flow
from smart_app.reopen import Choice
from smart_app.world import World


@dataclass(frozen=True, slots=True)
class Strip:
    """Who the page is about."""

    name: str
    facts: str
    coverage: str = ""
    right: str = ""


def patient_strip(found: Resource, today: date) -> Strip:
    """Return name and facts of a patient; fhirclient gives the typed read view."""
    kept = ("resourceType", "id", "name", "gender", "birthDate")
    patient = Patient({key: found[key] for key in kept if key in found}, strict=False)
    name = patient.name[0] if patient.name else None
    given = " ".join(name.given or []) if name else ""
    birthday = found.get("birthDate")
    facts = [
        formatters.age(birthday, today),
        patient.gender or "",
        formatters.born(formatters.birth(birthday)),
    ]
    return Strip(
        name=f"{given} {name.family if name else ''}".strip() or formatters.NO_NAME,
        facts=", ".join(one for one in facts if one),
    )


def strip(world: World, flow: Flow, case: Case, today: date) -> Strip:
    """Return the patient strip of a case."""
    chart = flow.kept(case)
    site = world.sites.of_id(case.site)
    read = formatters.lately(chart.read_at, site.time_zone, today)
    kind = next((one for one in case.scope.reasons if one.rule == "coverage"), None)
    if case.scope.verdict == "in_scope":
        coverage = f"{formatters.COVERED}, {formatters.chart_read(read)}"
    else:
        coverage = formatters.outside(kind.words if kind else "", read)
    return replace(
        patient_strip(chart.patient, today),
        coverage=coverage,
        right=f"{formatters.codes(case)}, {formatters.services(case)}",
    )


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order, or several of one requisition, that a person may choose."""

    refs: str
    title: str
    words: str
    facts: str
    asks: bool


def order_rows(asked: SeveralOrders) -> tuple[OrderRow, ...]:
    """Return the orders of a chart, those that Medicare asks about first."""
    rows = [
        OrderRow(
            refs=" ".join(map(refs.of, one.orders)),
            title=_title(one.orders[0], one.case),
            words=formatters.scope_line(one.case) if one.case else formatters.NO_CODE,
            facts=_facts(one),
            asks=one.case is not None and one.case.scope.verdict != "out_of_scope",
        )
        for one in asked.choices
    ]
    return tuple(sorted(rows, key=lambda row: not row.asks))


def _facts(choice: Choice) -> str:
    """Return by what a person tells orders of the same service apart."""
    first, lines = choice.orders[0], choice.case.items if choice.case else ()
    [requester] = codes.objects([first.get("requester")]) or [{}]
    return formatters.order_facts(
        choice.particulars,
        tuple(dict.fromkeys(one for item in lines for one in item.diagnoses)),
        choice.planned,
        str(first.get("authoredOn") or "") or None,
        str(requester.get("display") or ""),
    )


def _title(order: Resource, case: Case | None) -> str:
    if case is not None and case.items[0].coding[0].words:
        return f"{formatters.codes(case)}, {formatters.services(case)}"
    concept = order.get("code") or {}
    coded = codes.codings(concept)
    return str(concept.get("text") or (coded[0].get("display") if coded else "") or "Order")
