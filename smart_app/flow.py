"""The line, stages 2 to 9: from an order in the chart to a signed request that waits to be sent.

``follow`` holds stages 10 to 13, which the worker runs. Read this file first.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from launch import LaunchContext
from smart_app import crd
from smart_app.cases import codec, states
from smart_app.cases.model import (
    Case,
    CaseItem,
    ChartSnapshot,
    Conflict,
    ConflictOption,
    CoverageAnswer,
    Draft,
    Event,
    Evidence,
    Person,
    QuestionnairePackage,
    Resource,
    ScopeFinding,
    Submission,
    Tracks,
)
from smart_app.chart import annotate, documents, evidence, orders, places, snapshot
from smart_app.config import Site
from smart_app.dtr import form, package, populate, response
from smart_app.errors import Forbidden, LintError, MissingFact, PackageError, PreclearError
from smart_app.fhir import codes, refs
from smart_app.pas import bundle, lint
from smart_app.payers.registry import Payer
from smart_app.programs import scope
from smart_app.world import World

PREPARE_LEASE = 90.0  # seconds, longer than all timeouts of stages 4 to 6
READABLE = tuple(snapshot.SEARCHES)


class OpenPoints(PreclearError):
    """Something must be settled before signing; ``points`` are (anchor, words) pairs."""

    code = "open-points"
    http_status = 422
    say = "Some things are still open. Nothing was sent."
    do = "Settle what is listed, then sign."

    def __init__(self, points: tuple[tuple[str, str], ...]) -> None:
        super().__init__(f"{len(points)} open points")
        self.points = points


class Flow:
    """The stages in their order, over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    # stages 2 and 3 ------------------------------------------------------------------------------

    def open(self, context: LaunchContext) -> Case:
        """Read the chart, judge the orders, and return their case: a new one or the open one."""
        now = self.world.clock.now()
        site = self.world.sites.of_id(context.site)
        from launch.scopes import allows

        allowed = frozenset(k for k in READABLE if allows(context.granted_scopes, k, "s"))
        chart = snapshot.read(
            self.world.chart(context), context.patient_id, self.world.chart_pool, now, allowed
        )
        chosen = orders.chosen(chart, context.order_refs)
        order_refs = tuple(sorted(refs.of(one) for one in chosen))
        patient_ref = refs.of(chart.patient)
        key = self.store.orders_key(site.id, context.iss, patient_ref, order_refs)
        case = self.store.open_of(key)
        if case is None:
            case = self._new_case(context, site, chart, chosen)
        if case.tracks.submission == "none" and not self.store.prepared(case.id):
            with self.store.write() as db:
                self.store.put(db, case.id, "chart", documents.keep(chart, chosen))
            self._start_preparing(case, context, chart)
        elif case.launch_id != context.launch_id:
            self._joined(case, context)
        return case

    def _joined(self, case: Case, context: LaunchContext) -> None:
        """A second launch joins the case; a write that waited for one is queued."""
        with self.store.write() as db:
            now = self.world.clock.now()
            self.world.audit.append(db, case.id, Event("joined", now, context.fhir_user))
            if case.tracks.chart == "awaiting_launch":
                self.store.save(db, replace(case, launch_id=context.launch_id))
                self.world.tasks.add(db, "file", case.id, tag=f"launch-{context.launch_id}")

    def _new_case(
        self,
        context: LaunchContext,
        site: Site,
        chart: ChartSnapshot,
        chosen: tuple[Resource, ...],
    ) -> Case:
        now, program = self.world.clock.now(), self.world.program
        coverage = orders.coverage(chart, context.coverage_ref)
        found = places.options(chosen, chart, site.facilities)
        items = orders.items(chosen, chart, program.is_add_on, program.words)
        conflicts = self._place_conflict(found, site)
        if not conflicts:
            items = self._placed(items, site, found[0].key)
        planned = orders.planned_date(chosen)
        finding = self._judge(items, coverage, chart, found or conflicts[0].options, site, planned)
        payer = self._payer(finding)
        case = Case(
            id=str(uuid.uuid4()),
            site=site.id,
            iss=context.iss,
            patient_ref=refs.of(chart.patient),
            order_refs=tuple(sorted(refs.of(one) for one in chosen)),
            attempt=1,
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

    def _placed(
        self, items: tuple[CaseItem, ...], site: Site, facility_id: str
    ) -> tuple[CaseItem, ...]:
        place = site.facility(facility_id)
        return tuple(replace(item, place=place) for item in items)

    def _judge(
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

    def _payer(self, finding: ScopeFinding) -> Payer | None:
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
        try:
            self.prepare(case, context, chart)
        except PreclearError as cause:
            self.store.mark(case.id, "fill", "failed", cause.code)

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
        self, case_id: str, answer: CoverageAnswer, received: QuestionnairePackage, draft: Draft
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
        whole = snapshot.read(
            self.world.chart(context),
            context.patient_id,
            self.world.chart_pool,
            self.world.clock.now(),
        )
        draft = self.fill(case, received, whole, chosen, coverage)
        why = "continued without the payer"
        self.store.mark(case.id, "ask", "failed", why)
        answer = CoverageAnswer("failed", case.payer_id or "", why=why)
        self._store_draft(case.id, answer, received, draft)

    # stage 7: what the page shows and what a person changes --------------------------------------

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
        """Return form and answers, or None while they are prepared."""
        received = self.store.latest(case.id, "package", QuestionnairePackage)
        found = self.store.latest(case.id, "draft", Draft)
        return (received, found) if received and found else None

    def _editable(self, case: Case, revision: int) -> tuple[QuestionnairePackage, Draft]:
        from smart_app.errors import StaleRevision

        if case.revision != revision or case.tracks.documentation not in ("draft", "reopened"):
            raise StaleRevision
        found = self.draft(case)
        if found is None:
            raise PackageError("no draft yet")
        return found

    def _save_draft(self, case: Case, draft: Draft, event: Event) -> Case:
        with self.store.write() as db:
            saved = self.store.save(db, case)
            self.store.put(db, case.id, "draft", draft)
            self.world.audit.append(db, case.id, event)
        return saved

    def answer(
        self, case: Case, revision: int, person: Person, posted: dict[str, list[str]]
    ) -> Case:
        """Take a person's answers to form fields."""
        received, draft = self._editable(case, revision)
        now, site = self.world.clock.now(), self.world.sites.of_id(case.site)
        newer = form.apply(received, draft, posted, person, now, self.world.engines, site.time_zone)
        return self._save_draft(case, newer, Event("answered", now, person.name))

    def use_document(
        self, case: Case, revision: int, person: Person, path: str, document_ref: str
    ) -> Case:
        """Close a gap by a document that a person chose; it is sent with the request."""
        received, draft = self._editable(case, revision)
        gap = next((one for one in draft.gaps if one.path == path), None)
        found = [one for one in gap.candidates if one.resource_ref == document_ref] if gap else []
        if not found:
            raise MissingFact("not a candidate", say="That document was not among those found.")
        newer = form.use_document(received, draft, path, found[0], person, self.world.clock.now())
        sent = tuple(one for one in case.left_unsent if one != document_ref)
        event = Event("document_used", self.world.clock.now(), person.name)
        return self._save_draft(replace(case, left_unsent=sent), newer, event)

    def send_without(self, case: Case, revision: int, person: Person, link_id: str) -> Case:
        """Let a gap stand knowingly."""
        received, draft = self._editable(case, revision)
        newer = form.send_without(received, draft, link_id)
        event = Event("sent_without", self.world.clock.now(), person.name, {"criterion": link_id})
        return self._save_draft(case, newer, event)

    def settle(self, case: Case, revision: int, person: Person, field: str, key: str) -> Case:
        """Settle a conflict by one of its options; the place decides route and claim."""
        self._editable(case, revision)
        site, now = self.world.sites.of_id(case.site), self.world.clock.now()
        conflict = next((one for one in case.conflicts if one.field == field), None)
        option = (
            next((one for one in conflict.options if one.key == key), None) if conflict else None
        )
        if conflict is None or option is None or site.facility(key) is None:
            raise MissingFact("no such option", say="Choose one of the places listed.")
        settled = replace(conflict, chosen=key, chosen_by=person.name)
        chart = self.kept(case)
        items = self._placed(case.items, site, key)
        coverage = chart.by_reference(case.coverage_ref) if case.coverage_ref else None
        finding = self._judge(items, coverage, chart, (option,), site, case.planned_date)
        payer = self._payer(finding)
        changed = replace(
            case,
            conflicts=tuple(settled if one.field == field else one for one in case.conflicts),
            items=items,
            scope=finding,
            payer_id=payer.id if payer else None,
            channel="pas" if payer and payer.pas_base else None,
        )
        with self.store.write() as db:
            saved = self.store.save(db, changed)
            event = Event("settled", now, person.name, {"field": field, "place": option.words})
            self.world.audit.append(db, case.id, event)
        return saved

    def choose_documents(self, case: Case, revision: int, sent: tuple[str, ...]) -> Case:
        """Take which documents go with the request."""
        _, draft = self._editable(case, revision)
        listed = documents.listed(self.kept(case), draft)
        unsent = tuple(one.ref for one in listed if one.ref not in sent)
        with self.store.write() as db:
            return self.store.save(db, replace(case, left_unsent=unsent))

    # stages 8 and 9 ------------------------------------------------------------------------------

    def open_points(self, case: Case) -> tuple[tuple[str, str], ...]:
        """Return what keeps the request from being sent, as (anchor, kind) pairs."""
        found = self.draft(case)
        if found is None:
            return (("form", "form"),)
        _, draft = found
        points = [(f"conflict-{one.field}", "conflict") for one in case.conflicts if not one.chosen]
        points += [
            (f"criterion-{one.link_id}", "gap")
            for one in form.view(*found).criteria
            if one.state == "open" and one.link_id not in draft.sent_without
        ]
        return tuple(points)

    def sign(self, case: Case, revision: int, person: Person, context: LaunchContext) -> Case:
        """Sign the form, build and lint the request, and queue it: all of it or nothing.

        A second click finds a newer revision and changes nothing (StaleRevision).
        """
        received, draft = self._editable(case, revision)
        if not person.may_sign:
            raise Forbidden("signer rule")
        if points := self.open_points(case):
            raise OpenPoints(points)
        if case.payer_id is None or case.channel is None:
            raise MissingFact("no wire", say="No payer connection is set up for this state.")
        now, chart = self.world.clock.now(), self.kept(case)
        signed, request = self._request(case, received, draft, person, chart)
        identifier = str(uuid.uuid4())
        request["entry"][0]["resource"]["identifier"][0]["value"] = identifier
        if found := lint.faults(request):
            raise LintError(found)
        payload = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
        entry = Submission(
            case=case.id,
            identifier=identifier,
            channel=case.channel,
            payer_id=case.payer_id,
            kind="initial",
            body_sha256=codec.sha256(payload),
            started_at=now,
        )
        moved = states.move(case.tracks, documentation="signed", submission="queued")
        with self.store.write() as db:
            saved = self.store.save(
                db,
                replace(case, tracks=moved, signed_by=person, launch_id=context.launch_id),
            )
            self.store.put(db, case.id, "response", signed)
            self.store.add_submission(db, entry, payload)
            self.world.tasks.add(db, "send", case.id, tag=identifier)
            event = Event("signed", now, person.name, {"sha256": entry.body_sha256})
            self.world.audit.append(db, case.id, event)
        if self.world.sites.of_id(case.site).late_write == "offline_access":
            self.world.vault.keep(context.launch_id, case.id)
        return saved

    def _request(
        self,
        case: Case,
        received: QuestionnairePackage,
        draft: Draft,
        person: Person,
        chart: ChartSnapshot,
    ) -> tuple[dict[str, Any], Resource]:
        site = self.world.sites.of_id(case.site)
        chosen = self.chosen(case, chart)
        coverage = chart.by_reference(case.coverage_ref or "")
        practitioner = chart.by_reference(person.fhir_user)
        if coverage is None or practitioner is None or case.payer_id is None:
            raise MissingFact("coverage or signer not in the chart")
        payer = self.world.payers.of_id(case.payer_id)
        signed = response.sign(
            received,
            draft,
            patient=chart.patient,
            orders=chosen,
            coverage=coverage,
            person=person,
            at=self.world.clock.now(),
        )
        answer = self.store.latest(case.id, "coverage_answer", CoverageAnswer)
        repetitions = answer.repetitions if answer else ()
        annotated = tuple(
            annotate.merged(one, [r.raw for r in repetitions if r.order_ref == refs.of(one)])
            for one in chosen
        )
        npi = codes.identifier(practitioner, codes.NPI) or ""
        sent = [one for one in documents.listed(chart, draft) if one.ref not in case.left_unsent]
        parts = bundle.RequestParts(
            case=case,
            patient=chart.patient,
            coverage=coverage,
            orders=annotated,
            practitioner=practitioner,
            practitioner_ptan=site.practitioner_ptans.get(npi),
            clinic=site.clinic,
            insurer=bundle.Insurer(payer.insurer_name, payer.insurer_system, payer.insurer_value),
            response=signed,
            documents=tuple(found for one in sent if (found := chart.by_reference(one.ref))),
            identifier="",
            at=self.world.clock.now(),
        )
        return signed, bundle.build(parts)

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

    def note(self, case: Case, reference: str) -> Evidence | None:
        """Return a kept document as text to read, or None."""
        return documents.text(self.kept(case), reference)
