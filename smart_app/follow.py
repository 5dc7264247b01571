"""Stages 10 to 13, as tasks of the worker: send, recover, poll, and bring the number to the chart.

Each task ends in one transaction together with its effect. "Send started" is durable before the
first byte; after an unknown outcome only the payer's ``recovery`` decides what is done.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from launch import LaunchError
from launch.scopes import allows
from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    CoverageAnswer,
    Decision,
    Event,
    Receipt,
    Task,
    UtnRecord,
    WriteReceipt,
)
from smart_app.channels import pas as channel
from smart_app.chart import writeback
from smart_app.errors import IllegalMove, PayerError, PayerUnknown, PayerUnreachable, StaleRevision
from smart_app.pas import client, decision, entries, inquiry
from smart_app.payers.registry import Payer
from smart_app.utn import record as utn
from smart_app.world import World

GREEN = ("affirmed", "affirmed_modified")
RETRY_FIRST, RETRY_LONGEST = 2.0, 600.0  # seconds
ENDLESS = ("poll", "recover")  # a payer that is down for a day must not end the waiting


class Follow:
    """What the worker does for a case after it was signed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.handlers = {
            "send": self.send,
            "recover": self.recover,
            "poll": self.poll,
            "file": self.file,
        }

    def run(self, task: Task) -> None:
        """Do one task; a failure that nothing came of is retried with growing pauses."""
        try:
            self.handlers[task.kind](task)
        except (PayerError, LaunchError) as cause:
            pause = min(RETRY_LONGEST, RETRY_FIRST * 2.0**task.attempt)
            if task.kind in ENDLESS and task.attempt >= task.max_attempts:
                with self.world.tasks.during(task) as db:
                    self.world.tasks.again(db, task, RETRY_LONGEST)
            elif not self.world.tasks.retry(task, cause.code, pause):
                self._parked(task, cause.code)

    def _parked(self, task: Task, code: str) -> None:
        with self.store.write() as db:
            case = self.store.case(task.case, db)
            event = Event("parked", self.world.clock.now(), None, {"task": task.kind, "why": code})
            self.world.audit.append(db, case.id, event)
            if task.kind == "send" and case.tracks.submission == "queued":
                moved = states.move(case.tracks, submission="parked")
                self.store.save(db, replace(case, tracks=moved))

    def _payer(self, case: Case) -> Payer:
        return self.world.payers.of_id(case.payer_id or "")

    def _submission(self, case: Case) -> sa.Row[Any]:
        return self.store.submissions(case.id)[-1]

    # stage 10 ------------------------------------------------------------------------------------

    def send(self, task: Task) -> None:
        """Send the signed request once."""
        case = self.store.case(task.case)
        row = self._submission(case)
        payer = self._payer(case)
        with self.world.tasks.during(task) as db:
            first = self.store.start_send(db, row.identifier)
            if first:
                case = self._move(db, case, submission="sending")
                self._note(db, case, "sending")
        if not first:
            self._unknown(task, case, payer)
            return
        try:
            receipt = channel.send(
                self.world.payer_http(payer), payer.pas_base or "", self.store.payload(row)
            )
        except PayerUnreachable:
            with self.world.tasks.during(task) as db:
                self.store.allow_resend(db, row.identifier)
                self._move(db, case, submission="queued")
            raise
        except PayerUnknown:
            self._unknown(task, case, payer)
            return
        self._received(task, case, row.identifier, receipt)

    def _move(self, db: sa.Connection, case: Case, **to: str) -> Case:
        return self.store.save(db, replace(case, tracks=states.move(case.tracks, **to)))

    def _note(self, db: sa.Connection, case: Case, kind: str, **facts: Any) -> None:
        self.world.audit.append(db, case.id, Event(kind, self.world.clock.now(), None, facts))

    def _unknown(self, task: Task, case: Case, payer: Payer) -> None:
        """It may have arrived: ask the payer, resend the same bytes, or leave it to a person."""
        with self.world.tasks.finish(task) as db:
            if case.tracks.submission == "sending":
                case = self._move(db, case, submission="unknown")
                self._note(db, case, "send_unknown", recovery=payer.recovery)
            if payer.recovery != "person":
                self.world.tasks.add(
                    db,
                    "recover",
                    case.id,
                    tag=f"{self._submission(case).identifier}-{case.revision}",
                    delay=payer.recovery_wait_seconds,
                )

    def recover(self, task: Task) -> None:
        """Find out what became of a request whose answer never came."""
        case = self.store.case(task.case)
        row, payer = self._submission(case), self._payer(case)
        if case.tracks.submission != "unknown":
            with self.world.tasks.finish(task):
                return
        found = None
        if payer.recovery == "inquire":
            found = self._inquire(case, row, payer)
        if found is not None:
            receipt = Receipt("received", 200, found)
            self._received(task, case, row.identifier, receipt)
            return
        with self.world.tasks.finish(task) as db:
            self.store.allow_resend(db, row.identifier)
            case = self._move(db, case, submission="queued")
            self._note(db, case, "not_there", recovery=payer.recovery)
            self.world.tasks.add(db, "send", case.id, tag=f"{row.identifier}-{case.revision}")

    def _inquire(self, case: Case, row: sa.Row[Any], payer: Payer) -> dict[str, Any] | None:
        request = json.loads(self.store.payload(row))
        asked = json.dumps(inquiry.build(request, self.world.clock.now())).encode()
        body = client.inquire(self.world.payer_http(payer), payer.pas_base or "", asked)
        return inquiry.ours(case, body, row.identifier)

    # stages 11 and 12 ----------------------------------------------------------------------------

    def _received(self, task: Task, case: Case, identifier: str, receipt: Receipt) -> None:
        """Record an answer, its decision and number, and what comes next, in one transaction."""
        with self.world.tasks.finish(task) as db:
            self.store.end_send(db, identifier, receipt.outcome)
            self.store.put(db, case.id, "receipt", receipt)
            if receipt.outcome == "rejected":
                case = self._move(db, case, submission="rejected")
                self._note(db, case, "rejected", status=receipt.status)
                return
            case = self._move(db, case, submission="received")
            self._note(db, case, "received")
            case = self._clock_starts(db, case)
            self._decided(db, case, self._read(case, receipt.body), 0)

    def _clock_starts(self, db: sa.Connection, case: Case) -> Case:
        days = self.world.program.standard_days
        if case.expedited:
            days = self.world.program.expedited_days
        due = self.world.clock.now() + timedelta(days=days)
        rule = self.world.program.clock_words
        return self.store.save(db, replace(case, due_at=due, due_rule=rule))

    def _member(self, case: Case) -> str:
        chart = self.store.latest(case.id, "chart", ChartSnapshot)
        coverage = chart.by_reference(case.coverage_ref or "") if chart else None
        return entries.member_id(coverage or {}, chart.patient if chart else {})

    def _read(self, case: Case, body: Any) -> Decision:
        return decision.read(
            case,
            body,
            member=self._member(case),
            dismissed_text=self._payer(case).dismissed_text,
            now=self.world.clock.now(),
        )

    def _decided(self, db: sa.Connection, case: Case, found: Decision, polls: int) -> Case:
        """Take a decision onto the case: tracks, number, and the next task."""
        before = self.store.latest(case.id, "decision", Decision)
        changed = before is None or before.items != found.items or before.word != found.word
        if changed:
            self.store.put(db, case.id, "decision", found)
            self._note(db, case, "decided", word=found.word, source=found.source)
        tracks = states.move(case.tracks, decision=found.word)
        records, refused = self._numbers(case, found)
        held = [self.store.add_utn(db, case.id, one) for one in records]
        if records and all(held):
            self._supersede(db, case, {one.number for one in records})
        if refused or not all(held):
            self._note(db, case, "number_refused", count=len(refused) + held.count(False))
        numbered = bool(records) and all(held)
        waits = found.word in (*GREEN, "partial", "non_affirmed") and not numbered
        if numbered and tracks.utn in ("none", "awaited"):
            tracks = states.move(tracks, utn="recorded")
            self._note(db, case, "number", count=len(records))
        elif waits and tracks.utn == "none":
            tracks = states.move(tracks, utn="awaited")
        if found.word == "pended" and tracks.submission == "received":
            tracks = states.move(tracks, submission="pended")
        elif found.word != "pended" and tracks.submission == "pended":
            tracks = states.move(tracks, submission="received")
        if found.quarantined:
            self._note(db, case, "numbers_disagree" if found.items else "quarantined")
        green = numbered and found.word in GREEN
        tracks = states.move(tracks, claim="ready" if green else "hold")
        case = self.store.save(db, replace(case, tracks=tracks))
        if found.source == "pas" and (found.word == "pended" or waits):
            self._plan_poll(db, case, polls)
        told = tracks.chart != "none"  # the chart then has the older decision
        if numbered if not told else changed and found.word not in ("pended", "unreadable"):
            self.world.tasks.add(db, "file", case.id, tag=found.id)
        return case

    def _supersede(self, db: sa.Connection, case: Case, current: set[str]) -> None:
        """Mark a case's earlier numbers as replaced: one number goes on a claim."""
        for one in self.store.utns(case.id):
            if one.number not in current and one.status == "active":
                self.store.add_utn(db, case.id, replace(one, status="superseded"))

    def _numbers(
        self, case: Case, found: Decision
    ) -> tuple[tuple[UtnRecord, ...], tuple[str, ...]]:
        rule = self.world.program.number
        form = utn.NumberForm(case.program, rule.pattern, rule.expected, rule.window_days)
        site = self.world.sites.of_id(case.site)
        member = self.store.blind("member", self._member(case))
        return utn.record(found, form, member, self.world.clock.today(site.time_zone))

    def _plan_poll(self, db: sa.Connection, case: Case, polls: int) -> None:
        payer = self._payer(case)
        pause = min(payer.poll_longest_seconds, payer.poll_first_seconds * 1.5**polls)
        self.world.tasks.add(db, "poll", case.id, tag=str(polls + 1), delay=pause)

    def poll(self, task: Task) -> None:
        """Ask the payer how far it is; pauses grow."""
        case = self.store.case(task.case)
        polls = int(task.key.rsplit(":", 1)[1])
        waiting = case.tracks.decision == "pended" or case.tracks.utn == "awaited"
        if not waiting:
            with self.world.tasks.finish(task):
                return
        found = self._inquire(case, self._submission(case), self._payer(case))
        with self.world.tasks.finish(task) as db:
            if found is None:
                self._plan_poll(db, case, polls)
                return
            read = self._read(case, found)
            if read.word == "unreadable" and read.quarantined:
                self._note(db, case, "quarantined", why=read.quarantined[0][:40])
                self._plan_poll(db, case, polls)
                return
            self._decided(db, case, read, polls)

    # stage 13 ------------------------------------------------------------------------------------

    def file(self, task: Task) -> None:
        """Bring the decision to the chart by the site's ladder, with the signer's own token."""
        case = self.store.case(task.case)
        numbers = [one for one in self.store.utns(case.id) if one.status == "active"]
        found = self.store.latest(case.id, "decision", Decision)
        first, tag = case.tracks.chart == "none", task.key.rsplit(":", 1)[1]
        older = found is not None and not tag.startswith("launch-") and tag != found.id
        if found is None or older or case.launch_id is None or (first and not numbers):
            with self.world.tasks.finish(task):
                return
        asked_before = case.tracks.chart == "writing"
        with self.world.tasks.during(task) as db:
            if not asked_before:
                case = self._move(db, case, chart="writing")
        try:
            receipts = self._write(case, found, numbers, asked_before)
        except LaunchError:
            receipts = ()
        with self.world.tasks.finish(task) as db:
            if not receipts:
                case = self._move(db, case, chart="awaiting_launch")
                self._note(db, case, "awaiting_launch")
                return
            for one in receipts:
                self.store.put(db, case.id, "write", one)
                self._note(db, case, "written", rung=one.rung, outcome=one.outcome)
            case = self._move(db, case, chart=receipts[0].outcome)
        if case.tracks.utn == "recorded":
            self.world.vault.forget(case.id)

    def _write(
        self, case: Case, found: Decision, numbers: list[UtnRecord], asked_before: bool
    ) -> tuple[WriteReceipt, ...]:
        """Climb the ladder: the document first, since it says most; the order only if affirmed."""
        site = self.world.sites.of_id(case.site)
        context = self.world.vault.context(case.launch_id or "")
        chart = self.world.chart(context)
        now = self.world.clock.now()
        done: list[WriteReceipt] = []
        granted = context.granted_scopes
        may_file = allows(granted, "DocumentReference", "c")
        if "DocumentReference.create" in site.write_ladder and may_file:
            filing = self._filing(case, found, numbers, now, context.encounter_id)
            done.append(writeback.file_document(chart, filing, asked_before=asked_before))
        if "ServiceRequest.update" in site.write_ladder and allows(granted, "ServiceRequest", "u"):
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
        answer = self.store.latest(case.id, "coverage_answer", CoverageAnswer)
        repetitions = answer.repetitions if answer else ()
        receipts = []
        for item in case.items:
            decided = next((one for one in found.items if one.trace == item.trace), None)
            number = next((one for one in numbers if item.trace in one.traces), None)
            if decided is None or decided.decision not in GREEN or number is None:
                continue
            given = tuple(one.raw for one in repetitions if one.order_ref == item.order_ref)
            try:
                done = writeback.update_order(chart, case, item.order_ref, number, given, now)
            except LaunchError as cause:
                done = WriteReceipt("ServiceRequest.update", "manual_pending", now, why=cause.code)
            receipts.append(done)
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
            text=formatters.chart_text(case, found, numbers, self._payer(case).name),
            title=formatters.chart_title(found),
            author_ref=signer.fhir_user if signer else "",
            encounter_id=encounter_id,
            type_code=site.document.type_code,
            type_words=site.document.type_words,
            mime=site.document.mime,
            search_by_identifier=site.document.search_by_identifier,
            if_none_exist=site.document.if_none_exist,
            at=now,
        )

    # a letter came -------------------------------------------------------------------------------

    def take_letter(self, case: Case, revision: int, found: Decision, event: Event) -> Case:
        """Take a decision that a person typed in from a letter or portal."""
        if case.revision != revision:
            raise StaleRevision
        if case.tracks.submission in ("none", "queued", "sending"):
            raise IllegalMove("a letter about a request that was not sent")
        with self.store.write() as db:
            self.world.audit.append(db, case.id, event)
            if case.tracks.submission in ("unknown", "parked", "rejected"):
                case = self._move(db, case, submission="received")
            return self._decided(db, case, found, 0)

    def ask_now(self, case: Case) -> bool:
        """Make the next poll, or a send that was given up, due at once; False when none waits."""
        with self.store.write() as db:
            if case.tracks.submission == "parked":
                self._move(db, case, submission="queued")
                return self.world.tasks.wake(db, "send", case.id)
            return self.world.tasks.wake(db, "poll", case.id)
