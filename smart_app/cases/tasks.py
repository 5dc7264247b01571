"""Leased tasks on the app's own database: any number of workers, no lost work.

A task is claimed by a lease and ended only by the holder of that lease and attempt (fencing), in
the same transaction as the case change. Tasks carry ids, never PHI.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from smart_app.cases import database
from smart_app.cases.model import Task
from smart_app.cases.schema.tables import UNDONE
from smart_app.cases.schema.tables import task as table
from smart_app.cases.store import Store

RETRIES = 8


class LeaseLost(Exception):
    """Another worker took the task over; this one's result must not be committed."""


class Tasks:
    """The task table."""

    def __init__(self, store: Store, lease_seconds: float) -> None:
        self._store = store
        self._lease = timedelta(seconds=lease_seconds)
        self.owner = secrets.token_hex(8)
        self.beat_seconds = lease_seconds / 3

    def add(
        self,
        db: sa.Connection,
        kind: str,
        case_id: str,
        *,
        tag: str = "",
        delay: float = 0.0,
        max_attempts: int = RETRIES,
    ) -> None:
        """Queue work in the caller's transaction; the same key twice is queued once."""
        key = f"{kind}:{case_id}:{tag}"
        run_at = self._store.clock.now() + timedelta(seconds=delay)
        work = {"key": key, "kind": kind, "case_id": case_id, "run_at": run_at.timestamp()}
        database.put_once(db, table, work | {"max_attempts": max_attempts, "state": "due"})

    def claim(self) -> Task | None:
        """Lease the next due task, a dead worker's included, or return None."""
        now = self._store.clock.now()
        due = (
            sa.select(table.c.key)
            .where(
                UNDONE,
                table.c.run_at <= now.timestamp(),
                table.c.lease_until < now.timestamp(),
            )
            .order_by(table.c.run_at)
            .limit(1)
        )
        with self._store.read() as db:
            if db.execute(due).scalar() is None:
                return None
        with self._store.step() as db:
            key = db.execute(due.with_for_update(skip_locked=True)).scalar()
            if key is None:
                return None
            db.execute(
                table.update()
                .where(table.c.key == key)
                .values(
                    state="leased",
                    owner=self.owner,
                    lease_until=(now + self._lease).timestamp(),
                    attempt=table.c.attempt + 1,
                )
            )
            row = db.execute(sa.select(table).where(table.c.key == key)).one()
        return self._task(row)

    @staticmethod
    def _task(row: sa.Row[Any]) -> Task:
        return Task(
            key=row.key,
            kind=row.kind,
            case=row.case_id,
            run_at=datetime.fromtimestamp(row.run_at, UTC),
            attempt=row.attempt,
            max_attempts=row.max_attempts,
            state=row.state,
            lease_until=datetime.fromtimestamp(row.lease_until, UTC),
            owner=row.owner,
            last_error=row.last_error,
        )

    @contextmanager
    def finish(self, task: Task) -> Iterator[sa.Connection]:
        """Open the transaction that ends a task together with its effect; raises LeaseLost."""
        with self._store.write(task.case) as db:
            self._fenced(db, task, state="done", lease_until=0.0)
            yield db

    @contextmanager
    def during(self, task: Task) -> Iterator[sa.Connection]:
        """Open a transaction in the middle of a task, renewing its lease; raises LeaseLost."""
        with self._store.write(task.case) as db:
            self._longer(db, task)
            yield db

    def _longer(self, db: sa.Connection, task: Task) -> None:
        until = (self._store.clock.now() + self._lease).timestamp()
        self._fenced(db, task, lease_until=until)

    def _fenced(self, db: sa.Connection, task: Task, **values: Any) -> None:
        ours = (
            table.c.key == task.key,
            table.c.owner == task.owner,
            table.c.attempt == task.attempt,
            table.c.state == "leased",
        )
        if not db.execute(table.update().where(*ours).values(**values)).rowcount:
            raise LeaseLost

    def renew(self, task: Task) -> None:
        """Renew a task's lease while it is worked on; raises LeaseLost."""
        with self._store.step() as db:
            self._longer(db, task)

    def elsewhere(self, db: sa.Connection, task: Task) -> bool:
        """Tell whether another worker has a task of the same kind for the same case in work."""
        other = sa.select(table.c.key).where(
            table.c.kind == task.kind,
            table.c.case_id == task.case,
            table.c.key != task.key,
            table.c.state == "leased",
            table.c.lease_until >= self._store.clock.now().timestamp(),
        )
        return db.execute(other.limit(1)).first() is not None

    def later(
        self,
        db: sa.Connection,
        task: Task,
        code: str,
        delay: float,
        *,
        afresh: bool = False,
        counts: bool = True,
    ) -> None:
        """Give a task back inside ``during``, to be run later.

        ``afresh`` forgets its attempts; one that never ``counts`` was none.
        """
        run_at = (self._store.clock.now() + timedelta(seconds=delay)).timestamp()
        attempt = 0 if afresh else task.attempt if counts else task.attempt - 1
        self._give_back(db, task, code, "due", run_at, attempt)

    def park(self, db: sa.Connection, task: Task, code: str) -> None:
        """Give a task up inside ``during``, until a person wakes it."""
        self._give_back(db, task, code, "parked", task.run_at.timestamp(), task.attempt)

    @staticmethod
    def _give_back(
        db: sa.Connection, task: Task, code: str, state: str, run_at: float, attempt: int
    ) -> None:
        db.execute(
            table.update()
            .where(table.c.key == task.key)
            .values(
                state=state, lease_until=0.0, run_at=run_at, attempt=attempt, last_error=code[:200]
            )
        )

    def leased(self, db: sa.Connection, kind: str, case_id: str) -> bool:
        """Tell whether a task of a kind is in work for a case."""
        ours = (table.c.kind == kind, table.c.case_id == case_id, table.c.state == "leased")
        return db.execute(sa.select(table.c.key).where(*ours).limit(1)).first() is not None

    def waiting(self, db: sa.Connection, kind: str, case_id: str) -> bool:
        """Tell whether a task of a kind is queued or in work for a case."""
        queued = sa.select(table.c.key).where(
            table.c.kind == kind,
            table.c.case_id == case_id,
            table.c.state.in_(("due", "leased")),
        )
        return db.execute(queued.limit(1)).first() is not None

    def sooner(self, db: sa.Connection, kind: str, case_id: str, delay: float, mark: str) -> bool:
        """Let queued tasks of a case that bear a mark wait no longer, as new; False without any."""
        until = (self._store.clock.now() + timedelta(seconds=delay)).timestamp()
        queued = (
            table.c.kind == kind,
            table.c.case_id == case_id,
            table.c.state == "due",
            table.c.key.contains(mark, autoescape=True),
        )
        found = sa.case((table.c.run_at > until, until), else_=table.c.run_at)
        return bool(
            db.execute(table.update().where(*queued).values(run_at=found, attempt=0)).rowcount
        )

    def wake(self, db: sa.Connection, kind: str, case_id: str) -> bool:
        """Make a waiting or parked task of a case due now; False when there is none."""
        waiting = (
            table.c.kind == kind,
            table.c.case_id == case_id,
            table.c.state.in_(("due", "parked")),
        )
        values = {"run_at": self._store.clock.now().timestamp(), "state": "due", "attempt": 0}
        return bool(db.execute(table.update().where(*waiting).values(**values)).rowcount)

    def of_case(self, case_id: str) -> list[Task]:
        """Return a case's tasks."""
        with self._store.read() as db:
            return [
                self._task(row)
                for row in db.execute(sa.select(table).where(table.c.case_id == case_id))
            ]
