"""Figures of every call to a payer and of every decision, by payer and site; never PHI.

What is kept answers the questions of the guide's logical model: kind, time and outcome of each
exchange, whether a request pended, and when and how it was decided.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-PASMetricData.html
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import sqlalchemy as sa

from smart_app.cases import database
from smart_app.cases.model import OPEN, Case, Decision, Remark
from smart_app.cases.schema.tables import decided as decisions
from smart_app.cases.schema.tables import exchange as exchanges
from smart_app.cases.schema.tables import remark as remarks
from smart_app.cases.store import Store

REQUEST = "initial"
"""The kind of the exchange that begins a request's clock."""
MOST_REMARKS = 200
"""How many different remarks of one payer are kept for one site."""

log = logging.getLogger("preclear.audit")


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one payer at one site.

    What was sent is decided (``words``), ``waiting``, or ``unheard`` of: refused, or on its way.
    ``turnaround`` is the median of the seconds from the first sending to the first decision of
    the whole request, None before any. ``outcomes`` counts calls by (kind, outcome).
    """

    payer: str
    sent: int
    pended: int
    waiting: int
    unheard: int
    turnaround: float | None
    words: dict[str, int]
    outcomes: dict[tuple[str, str], int]

    @property
    def unanswered(self) -> int:
        """How many calls had no usable answer."""
        good = ("received", "rejected")
        return sum(count for (_, outcome), count in self.outcomes.items() if outcome not in good)

    @property
    def refused(self) -> int:
        """How many calls the payer refused."""
        return sum(count for (_, outcome), count in self.outcomes.items() if outcome == "rejected")


@dataclass(frozen=True, slots=True)
class Remarked:
    """How often a payer made a remark, and when it did last."""

    payer: str
    remark: Remark
    times: int
    at: datetime


class Metrics:
    """The tables of figures."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def exchanged(
        self, case: Case, kind: str, began: datetime, status: int | None, outcome: str
    ) -> None:
        """Keep one call to a payer; figures that cannot be kept keep nothing else from going on."""
        row = {
            "payer": case.payer_id or "",
            "site": case.site,
            "case_id": case.id,
            "kind": kind,
            "at": began.timestamp(),
            "ended_at": self._store.clock.now().timestamp(),
            "status": status,
            "outcome": outcome,
        }
        try:
            with self._store.step() as db:
                db.execute(exchanges.insert().values(**row))
        except sa.exc.SQLAlchemyError as cause:
            log.error("figures", extra={"case": case.id, "why": type(cause).__name__})

    def remarked(self, case: Case, found: Sequence[Remark]) -> None:
        """Count what a payer remarked beside an answer, for those who mend such things."""
        here = {"site": case.site, "payer": case.payer_id or ""}
        now = self._store.clock.now().timestamp()
        try:
            for one in found:
                with self._store.step() as db:
                    self._count(db, {**here, "code": one.code, "place": one.place}, now)
        except sa.exc.SQLAlchemyError as cause:
            log.error("figures", extra={"case": case.id, "why": type(cause).__name__})

    @staticmethod
    def _count(db: sa.Connection, key: dict[str, str], now: float) -> None:
        """Count a remark once more; of one payer only so many different ones are kept."""
        same = [remarks.c[name] == value for name, value in key.items()]
        more = remarks.update().where(*same).values(times=remarks.c.times + 1, at=now)
        if db.execute(more).rowcount:
            return
        query = sa.select(sa.func.count()).where(
            remarks.c.site == key["site"], remarks.c.payer == key["payer"]
        )
        if (db.execute(query).scalar() or 0) < MOST_REMARKS:
            database.put_once(db, remarks, key | {"times": 1, "at": now})

    def remarks(self, site: str) -> list[Remarked]:
        """Return what payers remarked on what was sent from a site, the newest first."""
        query = sa.select(remarks).where(remarks.c.site == site).order_by(remarks.c.at.desc())
        with self._store.read() as db:
            rows = list(db.execute(query))
        return [
            Remarked(one.payer, Remark(one.code, one.place), one.times, self._moment(one.at))
            for one in rows
        ]

    @staticmethod
    def _moment(stamp: float) -> datetime:
        return datetime.fromtimestamp(stamp, UTC)

    def decided(self, db: sa.Connection, case: Case, found: Decision) -> None:
        """Keep what was decided of a case; its first whole decision ends the clock."""
        query = sa.select(decisions).where(decisions.c.case_id == case.id)
        before = db.execute(query).first()
        waits = found.word in OPEN or any(one.decision in OPEN for one in found.items)
        at = before.at if before is not None else None
        row: dict[str, Any] = {
            "case_id": case.id,
            "payer": case.payer_id or "",
            "site": case.site,
            "pended": found.word == "pended" or (before is not None and before.pended),
            "at": at or (None if waits else self._store.clock.now().timestamp()),
            "word": found.word,
            "items": len(case.items),
        }
        database.put(db, decisions, row)

    def figures(self, site: str) -> list[Figures]:
        """Return what is known of each payer at a site, by name."""
        with self._store.read() as db:
            calls = db.execute(
                sa.select(exchanges.c.payer, exchanges.c.kind, exchanges.c.outcome, sa.func.count())
                .where(exchanges.c.site == site)
                .group_by(exchanges.c.payer, exchanges.c.kind, exchanges.c.outcome)
            ).all()
            rows = db.execute(sa.select(decisions).where(decisions.c.site == site)).all()
            begun = self._begun(db, site)
        payers = sorted({one[0] for one in calls} | {one.payer for one in rows})
        return [self._of(payer, calls, rows, begun) for payer in payers]

    @staticmethod
    def _begun(db: sa.Connection, site: str) -> dict[str, tuple[str, float]]:
        """Return payer and first sending of each case."""
        query = (
            sa.select(exchanges.c.case_id, exchanges.c.payer, sa.func.min(exchanges.c.at))
            .where(exchanges.c.site == site, exchanges.c.kind == REQUEST)
            .group_by(exchanges.c.case_id, exchanges.c.payer)
        )
        return {row[0]: (row[1], row[2]) for row in db.execute(query)}

    @staticmethod
    def _of(
        payer: str,
        calls: Any,
        rows: Any,
        begun: dict[str, tuple[str, float]],
    ) -> Figures:
        ours = [one for one in rows if one.payer == payer]
        asked = {case: at for case, (name, at) in begun.items() if name == payer}
        taken = [one.at - asked[one.case_id] for one in ours if one.at and one.case_id in asked]
        words = Counter(one.word for one in ours if one.at is not None)
        return Figures(
            payer=payer,
            sent=len(asked),
            pended=sum(one.pended for one in ours),
            waiting=sum(one.at is None for one in ours),
            unheard=len(asked.keys() - {one.case_id for one in ours}),
            turnaround=median(taken) if taken else None,
            words=dict(words),
            outcomes={(kind, out): count for name, kind, out, count in calls if name == payer},
        )
