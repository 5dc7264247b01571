"""What payers tell by themselves: who may tell us, what came, and whose it is.

A notification is kept before it is acknowledged, each event once; what became of it stays beside
it. Our own names of a request, random all of them, lead from an answer to its case.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from smart_app.cases import database
from smart_app.cases.model import FAVOURABLE
from smart_app.cases.schema import tables
from smart_app.cases.store import Store
from smart_app.seal import Seal

DECIDED = (*FAVOURABLE, "non_affirmed")
"""Decisions that a payer may change while their number counts."""
WAKED = 50
"""How many waiting cases are asked about at once when a payer does not say which changed."""
AWAITED = ("send", "recover", "poll")
"""Tasks that wait for what a payer says."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Our side of one Subscription: one for each payer and site.

    ``remote`` is the payer's id of it. ``counted`` is how many events the payer says it has had,
    ``missed`` how many of them are given up, since the cases were asked about instead.
    """

    id: str
    payer: str
    site: str
    state: str
    secret: str
    remote: str | None
    ends_at: datetime | None
    heard_at: datetime | None
    counted: int
    missed: int


@dataclass(frozen=True, slots=True)
class Mail:
    """One notification as it came; ``state`` is ``new``, ``taken``, ``stray`` or ``unread``."""

    id: str
    subscription: str
    at: datetime
    state: str
    body: Any


def _moment(stamp: float | None) -> datetime | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)


class Inbox:
    """The tables of subscriptions, notifications and names."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store = store
        self._seal = seal

    # subscriptions -------------------------------------------------------------------------------

    def _listener(self, row: sa.Row[Any]) -> Listener:
        return Listener(
            id=row.id,
            payer=row.payer,
            site=row.site,
            state=row.state,
            secret=self._seal.open(f"subscription:{row.id}:secret", row.secret).decode(),
            remote=row.remote,
            ends_at=_moment(row.ends_at),
            heard_at=_moment(row.heard_at),
            counted=row.counted,
            missed=row.missed,
        )

    def listener(self, name: str, db: sa.Connection | None = None) -> Listener | None:
        """Return a subscription by its id, or None; in a transaction it is held until its end."""
        table = tables.subscription
        query = sa.select(table).where(table.c.id == name.replace("\0", ""))
        if db is not None:
            row = db.execute(query.with_for_update()).first()
        else:
            with self._store.read() as own:
                row = own.execute(query).first()
        return self._listener(row) if row else None

    def listeners(self) -> list[Listener]:
        """Return every subscription."""
        table = tables.subscription
        with self._store.read() as db:
            rows = list(db.execute(sa.select(table).order_by(table.c.payer, table.c.site)))
        return [self._listener(row) for row in rows]

    def of(self, payer: str, site: str, db: sa.Connection) -> str | None:
        """Return the id of the subscription of a payer and a site, held, or None."""
        table = tables.subscription
        query = sa.select(table.c.id).where(table.c.payer == payer, table.c.site == site)
        found: str | None = db.execute(query.with_for_update()).scalar()
        return found

    def tells(self, payer: str, site: str, db: sa.Connection) -> bool:
        """Tell whether a payer has said that it tells of a site's requests."""
        table = tables.subscription
        query = sa.select(table.c.state).where(table.c.payer == payer, table.c.site == site)
        return db.execute(query).scalar() == "active"

    def add(self, db: sa.Connection, payer: str, site: str, secret: str) -> str | None:
        """Add a subscription that is not asked for yet; None when somebody was faster."""
        name = str(uuid.uuid4())
        sealed = self._seal.lock(f"subscription:{name}:secret", secret.encode())
        row = {"id": name, "payer": payer, "site": site, "state": "asked", "secret": sealed}
        return name if database.put_once(db, tables.subscription, row) else None

    def change(self, db: sa.Connection, name: str, **values: Any) -> None:
        """Write columns of a subscription, if any changed."""
        table = tables.subscription
        if values:
            db.execute(table.update().where(table.c.id == name).values(**values))

    def drop(self, db: sa.Connection, name: str) -> None:
        """Forget a subscription; what it told stays."""
        table = tables.subscription
        db.execute(table.delete().where(table.c.id == name))

    # notifications -------------------------------------------------------------------------------

    def keep(self, db: sa.Connection, here: Listener, name: str, body: Any) -> str | None:
        """Keep a notification; return its id, or None when it was kept before."""
        made = str(uuid.uuid4())
        text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        row = {
            "id": made,
            "subscription": here.id,
            "site": here.site,
            "name": name,
            "at": self._store.clock.now().timestamp(),
            "state": "new",
            "body": self._seal.lock(f"notification:{made}", text),
        }
        return made if database.put_once(db, tables.notification, row) else None

    def mail(self, name: str) -> Mail | None:
        """Return a notification, or None."""
        table = tables.notification
        with self._store.read() as db:
            row = db.execute(sa.select(table).where(table.c.id == name)).first()
        if row is None:
            return None
        body = json.loads(self._seal.open(f"notification:{name}", row.body))
        at = datetime.fromtimestamp(row.at, UTC)
        return Mail(row.id, row.subscription, at, row.state, body)

    def done(self, db: sa.Connection, name: str, state: str) -> None:
        """Record what became of a notification."""
        table = tables.notification
        db.execute(table.update().where(table.c.id == name).values(state=state))

    def numbers(self, subscription: str, prefix: str) -> set[int]:
        """Return the numbers of all events that came of one Subscription of the payer's."""
        table = tables.notification
        query = sa.select(table.c.name).where(
            table.c.subscription == subscription, table.c.name.startswith(prefix, autoescape=True)
        )
        with self._store.read() as db:
            return {int(one.removeprefix(prefix)) for one in db.execute(query).scalars()}

    def counts(self, site: str) -> dict[str, int]:
        """Return how many notifications to a site there are in each state."""
        table = tables.notification
        query = (
            sa.select(table.c.state, sa.func.count())
            .where(table.c.site == site)
            .group_by(table.c.state)
        )
        with self._store.read() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    # names ---------------------------------------------------------------------------------------

    def name(self, db: sa.Connection, case_id: str, names: Iterable[str]) -> None:
        """Make a case known by names; one that is known keeps its case."""
        for one in dict.fromkeys(names):
            database.put_once(db, tables.known_name, {"name": one, "case_id": case_id})

    def known(self, names: Iterable[str]) -> set[str]:
        """Return the cases that are known by any of some names."""
        table, wanted = (
            tables.known_name,
            sorted({one[:200] for one in names if one and "\0" not in one})[:500],
        )
        query = sa.select(table.c.case_id).where(table.c.name.in_(wanted))
        with self._store.read() as db:
            return set(db.execute(query).scalars())

    # what is awaited -----------------------------------------------------------------------------

    def awaited(self, site: str, since: datetime, db: sa.Connection | None = None) -> bool:
        """Tell whether a payer may still tell anything of a case of a site that counts here.

        It is being sent or waits; or it is affirmed by a number that was recorded ``since`` a day
        from which it may still be used, so that it may be taken back.
        """
        task, case = tables.task, tables.pa_case
        waits = (
            sa.select(task.c.key)
            .join(case, case.c.id == task.c.case_id)
            .where(tables.UNDONE, task.c.kind.in_(AWAITED), case.c.site == site)
        )
        affirmed = self._numbered(site, since, FAVOURABLE)
        with nullcontext(db) if db is not None else self._store.read() as reader:
            return any(reader.execute(one.limit(1)).first() for one in (waits, affirmed))

    def numbered(self, db: sa.Connection, site: str, since: datetime) -> list[str]:
        """Return the cases of a site that are decided by a number recorded ``since`` a day."""
        found = self._numbered(site, since, DECIDED).order_by(tables.pa_case.c.id)
        return list(dict.fromkeys(db.execute(found).scalars()))

    @staticmethod
    def _numbered(site: str, since: datetime, words: Iterable[str]) -> sa.Select[Any]:
        case, number = tables.pa_case, tables.utn
        return (
            sa.select(case.c.id)
            .join(number, number.c.case_id == case.c.id)
            .where(case.c.site == site, case.c.open, case.c.decision.in_(words))
            .where(number.c.recorded_at >= since.timestamp())
        )

    def asked_about(self, db: sa.Connection, site: str) -> list[str]:
        """Return the cases of a site about which a payer is being asked."""
        task, case = tables.task, tables.pa_case
        asked = (
            sa.select(case.c.id)
            .join(task, task.c.case_id == case.c.id)
            .where(task.c.kind == "poll", task.c.state == "leased", case.c.site == site)
            .order_by(case.c.id)  # as any other writer takes them
        )
        return list(db.execute(asked).scalars())

    def ask_about(self, db: sa.Connection, site: str, but: str) -> None:
        """Make the questions about waiting cases of a site due now, the oldest of them.

        Not those that bear a mark: ``but`` it has a pause of its own.
        """
        task, case = tables.task, tables.pa_case
        waiting = (
            sa.select(task.c.key)
            .join(case, case.c.id == task.c.case_id)
            .where(task.c.kind == "poll", task.c.state == "due", case.c.site == site)
            .where(task.c.key.not_like(f"%{but}%"))
            .order_by(case.c.created_at)
            .limit(WAKED)
            .with_for_update(skip_locked=True, of=task)
        )
        keys = list(db.execute(waiting).scalars())
        now = self._store.clock.now().timestamp()
        db.execute(task.update().where(task.c.key.in_(keys)).values(run_at=now))
