"""A hundred thousand pended cases: what the worker takes, and how late due work is picked up."""

from __future__ import annotations

import os
import secrets
import time
import uuid
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from smart_app.cases.schema import tables
from smart_app.config import IDLE_SECONDS, load_app
from smart_app.fhir import refs
from smart_app.world import World, build
from tools.bench.rows import Row, p95

CASES, WHOLE, AT_ONCE = 100_000, 100, 2_000
PAUSE = 14_400.0
"""Seconds between two questions to a payer, in the long run: so many cases are due at a time."""
DUE = int(60 * CASES / PAUSE)
"""As many as come due in a minute."""
IDLE, AHEAD = 10.0, 6.0  # seconds; a worker has started well before the second
ASKED = Namespace(service="62323", state="AZ", decision="pended", json=True)


def measured(folder: Path, database: str = "") -> list[Row]:
    """Return memory, idle time and lateness of a worker over one database."""
    stack = Stack(folder, database=database, worker_idle_seconds=IDLE_SECONDS)
    payer = folder / "payers/payer-az.toml"
    text = payer.read_text().replace("poll_first_seconds = 0.5", f"poll_first_seconds = {PAUSE}")
    payer.write_text(text.replace("poll_longest_seconds = 10", f"poll_longest_seconds = {PAUSE}"))
    with stack:
        ask(f"{stack.payer}/control", {"decision": "pend"})
        playing = Golden(stack, ASKED)
        for step in (playing.open, playing.ready, playing.settle, playing.sign):
            step()
        case_id = playing.page.url.rsplit("/", 1)[1]
        world = build(load_app(folder / "app.toml"), engines=0)
        while world.store.case(case_id).tracks.submission != "pended":
            time.sleep(0.05)
        stack.kill("worker")
        copies = Copies(world, case_id)
        copies.make(CASES)
        try:
            return _rows(stack, world, copies)
        finally:
            world.store.engine.dispose()


def _rows(stack: Stack, world: World, copies: Copies) -> list[Row]:
    stack.launch("worker")
    time.sleep(AHEAD)
    worker = _child(stack.running["worker"].pid)
    before = _cpu(worker)
    time.sleep(IDLE)
    idle = round(100 * (_cpu(worker) - before) / IDLE, 2)
    due = copies.due(DUE)
    time.sleep(AHEAD + 60 + 2)
    late, missing = copies.lateness(due)
    status = Path(f"/proc/{worker}/status").read_text()
    peak = round(int(status.split("VmHWM:")[1].split()[0]) / 1000, 1)
    kind = world.store.engine.dialect.name
    note = f"{CASES:,} pended cases, {kind}"
    asked = f"{len(late)} asked and planned anew in a minute, {missing} not"
    return [
        Row(f"worker's memory, {kind}", peak, "MB", 200, note),
        Row(f"worker at rest, {kind}", idle, "%", 5, note),
        Row(
            f"due work picked up and done, {kind}",
            p95(late) if late else float("inf"),
            "ms",
            1000,
            asked,
        ),
    ]


def _child(leash: int) -> int:
    """Return the process that a leash holds."""
    return int(Path(f"/proc/{leash}/task/{leash}/children").read_text().split()[0])


