"""Stages 7 to 9: what people change on *Review and sign*, the signature, and the request.

Every act carries the case's revision; a page older than the case changes nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from launch import LaunchContext
from smart_app import filing, judging, newer, reading, requesting
from smart_app.answering import Answering, OpenPoints, open_criteria
from smart_app.cases import codec, preparation, states
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    CoverageAnswer,
    Draft,
    Event,
    Person,
    QuestionnairePackage,
    Submission,
    Tracks,
)
from smart_app.chart import documents
from smart_app.errors import (
    Forbidden,
    LintError,
    MissingFact,
    PackageError,
    PreclearError,
    StaleRevision,
    Superseded,
)
from smart_app.keeping import keep, let_go
from smart_app.pas import lint, subscription

LONGEST_REASON = 264
"""Characters of the message that tells why a request cannot wait (X12 278, MSG01)."""


class SentElsewhere(PreclearError):
    """Another open case has sent one of the orders."""

    code = "sent-elsewhere"
    http_status = 409
    say = "One of these orders is already in another request. Nothing was sent."
    do = "Close this, go back to the chart and open Preclear again from the order."


class StillMarked(PreclearError):
    """An order may bear a number of the request that is to be closed; nobody took it back then."""

    code = "still-marked"
    http_status = 409
    say = (
        "An order in the chart may still say that it is authorized by this request. "
        "Nothing was changed."
    )
    do = (
        "Let the person who signed open Preclear from the chart, so that it is changed back, "
        "or change the order there by hand. Then begin the new request."
    )


class Review(Answering):
    """What people do to a case before it is sent."""

    def found(self, case: Case) -> tuple[QuestionnairePackage, Draft] | None:
        """Return form and answers, or None while they are prepared."""
        return self.flow.draft(case)

    def held(self, case: Case) -> ChartSnapshot:
        """Return what is kept of the chart."""
        return self.flow.kept(case)

    @staticmethod
    def _unsent(case: Case, revision: int) -> None:
        """Refuse an act on what is closed, sent, or newer than the page."""
        if case.closed:
            raise Superseded
        if case.revision != revision or case.tracks.submission != "none":
            raise StaleRevision

    def _editable(self, case: Case, revision: int) -> tuple[QuestionnairePackage, Draft]:
        self._unsent(case, revision)
        if case.tracks.documentation not in ("draft", "reopened"):
            raise StaleRevision
        found = self.flow.draft(case)
        if found is None:
            raise PackageError("no draft yet")
        return found

    def _save_draft(self, case: Case, draft: Draft, event: Event) -> Case:
        with self.store.write() as db:
            saved = self.store.save(db, case)
            self.store.put(db, case.id, "draft", draft)
            self.world.audit.append(db, case.id, event)
        return saved

    def settle(
        self,
        case: Case,
        revision: int,
        person: Person,
        field: str,
        key: str,
        context: LaunchContext,
    ) -> Case:
        """Settle a conflict by one of its options, or settle it anew; it decides route and claim.

        Another payer or coverage means another form: it is fetched, and takes a person's answers.
        """
        self._unsent(case, revision)
        conflict = next((one for one in case.conflicts if one.field == field), None)
        option = (
            next((one for one in conflict.options if one.key == key), None) if conflict else None
        )
        if conflict is None or option is None:
            raise MissingFact(
                "no such option", say="Nothing was chosen.", do="Choose one of those listed."
            )
        changed = judging.settled(
            self.world, case, self.flow.kept(case), conflict, key, person.name
        )
        kind = "settled" if field == "place" else f"{field}_settled"
        event = Event(kind, self.world.clock.now(), person.name, {"place": option.words})
        again = changed.scope.verdict != "out_of_scope" and not self.flow.fits(case, changed)
        with self.store.write() as db:
            if again:
                preparation.forget(db, case.id)
                if changed.tracks.documentation != "none":
                    moved = states.move(changed.tracks, documentation="none")
                    changed = replace(changed, tracks=moved)
            saved = self.store.save(db, changed)
            self.world.audit.append(db, case.id, event)
        self.flow.prepare_on(saved, context)
        return saved

    def choose_documents(
        self, case: Case, revision: int, person: Person, sent: tuple[str, ...]
    ) -> Case:
        """Take which documents go with the request."""
        _, draft = self._editable(case, revision)
        listed = documents.listed(self.flow.kept(case), draft)
        unsent = tuple(one.ref for one in listed if one.needed and one.ref not in sent)
        also = tuple(one.ref for one in listed if not one.needed and one.ref in sent)
        facts = {"left_unsent": unsent, "also_sent": also}
        event = Event("documents_chosen", self.world.clock.now(), person.name, facts)
        if (unsent, also) == (case.left_unsent, case.also_sent):
            return case
        with self.store.write() as db:
            saved = self.store.save(db, replace(case, left_unsent=unsent, also_sent=also))
            self.world.audit.append(db, case.id, event)
        return saved

    def expedite(self, case: Case, revision: int, person: Person, reason: str) -> Case:
        """Ask for a decision that cannot wait, and why; without a reason for a standard one.

        Raises MissingFact for a reason longer than a payer's message.
        """
        self._unsent(case, revision)
        told = " ".join(reason.split()) or None
        if told is not None and len(told) > LONGEST_REASON:
            raise MissingFact(
                "reason too long",
                say=f"The reason is {len(told)} characters long; {LONGEST_REASON} can be sent.",
                do="Say it in fewer words.",
            )
        if told == case.urgency:
            return case
        kind = "expedited" if told else "standard"
        with self.store.write() as db:
            saved = self.store.save(db, replace(case, expedited=told is not None, urgency=told))
            self.world.audit.append(db, case.id, Event(kind, self.world.clock.now(), person.name))
        return saved

    def chart_changed(
        self, case: Case, revision: int, person: Person, seen: str, take: str
    ) -> Case:
        """Take what the chart says now, or keep what was read first."""
        return newer.settle(self.world, case, revision, person, seen, take == "take")

    # stages 8 and 9 ------------------------------------------------------------------------------

    def open_points(self, case: Case) -> tuple[tuple[str, str], ...]:
        """Return what keeps the request from being sent, as (anchor, what it is called) pairs."""
        found = self.flow.draft(case)
        if found is None:
            return (("form", ""),)
        points = [("newer", "")] if newer.pending(self.store, case) else []
        points += [(f"conflict-{one.field}", one.field) for one in case.conflicts if not one.chosen]
        return (*points, *open_criteria(*found))

    def _wire(self, case: Case, person: Person) -> tuple[str, str]:
        """Return payer and channel; refuse while something is open, or where there is no wire."""
        if not person.may_sign:
            raise Forbidden("signer rule")
        if points := self.open_points(case):
            raise OpenPoints(points)
        if case.scope.verdict != "in_scope":
            raise MissingFact(
                "not in scope",
                say="It is not known whether Medicare asks for this order. Nothing was sent.",
                do="Settle what is open on the page, or complete the chart as it says.",
            )
        if case.payer_id is None or case.channel is None:
            raise MissingFact("no wire", say="No payer connection is set up for this state.")
        return case.payer_id, case.channel

    def sign(self, case: Case, revision: int, person: Person, context: LaunchContext) -> Case:
        """Sign the form, build and lint the request, and queue it: all of it or nothing.

        A second click finds a newer revision and changes nothing (StaleRevision).
        """
        received, draft = self._editable(case, revision)
        payer_id, channel = self._wire(case, person)
        now, chart = self.world.clock.now(), self.flow.kept(case)
        signed = requesting.sign(self.world, case, received, draft, person, chart)
        request = requesting.build(self.world, case, signed, draft, person, chart)
        identifier = str(uuid.uuid4())
        request["entry"][0]["resource"]["identifier"][0]["value"] = identifier
        payer = self.world.payers.of_id(payer_id)
        if found := lint.faults(request, payer.pas_version):
            raise LintError(found)
        payload = codec.wire(request)
        entry = Submission(
            case=case.id,
            identifier=identifier,
            channel=channel,
            payer_id=payer_id,
            kind="initial",
            body_sha256=codec.sha256(payload),
            started_at=now,
        )
        moved = states.move(case.tracks, documentation="signed", submission="queued")
        reading.orders_again(self.world, context, case, chart)
        with self.store.write() as db:
            if self.store.sent_elsewhere(db, case):
                raise SentElsewhere
            if newer.pending(self.store, case):  # another launch's look moves no revision
                raise StaleRevision
            saved = self.store.save(
                db,
                replace(case, tracks=moved, signed_by=person, launch_id=context.launch_id),
            )
            self.store.put(db, case.id, "response", signed)
            self.store.add_submission(db, entry, payload)
            self.world.inbox.name(db, case.id, subscription.known_by(request))
            self.world.tasks.add(db, "send", case.id, tag=identifier)
            event = Event("signed", now, person.name, {"sha256": entry.body_sha256})
            self.world.audit.append(db, case.id, event)
        keep(self.world, context.launch_id, case)
        return saved

    def again(self, case: Case, revision: int, person: Person, context: LaunchContext) -> Case:
        """Begin a new first request after one that was dismissed or not accepted.

        The answers go along; the old case is closed in the same transaction, so that one is open.
        Raises StillMarked while an order may bear a number of the old one.
        """
        undecided = case.tracks.decision in ("dismissed", "cancelled")
        ended = undecided or case.tracks.submission == "rejected"
        found = self.flow.draft(case)
        if case.revision != revision or case.closed or not ended or found is None:
            raise StaleRevision
        if filing.still_marked(self.world, case, context):
            raise StillMarked
        received, draft = found
        now = self.world.clock.now()
        fresh = replace(
            case,
            id=str(uuid.uuid4()),
            attempt=case.attempt + 1,
            revision=1,
            items=tuple(replace(one, trace=str(uuid.uuid4())) for one in case.items),
            tracks=Tracks(documentation="draft"),
            created_at=now,
            due_at=None,
            due_rule=None,
            prior_case_id=case.id,
            signed_by=None,
        )
        answer = self.store.latest(case.id, "coverage_answer", CoverageAnswer)
        with self.store.write() as db:
            self.store.save(db, replace(case, closed=True))
            self.store.insert(db, fresh)
            outputs = {"chart": self.flow.kept(case), "package": received, "draft": draft}
            for stage, output in (outputs | {"coverage_answer": answer}).items():
                self.store.put(db, fresh.id, stage, output)
            self.store.end_preparation(db, fresh.id)
            self.world.audit.append(db, fresh.id, Event("again", now, person.name))
        let_go(self.world, case.id)
        return fresh
