"""The line, stages 2 to 6: from an order in the chart to a form that the chart has answered.

``review`` holds stages 7 to 9 (what people change and sign), ``follow`` stages 10 to 13 (what the
worker does). Read this file first.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path

from launch import LaunchContext
from launch.scopes import allows, allows_a_part
from smart_app import crd, reopen
from smart_app.cases import states
from smart_app.cases.model import (
    Case,
    CaseItem,
    ChartSnapshot,
    Conflict,
    ConflictOption,
    CoverageAnswer,
    Draft,
    Event,
    Person,
    QuestionnairePackage,
    Resource,
    ScopeFinding,
    Tracks,
)
from smart_app.chart import annotate, documents, evidence, orders, places, snapshot
from smart_app.config import Site
from smart_app.dtr import package, populate
from smart_app.errors import MissingFact, PreclearError
from smart_app.fhir import codes, refs
from smart_app.payers.registry import Payer
from smart_app.programs import scope
from smart_app.world import World

log = logging.getLogger("preclear.flow")
PREPARE_LEASE = 90.0  # seconds, longer than all timeouts of stages 4 to 6
READABLE = tuple(snapshot.SEARCHES)


class Flow:
    """The stages in their order, over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    # stages 2 and 3 ------------------------------------------------------------------------------

    def open(self, context: LaunchContext) -> Case:
        """Read the chart, judge the orders, and return their case: a new one or the open one."""
        site = self.world.sites.of_id(context.site)
        chart = self._read(context)
        known = self.store.of_patient(site.id, context.iss, refs.of(chart.patient))
        sent, chosen = reopen.asked(known, context, chart)
        if sent:
            reopen.join(self.world, sent, context, chart)
            return sent
        case, attempt = reopen.unsent(self.world, known, chosen, chart, context)
        if case is None:
            case = self._new_case(context, site, chart, chosen, attempt)
        if case.tracks.submission == "none" and not self.store.prepared(case.id):
            with self.store.write() as db:
                self.store.put(db, case.id, "chart", documents.keep(chart, chosen))
            self._start_preparing(case, context, chart)
        else:
            reopen.join(self.world, case, context, chart)
        return case

    def _read(self, context: LaunchContext) -> ChartSnapshot:
        """Read the chart, the types that the sign-in allows as a whole."""
        granted = context.granted_scopes
        allowed = frozenset(k for k in READABLE if allows(granted, k, "s"))
        partly = frozenset(k for k in READABLE if allows_a_part(granted, k, "s"))
        return snapshot.read(
            self.world.chart(context),
            context.patient_id,
            self.world.chart_pool,
            self.world.clock.now(),
            allowed,
            partly,
        )

    def _new_case(
        self,
        context: LaunchContext,
        site: Site,
        chart: ChartSnapshot,
        chosen: tuple[Resource, ...],
        attempt: int,
    ) -> Case:
        now, program = self.world.clock.now(), self.world.program
        coverage = orders.coverage(chart, context.coverage_ref)
        found = places.options(chosen, chart, site.facilities)
        items = orders.items(chosen, chart, program.is_add_on, program.words)
        conflicts = self._place_conflict(found, site)
        if not conflicts:
            items = self.placed(items, site, found[0].key)
        planned = orders.planned_date(chosen)
        finding = self.judge(items, coverage, chart, found or conflicts[0].options, site, planned)
        payer = self.payer(finding)
        case = Case(
            id=str(uuid.uuid4()),
            site=site.id,
            iss=context.iss,
            patient_ref=refs.of(chart.patient),
            order_refs=tuple(sorted(refs.of(one) for one in chosen)),
            attempt=attempt,
            revision=1,
            program=program.id,
            program_version=program.version,
            scope=finding,
            items=items,
            tracks=Tracks(),
            created_at=now,
            coverage_ref=refs.of(coverage) if coverage else None,
            payer_id=payer.id if payer else None,
            channel="pas" if payer and payer.pas_base else None,
            planned_date=planned,
            conflicts=conflicts,
            launch_id=context.launch_id,
        )
        with self.store.write() as db:
            if not self.store.insert(db, case):
                db.rollback()
            else:
                self.world.audit.append(
                    db,
                    case.id,
                    Event("opened", now, context.fhir_user, {"verdict": finding.verdict}),
                )
        key = self.store.orders_key(case.site, case.iss, case.patient_ref, case.order_refs)
        return self.store.open_of(key) or case

    def _place_conflict(
        self, found: tuple[ConflictOption, ...], site: Site
    ) -> tuple[Conflict, ...]:
        if len(found) == 1:
            return ()
        options = found or places.every(site.facilities)
        why = "disagree" if found else "unknown"
        return (Conflict(places.FIELD, "place", why, options),)

    def placed(
        self, items: tuple[CaseItem, ...], site: Site, facility_id: str
    ) -> tuple[CaseItem, ...]:
        place = site.facility(facility_id)
        return tuple(replace(item, place=place) for item in items)

    def judge(
        self,
        items: tuple[CaseItem, ...],
        coverage: Resource | None,
        chart: ChartSnapshot,
        options: tuple[ConflictOption, ...],
        site: Site,
        planned: date | None,
    ) -> ScopeFinding:
        named = [site.facility(one.key) for one in options]
        payors = [
            chart.by_reference(name) or {}
            for one in (coverage or {}).get("payor") or []
            if (name := refs.relative(one))
        ]
        question = scope.Question(
            items=items,
            coverage=coverage,
            payor_name=" ".join(str(one.get("name") or "") for one in payors),
            states=tuple({place.state for place in named if place}),
            places_of_service=tuple({place.pos for place in named if place}),
            on=planned or self.world.clock.today(site.time_zone),
        )
        return scope.judge(self.world.program, question)

    def payer(self, finding: ScopeFinding) -> Payer | None:
        if finding.route is None or finding.verdict != "in_scope":
            return None
        return self.world.payers.of_route(finding.program, finding.route.state)

    # stages 4 to 6 -------------------------------------------------------------------------------

    def _start_preparing(self, case: Case, context: LaunchContext, chart: ChartSnapshot) -> None:
        if case.scope.verdict == "out_of_scope":
            return
        owner = f"{self.world.tasks.owner}"
        if self.store.lease_preparation(case.id, owner, PREPARE_LEASE):
            self.world.prepare_pool.submit(self._prepare_safely, case, context, chart)

    def _prepare_safely(self, case: Case, context: LaunchContext, chart: ChartSnapshot) -> None:
        """Prepare on the pool: whatever goes wrong there is told on the page."""
        try:
            self.prepare(case, context, chart)
        except PreclearError as cause:
            self.store.mark(case.id, "fill", "failed", cause.code)
        except Exception as cause:
            log.error("preparation failed", extra={"case": case.id, "why": type(cause).__name__})
            self.store.mark(case.id, "fill", "failed", "unexpected")

    def prepare(self, case: Case, context: LaunchContext, chart: ChartSnapshot) -> None:
        """Ask the payer, get the form, answer it from the chart."""
        chosen = tuple(one for ref in case.order_refs if (one := chart.by_reference(ref)))
        coverage = chart.by_reference(case.coverage_ref) if case.coverage_ref else None
        self.store.mark(case.id, "ask", "running")
        answer = self.ask(case, context, chart, chosen, coverage)
        state = {"answered": "done", "failed": "failed"}.get(answer.outcome, answer.outcome)
        self.store.mark(case.id, "ask", state, answer.why)
        self.store.mark(case.id, "form", "running")
        received = self.fetch(case, answer, chosen, coverage)
        self.store.mark(case.id, "form", "done", received.origin)
        self.store.mark(case.id, "fill", "running")
        draft = self.fill(case, received, chart, chosen, coverage)
        self._store_draft(case.id, answer, received, draft)

    def ask(
        self,
        case: Case,
        context: LaunchContext,
        chart: ChartSnapshot,
        chosen: tuple[Resource, ...],
        coverage: Resource | None,
    ) -> CoverageAnswer:
        """Stage 4: the payer's coverage information, or why there is none."""
        payer = self.world.payers.of_id(case.payer_id) if case.payer_id else None
        if payer is None or payer.crd_base is None:
            return CoverageAnswer("not_asked", case.payer_id or "", why="no CRD endpoint")
        if coverage is None:
            return CoverageAnswer("not_asked", payer.id, why="no coverage in the chart")
        call = crd.Call(
            payer_id=payer.id,
            base=payer.crd_base,
            version=payer.crd_version,
            fhir_base=context.fhir_base,
            user=context.fhir_user,
            encounter_id=context.encounter_id,
            orders=chosen,
            coverage=coverage,
        )
        http, cache = self.world.payer_http(payer), self.store.kv("crd")
        return crd.ask(http, call, chart, cache, self.world.clock.now())

    def local_form(self, case: Case) -> QuestionnairePackage:
        """Return the program's own form of the case's service; raises PackageError."""
        service = case.scope.service
        folder = Path(self.world.program.folder) / "forms"
        return package.local(folder / f"{service}.package.json")

    def fetch(
        self,
        case: Case,
        answer: CoverageAnswer,
        chosen: tuple[Resource, ...],
        coverage: Resource | None,
    ) -> QuestionnairePackage:
        """Stage 5: the payer's form; Medicare's own list when there is none."""
        payer = self.world.payers.of_id(case.payer_id) if case.payer_id else None
        asked = [one for one in answer.repetitions if one.questionnaires]
        if payer is None or payer.dtr_base is None or not asked or coverage is None:
            return self.local_form(case)
        canonicals = tuple(dict.fromkeys(url for one in asked for url in one.questionnaires))
        annotated = tuple(
            annotate.merged(
                one, [rep.raw for rep in answer.repetitions if rep.order_ref == refs.of(one)]
            )
            for one in chosen
        )
        body = package.request_body(coverage, annotated, (), asked[0].assertion_id, canonicals)
        try:
            return package.fetch(self.world.payer_http(payer), payer.dtr_base, body)
        except PreclearError as cause:
            self.store.mark(case.id, "payer_form", "failed", cause.code)
            return self.local_form(case)

    def fill(
        self,
        case: Case,
        received: QuestionnairePackage,
        chart: ChartSnapshot,
        chosen: tuple[Resource, ...],
        coverage: Resource | None,
    ) -> Draft:
        """Stage 6: answer the form from the chart; notes only give hints."""
        forms = Path(self.world.program.folder) / "forms"
        terms = evidence.load_terms(forms / f"{case.scope.service}.evidence.toml")
        site = self.world.sites.of_id(case.site)
        return populate.fill(
            received,
            chart,
            orders=chosen,
            coverage=coverage,
            engine=self.world.engines,
            now=self.world.clock.now(),
            zone=site.time_zone,
            hints=evidence.find(chart, terms),
        )

    def _store_draft(
        self,
        case_id: str,
        answer: CoverageAnswer,
        received: QuestionnairePackage,
        draft: Draft,
        event: Event | None = None,
    ) -> None:
        """Keep the outcome of stages 4 to 6, unless a person went on without it."""
        if self.store.prepared(case_id):
            return
        with self.store.write() as db:
            case = self.store.case(case_id, db)
            self.store.put(db, case_id, "coverage_answer", answer)
            self.store.put(db, case_id, "package", received)
            self.store.put(db, case_id, "draft", draft)
            self.store.end_preparation(db, case_id)
            if event:
                self.world.audit.append(db, case_id, event)
            if case.tracks.documentation == "none":
                moved = states.move(case.tracks, documentation="draft")
                self.store.save(db, replace(case, tracks=moved))
        self.store.mark(case_id, "fill", "done")

    def go_on_locally(self, case: Case, context: LaunchContext) -> None:
        """Continue with Medicare's own list while the payer has not answered."""
        if self.store.prepared(case.id):
            return
        chart = self.kept(case)
        chosen = self.chosen(case, chart)
        coverage = chart.by_reference(case.coverage_ref) if case.coverage_ref else None
        received = self.local_form(case)
        whole = self._read(context)
        draft = self.fill(case, received, whole, chosen, coverage)
        why = "continued without the payer"
        self.store.mark(case.id, "ask", "failed", why)
        answer = CoverageAnswer("failed", case.payer_id or "", why=why)
        event = Event("continued_locally", self.world.clock.now(), context.fhir_user)
        self._store_draft(case.id, answer, received, draft, event)

    # what other stages find here ------------------------------------------------------------------

    def kept(self, case: Case) -> ChartSnapshot:
        """Return what was kept of the chart; raises MissingFact when nothing was."""
        found = self.store.latest(case.id, "chart", ChartSnapshot)
        if found is None:
            raise MissingFact("no chart kept")
        return found

    def chosen(self, case: Case, chart: ChartSnapshot) -> tuple[Resource, ...]:
        """Return the case's orders as they were read."""
        return tuple(one for ref in case.order_refs if (one := chart.by_reference(ref)))

    def draft(self, case: Case) -> tuple[QuestionnairePackage, Draft] | None:
        """Return form and answers, or None while they are prepared.

        A case that was read before its draft was stored has none: what is shown must fit the
        revision that the page's forms carry.
        """
        if case.tracks.documentation == "none":
            return None
        received = self.store.latest(case.id, "package", QuestionnairePackage)
        found = self.store.latest(case.id, "draft", Draft)
        return (received, found) if received and found else None

    def person(self, case: Case | None, context: LaunchContext) -> Person:
        """Return who is at the page, and whether the site's signer rule lets them sign."""
        name, npi, may = context.user_name, None, False
        if case is not None:
            chart = self.kept(case)
            resource = chart.by_reference(context.fhir_user)
            name = codes.human_name(resource) or name if resource else name
            npi = codes.identifier(resource, codes.NPI) if resource else None
            requesters = {refs.relative(one.get("requester")) for one in self.chosen(case, chart)}
            rule = self.world.sites.of_id(case.site).signers
            may = rule == "any_practitioner" or requesters == {context.fhir_user}
        return Person(context.fhir_user, name or "Clinician", npi, may)
