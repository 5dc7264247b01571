"""Send what a payer wants to see before it decides: documents, or a form that was signed.

Each wish is answered once: "send started" is durable before the first byte. After an unknown
outcome the same bytes go again only where the payer's file says that it keeps one of them, or a
person has asked.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from smart_app.cases import codec
from smart_app.cases.model import (
    UNCOUNTED,
    Addition,
    Case,
    ChartSnapshot,
    Decision,
    Declined,
    Person,
    Receipt,
    Resource,
    Submission,
    Task,
    Wanted,
)
from smart_app.chart import documents
from smart_app.decide import Deciding
from smart_app.errors import IllegalMove, MissingFact, PayerUnknown, PayerUnreachable
from smart_app.fhir import check, refs
from smart_app.pas import attachments, client, request_task
from smart_app.sending import MOST_SENDS
from smart_app.steps import Steps
from smart_app.world import World

KIND: Literal["attachment"] = "attachment"
STAGE = "addition"
DECLINED = "declined"
State = Literal["open", "elsewhere", "sending", "received", "rejected", "unknown", "declined"]
ANSWERABLE = ("open", "rejected", "declined")
"""States in which something may be sent: a word that nothing is there may turn out to be wrong."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that a payer wants, and what became of the answer to it."""

    wanted: Wanted
    state: State
    sent: Addition | None = None
    faults: tuple[str, ...] = ()
    declined: Declined | None = None

    @property
    def name(self) -> str:
        """Return what a wish is called in an address: a payer's number may hold anything."""
        return codec.sha256(codec.dump(self.wanted.key))[:16]


def _unsound(fault: str, *, form: bool) -> MissingFact:
    """Return that something of what is to be sent is no FHIR: a payer refuses all of it then."""
    part = fault.partition(":")[0].rpartition(".")[2]
    if form:
        return MissingFact(
            "not sound",
            say=f"The answers cannot be sent: their “{part}” is not written as the standard asks.",
            do="Have it put right in the chart and open Preclear again, or tell the people who run "
            "Preclear.",
        )
    return MissingFact(
        "not sound",
        say=f"A document cannot be sent: its “{part}” is not written as the standard asks.",
        do="Leave that document out, or have it put right in the chart and open Preclear again.",
    )


