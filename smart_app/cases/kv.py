"""Small sealed values that expire, shared by every process."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from smart_app.cases import database
from smart_app.cases.schema import tables
from smart_app.seal import Seal

if TYPE_CHECKING:
    from smart_app.cases.store import Store


NEVER = 1e12  # far beyond any clock


class KeyValues:
    """Small sealed values that expire."""

    def __init__(self, store: Store, seal: Seal, namespace: str) -> None:
        self._store = store
        self._seal = seal
        self._namespace = namespace

    def _where(self, key: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
        return (tables.kv.c.namespace == self._namespace, tables.kv.c.key == key)

    def get(self, key: str, db: sa.Connection | None = None) -> Any:
        """Return the value, or None when absent or expired; in the caller's transaction if any."""
        query = sa.select(tables.kv).where(*self._where(key))
        with nullcontext(db) if db is not None else self._store.read() as reader:
            row = reader.execute(query).first()
        if row is None or row.expires_at < self._store.clock.now().timestamp():
            return None
        return json.loads(self._seal.open(f"kv:{self._namespace}:{key}", row.body))

    def put(
        self, key: str, value: Any, seconds: int | None, db: sa.Connection | None = None
    ) -> None:
        """Store a JSON value for seconds or for ever; in the caller's transaction if any."""
        sealed = self._seal.lock(f"kv:{self._namespace}:{key}", json.dumps(value).encode())
        now = self._store.clock.now()
        until = NEVER if seconds is None else (now + timedelta(seconds=seconds)).timestamp()
        row = {"namespace": self._namespace, "key": key, "expires_at": until, "body": sealed}
        with nullcontext(db) if db is not None else self._store.step() as writer:
            database.put(writer, tables.kv, row)
