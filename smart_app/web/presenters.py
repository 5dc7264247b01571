"""What templates get: plain values, never raw FHIR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from smart_app import formatters, newer, reading
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    CoverageAnswer,
    Draft,
    Event,
    Person,
    entered_here,
)
from smart_app.chart import documents
from smart_app.dtr.form import CriterionView, FormView, view
from smart_app.errors import NoForm
from smart_app.fhir import codes
from smart_app.flow import Flow
from smart_app.sites import Site
from smart_app.world import World

DONE, RUNNING, FAILED, WAITING = "done", "running", "failed", "waiting"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the preparation, in words."""

    words: str
    state: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document that may be sent."""

    ref: str
    title: str
    ticked: bool
    note: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """The rows of a form by what is left to do: open, settled, and let stand knowingly."""

    open: tuple[CriterionView, ...]
    settled: tuple[CriterionView, ...]
    without: tuple[CriterionView, ...]

    @staticmethod
    def of(rows: tuple[CriterionView, ...], sent_without: tuple[str, ...]) -> Criteria:
        """Return the rows of a form, sorted out."""
        lacking = [one for one in rows if one.state == "open"]
        return Criteria(
            tuple(one for one in lacking if one.link_id not in sent_without),
            tuple(one for one in rows if one.state == "documented"),
            tuple(one for one in lacking if one.link_id in sent_without),
        )


def payer_name(world: World, case: Case) -> str:
    """Return who decides, as people say it."""
    if case.scope.route:
        return case.scope.route.participant
    return formatters.DECIDES


def payer_contact(world: World, case: Case) -> str:
    """Return how people reach who decides: by the payer's file, else by the program's data."""
    payer, route = world.payers.find(case.payer_id), case.scope.route
    if payer and payer.contact:
        return payer.contact
    here = [one for one in world.program.participants if route and one.id == route.state]
    return formatters.telephone(here[0].telephone) if here else ""


def stages(marked: dict[str, tuple[str, str | None]], payer: str) -> tuple[Stage, ...]:
    """Return the line of stages, as they are marked, while the form is being prepared."""
    rows = [Stage(formatters.STAGES["chart"], DONE), Stage(formatters.STAGES["rules"], DONE)]
    for key in ("ask", "form", "fill"):
        state, why = marked.get(key, (WAITING, None))
        words = formatters.stage(key, state, why, payer)
        rows.append(Stage(words, DONE if state == "not_asked" else state))
    return tuple(rows)


def expected(world: World, case: Case, site: Site) -> str:
    """Return the forecast of the decision's day, before sending."""
    program = world.program
    days = program.expedited_days if case.expedited else program.standard_days
    return formatters.day(world.clock.today(site.time_zone) + timedelta(days=days))


@dataclass(frozen=True, slots=True)
class ReviewView:
    """*Review and sign*."""

    case: Case
    title: str
    route: str
    expected: str
    stages: tuple[Stage, ...]
    ready: bool
    form: FormView | None
    open: tuple[CriterionView, ...]
    settled: tuple[CriterionView, ...]
    without: tuple[CriterionView, ...]
    documents: tuple[DocumentRow, ...]
    payer: str
    may_sign: bool
    ordering: str
    orders_itself: bool
    needs: int
    failed: bool
    payer_said: tuple[str, str] | None
    all_from_chart: bool
    newer: tuple[str, tuple[tuple[str, str, str], ...], str] | None
    form_failed: bool
    no_form: bool
    entered: tuple[tuple[str, str], ...]
    not_added: tuple[str, ...]
    left_out: str


def not_added(events: Sequence[Event], case_id: str, zone: str) -> tuple[str, ...]:
    """Return the orders that were opened and not added to a case, the last one of each code."""
    last = {one.facts["code"]: one for one in events if one.kind == "same_service"}
    return tuple(formatters.not_added(one, case_id, zone) for one in last.values())


