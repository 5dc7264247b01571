"""A form that a payer asks for before it decides: stages 5 to 8 again, for one wish.

It is asked for by the payer's own context, answered from the chart as it is now, shown, signed and
sent as what answers the wish. The acts are those of the first form; what they carry is the
revision of the answers, since the case itself goes on meanwhile.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from launch import LaunchContext, LaunchError
from smart_app import reading, requesting
from smart_app.adding import ANSWERABLE, Adding, Wish
from smart_app.answering import Answering, OpenPoints, open_criteria
from smart_app.cases import codec, preparation
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    Draft,
    Event,
    Person,
    QuestionnairePackage,
    Resource,
    Ticks,
    Wanted,
)
from smart_app.chart import documents
from smart_app.dtr import form, package
from smart_app.errors import (
    Forbidden,
    NotAsked,
    PackageError,
    PreclearError,
    StaleRevision,
)
from smart_app.fhir import codes, refs
from smart_app.flow import PREPARE_LEASE, Flow
from smart_app.pas import attachments, names, papers

log = logging.getLogger("preclear.later")
STAGES = ("form", "chart", "fill")
"""What is done for such a form, in its order."""


class Later(Answering):
    """One wish for a form, and what people do about it; ``name`` is the wish's."""

    def __init__(self, flow: Flow, adding: Adding, case: Case, name: str) -> None:
        super().__init__(flow)
        self.adding, self.name = adding, name
        self.wish = self._wish(case)
        self.key = codec.sha256(f"{case.id}:{self.name}".encode())[:40]

    def _wish(self, case: Case) -> Wish:
        """Return the wish as it is now; raises NotAsked where no such form is asked for."""
        for one in self.adding.wishes(case):
            if one.name == self.name and one.wanted.kind == "form":
                return one
        raise NotAsked

    @property
    def wanted(self) -> Wanted:
        """Return what is asked for."""
        return self.wish.wanted

    @property
    def open(self) -> bool:
        """Tell whether the form may be answered and sent."""
        return self.wish.state in ANSWERABLE

    def _stage(self, what: str) -> str:
        return f"{what}:{self.name}"

    # stages 5 and 6 ------------------------------------------------------------------------------

    def has_forms(self, case: Case) -> bool:
        """Tell whether the payer's forms can be had from here at all."""
        payer = self.world.payers.find(case.payer_id)
        return payer is not None and payer.dtr_base is not None and bool(self.wanted.context)

    def start(self, case: Case, context: LaunchContext) -> None:
        """Prepare the form on the pool, unless that is being done, or is done."""
        if self.failed() or not self.has_forms(case):
            return
        if self.store.lease_preparation(self.key, self.world.tasks.owner, PREPARE_LEASE):
            self.world.prepare_pool.submit(self._prepare, case, context)

    def again(self, case: Case, context: LaunchContext) -> None:
        """Try anew what failed."""
        if self.failed():
            with self.store.write() as db:
                preparation.forget(db, self.key)
            self.start(case, context)

    def marked(self) -> dict[str, tuple[str, str | None]]:
        """Return how far the stages are."""
        return self.store.stages(self.key)

    def failed(self) -> bool:
        """Tell whether the form could not be prepared."""
        return any(state == "failed" for state, _ in self.marked().values())

    def _prepare(self, case: Case, context: LaunchContext) -> None:
        """Prepare the form; whatever goes wrong is told on the page."""
        try:
            with self._marking("form"):
                kept = self.flow.kept(case)
                received = self.fetch(case, kept)
            with self._marking("chart"):
                chart = reading.read(self.world, context)
            with self._marking("fill"):
                self._fill(case, kept, chart, received)
        except (PreclearError, LaunchError) as cause:
            log.warning("form not prepared", extra={"case": case.id, "why": cause.code})
        except Exception as cause:
            log.error("form not prepared", extra={"case": case.id, "why": type(cause).__name__})

    @contextmanager
    def _marking(self, stage: str) -> Iterator[None]:
        self.store.mark(self.key, stage, "running")
        try:
            yield
        except Exception as cause:
            self.store.mark(self.key, stage, "failed", getattr(cause, "code", None))
            raise
        self.store.mark(self.key, stage, "done")

    def fetch(self, case: Case, kept: ChartSnapshot) -> QuestionnairePackage:
        """Ask for the form by the trace number that the payer asked with; raises PackageError."""
        payer, coverage = self.adding.payer(case), self.flow.coverage(case, kept)
        if coverage is None or payer.dtr_base is None:
            raise PackageError("no coverage or no address")
        meant = {
            one.order_ref
            for one in case.items
            if not self.wanted.lines or one.sequence in self.wanted.lines
        }
        found = tuple(one for one in kept.by_references(case.lines) if refs.of(one) in meant)
        orders = requesting.annotated(self.world, case, found)
        body = package.request_body(coverage, orders, (), self.wanted.context, ())
        return package.fetch(self.world.payer_http(payer), payer.dtr_base, body)

    def _fill(
        self, case: Case, kept: ChartSnapshot, chart: ChartSnapshot, received: QuestionnairePackage
    ) -> None:
        """Answer the form from the chart, and keep it with what of the chart it needs."""
        orders, coverage = kept.by_references(case.lines), self.flow.coverage(case, kept)
        draft = self.flow.fill(case, received, chart, orders, coverage)
        form.view(received, draft)  # a form of an odd shape is none
        held = documents.keep(chart, orders)
        held = replace(held, resources=kept.resources | held.resources)
        went = self.went(case)
        with self.store.write() as db:
            if self.found(case) is not None:
                return  # another preparation was faster, and people may have answered since
            self.store.put(db, case.id, self._stage("package"), received)
            self.store.put(db, case.id, self._stage("chart"), held)
            self.store.put(db, case.id, self._stage("ticks"), Ticks(left_unsent=went))
            self.store.put(db, case.id, self._stage("draft"), draft)
            self.store.end_preparation(db, self.key)

    def went(self, case: Case) -> tuple[str, ...]:
        """Return the documents that the payer has already with the request."""
        first = self.flow.draft(case)
        return documents.sent(case, self.flow.kept(case), first[1]) if first else ()

    # stage 7 -------------------------------------------------------------------------------------

    def found(self, case: Case) -> tuple[QuestionnairePackage, Draft] | None:
        """Return form and answers, or None while they are prepared."""
        received = self.store.latest(case.id, self._stage("package"), QuestionnairePackage)
        draft = self.store.latest(case.id, self._stage("draft"), Draft)
        return (received, draft) if received and draft else None

    def held(self, case: Case) -> ChartSnapshot:
        """Return what is kept of the chart as it was read for this form."""
        held = self.store.latest(case.id, self._stage("chart"), ChartSnapshot)
        return held or self.flow.kept(case)

    def ticked(self, case: Case) -> Case:
        """Return the case with the documents that go with this form, not with the request."""
        found = self.store.latest(case.id, self._stage("ticks"), Ticks) or Ticks(())
        return replace(case, left_unsent=found.left_unsent, also_sent=found.also_sent)

    def _editable(self, case: Case, revision: int) -> tuple[QuestionnairePackage, Draft]:
        found = self.found(case)
        if found is None or not self.open or found[1].revision != revision:
            raise StaleRevision
        return found

    def _save_draft(self, case: Case, draft: Draft, event: Event) -> Case:
        """Keep the answers and the ticks; raises StaleRevision when somebody was faster."""
        ticks = Ticks(case.left_unsent, case.also_sent)
        with self.store.write() as db:
            now = self.store.latest(case.id, self._stage("draft"), Draft)
            if now is None or now.revision != draft.revision - 1:
                raise StaleRevision
            self.store.put(db, case.id, self._stage("draft"), draft)
            self.store.put(db, case.id, self._stage("ticks"), ticks)
            self.world.audit.append(db, case.id, event)
        return case

    def choose_documents(
        self, case: Case, revision: int, person: Person, sent: tuple[str, ...]
    ) -> int:
        """Take which documents go with the form; return the revision of the answers then."""
        _, draft = self._editable(case, revision)
        listed = documents.listed(self.held(case), draft)
        unsent = tuple(one.ref for one in listed if one.needed and one.ref not in sent)
        also = tuple(one.ref for one in listed if not one.needed and one.ref in sent)
        case, needed = self.ticked(case), {one.ref for one in listed if one.needed}
        if set(unsent) == needed & set(case.left_unsent) and also == case.also_sent:
            return revision
        facts = {"left_unsent": unsent, "also_sent": also}
        event = Event("documents_chosen", self.world.clock.now(), person.name, facts)
        changed = replace(draft, revision=draft.revision + 1)
        self._save_draft(replace(case, left_unsent=unsent, also_sent=also), changed, event)
        return changed.revision

    # stage 8, and what is sent -------------------------------------------------------------------

    def sign(self, case: Case, revision: int, person: Person) -> None:
        """Sign the form and queue what answers the wish: all of it or nothing.

        Raises Forbidden, OpenPoints, StaleRevision, MissingFact, and IllegalMove when somebody
        else was faster.
        """
        received, draft = self._editable(case, revision)
        if not person.may_sign:
            raise Forbidden("signer rule")
        if points := open_criteria(received, draft):
            raise OpenPoints(points)
        held = self.held(case)
        signed = requesting.sign(self.world, case, received, draft, person, held)
        sent = held.by_references(documents.sent(self.ticked(case), held, draft))
        named, shown = self._known(case, held, person)
        answers = papers.answers(signed, named, shown, self.wanted.number)
        with self.store.write() as db:
            now = self.store.latest(case.id, self._stage("draft"), Draft)
            if now is None or now.revision != revision:
                raise StaleRevision
            self.store.put(db, case.id, "response", signed)
            self.adding.answer_form(db, case, person, self.name, answers, sent)

    def _known(
        self, case: Case, held: ChartSnapshot, person: Person
    ) -> tuple[papers.Named, dict[str | None, str]]:
        """Return by what the payer knows those whom the answers name, and their names."""
        member = attachments.member(self.adding.deciding.request(case))
        insured = (str(member.get("system") or codes.MBI), str(member["value"]))
        people: tuple[Resource, ...] = held.of("Practitioner")
        numbers = {refs.of(one): codes.identifier(one, codes.NPI) for one in people}
        numbers |= {person.fhir_user: person.npi} if person.npi else {}
        called = {refs.of(one): codes.human_name(one) for one in people}
        named: dict[str | None, tuple[str, str]] = {case.patient_ref: insured}
        named |= {case.coverage_ref: insured} if case.coverage_ref else {}
        named |= {one.order_ref: (names.TRACE, one.trace) for one in case.items}
        named |= {ref: (codes.NPI, one) for ref, one in numbers.items() if one}
        shown: dict[str | None, str] = {ref: one for ref, one in called.items() if one}
        return named, shown | {person.fhir_user: person.name}
