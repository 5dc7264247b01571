"""Small sealed values that expire, shared by every process."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from smart_app.cases.schema import tables
from smart_app.seal import Seal

if TYPE_CHECKING:
    from smart_app.cases.store import Store


class KeyValues:
    """Small sealed values that expire."""

    def __init__(self, store: Store, seal: Seal, namespace: str) -> None:
        self._store = store
        self._seal = seal
        self._namespace = namespace

    def _where(self, key: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
        return (tables.kv.c.namespace == self._namespace, tables.kv.c.key == key)

    def get(self, key: str) -> Any:
        """Return the value, or None when absent or expired."""
        with self._store.read() as db:
            row = db.execute(sa.select(tables.kv).where(*self._where(key))).first()
        if row is None or row.expires_at < self._store.clock.now().timestamp():
            return None
        return json.loads(self._seal.open(f"kv:{self._namespace}:{key}", row.body))

    def put(self, key: str, value: Any, seconds: int) -> None:
        """Store a JSON value."""
        sealed = self._seal.lock(f"kv:{self._namespace}:{key}", json.dumps(value).encode())
        until = (self._store.clock.now() + timedelta(seconds=seconds)).timestamp()
        with self._store.write() as db:
            db.execute(tables.kv.delete().where(*self._where(key)))
            db.execute(
                tables.kv.insert().values(
                    namespace=self._namespace, key=key, expires_at=until, body=sealed
                )
            )
