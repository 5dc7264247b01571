"""The engine: SQLite in WAL, or PostgreSQL, by URL.

What ``Store.write`` promises is what SQLite's BEGIN IMMEDIATE gives: between what a transaction
reads and what it writes nothing of it changes. On PostgreSQL the same is given by locks, taken
before the first read, in READ COMMITTED, where each statement sees what was committed before it:

* a write of one case (``case_id``) shares the database's lock and has the case's row to itself;
* any other write, such as a signature that must see all cases of a patient, has the lock alone;
* a single statement, or one that locks its own rows, takes neither (``Store.step``).

SERIALIZABLE would give the same by failing at the end and being done again. But what is done may
rest on an answer that came from a payer, which cannot be asked for again; so writers wait instead.
https://www.postgresql.org/docs/15/explicit-locking.html
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from smart_app.cases.schema.tables import pa_case
from smart_app.errors import ConfigError

ATTEMPTS, STEP = 100, 0.1
"""How often, and after how many seconds, a refused switch is tried again."""
_pause = threading.Event()  # never set: it only waits

PATIENCE = 15_000
"""Milliseconds that a writer waits for another one, on either database."""
STALLED = 10_000
"""Milliseconds after which PostgreSQL ends a transaction that does nothing: its machine hangs.

No transaction of ours waits for the network, so that none that lives is ever idle so long; and it
is less than others wait.
"""
CASES, NUMBERS = 7_305_031, 7_305_032
"""The database's locks: numbers that no other program is likely to take."""


def _to_wal(connection: Any) -> None:
    """Switch a database to WAL; it stays so for all who open it later.

    Of two processes that open a new one at once the second is refused, whatever its timeout.
    """
    for _ in range(ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            _pause.wait(STEP)
    connection.execute("PRAGMA journal_mode=WAL")


def connect(url: str) -> sa.Engine:
    """Return an engine whose reads take no lock; raises ConfigError for another kind of database.

    On SQLite a read begins deferred; only ``execution_options(write=True)`` begins IMMEDIATE,
    since an immediate read costs hundreds of times its latency and starves writers.
    """
    try:
        kind = sa.make_url(url).get_backend_name()
        engines = {"sqlite": _sqlite, "postgresql": _postgresql}
        return engines[kind](url)
    except (
        sa.exc.ArgumentError,
        KeyError,
        ValueError,
    ) as cause:  # never shown: it may hold a password
        raise ConfigError("database_url: write sqlite:///FILE or postgresql://…") from cause


def _postgresql(url: str) -> sa.Engine:
    options = f"-c lock_timeout={PATIENCE} -c idle_in_transaction_session_timeout={STALLED}"
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    return sa.create_engine(
        address,
        pool_size=16,
        max_overflow=48,  # more than a process has threads: a writer reads beside what it holds
        pool_pre_ping=True,  # a server that was started again leaves dead connections
        connect_args={"options": options, "connect_timeout": 10},
    )


def _sqlite(url: str) -> sa.Engine:
    engine = sa.create_engine(url, pool_size=16, max_overflow=16)

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (f"busy_timeout={PATIENCE}", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _to_wal(connection)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _is_postgresql(db: sa.Connection) -> bool:
    return db.dialect.name == "postgresql"


def alone(db: sa.Connection, case_id: str | None = None, *, for_ever: bool = False) -> None:
    """Wait until no other writer is at work: at all, or for one case.

    ``for_ever``: without an end, as for another process that migrates.
    """
    if not _is_postgresql(db):
        return  # the transaction began IMMEDIATE
    if for_ever:
        db.execute(sa.text("SET LOCAL lock_timeout = 0"))
    lock = (
        sa.func.pg_advisory_xact_lock if case_id is None else sa.func.pg_advisory_xact_lock_shared
    )
    db.execute(sa.select(lock(CASES, 0)))
    if case_id is not None:
        db.execute(sa.select(pa_case.c.id).where(pa_case.c.id == case_id).with_for_update())


def alone_with(db: sa.Connection, number_hash: str) -> None:
    """Wait until no other writer records the same number: two cases share none of their rows."""
    if _is_postgresql(db):
        lock = sa.func.pg_advisory_xact_lock(NUMBERS, sa.func.hashtext(number_hash))
        db.execute(sa.select(lock))


def put(db: sa.Connection, table: sa.Table, values: dict[str, Any]) -> None:
    """Insert a row, or change the one of the same primary key, in one statement."""
    insert = postgresql.insert if _is_postgresql(db) else sqlite.insert
    keys = [one.name for one in table.primary_key]
    made = insert(table).values(**values)
    others = {name: made.excluded[name] for name in values if name not in keys}
    db.execute(made.on_conflict_do_update(index_elements=keys, set_=others))


def put_once(db: sa.Connection, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert a row; False when there is one already that may stand but once."""
    insert = postgresql.insert if _is_postgresql(db) else sqlite.insert
    return bool(db.execute(insert(table).values(**values).on_conflict_do_nothing()).rowcount)
