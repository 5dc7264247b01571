"""A case's record: every event hashed over the one before, so that none can be changed unseen.

Where a chain ends is kept apart from it, sealed, so that its last events cannot be taken unseen.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from smart_app.cases import codec
from smart_app.cases.model import Event
from smart_app.cases.schema.tables import audit as table
from smart_app.cases.store import Store
from smart_app.errors import ConfigError
from smart_app.seal import Seal

FIRST = "0" * 64
ADOPTED = ""  # no chain: that the ends of older chains were taken


@dataclass(frozen=True, slots=True)
class Record:
    """A case's events, and the number of the first that does not fit or is not there, or None."""

    events: tuple[Event, ...]
    broken_at: int | None


class AuditChain:
    """One chain a case; ``append`` takes the caller's transaction and fails closed with it."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store = store
        self._seal = seal
        self._ends = store.kv("audit_end")

    @staticmethod
    def _hash(previous: str, number: int, body: bytes) -> str:
        return hashlib.sha256(previous.encode() + str(number).encode() + b"\n" + body).hexdigest()

    def append(self, db: sa.Connection, chain: str, event: Event) -> None:
        """Add one event to a chain."""
        # After an end that was taken away the next event links to nothing: it shows for ever.
        last, previous = self._end(db, chain) or (self._last(db, chain), FIRST)
        number, body = last + 1, codec.dump(event)
        digest = self._hash(previous, number, body)
        db.execute(
            table.insert().values(
                chain=chain,
                number=number,
                at=event.at.timestamp(),
                kind=event.kind,
                body=self._seal.lock(f"audit:{chain}:{number}", body),
                previous=previous,
                sha256=digest,
            )
        )
        self._keep_end(db, chain, number, digest)

    def adopt(self) -> None:
        """Take the ends of chains that are older than this keeping, once in a database's life."""
        longest = sa.select(table.c.chain, sa.func.max(table.c.number).label("number"))
        ends = longest.group_by(table.c.chain).subquery()
        same = (table.c.chain == ends.c.chain) & (table.c.number == ends.c.number)
        with self._store.write() as db:
            if self._end(db, ADOPTED) is None:
                query = sa.select(table.c.chain, table.c.number, table.c.sha256).join(ends, same)
                for row in db.execute(query).all():
                    self._keep_end(db, row.chain, row.number, row.sha256)
                self._keep_end(db, ADOPTED, 0, FIRST)

    @staticmethod
    def _last(db: sa.Connection, chain: str) -> int:
        query = sa.select(sa.func.max(table.c.number)).where(table.c.chain == chain)
        return db.execute(query).scalar() or 0

    def _end(self, db: sa.Connection, chain: str) -> tuple[int, str] | None:
        found = self._ends.get(chain, db)
        return None if found is None else (found[0], found[1])

    def _keep_end(self, db: sa.Connection, chain: str, number: int, digest: str) -> None:
        self._ends.put(chain, [number, digest], None, db)

    @staticmethod
    def _rows(db: sa.Connection, chain: str) -> list[sa.Row[Any]]:
        query = sa.select(table).where(table.c.chain == chain).order_by(table.c.number)
        return list(db.execute(query))

    def _body(self, row: sa.Row[Any]) -> bytes:
        return self._seal.open(f"audit:{row.chain}:{row.number}", row.body)

    def record(self, chain: str) -> Record:
        """Return a chain's events, oldest first, and where it is broken if it is.

        An event that cannot be opened is left out, and the chain is broken there.
        """
        with self._store.read() as db:
            rows, end = self._rows(db, chain), self._end(db, chain)
        events: list[Event] = []
        previous, broken = FIRST, None
        for expected, row in enumerate(rows, start=1):
            try:
                body = self._body(row)
                events.append(codec.load(Event, body))
            except (ConfigError, ValueError):
                body = b""
            fits = row.number == expected and row.previous == previous
            if not fits or row.sha256 != self._hash(previous, row.number, body):
                broken = broken or expected
            previous = row.sha256
        if broken is None and end != (len(rows), previous):
            broken = len(rows) + 1
        return Record(tuple(events), broken)

    def events(self, chain: str) -> list[Event]:
        """Return a chain's events, oldest first; raises ConfigError for one that does not open."""
        with self._store.read() as db:
            rows = self._rows(db, chain)
        return [codec.load(Event, self._body(row)) for row in rows]
