"""The line, stages 2 to 6: from an order in the chart to a form that the chart has answered.

``review`` holds stages 7 to 9 (what people change and sign), ``follow`` stages 10 to 13 (what the
worker does). Read this file first.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace

from launch import LaunchContext
from smart_app import crd, judging, newer, reading, reopen
from smart_app.cases import states
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    CoverageAnswer,
    Draft,
    Event,
    Person,
    QuestionnairePackage,
    Resource,
    ScopeFinding,
    Tracks,
)
from smart_app.chart import annotate, documents, evidence, orders
from smart_app.dtr import carry, form, package, populate
from smart_app.errors import MissingFact, PreclearError, SeveralOrders
from smart_app.fhir import codes, refs
from smart_app.sites import Site
from smart_app.world import World

log = logging.getLogger("preclear.flow")
PREPARE_LEASE = 90.0  # seconds, longer than all timeouts of stages 4 to 6
ODD = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What a form of an odd shape may raise, beyond all that is checked when it comes."""


def _asks(case: Case) -> tuple[str, str | None]:
    """Return what a form depends on: who decides, and for which coverage."""
    return case.payer_id or "", case.coverage_ref


class Flow:
    """The stages in their order, over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    # stages 2 and 3 ------------------------------------------------------------------------------

    def open(self, context: LaunchContext) -> Case:
        """Read the chart, judge the orders, and return their case: a new one or the open one."""
        site = self.world.sites.of_id(context.site)
        chart = reading.read(self.world, context)
        known = self.store.of_patient(site.id, context.iss, refs.of(chart.patient))
        try:
            sent, chosen = reopen.asked(known, context, chart)
        except SeveralOrders as cause:
            cause.patient, cause.unread = chart.patient, tuple(chart.unavailable)
            cause.choices = reopen.choices(
                cause.groups, lambda group: self._new_case(context, site, chart, group, 1)
            )
            raise
        if sent:
            reopen.join(self.world, sent, context, chart)
            return sent
        chosen, doubles = reopen.apart(self.world, known, chosen, chart)
        if not chosen:
            double = doubles[0].case
            reopen.join(self.world, double, context, chart)
            reopen.tell(self.world, double, context, doubles)
            return double
        case, attempt = reopen.unsent(self.world, known, chosen, chart, context)
        if case is None:
            fresh = self._new_case(context, site, chart, chosen, attempt)
            case = self._begin(fresh, context)
        reopen.tell(self.world, case, context, doubles)
        if case.tracks.submission == "none" and not self.store.prepared(case.id):
            with self.store.write() as db:
                self.store.put(db, case.id, "chart", documents.keep(chart, chosen))
            self._start_preparing(case, context, chart)
        else:
            reopen.join(self.world, case, context, chart)
            if case.tracks.submission == "none" and case.launch_id != context.launch_id:
                self.world.prepare_pool.submit(self._look_again, case, chart)
        return case

    def _new_case(
        self,
        context: LaunchContext,
        site: Site,
        chart: ChartSnapshot,
        chosen: tuple[Resource, ...],
        attempt: int,
    ) -> Case:
        now, program = self.world.clock.now(), self.world.program
        planned = orders.planned_date(chosen)
        on = judging.day(self.world, planned, site)
        coverage, several = judging.coverage(program, chart, context.coverage_ref, on)
        place, open_place = judging.place(chosen, chart, site)
        items = orders.items(chosen, chart, program.is_add_on, program.words)
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
            scope=ScopeFinding(program.id, program.version, "unknown"),
            items=judging.placed(items, place),
            tracks=Tracks(),
            created_at=now,
            coverage_ref=refs.of(coverage) if coverage else None,
            planned_date=planned,
            conflicts=(*open_place, *several),
            launch_id=context.launch_id,
        )
        return judging.judged(self.world, case, chart)

    def _begin(self, case: Case, context: LaunchContext) -> Case:
        """Store a new case; another launch of the same orders may have been faster."""
        with self.store.write() as db:
            if not self.store.insert(db, case):
                db.rollback()
            else:
                event = Event(
                    "opened", case.created_at, context.fhir_user, {"verdict": case.scope.verdict}
                )
                self.world.audit.append(db, case.id, event)
        key = self.store.orders_key(case.site, case.iss, case.patient_ref, case.order_refs)
        return self.store.open_of(key) or case

    # stages 4 to 6 -------------------------------------------------------------------------------

    def _start_preparing(
        self, case: Case, context: LaunchContext, chart: ChartSnapshot | None
    ) -> None:
        if case.scope.verdict == "out_of_scope":
            return
        if self.store.lease_preparation(case.id, self.world.tasks.owner, PREPARE_LEASE):
            self.world.prepare_pool.submit(self._prepare_safely, case, context, chart)

    def _prepare_safely(
        self, case: Case, context: LaunchContext, chart: ChartSnapshot | None
    ) -> None:
        """Prepare on the pool: whatever goes wrong there is told on the page."""
        try:
            self.prepare(case, context, chart or reading.read(self.world, context))
        except PreclearError as cause:
            self.store.mark(case.id, "fill", "failed", cause.code)
        except Exception as cause:
            log.error("preparation failed", extra={"case": case.id, "why": type(cause).__name__})
            self.store.mark(case.id, "fill", "failed", "unexpected")

    def _look_again(self, case: Case, chart: ChartSnapshot) -> None:
        """Find out on the pool what a later look at the chart changes, if it can be."""
        try:
            newer.look(self, case, chart)
        except Exception as cause:
            log.error("second look failed", extra={"case": case.id, "why": type(cause).__name__})

    def fits(self, before: Case, case: Case) -> bool:
        """Tell whether the form that a case has, or that is being fetched, is still the right one.

        It is when it was asked of the same payer for the same coverage.
        """
        if case.tracks.documentation == "none":
            # for what is out of scope nothing is fetched, whatever was begun before
            return before.scope.verdict != "out_of_scope" and _asks(before) == _asks(case)
        answer = self.store.latest(case.id, "coverage_answer", CoverageAnswer)
        return answer is not None and (answer.payer_id, answer.coverage_ref) == _asks(case)

    def prepare_on(self, case: Case, context: LaunchContext) -> None:
        """Prepare a case that has no form yet; what is running for it goes on."""
        if case.tracks.documentation == "none":
            self._start_preparing(case, context, None)

    def prepare(self, case: Case, context: LaunchContext, chart: ChartSnapshot) -> None:
        """Ask the payer, get the form, answer it from the chart."""
        kept = self.kept(case)
        chosen, coverage = kept.by_references(case.lines), self.coverage(case, kept)
        self.store.mark(case.id, "ask", "running")
        answer = self.ask(case, context, chart, chosen, coverage)
        state = {"answered": "done", "failed": "failed"}.get(answer.outcome, answer.outcome)
        self.store.mark(case.id, "ask", state, answer.why)
        self.store.mark(case.id, "form", "running")
        received = self.fetch(case, answer, chosen, coverage)
        self.store.mark(case.id, "form", "done", received.origin)
        self.store.mark(case.id, "fill", "running")
        received, draft = self.filled(case, received, chart, chosen, coverage)
        self._store_draft(case, answer, received, draft)

    def filled(
        self,
        case: Case,
        received: QuestionnairePackage,
        chart: ChartSnapshot,
        chosen: tuple[Resource, ...],
        coverage: Resource | None,
    ) -> tuple[QuestionnairePackage, Draft]:
        """Answer a form and show it once: what cannot be shown gives way to Medicare's own list."""
        try:
            draft = self.fill(case, received, chart, chosen, coverage)
            form.view(received, draft)
        except ODD as cause:
            if received.origin == "local":
                raise
            self.store.mark(case.id, "payer_form", "failed", type(cause).__name__)
            received = self.local_form(case)
            self.store.mark(case.id, "form", "done", received.origin)
            return self.filled(case, received, chart, chosen, coverage)
        return received, draft

    def ask(
        self,
        case: Case,
        context: LaunchContext,
        chart: ChartSnapshot,
        chosen: tuple[Resource, ...],
        coverage: Resource | None,
    ) -> CoverageAnswer:
        """Stage 4: the payer's coverage information, or why there is none."""
        payer = self.world.payers.find(case.payer_id)
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
        return package.local(self.world.program.forms / f"{case.scope.service}.package.json")

    def fetch(
        self,
        case: Case,
        answer: CoverageAnswer,
        chosen: tuple[Resource, ...],
        coverage: Resource | None,
    ) -> QuestionnairePackage:
        """Stage 5: the payer's form; Medicare's own list when there is none."""
        payer = self.world.payers.find(case.payer_id)
        asked = [one for one in answer.repetitions if one.questionnaires]
        if payer is None or payer.dtr_base is None or not asked or coverage is None:
            return self.local_form(case)
        canonicals = tuple(dict.fromkeys(url for one in asked for url in one.questionnaires))
        annotated = tuple(annotate.merged(one, answer.said_of(refs.of(one))) for one in chosen)
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
        name = f"{case.scope.service}.evidence.toml"
        terms = evidence.load_terms(self.world.program.forms / name)
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
        case: Case,
        answer: CoverageAnswer,
        received: QuestionnairePackage,
        draft: Draft,
        event: Event | None = None,
    ) -> None:
        """Keep the outcome of stages 4 to 6, unless a person went on without it.

        It is not kept either when place or coverage were settled otherwise meanwhile.
        """
        earlier = self.store.latest(case.id, "package", QuestionnairePackage)
        given = self.store.latest(case.id, "draft", Draft)
        if earlier and given:
            draft = carry.over(earlier, given, received, draft)
        answer = replace(answer, payer_id=case.payer_id or "", coverage_ref=case.coverage_ref)
        with self.store.write() as db:
            now = self.store.case(case.id, db)
            if self.store.prepared(case.id) or _asks(now) != _asks(case):
                return
            self.store.put(db, case.id, "coverage_answer", answer)
            self.store.put(db, case.id, "package", received)
            self.store.put(db, case.id, "draft", draft)
            self.store.end_preparation(db, case.id)
            if event:
                self.world.audit.append(db, case.id, event)
            if now.tracks.documentation == "none":
                moved = states.move(now.tracks, documentation="draft")
                self.store.save(db, replace(now, tracks=moved))
        self.store.mark(case.id, "fill", "done")

    def go_on_locally(self, case: Case, context: LaunchContext) -> None:
        """Continue with Medicare's own list while the payer has not answered."""
        if self.store.prepared(case.id):
            return
        kept = self.kept(case)
        received = self.local_form(case)
        whole = reading.read(self.world, context)
        draft = self.fill(
            case, received, whole, kept.by_references(case.lines), self.coverage(case, kept)
        )
        why = "continued without the payer"
        self.store.mark(case.id, "ask", "failed", why)
        answer = CoverageAnswer("failed", case.payer_id or "", why=why)
        event = Event("continued_locally", self.world.clock.now(), context.fhir_user)
        self._store_draft(case, answer, received, draft, event)

    @staticmethod
    def coverage(case: Case, chart: ChartSnapshot) -> Resource | None:
        """Return the case's coverage as it was read, or None."""
        return chart.by_reference(case.coverage_ref)

    # what other stages find here ------------------------------------------------------------------

    def kept(self, case: Case) -> ChartSnapshot:
        """Return what was kept of the chart; raises MissingFact when nothing was."""
        found = self.store.latest(case.id, "chart", ChartSnapshot)
        if found is None:
            raise MissingFact("no chart kept")
        return found

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

    def requesters(self, case: Case, chart: ChartSnapshot) -> set[str | None]:
        """Return who placed the orders of a case."""
        return {refs.relative(one.get("requester")) for one in chart.by_references(case.lines)}

    def person(
        self, case: Case | None, context: LaunchContext, chart: ChartSnapshot | None = None
    ) -> Person:
        """Return who is at the page, and whether the site's signer rule lets them sign.

        ``chart`` is a later reading of it than the case keeps.
        """
        name, npi, may = context.user_name, None, False
        if case is not None:
            chart = chart or self.kept(case)
            resource = chart.by_reference(context.fhir_user)
            name = codes.human_name(resource) or name if resource else name
            npi = codes.identifier(resource, codes.NPI) if resource else None
            ordered = self.requesters(case, chart) == {context.fhir_user}
            rule = self.world.sites.of_id(case.site).signers
            may = ordered or (rule == "any_practitioner" and codes.npi_valid(npi or ""))
        return Person(context.fhir_user, name or "Clinician", npi, may)
