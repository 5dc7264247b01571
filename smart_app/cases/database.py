"""The engine: SQLite in WAL, or PostgreSQL, by URL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


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
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=15000",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
