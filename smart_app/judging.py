"""Stage 3: where the service is done, which coverage counts, and whether a program asks.

What the chart does not settle becomes a conflict for a person; whatever a person settles, the
orders are judged anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from smart_app.cases.model import (
    Case,
    CaseItem,
    ChartSnapshot,
    Conflict,
    ConflictOption,
    Place,
    Resource,
    ScopeFinding,
)
from smart_app.chart import coverages, orders, places
from smart_app.fhir import refs
from smart_app.payers.registry import Payer
from smart_app.programs import scope
from smart_app.programs.base import Program
from smart_app.sites import Site
from smart_app.world import World

COMPANION, TOGETHER = "companion", "together"


def coverage(
    program: Program, chart: ChartSnapshot, named: str | None, on: date
) -> tuple[Resource | None, tuple[Conflict, ...]]:
    """Return the coverage that the launch names or that counts; else the question which does.

    What the launch names counts unless it is not active on the day of the service, not Medicare
    itself, or a plan has taken its place.
    """
    active = coverages.active(chart, on)
    kinds = [_kind(program, one, chart) for one in active]
    found = chart.by_reference(named)
    named_kind = _kind(program, found, chart) if found in active else "beside"
    if found and named_kind not in scope.NOT_ITSELF and "managed" not in kinds:
        return found, ()
    number = scope.which(kinds)
    if number is not None:
        return active[number], ()
    if active:
        return None, (coverages.conflict(active, chart),)
    return None, ()


def _kind(program: Program, found: Resource, chart: ChartSnapshot) -> scope.CoverageKind:
    paid = coverages.payor(found, chart)
    return scope.coverage_kind(program, found, paid.names, paid.unread)


def same_coverage(
    world: World, case: Case, before: ChartSnapshot, chart: ChartSnapshot, named: str | None
) -> bool:
    """Tell whether the chart says of the coverage what it said when a case was begun."""
    on = day(world, case.planned_date, world.sites.of_id(case.site))
    found, _ = coverage(world.program, chart, named, on)
    if found is None:
        was_on = case.planned_date or before.read_at.date()
        return _all_said(before, was_on) == _all_said(chart, on)
    known = before.by_reference(case.coverage_ref)
    if known is None:
        return False
    was, now = coverages.said(known, before), coverages.said(found, chart)
    # a payor that cannot be read today says nothing against what it said before
    return was[0] == now[0] and now[1] in ("", was[1])


def _all_said(chart: ChartSnapshot, on: date) -> list[Resource | None]:
    return [coverages.said(one, chart)[0] for one in coverages.active(chart, on)]


def day(world: World, planned: date | None, site: Site) -> date:
    """Return the day on which a service is judged: its planned one, else today at the site."""
    return planned or world.clock.today(site.time_zone)


def place(
    chosen: tuple[Resource, ...], chart: ChartSnapshot, site: Site
) -> tuple[Place | None, tuple[Conflict, ...]]:
    """Return the one place that the chart names, or the question where it is."""
    found = places.find(chosen, chart, site.facilities)
    conflict = places.conflict(found, site.facilities)
    if conflict is not None:
        return None, (conflict,)
    return site.facility(found.options[0].key), ()


def placed(items: tuple[CaseItem, ...], where: Place | None) -> tuple[CaseItem, ...]:
    """Return service lines at a place."""
    return tuple(replace(one, place=where) for one in items)


def finding(
    program: Program, case: Case, chart: ChartSnapshot, site: Site, on: date
) -> ScopeFinding:
    """Judge a case's orders by its place and coverage, as far as they are settled."""
    found = chart.by_reference(case.coverage_ref)
    paid = coverages.payor(found, chart) if found else coverages.Payor("", unread=False)
    possible = [one.place for one in case.items if one.place] or [
        where
        for conflict in case.conflicts
        if conflict.field == places.FIELD
        for option in conflict.options
        if (where := site.facility(option.key))
    ]
    chosen = chart.by_references(case.order_refs)
    question = scope.Question(
        items=(*case.items, *case.along),
        coverage=found,
        payor_name=paid.names,
        payor_unread=paid.unread,
        states=tuple({one.state for one in possible}),
        places_of_service=tuple({one.pos for one in possible}),
        types_of_bill=tuple({one.tob for one in possible if one.tob}),
        on=on,
        companion_codes=_companions(program, case, chosen, chart),
        alongside=scope.alongside(program, found, _others(found, chart, on)),
        deceased=_deceased(chart.patient),
        order_words=orders.words(chosen),
    )
    return scope.judge(program, question)


