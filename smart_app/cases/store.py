"""Cases and what happened to them. Every method that takes ``db`` runs in the caller's transaction.

``Store.write()`` opens one short write transaction: no network and no rendering inside. Case
change, event and next task commit together or not at all. What a method reads without ``db``, such
as ``latest``, it reads beside the transaction: it sees what was committed before, nothing of what
the transaction wrote, and no other writer's changes meanwhile (see ``database``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from smart_app.cases import codec, database, twin
from smart_app.cases.kv import KeyValues
from smart_app.cases.model import Case, Submission, UtnRecord
from smart_app.cases.schema import tables
from smart_app.errors import PreclearError, StaleRevision
from smart_app.fhir import refs
from smart_app.ports import Clock
from smart_app.seal import Seal

T = TypeVar("T")


class NoCase(PreclearError):
    """There is no such case, or it belongs to another patient's chart."""

    code = "no-case"
    http_status = 404
    say = "There is no such case for this patient."
    do = "Open Preclear again from the order."


class Store:
    """The database of cases."""

    def __init__(self, engine: sa.Engine, seal: Seal, clock: Clock) -> None:
        self.engine = engine
        self._writes = engine.execution_options(write=True)
        # Within one process writers wait for each other in turn: SQLite lets refused ones sleep,
        # ever longer and in no order; on PostgreSQL each would hold a connection as it waits.
        self._turn = threading.RLock()
        self._seal = seal
        self.clock = clock

    @contextmanager
    def write(self, case_id: str | None = None) -> Iterator[sa.Connection]:
        """Open a write transaction; with a case's id, one that changes nothing but this case."""
        with self.step() as db:
            database.alone(db, case_id)
            yield db

    @contextmanager
    def step(self) -> Iterator[sa.Connection]:
        """Open a write transaction of one statement, or of rows that it locks by itself."""
        with self._turn, self._writes.begin() as db:
            yield db

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a read transaction."""
        with self.engine.begin() as db:
            yield db

    def blind(self, *parts: str) -> str:
        """Return a keyed hash of parts, to find a row without storing them in clear."""
        return self._seal.blind("\x1f".join(parts))

    def orders_key(self, site: str, iss: str, patient_ref: str, order_refs: tuple[str, ...]) -> str:
        """Return the key of which only one open case may exist."""
        return self.blind(site, refs.base(iss), patient_ref, *sorted(order_refs))

    # cases ---------------------------------------------------------------------------------------

    def _row(self, case: Case) -> dict[str, Any]:
        return {
            "revision": case.revision,
            "open": not case.closed,
            "submission": case.tracks.submission,
            "decision": case.tracks.decision,
            "chart": case.tracks.chart,
            "due_at": case.due_at.timestamp() if case.due_at else None,
            "body": self._seal.lock(f"pa_case:{case.id}:body", codec.dump(case)),
        }

    def insert(self, db: sa.Connection, case: Case) -> bool:
        """Add a case; False when its orders already have an open one."""
        values = self._row(case) | {
            "id": case.id,
            "site": case.site,
            "orders_key": self.orders_key(case.site, case.iss, case.patient_ref, case.order_refs),
            "patient_key": self.blind(case.site, refs.base(case.iss), case.patient_ref),
            "attempt": case.attempt,
            "created_at": case.created_at.timestamp(),
        }
        savepoint = db.begin_nested()
        try:
            db.execute(tables.pa_case.insert().values(**values))
        except sa.exc.IntegrityError:
            savepoint.rollback()
            return False
        savepoint.commit()
        return True

    def _load(self, row: sa.Row[Any] | None) -> Case:
        if row is None:
            raise NoCase
        return codec.load(Case, self._seal.open(f"pa_case:{row.id}:body", row.body))

    def case(self, case_id: str, db: sa.Connection | None = None) -> Case:
        """Return a case; raises NoCase."""
        query = sa.select(tables.pa_case).where(tables.pa_case.c.id == case_id)
        if db is not None:
            return self._load(db.execute(query).first())
        with self.read() as own:
            return self._load(own.execute(query).first())

    def open_of(self, orders_key: str) -> Case | None:
        """Return the open case of an order set, or None."""
        query = sa.select(tables.pa_case).where(
            tables.pa_case.c.orders_key == orders_key, tables.pa_case.c.open
        )
        with self.read() as db:
            row = db.execute(query).first()
        return self._load(row) if row else None

    def of_patient(
        self, site: str, iss: str, patient_ref: str, db: sa.Connection | None = None
    ) -> list[Case]:
        """Return a patient's cases at one chart, newest first."""
        spelled = (refs.base(iss), refs.base(iss) + "/")  # the second only in rows of old
        keys = [self.blind(site, one, patient_ref) for one in spelled]
        query = (
            sa.select(tables.pa_case)
            .where(tables.pa_case.c.patient_key.in_(keys))
            .order_by(tables.pa_case.c.created_at.desc())
        )
        if db is not None:
            return [self._load(row) for row in db.execute(query)]
        with self.read() as own:
            return [self._load(row) for row in own.execute(query)]

    def sent_elsewhere(self, db: sa.Connection, case: Case) -> bool:
        """Tell whether another open case has sent one of a case's orders, or the same service."""
        today = self.clock.now().date()
        return any(
            other.id != case.id
            and twin.stands(other)
            and (
                not set(other.asking).isdisjoint(case.asking)
                or twin.of(case.items, case.planned_date, other, today)
            )
            for other in self.of_patient(case.site, case.iss, case.patient_ref, db)
        )

    def save(self, db: sa.Connection, case: Case) -> Case:
        """Write a case as its next revision; raises StaleRevision when it moved meanwhile."""
        newer = replace(case, revision=case.revision + 1)
        changed = db.execute(
            tables.pa_case.update()
            .where(tables.pa_case.c.id == case.id, tables.pa_case.c.revision == case.revision)
            .values(**self._row(newer))
        ).rowcount
        if not changed:
            raise StaleRevision
        return newer

    # stage outputs -------------------------------------------------------------------------------

    def put(self, db: sa.Connection, case_id: str, stage: str, output: Any) -> str:
        """Append a stage's output; return the SHA-256 of the stored bytes."""
        body = codec.dump(output)
        digest = codec.sha256(body)
        db.execute(
            tables.stage_output.insert().values(
                case_id=case_id,
                stage=stage,
                at=self.clock.now().timestamp(),
                sha256=digest,
                body=self._seal.lock(f"stage_output:{case_id}:{stage}", body),
            )
        )
        return digest

    def history(self, case_id: str, stage: str, kind: type[T]) -> list[T]:
        """Return all outputs of a stage, oldest first."""
        query = (
            sa.select(tables.stage_output.c.body)
            .where(tables.stage_output.c.case_id == case_id, tables.stage_output.c.stage == stage)
            .order_by(tables.stage_output.c.id)
        )
        place = f"stage_output:{case_id}:{stage}"
        with self.read() as db:
            bodies = [self._seal.open(place, row.body) for row in db.execute(query)]
        return [codec.load(kind, body) for body in bodies]

    def latest(self, case_id: str, stage: str, kind: type[T]) -> T | None:
        """Return the newest output of a stage, or None."""
        query = (
            sa.select(tables.stage_output.c.body)
            .where(tables.stage_output.c.case_id == case_id, tables.stage_output.c.stage == stage)
            .order_by(tables.stage_output.c.id.desc())
            .limit(1)
        )
        with self.read() as db:
            sealed = db.execute(query).scalar()
        if sealed is None:
            return None
        return codec.load(kind, self._seal.open(f"stage_output:{case_id}:{stage}", sealed))

    # progress of stages 4 to 6 -------------------------------------------------------------------

    def lease_preparation(self, case_id: str, owner: str, seconds: float) -> bool:
        """Take a case's preparation, if nobody has it and it is not done."""
        now = self.clock.now().timestamp()
        table = tables.preparation
        with self.write() as db:
            row = db.execute(sa.select(table).where(table.c.case_id == case_id)).first()
            if row is not None and (row.done or row.lease_until >= now):
                return False
            lease = {"owner": owner, "lease_until": now + seconds, "done": False}
            database.put(db, table, {"case_id": case_id, **lease})
        return True

    def end_preparation(self, db: sa.Connection, case_id: str) -> None:
        """Mark a case's preparation as done."""
        ended = {"case_id": case_id, "owner": None, "lease_until": 0.0, "done": True}
        database.put(db, tables.preparation, ended)

    def prepared(self, case_id: str) -> bool:
        """Tell whether a case's preparation has ended."""
        table = tables.preparation
        with self.read() as db:
            return bool(
                db.execute(sa.select(table.c.done).where(table.c.case_id == case_id)).scalar()
            )

    def mark(self, case_id: str, stage: str, state: str, why: str | None = None) -> None:
        """Record how far a stage is: ``running``, ``done``, ``failed`` or ``skipped``."""
        told = (why or "").replace("\0", "")[:200] or None  # PostgreSQL keeps no NUL
        at = self.clock.now().timestamp()
        marked = {"case_id": case_id, "stage": stage, "state": state, "why": told, "at": at}
        with self.step() as db:
            database.put(db, tables.progress, marked)

    def stages(self, case_id: str) -> dict[str, tuple[str, str | None]]:
        """Return each marked stage's state and reason."""
        table = tables.progress
        with self.read() as db:
            rows = db.execute(sa.select(table).where(table.c.case_id == case_id))
            return {row.stage: (row.state, row.why) for row in rows}

    # submissions ---------------------------------------------------------------------------------

    def add_submission(self, db: sa.Connection, entry: Submission, payload: bytes) -> None:
        """Store the exact bytes that will be sent."""
        place = f"submission:{entry.identifier}"
        db.execute(
            tables.submission.insert().values(
                identifier=entry.identifier,
                case_id=entry.case,
                kind=entry.kind,
                body_sha256=entry.body_sha256,
                payload=self._seal.lock(f"{place}:payload", payload),
                created_at=self.clock.now().timestamp(),
                body=self._seal.lock(f"{place}:body", codec.dump(entry)),
            )
        )

    def submissions(self, case_id: str) -> list[sa.Row[Any]]:
        """Return the rows of a case's submissions, oldest first."""
        table = tables.submission
        with self.read() as db:
            query = sa.select(table).where(table.c.case_id == case_id).order_by(table.c.created_at)
            return list(db.execute(query))

    def payload(self, row: sa.Row[Any]) -> bytes:
        """Return the exact bytes of a submission."""
        return self._seal.open(f"submission:{row.identifier}:payload", row.payload)

    def start_send(self, db: sa.Connection, identifier: str) -> bool:
        """Make "send started" durable; False when it was started before.

        Committed before the first byte leaves, so that a later attempt knows that it may have.
        """
        table = tables.submission
        return bool(
            db.execute(
                table.update()
                .where(table.c.identifier == identifier, table.c.started_at.is_(None))
                .values(started_at=self.clock.now().timestamp(), sends=table.c.sends + 1)
            ).rowcount
        )

    def allow_resend(self, db: sa.Connection, identifier: str, *, never_left: bool = False) -> None:
        """Let a submission be started again: only after the payer said it has none of it.

        ``never_left``: no byte of the last start can have arrived, so it does not count as a send.
        """
        table = tables.submission
        values: dict[str, Any] = {"started_at": None, "ended_at": None, "outcome": None}
        if never_left:
            values["sends"] = table.c.sends - 1
        db.execute(table.update().where(table.c.identifier == identifier).values(**values))

    def end_send(self, db: sa.Connection, identifier: str, outcome: str) -> None:
        """Record what came of a send."""
        table = tables.submission
        db.execute(
            table.update()
            .where(table.c.identifier == identifier)
            .values(ended_at=self.clock.now().timestamp(), outcome=outcome)
        )

    # numbers -------------------------------------------------------------------------------------

    def add_utn(self, db: sa.Connection, case_id: str, record: UtnRecord) -> bool:
        """Record a number; False when another case, of this or another member, holds it."""
        number_hash = self.blind("utn", record.number)
        table = tables.utn
        database.alone_with(db, number_hash)
        held = self._holder(db, number_hash)
        if held is not None and held != case_id:
            return False
        place = f"utn:{record.member_hash}:{number_hash}"
        sealed = self._seal.lock(place, codec.dump(record))
        if held is None:
            db.execute(
                table.insert().values(
                    member_hash=record.member_hash,
                    number_hash=number_hash,
                    program=record.program,
                    case_id=case_id,
                    recorded_at=self.clock.now().timestamp(),
                    body=sealed,
                )
            )
        else:
            same = (table.c.case_id == case_id, table.c.number_hash == number_hash)
            made = {"member_hash": record.member_hash, "body": sealed}
            db.execute(table.update().where(*same).values(made))
        return True

    @staticmethod
    def _holder(db: sa.Connection, number_hash: str) -> str | None:
        """Return the case that a number belongs to, or None."""
        found = sa.select(tables.utn.c.case_id).where(tables.utn.c.number_hash == number_hash)
        held: str | None = db.execute(found).scalar()
        return held

    def number_elsewhere(self, number: str, case_id: str) -> bool:
        """Tell whether another case, of whatever patient, has a number."""
        with self.read() as db:
            return self._holder(db, self.blind("utn", number)) not in (None, case_id)

    def utns(self, case_id: str) -> list[UtnRecord]:
        """Return a case's numbers, oldest first."""
        table = tables.utn
        with self.read() as db:
            query = sa.select(table).where(table.c.case_id == case_id).order_by(table.c.recorded_at)
            rows = list(db.execute(query))
        return [
            codec.load(
                UtnRecord, self._seal.open(f"utn:{row.member_hash}:{row.number_hash}", row.body)
            )
            for row in rows
        ]

    def kv(self, namespace: str) -> KeyValues:
        """Return a cache that every process shares."""
        return KeyValues(self, self._seal, namespace)
