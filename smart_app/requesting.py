"""Stages 8 and 9: the completed form and the request Bundle of a case, of what was kept of it."""

from __future__ import annotations

from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    CoverageAnswer,
    Decision,
    Draft,
    Person,
    QuestionnairePackage,
    Resource,
)
from smart_app.chart import annotate, documents, orders
from smart_app.dtr import response
from smart_app.errors import MissingFact
from smart_app.fhir import refs
from smart_app.pas import bundle, previous, team
from smart_app.pas.claim import Partners, Quoted
from smart_app.payers.registry import Payer
from smart_app.sites import Site
from smart_app.world import World


def _known(chart: ChartSnapshot, reference: str | None) -> Resource:
    """Return a resource of the chart that a request needs; raises MissingFact."""
    found = chart.by_reference(reference)
    if found is None:
        raise MissingFact("coverage or signer not in the chart")
    return found


def sign(
    world: World,
    case: Case,
    received: QuestionnairePackage,
    draft: Draft,
    person: Person,
    chart: ChartSnapshot,
) -> Resource:
    """Return the completed form; raises MissingFact for what the chart lacks."""
    return response.sign(
        received,
        draft,
        patient=chart.patient,
        orders=chart.by_references(case.lines),
        coverage=_known(chart, case.coverage_ref),
        person=person,
        at=world.clock.now(),
    )


def build(
    world: World,
    case: Case,
    signed: Resource,
    draft: Draft,
    person: Person,
    chart: ChartSnapshot,
) -> Resource:
    """Return the request Bundle of a case with its completed form, not yet numbered.

    Raises MissingFact for what the chart or the site's settings lack.
    """
    chosen = chart.by_references(case.lines)
    coverage, signer = _known(chart, case.coverage_ref), _known(chart, person.fhir_user)
    if case.payer_id is None:
        raise MissingFact("no payer")
    site, payer = world.sites.of_id(case.site), world.payers.of_id(case.payer_id)
    asked = tuple(one for one in chosen if refs.of(one) in {i.order_ref for i in case.items})
    visits = [chart.by_reference(refs.relative(one.get("encounter"))) for one in asked]
    parts = bundle.RequestParts(
        case=case,
        patient=chart.patient,
        coverage=coverage,
        orders=annotated(world, case, chosen),
        ordering=team.ordering(chart, asked, signer, site.practitioner_ptans),
        performing=team.performing(chart, asked, site.practitioner_ptans),
        clinic=site.clinic,
        insurer=bundle.Insurer(payer.insurer_name, payer.insurer_system, payer.insurer_value),
        response=signed,
        documents=chart.by_references(documents.sent(case, chart, draft)),
        identifier="",
        at=world.clock.now(),
        version=payer.pas_version,
        encounter=next(iter(filter(None, visits)), None),
        quoted=_quoted(world, case),
        recorded=orders.recorded(asked, chart),
        urgency=case.urgency,
        partners=_partners(site, payer),
    )
    return bundle.build(parts)


def annotated(world: World, case: Case, chosen: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """Return the orders with what the payer said of each."""
    answer = world.store.latest(case.id, "coverage_answer", CoverageAnswer)
    return tuple(
        annotate.merged(one, answer.said_of(refs.of(one)) if answer else ()) for one in chosen
    )


def _quoted(world: World, case: Case) -> tuple[Quoted, ...]:
    """Return the numbers of the requests before this one that the program wants quoted."""
    found: list[tuple[Quoted, ...]] = []
    prior_id = case.prior_case_id
    while prior_id:
        prior = world.store.case(prior_id)
        decided = world.store.latest(prior.id, "decision", Decision)
        if several := previous.numbers(prior, decided, tuple(world.store.utns(prior.id))):
            found.append(several)
        prior_id = prior.prior_case_id
    if not found:
        return ()
    return found[0] if world.program.number.quote == "latest" else found[-1]


def _partners(site: Site, payer: Payer) -> Partners | None:
    """Return how clinic and payer name themselves, where the payer's file says how it does.

    Our name is the one that a Subscription is asked for by.
    """
    if payer.receiver_code is None:
        return None
    ours = site.clinic.npi
    return Partners(ours, payer.receiver_code, ours, payer.receiver_id)
