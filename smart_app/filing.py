"""Stage 13: bring the decision and its number to the chart, with the signer's own token.

Every rung is known of before it is written, and its receipt is kept as soon as there is one: what
is done stays done whatever becomes of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from launch import LaunchContext, LaunchError, SignInUnavailable
from launch.scopes import allows
from smart_app import formatters, reading
from smart_app.cases.model import (
    AMENDING,
    DOCUMENT,
    ORDER,
    TAKE_BACK,
    Case,
    CaseItem,
    ChartSnapshot,
    CoverageAnswer,
    Decision,
    Resource,
    Task,
    UtnRecord,
    WriteReceipt,
    entered_here,
)
from smart_app.cases.tasks import LeaseLost
from smart_app.chart import annotate, writeback
from smart_app.errors import ChartUnavailable, Deleted, StaleRevision, WrongPatient
from smart_app.fhir import refs
from smart_app.marked import about, carrying, number_for, wrong
from smart_app.pas import verdicts
from smart_app.steps import Steps
from smart_app.world import World

INTENT = "file_intent"
"""The decision whose document may have been written without our seeing the answer."""

DUE = "file_due"
"""The decision whose document this chart takes, whether or not it could be written."""

ENDS_ALL = (LeaseLost, LaunchError, StaleRevision)
"""What ends a filing at once: no rung may be tried after it, or none can be."""

LEAVES = 5.0  # seconds until it is looked again whether a request is being withdrawn
BUSY = 1.0  # seconds until it is looked again whether another worker still writes for the case


def still_marked(world: World, case: Case, context: LaunchContext) -> bool:
    """Look whether an order bears a number of the case, or may bear one that is being written.

    One that was changed by hand does not, nor one that was deleted. One that cannot be looked at
    may: a chart that says it knows of none may as well keep it from this user.
    https://hl7.org/fhir/R4/http.html#read
    """
    if any(one.kind == "file" and one.state == "leased" for one in world.tasks.of_case(case.id)):
        return True
    numbers = {one.number for one in world.store.utns(case.id)}
    for reference in carrying(world.store.history(case.id, "write", WriteReceipt)):
        try:
            order = world.chart(context).read(reference)
        except Deleted:
            continue
        except ChartUnavailable:
            return True
        if (
            not refs.names(order, reference)
            or annotate.numbers_of(order, case.coverage_ref) & numbers
        ):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Work:
    """One decision on its way to the chart."""

    task: Task
    case: Case
    found: Decision
    numbers: list[UtnRecord]
    context: LaunchContext
    chart: Any
    now: datetime

    @property
    def last(self) -> bool:
        """Whether no further try follows."""
        return self.task.attempt >= self.task.max_attempts


class Filing(Steps):
    """The site's write-back ladder."""

    def file(self, task: Task) -> None:
        """Bring the decision to the chart by the site's ladder."""
        if self._yielded(task):
            return
        case = self.store.case(task.case)
        numbers = [one for one in self.store.utns(case.id) if one.status == "active"]
        found = self.store.latest(case.id, "decision", Decision)
        if found and case.tracks.submission in AMENDING and verdicts.favours(found):
            with self.world.tasks.during(task) as db:  # it may just have ended to count
                self.world.tasks.later(db, task, "withdrawal", LEAVES, afresh=True)
            return
        first, tag = case.tracks.chart == "none", task.key.rsplit(":", 1)[1]
        older = found is not None and not tag.startswith("launch-") and tag != found.id
        if found is None or older or case.launch_id is None or (first and not numbers):
            with self.world.tasks.finish(task) as db:
                if case.tracks.chart == "writing" and not self.world.tasks.waiting(
                    db, "file", case.id
                ):
                    self._settle(db, case, tag)
            return
        if case.tracks.chart != "writing":
            with self.world.tasks.during(task) as db:
                case = self.move(db, case, chart="writing")
        try:
            self._climb(task, case, found, numbers)
        except SignInUnavailable:  # the same is tried again later
            raise
        except LaunchError:
            with self.world.tasks.finish(task) as db:
                case = self.move(db, case, chart="awaiting_launch")
                self.note(db, case, "awaiting_launch")
            return
        with self.world.tasks.finish(task) as db:
            self._settle(db, case, found.id)

    def _yielded(self, task: Task) -> bool:
        """Give the task back while another worker writes for the case.

        What one of them takes back the other could otherwise write again.
        """
        with self.world.tasks.during(task) as db:
            busy = self.world.tasks.elsewhere(db, task)
            if busy:  # two that meet must not meet again
                pause = BUSY if ":launch-" in task.key else 2 * BUSY
                self.world.tasks.later(db, task, "busy", pause, afresh=True)
        return busy

    def given_up(self, db: sa.Connection, case: Case) -> None:
        """End a filing that was tried often enough by what is known of it."""
        found = self.store.latest(case.id, "decision", Decision)
        self._settle(db, case, found.id if found else "")

    def _settle(self, db: sa.Connection, case: Case, decision_id: str) -> None:
        """End a filing by what is known of the document; by the first order where none is filed.

        A number that was marked or taken back tells nobody the decision whose document is missing.
        """
        writes = [one for one in self._writes(case.id) if one.decision == decision_id]
        document = [one.outcome for one in writes if one.rung == DOCUMENT]
        orders = {one.resource_ref: one.outcome for one in writes if one.rung != TAKE_BACK}
        outcome = next(iter(orders.values()), "manual_pending")
        if document:
            outcome = document[-1]
        elif self.store.latest(case.id, INTENT, str) == decision_id:
            outcome = "unknown"
        elif self.store.latest(case.id, DUE, str) == decision_id:
            outcome = "manual_pending"
        self.move(db, case, chart=outcome)

    def _writes(self, case_id: str) -> list[WriteReceipt]:
        return self.store.history(case_id, "write", WriteReceipt)

    def _keep(self, work: _Work, receipt: WriteReceipt, *, told: bool = True) -> None:
        """Keep what is known of a rung, at once; ``told`` is what people are told as well."""
        receipt = replace(receipt, decision=work.found.id)
        with self.world.tasks.during(work.task) as db:
            self.store.put(db, work.case.id, "write", receipt)
            if told:
                back = receipt.outcome == "filed_and_read_back"
                took = "order_taken_back" if back else "order_not_taken_back"
                kind = took if receipt.rung == TAKE_BACK else "written"
                self.note(db, work.case, kind, rung=receipt.rung, outcome=receipt.outcome)

    def _climb(self, task: Task, case: Case, found: Decision, numbers: list[UtnRecord]) -> None:
        """Climb the ladder: the document first, since it says most; the order only if affirmed.

        Raises what keeps a rung from being done, after the others were tried: a sign-in before all
        else, since only it says what the whole filing waits for.
        """
        site = self.world.sites.of_id(case.site)
        context = self.world.bearer.context(case.launch_id or "", case.id)
        chart, now = self.world.chart(context), self.world.clock.now()
        work = _Work(task, case, found, numbers, context, chart, now)
        granted, rungs = context.granted_scopes, 0
        failures: list[Exception] = []
        if DOCUMENT in site.write_ladder and allows(granted, "DocumentReference", "c"):
            rungs += 1
            try:
                self._document(work)
            except ENDS_ALL:
                raise
            except Exception as cause:  # whatever the chart answered, a denial frees the order
                failures.append(cause)
        if ORDER in site.write_ladder and allows(granted, "ServiceRequest", "u"):
            rungs += 1
            failures += self._orders(work)
        if not rungs:
            why = "this chart takes no documents"
            self._keep(work, WriteReceipt("manual", "manual_pending", now, why=why))
        if failures:
            raise next((one for one in failures if isinstance(one, LaunchError)), failures[0])

    # the document --------------------------------------------------------------------------------

    def _document(self, work: _Work) -> None:
        """File the document of a decision, unless it is known what became of it."""
        case, decision_id = work.case, work.found.id
        if any(o.rung == DOCUMENT and o.decision == decision_id for o in self._writes(case.id)):
            return
        with self.world.tasks.during(work.task) as db:
            self.store.put(db, case.id, DUE, decision_id)
        filing = self._filing(work)
        asked_before = self.store.latest(case.id, INTENT, str) == decision_id
        with self.world.tasks.during(work.task) as db:
            self.store.put(db, case.id, INTENT, decision_id)
        try:
            done = writeback.file_document(work.chart, filing, asked_before=asked_before)
        except LaunchError:  # nothing was written: only an earlier try may have arrived
            if not asked_before:
                with self.world.tasks.during(work.task) as db:
                    self.store.put(db, case.id, INTENT, "")
            raise
        self._keep(work, done)

    def _filing(self, work: _Work) -> writeback.Filing:
        case, found = work.case, work.found
        site = self.world.sites.of_id(case.site)
        signer = case.signed_by
        return writeback.Filing(
            case=case,
            decision_id=found.id,
            text=formatters.chart_text(case, found, work.numbers, self.payer(case).name)
            + formatters.answers(self._signed(case, found), site.time_zone),
            title=formatters.chart_title(found),
            author_ref=signer.fhir_user if signer else "",
            encounter_id=work.context.encounter_id,
            type_code=site.document.type_code,
            type_words=site.document.type_words,
            mime=site.document.mime,
            search_by_identifier=site.document.search_by_identifier,
            if_none_exist=site.document.if_none_exist,
            at=work.now,
            replaces=self._earlier_document(work, site.document.search_by_identifier),
        )

    def _signed(self, case: Case, found: Decision) -> list[Resource]:
        """Return the forms that were signed before a decision came, oldest first."""
        return [
            one
            for one in self.store.history(case.id, "response", dict)
            if datetime.fromisoformat(str(one["authored"])) <= found.received_at
        ]

    def _earlier_document(self, work: _Work, can_ask: bool) -> str | None:
        """Return the newest document in the chart that tells an older decision of this case.

        One that was written without our seeing the answer is looked for. A chart that does not
        tell keeps nothing from being filed: the link is an extra.
        """
        case_id = work.case.id
        seen = {o.decision: o.resource_ref for o in self._writes(case_id) if o.rung == DOCUMENT}
        tried = dict.fromkeys(reversed(self.store.history(case_id, INTENT, str)))
        for decision_id in tried:
            if decision_id in ("", work.found.id):
                continue
            written = seen.get(decision_id)
            if written is None and can_ask:
                try:
                    written = writeback.document_of(work.chart, work.case, decision_id)
                except ChartUnavailable:
                    return None
            if written:
                return written
        return None

    # the orders ----------------------------------------------------------------------------------

    def _orders(self, work: _Work) -> list[Exception]:
        """Mark the affirmed orders; take back what a decision that no longer stands had marked."""
        failures: list[Exception] = []
        for item in (*work.case.items, *work.case.dropped):
            for rung in (ORDER, TAKE_BACK) if not entered_here(item.order_ref) else ():
                try:
                    failures += self._order(work, item, rung)
                except ENDS_ALL:
                    raise
                except Exception as cause:  # an order of an odd shape keeps no other one marked
                    failures.append(cause)
        return failures

    def _order(self, work: _Work, item: CaseItem, rung: str) -> list[Exception]:
        """Do one rung of an order where it is owed, and return why it is to be tried again, if so.

        A number is taken back from what is not affirmed, and from what was refused its new one.
        """
        number = number_for(item.trace, work.found, work.numbers)
        writes = self._writes(work.case.id)
        owed = number is not None if rung == ORDER else wrong(item, work.found, number, writes)
        known = about(writes, rung, item, work.found)
        if not owed or (known is not None and known.outcome != "unknown"):
            return []
        try:
            self._keep(work, self._write(work, item, number if rung == ORDER else None))
        except WrongPatient as cause:  # merged or moved since: nothing is written to it
            self._keep(work, self._undone(work, item, rung, "refused", cause.code))
        except (ChartUnavailable, LaunchError) as cause:
            return self._failed(work, item, rung, cause, again=known is not None)
        return []

    @staticmethod
    def _undone(work: _Work, item: CaseItem, rung: str, outcome: Any, why: str) -> WriteReceipt:
        where = "the order"
        return WriteReceipt(
            rung, outcome, work.now, item.order_ref, where_people_see_it=where, why=why
        )

    def _failed(
        self,
        work: _Work,
        item: CaseItem,
        rung: str,
        cause: ChartUnavailable | LaunchError,
        *,
        again: bool,
    ) -> list[Exception]:
        """Keep that an order could not be written, and return why it is to be tried again, if so.

        That an order still bears a number which no longer stands is told at once.
        """
        ended = isinstance(cause, LaunchError) and not isinstance(cause, SignInUnavailable)
        if ended and rung == ORDER:
            self._keep(work, self._undone(work, item, rung, "manual_pending", cause.code))
            return []
        last = work.last and isinstance(cause, ChartUnavailable)
        told = last or (rung == TAKE_BACK and not again)
        self._keep(work, self._undone(work, item, rung, "unknown", cause.code), told=told)
        return [] if last else [cause]

    def _write(self, work: _Work, item: CaseItem, number: UtnRecord | None) -> WriteReceipt:
        """Mark an order, or take the case's numbers from it."""
        case = work.case
        answer = self.store.latest(case.id, "coverage_answer", CoverageAnswer)
        mark = writeback.Mark(
            case=case,
            item=item,
            seen=self.store.latest(case.id, "chart", ChartSnapshot),
            typed=tuple(reading.entries(self.world, case.site, case.iss, case.patient_ref)),
            extensions=answer.said_of(item.order_ref) if answer else (),
            numbers=frozenset(one.number for one in self.store.utns(case.id)),
            at=work.now,
            before=lambda: self._about_to_write(work, item, number is not None),
        )
        if number is None:
            return writeback.restore_order(work.chart, mark)
        return writeback.update_order(work.chart, mark, number)

    def _about_to_write(self, work: _Work, item: CaseItem, marks: bool) -> None:
        """Make known, before it is, that an order may bear a number from now on.

        Raises StaleRevision when another decision came meanwhile.
        """
        newest = self.store.latest(work.case.id, "decision", Decision)
        if newest is None or newest.id != work.found.id:
            raise StaleRevision
        if marks:
            intent = self._undone(work, item, ORDER, "unknown", "being written")
            self._keep(work, replace(intent, carries=True), told=False)
