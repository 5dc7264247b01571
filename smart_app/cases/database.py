"""The engine: SQLite in WAL, or PostgreSQL, by URL."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import sqlalchemy as sa

ATTEMPTS, STEP = 100, 0.1
"""How often, and after how many seconds, a refused switch is tried again."""
_pause = threading.Event()  # never set: it only waits


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
    """Return an engine whose writes take the lock at once and whose reads never do.

    On SQLite a read begins deferred; only ``execution_options(write=True)`` begins IMMEDIATE,
    since an immediate read costs hundreds of times its latency and starves writers.
    """
    engine = sa.create_engine(url, pool_size=16, max_overflow=16)
    if engine.dialect.name != "sqlite":
        return engine

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("busy_timeout=15000", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _to_wal(connection)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