class Adding(Steps):
    """What is sent after a request because the payer asked for it."""

    def __init__(self, world: World, deciding: Deciding) -> None:
        super().__init__(world)
        self.deciding = deciding

    def wishes(self, case: Case) -> tuple[Wish, ...]:
        """Return what the payer wants as far as it has not decided, and what was sent of it."""
        found = self.store.latest(case.id, "decision", Decision)
        if found is None or case.closed or case.tracks.submission in UNCOUNTED:
            return ()
        # What was sent is read first: its row was written with it, so that the row is there then.
        sent = {one.wanted.key: one for one in self.store.history(case.id, STAGE, Addition)}
        rows = {one.identifier: one for one in self.submitted(case, KIND)}
        no = {one.key: one for one in self.store.history(case.id, DECLINED, Declined)}
        return tuple(
            self._wish(case, one, sent.get(one.key), no.get(one.key), rows) for one in found.wanted
        )

    def _wish(
        self,
        case: Case,
        wanted: Wanted,
        sent: Addition | None,
        no: Declined | None,
        rows: dict[str, sa.Row[Any]],
    ) -> Wish:
        if not wanted.number:
            return Wish(wanted, "elsewhere")
        if no is not None and (sent is None or sent.at < no.at):
            return Wish(wanted, "declined", declined=no)
        if sent is None:
            return Wish(wanted, "open")
        receipt = self.deciding.answer(case, sent.identifier)
        state: State = rows[sent.identifier].outcome or "sending"
        if state == "rejected" and receipt is None:
            return Wish(wanted, "open")  # nothing of it was sent
        return Wish(wanted, state, sent, receipt.faults if receipt else ())

    def listed(self, case: Case) -> tuple[documents.Listed, ...]:
        """Return the documents of the chart that may be sent, the newest first."""
        chart = self.store.latest(case.id, "chart", ChartSnapshot)
        return documents.sendable(chart) if chart else ()

    def begin(self, case: Case, person: Person, name: str, chosen: tuple[str, ...]) -> None:
        """Queue documents that answer the wish of a name; raises MissingFact and IllegalMove.

        A wish that is answered already, or no longer there, is answered by nothing more.
        """
        chart = self.store.latest(case.id, "chart", ChartSnapshot)
        known = {one.ref for one in self.listed(case)}
        found = chart.by_references(tuple(one for one in chosen if one in known)) if chart else ()
        if not found:
            raise MissingFact(
                "no document chosen",
                say="No document is chosen yet.",
                do="Tick what is to be sent, then send it.",
            )
        with self.store.write() as db:
            case, wish = self._answerable(db, case, name, "documents")
            chosen = tuple(map(refs.of, found))
            self._queue(
                db, case, Addition("", wish.wanted, chosen, person.name, self._now()), found
            )

    def answer_form(
        self,
        db: sa.Connection,
        case: Case,
        person: Person,
        name: str,
        form: Resource,
        found: tuple[Resource, ...],
    ) -> None:
        """Queue a signed form, and documents beside it, within a transaction.

        ``form`` is as ``papers.answers`` made it. Raises MissingFact and IllegalMove.
        """
        case, wish = self._answerable(db, case, name, "form")
        names, canonical = tuple(map(refs.of, found)), str(form["questionnaire"])
        made = Addition("", wish.wanted, names, person.name, self._now(), canonical)
        self._queue(db, case, made, found, form)

    def decline(self, case: Case, person: Person, name: str, why: str) -> None:
        """Take a person's word that a wish cannot be answered; raises MissingFact, IllegalMove.

        CDex lets the Task fail with a reason. It is ours, so the payer does not see it.
        https://hl7.org/fhir/us/davinci-cdex/STU2/task-based-approach.html#when-the-task-cannot-be-completed
        """
        if not why.strip():
            raise MissingFact(
                "no reason", say="No reason is given yet.", do="Say why it cannot be provided."
            )
        with self.store.write() as db:
            case, wish = self._answerable(db, case, name, "")
            if wish.state == "declined":
                raise IllegalMove("that is said already")
            asked = wish.wanted
            said = Declined(asked.number, why.strip()[:500], person.name, self._now(), asked.key)
            self.store.put(db, case.id, DECLINED, said)
            self.note(db, case, "declined", person.name)

    def _now(self) -> datetime:
        return self.world.clock.now()

    def _answerable(self, db: sa.Connection, case: Case, name: str, kind: str) -> tuple[Case, Wish]:
        """Return a case and its wish as they are now; raises IllegalMove when nothing is wanted."""
        case = self.store.case(case.id, db)
        for wish in self.wishes(case):
            asked = wish.name == name and kind in ("", wish.wanted.kind)
            if asked and wish.state in ANSWERABLE:
                return case, wish
        raise IllegalMove("nothing is asked for any more")

    def _queue(
        self,
        db: sa.Connection,
        case: Case,
        addition: Addition,
        found: tuple[Resource, ...],
        form: Resource | None = None,
    ) -> None:
        told = self.store.latest(case.id, "decision", Decision)
        sent = attachments.Sent(found, told.payer_reference if told else None, form)
        request, version = self.deciding.request(case), self.payer(case).pas_version
        made = attachments.build(request, addition.wanted, sent, version)
        if wrong := tuple(check.shape(made)):
            raise _unsound(wrong[0], form=form is not None)
        payload = codec.wire(made)
        name, digest = str(uuid.uuid4()), codec.sha256(payload)
        payer = case.payer_id or ""
        entry = Submission(case.id, name, "pas", payer, KIND, digest, addition.at)
        self.store.add_submission(db, entry, payload)
        self.store.put(db, case.id, STAGE, replace(addition, identifier=name))
        self.world.tasks.add(db, "attach", case.id, tag=name)
        kind, count = "form_signed" if form else "adding", len(addition.documents)
        self.note(db, case, kind, addition.by, sha256=digest, count=count)

    def tasks(self, case: Case) -> tuple[Resource, ...]:
        """Return the Tasks of all that the payer wants, one for each type of what it asks for."""
        payer = self.payer(case)
        return tuple(
            made
            for wish in self.wishes(case)
            if wish.wanted.number
            for made in request_task.build(
                self.deciding.request(case),
                case,
                wish.wanted,
                self._handed(case, wish, payer.pas_base or ""),
                payer.pas_version,
            )
        )

    def _handed(self, case: Case, wish: Wish, base: str) -> request_task.Handed:
        told = self.store.latest(case.id, "decision", Decision)
        last = wish.declined or wish.sent
        at = last.at if last else told.received_at if told else self._now()
        why = wish.declined.why if wish.declined else ""
        return request_task.Handed(base, wish.state, at, why, case.due_at)

    def attach(self, task: Task) -> None:
        """Send what answers a wish once; raises PayerUnreachable."""
        case, name = self.store.case(task.case), task.key.rpartition(":")[2]
        row, receipt = self._row(case, name), self.deciding.answer(case, name)
        if receipt is None and row.started_at is None and not self._still(case, name):
            self._dropped(task, case, name)
            return
        if receipt is None:
            with self.world.tasks.during(task) as db:
                first = self.store.start_send(db, name)
            receipt = self._sent(task, case, row) if first else None
        if receipt is None:
            self._unknown(task, case, name)
        else:
            self._over(task, case, name, receipt)

    def _sent(self, task: Task, case: Case, row: sa.Row[Any]) -> Receipt | None:
        """Send what was queued; None when nobody knows the outcome. Raises PayerUnreachable."""
        payer, payload = self.payer(case), self.store.payload(row)
        http, base = self.world.payer_http(payer), payer.pas_base or ""
        try:
            receipt = self.exchanged(case, row.kind, lambda: client.attach(http, base, payload))
        except PayerUnreachable:
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, row.identifier, never_left=True)
            raise
        except PayerUnknown:
            return None
        self.deciding.keep_answer(task, case, row.identifier, receipt, "attach")
        return receipt

    def _over(self, task: Task, case: Case, name: str, receipt: Receipt) -> None:
        """Take what the payer answered; a refusal of a later sending may mean that it has it."""
        row = self._row(case, name)
        if receipt.outcome == "rejected" and (row.sends > 1 or row.outcome == "received"):
            with self.world.tasks.finish(task) as db:
                if row.outcome not in ("received", "rejected"):
                    self._to_ask(db, case, name)
            return
        with self.world.tasks.finish(task) as db:
            self.store.end_send(db, name, receipt.outcome)
            self.note(db, case, "added" if receipt.outcome == "received" else "add_refused")
            if receipt.outcome == "received":
                self.deciding.plan_poll(db, case, 0)

    def _row(self, case: Case, name: str) -> sa.Row[Any]:
        """Return a submission of documents as it is now."""
        return next(one for one in self.submitted(case, KIND) if one.identifier == name)

    def _still(self, case: Case, name: str) -> bool:
        """Tell whether documents are still asked for."""
        return any(one.sent and one.sent.identifier == name for one in self.wishes(case))

    def _dropped(self, task: Task, case: Case, name: str) -> None:
        """Send nothing of a patient that nobody asks for any more."""
        with self.world.tasks.finish(task) as db:
            self.store.end_send(db, name, "rejected")
            self.note(db, case, "add_dropped")

    def _unknown(self, task: Task, case: Case, name: str) -> None:
        """Send the same again where the payer keeps one of it; else let a person ask."""
        again = self.payer(case).recovery == "idempotent_resend"
        if again and self._row(case, name).sends < MOST_SENDS:
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, name)
                pause = self.payer(case).recovery_wait_seconds
                self.world.tasks.later(db, task, "", pause, afresh=True)
            return
        with self.world.tasks.finish(task) as db:
            self._to_ask(db, case, name)

    def _to_ask(self, db: sa.Connection, case: Case, name: str) -> None:
        self.store.end_send(db, name, "unknown")
        self.note(db, case, "add_unknown")

    def given_up(self, db: sa.Connection, case: Case, task: Task) -> None:
        """Let a person ask about documents that could not be sent for long."""
        self._to_ask(db, case, task.key.rpartition(":")[2])

    def clear_up(self, case: Case, person: Person, name: str, *, arrived: bool) -> None:
        """Take a person's word whether documents arrived; what did not goes again as it was.

        Raises IllegalMove.
        """
        with self.store.write() as db:
            rows = {one.identifier: one for one in self.submitted(case, KIND)}
            if name not in rows or rows[name].outcome != "unknown":
                raise IllegalMove("only documents of which nobody knows")
            self.note(db, case, "person_added" if arrived else "person_not_added", person.name)
            refused = (
                self.deciding.answer(case, name) is not None
            )  # then the same again helps nobody
            if arrived or refused:
                self.store.end_send(db, name, "received" if arrived else "rejected")
                return
            self.store.allow_resend(db, name)
            tag = f"{uuid.uuid4()}:{name}"
            self.world.tasks.add(db, "attach", case.id, tag=tag)
