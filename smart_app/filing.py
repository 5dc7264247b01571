"""Stage 13: bring the decision and its number to the chart, with the signer's own token."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from launch import LaunchError, SignInUnavailable
from launch.scopes import allows
from smart_app import formatters
from smart_app.cases.model import (
    DOCUMENT,
    ORDER,
    Case,
    CoverageAnswer,
    Decision,
    Task,
    UtnRecord,
    WriteReceipt,
)
from smart_app.chart import writeback
from smart_app.errors import WrongPatient
from smart_app.steps import Steps

TAKE_BACK = "ServiceRequest.take_back"
"""An order that still says that it is satisfied, though the decision was taken back."""

INTENT = "file_intent"
"""The decision whose document may have been written without our seeing the answer."""


def _number_for(trace: str, found: Decision, numbers: list[UtnRecord]) -> str | None:
    """Return the number that an order may carry: only an affirmed one's."""
    decided = next((one for one in found.items if one.trace == trace), None)
    number = next((one.number for one in numbers if trace in one.traces), None)
    return number if decided is not None and decided.decision == "affirmed" else None


class Filing(Steps):
    """The site's write-back ladder."""

    def file(self, task: Task) -> None:
        """Bring the decision to the chart by the site's ladder."""
        case = self.store.case(task.case)
        numbers = [one for one in self.store.utns(case.id) if one.status == "active"]
        found = self.store.latest(case.id, "decision", Decision)
        first, tag = case.tracks.chart == "none", task.key.rsplit(":", 1)[1]
        older = found is not None and not tag.startswith("launch-") and tag != found.id
        if found is None or older or case.launch_id is None or (first and not numbers):
            with self.world.tasks.finish(task):
                return
        asked_before = self.store.latest(case.id, INTENT, str) == found.id
        with self.world.tasks.during(task) as db:
            self.store.put(db, case.id, INTENT, found.id)
            if case.tracks.chart != "writing":
                case = self.move(db, case, chart="writing")
        try:
            receipts = self._write(case, found, numbers, asked_before)
        except SignInUnavailable:  # nothing was written: the same is tried again later
            with self.world.tasks.during(task) as db:
                self._forget_try(db, case, asked_before)
            raise
        except LaunchError:
            receipts = ()
        with self.world.tasks.finish(task) as db:
            if not receipts:
                self._await_launch(db, case, asked_before)
                return
            self.store.put(db, case.id, "filed_decision", found.id)
            for one in receipts:
                self.store.put(db, case.id, "write", one)
                kind = "order_not_taken_back" if one.rung == TAKE_BACK else "written"
                self.note(db, case, kind, rung=one.rung, outcome=one.outcome)
            case = self.move(db, case, chart=receipts[0].outcome)
        if case.tracks.utn == "recorded":
            self.world.vault.forget(case.id)

    def _await_launch(self, db: sa.Connection, case: Case, asked_before: bool) -> None:
        """Wait for the signer to open the chart."""
        self._forget_try(db, case, asked_before)
        case = self.move(db, case, chart="awaiting_launch")
        self.note(db, case, "awaiting_launch")

    def _forget_try(self, db: sa.Connection, case: Case, asked_before: bool) -> None:
        """Take back that something was tried: only an earlier try may have arrived."""
        if not asked_before:
            self.store.put(db, case.id, INTENT, "")

    def _write(
        self, case: Case, found: Decision, numbers: list[UtnRecord], asked_before: bool
    ) -> tuple[WriteReceipt, ...]:
        """Climb the ladder: the document first, since it says most; the order only if affirmed."""
        site = self.world.sites.of_id(case.site)
        context = self.world.bearer.context(case.launch_id or "", case.id)
        chart = self.world.chart(context)
        now = self.world.clock.now()
        done: list[WriteReceipt] = []
        granted = context.granted_scopes
        may_file = allows(granted, "DocumentReference", "c")
        if DOCUMENT in site.write_ladder and may_file:
            filing = self._filing(case, found, numbers, now, context.encounter_id)
            done.append(writeback.file_document(chart, filing, asked_before=asked_before))
        if ORDER in site.write_ladder and allows(granted, "ServiceRequest", "u"):
            done += self._orders(chart, case, found, numbers, now)
        if not done:
            why = "this chart takes no documents"
            done.append(WriteReceipt("manual", "manual_pending", now, why=why))
        return tuple(done)

    def _orders(
        self,
        chart: Any,
        case: Case,
        found: Decision,
        numbers: list[UtnRecord],
        now: datetime,
    ) -> list[WriteReceipt]:
        """Mark the affirmed orders; take back what a decision that no longer stands had marked."""
        answer = self.store.latest(case.id, "coverage_answer", CoverageAnswer)
        marked = any(
            one.rung == ORDER for one in self.store.history(case.id, "write", WriteReceipt)
        )
        receipts = []
        for item in case.items:
            given = answer.said_of(item.order_ref) if answer else ()
            number = _number_for(item.trace, found, numbers)
            try:
                if number is not None:
                    done = writeback.update_order(chart, case, item.order_ref, number, given, now)
                elif marked:
                    done = writeback.restore_order(chart, case, item.order_ref, given, now)
                else:
                    continue
            except LaunchError as cause:
                done = WriteReceipt(ORDER, "manual_pending", now, why=cause.code)
            except WrongPatient as cause:  # merged or moved since: nothing is written to it
                done = WriteReceipt(ORDER, "refused", now, why=cause.code)
            receipts.append(done)
            if number is None and done.outcome != "filed_and_read_back":
                receipts[-1] = replace(done, rung=TAKE_BACK)
        return receipts

    def _filing(
        self,
        case: Case,
        found: Decision,
        numbers: list[UtnRecord],
        now: datetime,
        encounter_id: str | None,
    ) -> writeback.Filing:
        site = self.world.sites.of_id(case.site)
        signer = case.signed_by
        return writeback.Filing(
            case=case,
            decision_id=found.id,
            text=formatters.chart_text(case, found, numbers, self.payer(case).name),
            title=formatters.chart_title(found),
            author_ref=signer.fhir_user if signer else "",
            encounter_id=encounter_id,
            type_code=site.document.type_code,
            type_words=site.document.type_words,
            mime=site.document.mime,
            search_by_identifier=site.document.search_by_identifier,
            if_none_exist=site.document.if_none_exist,
            at=now,
            replaces=self._earlier_document(case, found),
        )

    def _earlier_document(self, case: Case, found: Decision) -> str | None:
        """Return the document in the chart that tells an older decision of this case."""
        written = [
            one.resource_ref
            for one in self.store.history(case.id, "write", WriteReceipt)
            if one.rung == DOCUMENT and one.resource_ref
        ]
        told = self.store.history(case.id, "filed_decision", str)
        return written[-1] if written and told and told[-1] != found.id else None
