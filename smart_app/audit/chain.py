"""A case's record: every event hashed over the one before, so that none can be changed unseen."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from smart_app.cases import codec
from smart_app.cases.model import Event
from smart_app.cases.schema.tables import audit as table
from smart_app.cases.store import Store
from smart_app.seal import Seal

FIRST = "0" * 64


class AuditChain:
    """One chain a case; ``append`` takes the caller's transaction and fails closed with it."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store = store
        self._seal = seal

    @staticmethod
    def _hash(previous: str, number: int, body: bytes) -> str:
        return hashlib.sha256(previous.encode() + str(number).encode() + b"\n" + body).hexdigest()

    def append(self, db: sa.Connection, chain: str, event: Event) -> None:
        """Add one event to a chain."""
        last = db.execute(
            sa.select(table.c.number, table.c.sha256)
            .where(table.c.chain == chain)
            .order_by(table.c.number.desc())
            .limit(1)
        ).first()
        number, previous = (last.number + 1, last.sha256) if last else (1, FIRST)
        body = codec.dump(event)
        db.execute(
            table.insert().values(
                chain=chain,
                number=number,
                at=event.at.timestamp(),
                kind=event.kind,
                body=self._seal.lock(f"audit:{chain}:{number}", body),
                previous=previous,
                sha256=self._hash(previous, number, body),
            )
        )

    def _rows(self, chain: str) -> list[sa.Row[Any]]:
        with self._store.read() as db:
            query = sa.select(table).where(table.c.chain == chain).order_by(table.c.number)
            return list(db.execute(query))

    def _body(self, row: sa.Row[Any]) -> bytes:
        return self._seal.open(f"audit:{row.chain}:{row.number}", row.body)

    def events(self, chain: str) -> list[Event]:
        """Return a chain's events, oldest first."""
        return [codec.load(Event, self._body(row)) for row in self._rows(chain)]

    def broken_at(self, chain: str) -> int | None:
        """Return the number of the first event that does not fit its chain, or None."""
        previous = FIRST
        for expected, row in enumerate(self._rows(chain), start=1):
            fits = row.number == expected and row.previous == previous
            if not fits or row.sha256 != self._hash(previous, row.number, self._body(row)):
                return expected
            previous = row.sha256
        return None
