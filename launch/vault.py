"""Launch records and tokens, server side, encrypted; the browser holds one opaque secret.

The vault owns ``launch_session`` and ``launch_kept``. ``seal`` encrypts with the row's place as
associated data, so that a ciphertext cannot be moved to another row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from launch.context import LaunchContext
from launch.errors import BadState, SessionEnded
from launch.tables import KEPT, launch_kept, launch_session

STATE_LIFE = timedelta(minutes=10)
ABSOLUTE_LIFE = timedelta(hours=8)
KEPT_LIFE = timedelta(days=30)
"""How long a token is kept for a case: a decision takes days, its number sometimes some more.

What is decided later is filed when the signer opens the chart again.
"""
LEASE = timedelta(seconds=30)  # longer than the token endpoint's timeouts


class Seal(Protocol):
    """Encrypt a value for one place of the database."""

    def lock(self, place: str, plain: bytes) -> bytes:
        """Return the ciphertext."""

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return the plain bytes; raises when it was moved or changed."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An authorization request that waits for its callback."""

    iss: str
    launch: str
    verifier: str
    nonce: str
    state: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the EHR issued; ``serial`` counts the refreshes."""

    access: str
    refresh: str | None
    expires_at: float
    scope: tuple[str, ...]
    serial: int = 0


def digest(value: str) -> str:
    """Return the SHA-256 of a secret: the secret itself is never stored."""
    return hashlib.sha256(value.encode()).hexdigest()


class Vault:
    """Keep launches; every method is one short transaction."""

    def __init__(self, engine: sa.Engine, seal: Seal, now: Callable[[], datetime]) -> None:
        self._engine = engine.execution_options(write=True)
        self._reads = engine
        self._seal = seal
        self._now = now

    def _lock(self, launch_id: str, column: str, value: Any) -> bytes:
        return self._seal.lock(f"launch_session:{launch_id}:{column}", json.dumps(value).encode())

    def _open(self, row: sa.Row[Any], column: str) -> Any:
        sealed = getattr(row, column)
        if sealed is None:
            raise SessionEnded(f"no {column}")
        return json.loads(self._seal.open(f"launch_session:{row.id}:{column}", sealed))

    def begin(self, site: str, iss: str, launch: str) -> tuple[str, str]:
        """Store a new launch; return its id (for the URL) and secret (for the cookie)."""
        launch_id, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
        pending = Pending(
            iss=iss,
            launch=launch,
            verifier=secrets.token_urlsafe(48),
            nonce=secrets.token_urlsafe(16),
            state=secrets.token_urlsafe(24),
        )
        now = self._now().timestamp()
        with self._engine.begin() as db:
            db.execute(
                launch_session.insert().values(
                    id=launch_id,
                    site=site,
                    secret_sha256=digest(secret),
                    state_sha256=digest(pending.state),
                    started_at=now,
                    seen_at=now,
                    request=self._lock(launch_id, "request", asdict(pending)),
                )
            )
        return launch_id, secret

    def _row(self, launch_id: str) -> sa.Row[Any]:
        with self._reads.begin() as db:
            row = db.execute(sa.select(launch_session).where(launch_session.c.id == launch_id))
            found = row.first()
        if found is None:
            raise SessionEnded("unknown launch")
        return found

    def pending(self, launch_id: str, secret: str | None) -> Pending:
        """Return the request of a launch that this browser began; raises SessionEnded."""
        row = self._row(launch_id)
        self._match(row, secret)
        return Pending(**self._open(row, "request"))

    def launch_of_state(self, state: str) -> str:
        """Return the launch id that a callback's state belongs to; raises BadState."""
        with self._reads.begin() as db:
            found = db.execute(
                sa.select(launch_session.c.id).where(launch_session.c.state_sha256 == digest(state))
            ).scalar()
        if found is None:
            raise BadState
        return str(found)

    def redeem(self, state: str, secret: str | None) -> tuple[str, str, Pending]:
        """Use a state once: return launch id, site and request; raises BadState.

        The state is spent before the code is exchanged, so a replay can never reach the EHR.
        """
        launch_id = self.launch_of_state(state)
        row = self._row(launch_id)
        try:
            self._match(row, secret)
        except SessionEnded as cause:
            raise BadState from cause
        pending = Pending(**self._open(row, "request"))
        with self._engine.begin() as db:
            spent = db.execute(
                launch_session.update()
                .where(
                    launch_session.c.id == launch_id,
                    launch_session.c.state_sha256 == digest(state),
                )
                .values(state_sha256=None, request=None)
            ).rowcount
        if not spent or self._now() - self._when(row.started_at) > STATE_LIFE:
            raise BadState
        return launch_id, str(row.site), pending

    @staticmethod
    def _when(stamp: float) -> datetime:
        return datetime.fromtimestamp(stamp, UTC)

    @staticmethod
    def _match(row: sa.Row[Any], secret: str | None) -> None:
        if not secret or not hmac.compare_digest(row.secret_sha256, digest(secret)):
            raise SessionEnded("cookie does not match")
        if row.ended_at is not None:
            raise SessionEnded

    def admit(self, context: LaunchContext, tokens: Tokens) -> str:
        """Store context and tokens of a finished launch; return a new secret for the cookie."""
        secret = secrets.token_urlsafe(32)
        now = self._now().timestamp()
        with self._engine.begin() as db:
            db.execute(
                launch_session.update()
                .where(launch_session.c.id == context.launch_id)
                .values(
                    secret_sha256=digest(secret),
                    started_at=now,
                    seen_at=now,
                    context=self._lock(context.launch_id, "context", asdict(context)),
                    token=self._lock(context.launch_id, "token", asdict(tokens)),
                )
            )
        return secret

    def session(
        self, launch_id: str, secret: str | None, idle_minutes: int, *, active: bool = True
    ) -> LaunchContext:
        """Return the context of a live session; raises SessionEnded.

        It is marked as seen when a person is ``active``, not when a page asks by itself.
        """
        row = self._row(launch_id)
        self._match(row, secret)
        if not self._alive(row, idle_minutes):
            self.end(launch_id)
            raise SessionEnded
        now = self._now()
        if active and now.timestamp() - row.seen_at > 30:
            with self._engine.begin() as db:
                db.execute(
                    launch_session.update()
                    .where(launch_session.c.id == launch_id)
                    .values(seen_at=now.timestamp())
                )
        return self._context(row)

    def _alive(self, row: sa.Row[Any], idle_minutes: int) -> bool:
        now = self._now()
        idle = now - self._when(row.seen_at) > timedelta(minutes=idle_minutes)
        old = now - self._when(row.started_at) > ABSOLUTE_LIFE
        return row.ended_at is None and not idle and not old

    def _context(self, row: sa.Row[Any]) -> LaunchContext:
        stored = self._open(row, "context")
        for key in ("granted_scopes", "roles", "order_refs"):
            stored[key] = tuple(stored[key])
        return LaunchContext(**stored)

    def site(self, launch_id: str) -> str:
        """Return the site of a launch; raises SessionEnded when there is no such launch."""
        return str(self._row(launch_id).site)

    def context(self, launch_id: str) -> LaunchContext:
        """Return a launch's context, whether or not its session lives; raises SessionEnded."""
        return self._context(self._row(launch_id))

    def make_room(self, held: dict[str, str], room: int) -> list[str]:
        """End a browser's launches but the most recently used; return the names to take from it.

        ``held`` is what the browser holds: cookie names and their secrets.
        """
        names = {digest(secret): name for name, secret in held.items()}
        row = launch_session.c
        with self._reads.begin() as db:
            query = (
                sa.select(row.id, row.secret_sha256)
                .where(row.secret_sha256.in_(names), row.ended_at.is_(None))
                .order_by(row.seen_at.desc())
            )
            alive = list(db.execute(query))
        for one in alive[room:]:
            self.end(one.id)
        stay = {names[one.secret_sha256] for one in alive[:room]}
        return [name for name in held if name not in stay]

    def for_case(self, launch_id: str, case_id: str, idle_minutes: int) -> LaunchContext:
        """Return a context to work for a case without a browser; raises SessionEnded.

        The session must be alive, or its token kept for this very case.
        """
        row = self._row(launch_id)
        if not self._alive(row, idle_minutes) and not self._kept(launch_id, case_id):
            raise SessionEnded
        return self._context(row)

    def _kept(self, launch_id: str, case_id: str) -> bool:
        kept = sa.select(launch_kept.c.case_id).where(
            launch_kept.c.launch_id == launch_id, launch_kept.c.case_id == case_id
        )
        with self._reads.begin() as db:
            return db.execute(kept).first() is not None

    def sweep(self, idle_minutes: dict[str, int]) -> None:
        """Take the tokens of sessions that are over and delete old ones, but none kept for a case.

        ``idle_minutes`` is by site. A browser that never comes back ends no session itself.
        """
        now, row = self._now(), launch_session.c
        with self._engine.begin() as db:
            kept_since = (now - KEPT_LIFE).timestamp()
            db.execute(launch_kept.delete().where(launch_kept.c.kept_at < kept_since))
            born = (now - ABSOLUTE_LIFE).timestamp()
            db.execute(launch_session.delete().where(~KEPT, row.started_at < born))
            for minutes in set(idle_minutes.values()):
                sites = [site for site, its in idle_minutes.items() if its == minutes]
                seen = (now - timedelta(minutes=minutes)).timestamp()
                db.execute(
                    launch_session.update()
                    .where(
                        ~KEPT,
                        row.token.is_not(None),
                        row.site.in_(sites),
                        sa.or_(row.seen_at < seen, row.ended_at.is_not(None)),
                    )
                    .values(token=None, ended_at=now.timestamp())
                )

    def end(self, launch_id: str) -> None:
        """End the browser session; tokens stay only when they are kept for a case."""
        row = launch_session.c
        with self._engine.begin() as db:
            db.execute(
                launch_session.update()
                .where(row.id == launch_id)
                .values(ended_at=self._now().timestamp(), request=None)
            )
            db.execute(launch_session.update().where(row.id == launch_id, ~KEPT).values(token=None))

    def keep(self, launch_id: str, case_id: str) -> bool:
        """Keep the refresh token until the case ends; False when there is none to keep."""
        try:
            refresh = self.tokens(launch_id).refresh
        except SessionEnded:
            return False
        if refresh is None:
            return False
        ours = (launch_kept.c.launch_id == launch_id, launch_kept.c.case_id == case_id)
        launch = sa.select(launch_session.c.id).where(launch_session.c.id == launch_id)
        with self._engine.begin() as db:
            db.execute(launch.with_for_update())  # two that keep the same wait for each other
            db.execute(launch_kept.delete().where(*ours))
            db.execute(
                launch_kept.insert().values(
                    launch_id=launch_id, case_id=case_id, kept_at=self._now().timestamp()
                )
            )
        return True

    def forget(self, case_id: str, idle_minutes: dict[str, int]) -> None:
        """Keep no token for a case any more, and sweep: a window that lives still has its own."""
        with self._engine.begin() as db:
            gone = db.execute(launch_kept.delete().where(launch_kept.c.case_id == case_id)).rowcount
        if gone:
            self.sweep(idle_minutes)

    def tokens(self, launch_id: str) -> Tokens:
        """Return a launch's tokens; raises SessionEnded when they are gone."""
        stored = self._open(self._row(launch_id), "token")
        stored["scope"] = tuple(stored["scope"])
        return Tokens(**stored)

    def lease(self, launch_id: str, serial: int, owner: str) -> bool:
        """Take the right to refresh tokens of this serial; False when another process has it."""
        now = self._now()
        with self._engine.begin() as db:
            return bool(
                db.execute(
                    launch_session.update()
                    .where(
                        launch_session.c.id == launch_id,
                        launch_session.c.token_serial == serial,
                        launch_session.c.lease_until < now.timestamp(),
                    )
                    .values(lease_until=(now + LEASE).timestamp(), lease_owner=owner)
                ).rowcount
            )

    def renew(self, launch_id: str, owner: str, tokens: Tokens) -> None:
        """Store refreshed tokens and give the lease back."""
        newer = replace(tokens, serial=tokens.serial + 1)
        sealed = self._lock(launch_id, "token", asdict(newer))
        self._end_lease(launch_id, owner, token=sealed, token_serial=newer.serial)

    def release(self, launch_id: str, owner: str) -> None:
        """Give a lease back unused, so that the next one may ask at once."""
        self._end_lease(launch_id, owner)

    def drop_token(self, launch_id: str, owner: str) -> None:
        """Forget tokens that the EHR no longer accepts, unless the lease was lost meanwhile."""
        self._end_lease(launch_id, owner, token=None)

    def _end_lease(self, launch_id: str, owner: str, **values: Any) -> None:
        with self._engine.begin() as db:
            db.execute(
                launch_session.update()
                .where(launch_session.c.id == launch_id, launch_session.c.lease_owner == owner)
                .values(lease_until=0.0, lease_owner=None, **values)
            )