def _cpu(process: int) -> float:
    """Return the seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Copies:
    """Copies of one pended case: sealed rows of their own, due hours from now.

    Of what only a page looks at (chart, form, answers) one copy in a hundred has its own.
    """

    def __init__(self, world: World, case_id: str) -> None:
        self.world, self.case_id = world, case_id
        self.case, self._blind = world.store.case(case_id), world.store.blind
        self.ids = [str(uuid.uuid4()) for _ in range(CASES)]
        with world.store.read() as db:
            self.rows = {
                table: [dict(row._mapping) for row in db.execute(sa.select(table).where(mine))]
                for table, mine in self._tables()
            }

    def _tables(self) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
        several = (tables.stage_output, tables.submission, tables.audit, tables.task)
        of_case = [(one, self._column(one) == self.case_id) for one in several]
        ends = (tables.kv.c.namespace == "audit_end") & (tables.kv.c.key == self.case_id)
        return [(tables.pa_case, tables.pa_case.c.id == self.case_id), *of_case, (tables.kv, ends)]

    @staticmethod
    def _column(table: sa.Table) -> sa.Column[Any]:
        return table.c.chain if table is tables.audit else table.c.case_id

    def make(self, count: int) -> None:
        """Insert all copies."""
        for table, rows in self.rows.items():
            made = (
                self._copy(table, row, at)
                for at in range(count)
                for row in self._of(table, rows, at)
            )
            while batch := list(islice(made, AT_ONCE)):
                with self.world.store.step() as db:
                    db.execute(table.insert(), batch)
        if self.world.store.engine.dialect.name == "postgresql":
            with self.world.store.step() as db:
                db.execute(sa.text("ANALYZE"))

    @staticmethod
    def _of(table: sa.Table, rows: list[dict[str, Any]], at: int) -> Iterator[dict[str, Any]]:
        whole = at % WHOLE == 0
        return (
            row
            for row in rows
            if whole or table is not tables.stage_output or row["stage"] == "decision"
        )

    def _copy(self, table: sa.Table, row: dict[str, Any], at: int) -> dict[str, Any]:
        new, made = (
            self.ids[at],
            {k: v for k, v in row.items() if (table.name, k) != ("stage_output", "id")},
        )
        for name, value in made.items():
            if isinstance(value, str):
                made[name] = value.replace(self.case_id, new)
        if table is tables.pa_case:
            keys = (self.case.site, refs.base(self.case.iss), self._patient(at))
            made |= {"orders_key": secrets.token_hex(32), "patient_key": self._blind(*keys)}
        if table is tables.submission:
            made["identifier"] = f"{row['identifier'][:20]}-{at}"
        if table is tables.task and row["state"] == "due":
            made["run_at"] = time.time() + PAUSE * (1 + at / CASES)
        for name in ("body", "payload"):
            if name in row:
                plain = self.world.seal.open(self._place(table, row, name), row[name])
                mine = plain.replace(self.case_id.encode(), new.encode())
                if table is tables.pa_case:
                    old, other = (f'"{one}"' for one in (self.case.patient_ref, self._patient(at)))
                    mine = mine.replace(old.encode(), other.encode())
                made[name] = self.world.seal.lock(self._place(table, made, name), mine)
        return made

    def _patient(self, at: int) -> str:
        return f"{self.case.patient_ref}-{at}"

    @staticmethod
    def _place(table: sa.Table, row: dict[str, Any], name: str) -> str:
        """Return where a value is sealed to."""
        places = {
            "pa_case": "pa_case:{id}:{name}",
            "stage_output": "stage_output:{case_id}:{stage}",
            "submission": "submission:{identifier}:{name}",
            "audit": "audit:{chain}:{number}",
            "kv": "kv:{namespace}:{key}",
        }
        return places[table.name].format(**row, name=name)

    def due(self, count: int) -> dict[str, float]:
        """Let whole copies come due, one after the other within a minute; return when."""
        begin, task = time.time() + AHEAD, tables.task
        chosen = self.ids[::WHOLE][:count]
        times = {one: begin + 60 * at / count for at, one in enumerate(chosen)}
        with self.world.store.write() as db:
            for one, at in times.items():
                waiting = (task.c.case_id == one, task.c.kind == "poll", task.c.state == "due")
                db.execute(task.update().where(*waiting).values(run_at=at))
        return times

    def lateness(self, due: dict[str, float]) -> tuple[list[float], int]:
        """Return how many milliseconds after it was due each question was done, and how many not.

        The next question was planned as the last one was done.
        """
        found = []
        for case_id, at in due.items():
            tasks = self.world.tasks.of_case(case_id)
            polls = [one for one in tasks if one.kind == "poll" and one.state == "due"]
            done = [one for one in tasks if one.kind == "poll" and one.state == "done"]
            if done and polls:
                found.append((polls[0].run_at.timestamp() - PAUSE - at) * 1000)
        return found, len(due) - len(found)