def _others(found: Resource | None, chart: ChartSnapshot, on: date) -> tuple[Resource, ...]:
    counted = refs.of(found) if found else None
    return tuple(one for one in coverages.active(chart, on) if refs.of(one) != counted)


def _deceased(patient: Resource) -> bool:
    return bool(patient.get("deceasedDateTime")) or patient.get("deceasedBoolean") is True


def judged(world: World, case: Case, chart: ChartSnapshot) -> Case:
    """Return a case with its finding, and who decides it, as its place and coverage now are."""
    site = world.sites.of_id(case.site)
    on = day(world, case.planned_date, site)
    found = finding(world.program, case, chart, site, on)
    payer = _payer(world, found)
    lines = (*case.items, *case.along)
    asked = [one for one in lines if one.code not in found.along]
    return replace(
        case,
        conflicts=(*case.conflicts, *_alone(world.program, case, found)),
        items=tuple(replace(one, sequence=number) for number, one in enumerate(asked, start=1)),
        along=tuple(one for one in lines if one.code in found.along),
        scope=found,
        payer_id=payer.id if payer else None,
        channel="pas" if payer and payer.pas_base else None,
    )


def _alone(program: Program, case: Case, found: ScopeFinding) -> tuple[Conflict, ...]:
    """Return the question whether a code is ordered alone, when only a person can tell."""
    asked = {one.field for one in case.conflicts}
    if COMPANION not in found.open_rules or COMPANION in asked:
        return ()
    needed = _needed(program, case)
    options = (
        ConflictOption(TOGETHER, f"Together with {' or '.join(needed)}", True),
        ConflictOption("alone", f"Without {' or '.join(needed)}", False),
    )
    return (Conflict(COMPANION, COMPANION, "unknown", options),)


def _needed(program: Program, case: Case) -> tuple[str, ...]:
    """Return the codes with one of which a case's codes must be ordered to be asked for."""
    services = {one.code: program.service_of(one.code) for one in case.items}
    entries = [service.code(code) for code, service in services.items() if service]
    return tuple(dict.fromkeys(code for one in entries if one for code in one.requires_with))


def _companions(
    program: Program, case: Case, chosen: tuple[Resource, ...], chart: ChartSnapshot
) -> tuple[str, ...] | None:
    """Return what is ordered along by the chart, else by what a person said of it."""
    known = orders.companions(chosen, chart)
    said = next((one.chosen for one in case.conflicts if one.field == COMPANION), None)
    if known is not None or said is None:
        return known
    return _needed(program, case) if said == TOGETHER else ()


def _payer(world: World, found: ScopeFinding) -> Payer | None:
    if found.route is None or found.verdict != "in_scope":
        return None
    return world.payers.of_route(found.program, found.route.state)


def settled(
    world: World, case: Case, chart: ChartSnapshot, conflict: Conflict, key: str, who: str
) -> Case:
    """Return a case in which a person has settled a conflict, judged anew."""
    answered = replace(conflict, chosen=key, chosen_by=who)
    case = replace(
        case,
        conflicts=tuple(answered if one.field == conflict.field else one for one in case.conflicts),
    )
    if conflict.field == coverages.FIELD:
        case = replace(case, coverage_ref=key)
    elif conflict.field == places.FIELD:
        where = world.sites.of_id(case.site).facility(key)
        case = replace(case, items=placed(case.items, where), along=placed(case.along, where))
    return judged(world, case, chart)