def _entered(flow: Flow, case: Case) -> tuple[tuple[str, str], ...]:
    """Return what a person entered of the orders, in words, and the chart's order of it if any."""
    known = reading.entries(flow.world, case.site, case.iss, case.patient_ref)
    zone = flow.world.sites.of_id(case.site).time_zone
    return tuple(
        (
            formatters.entered(
                one.code.code, one.by, formatters.moment(one.at, zone), entered_here(ref)
            ),
            "" if entered_here(ref) else ref,
        )
        for ref in case.order_refs
        for one in known
        if one.order_ref == ref
    )


def ordering(flow: Flow, case: Case, person: Person) -> tuple[str, bool]:
    """Return who placed the orders, by name, and whether it is the person at the page."""
    chart = flow.kept(case)
    placed = flow.requesters(case, chart)
    named = [codes.human_name(chart.by_reference(one)) for one in sorted(filter(None, placed))]
    names = formatters.join([one for one in named if one]) or formatters.SOMEBODY
    return names, placed == {person.fhir_user}


def document_rows(
    chart: ChartSnapshot, case: Case, draft: Draft, went: tuple[str, ...] = ()
) -> tuple[DocumentRow, ...]:
    """Return the documents that may go with a form, ticked or not; some went before."""
    sent = documents.sent(case, chart, draft)
    return tuple(
        DocumentRow(
            one.ref,
            f"{one.title}, {formatters.short_day(one.date)}",
            one.ref in sent,
            formatters.document_note(one.needed, one.offered, one.ref in went),
        )
        for one in documents.listed(chart, draft)
    )


def choices(
    rows: Sequence[documents.Listed], chosen: Sequence[str] = ()
) -> tuple[DocumentRow, ...]:
    """Return documents to choose from, with who wrote each."""
    return tuple(
        DocumentRow(
            one.ref,
            ", ".join(filter(None, (one.title, formatters.short_day(one.date)))),
            one.ref in chosen,
            one.author or "",
        )
        for one in rows
    )


def review(flow: Flow, case: Case, person: Person) -> ReviewView:
    """Return the view of a case that is not sent yet."""
    world = flow.world
    site, payer = world.sites.of_id(case.site), payer_name(world, case)
    found = flow.draft(case)
    shown = view(*found) if found else None
    criteria = shown.criteria if shown else ()
    sorted_out = Criteria.of(criteria, found[1].sent_without if found else ())
    unsettled = [one for one in case.conflicts if not one.chosen]
    route = f"{case.scope.route.state_name} → {payer}." if case.scope.route else ""
    marked = flow.store.stages(case.id)
    changed, today = newer.pending(flow.store, case), world.clock.today(site.time_zone)
    typed, (placed, orders_itself) = _entered(flow, case), ordering(flow, case, person)
    answer = flow.store.latest(case.id, "coverage_answer", CoverageAnswer) if found else None
    kept = flow.kept(case)
    return ReviewView(
        case=case,
        title=formatters.scope_line(case),
        route=route,
        expected=expected(world, case, site),
        stages=stages(marked, payer),
        ready=found is not None,
        form=shown,
        open=sorted_out.open,
        settled=sorted_out.settled,
        without=sorted_out.without,
        documents=document_rows(kept, case, found[1]) if found else (),
        payer=payer,
        may_sign=person.may_sign,
        ordering=placed,
        orders_itself=orders_itself,
        needs=len(sorted_out.open) + len(unsettled) + (changed is not None),
        failed=marked.get("fill", ("", ""))[0] == FAILED,
        payer_said=formatters.payer_said(answer, payer) if answer else None,
        newer=(
            (
                formatters.lately(changed.since, site.time_zone, today),
                changed.changes,
                newer.shown(changed),
            )
            if changed
            else None
        ),
        all_from_chart=not (sorted_out.without or typed or any(by_hand(one) for one in criteria)),
        entered=typed,
        not_added=not_added(world.audit.record(case.id).events, case.id, site.time_zone),
        left_out=formatters.left_out(kept.unavailable, kept.left_out),
        form_failed="payer_form" in marked,
        no_form=marked.get("fill", ("", ""))[1] == NoForm.code,
    )


def by_hand(criterion: CriterionView) -> bool:
    """Tell whether a person gave or changed an answer of a criterion."""
    return any(one.origin in ("override", "manual") for one in criterion.fields)
