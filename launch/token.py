"""A bearer token that is good now; refresh is single-flight across processes.

A rotating refresh token used twice is a revoked one, so a row lease in the vault decides which
process may use it; the others wait for its result.
https://hl7.org/fhir/smart-app-launch/app-launch.html#refresh-access-token
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError

from launch.authorize import session
from launch.context import LaunchContext
from launch.discovery import Discovery
from launch.errors import (
    GrantRefused,
    LaunchError,
    SessionEnded,
    SignInUnavailable,
    TokenRevoked,
)
from launch.registration import Registrations
from launch.vault import Tokens, Vault

MARGIN = 30  # seconds before expiry at which a token is refreshed
DAY = 86_400.0
UNSTATED_LIFE = 300  # seconds, when the EHR states no expires_in
WAIT_STEP, WAIT_STEPS = 0.1, 200


def read(answer: dict[str, Any], asked: tuple[str, ...], now: datetime) -> Tokens:
    """Return the tokens of a token response; the granted scope is the server's word."""
    lifetime = answer.get("expires_in")
    try:
        seconds = float(lifetime) if lifetime else None
    except (TypeError, ValueError):
        seconds = None
    if seconds is not None and not 0 < seconds < DAY:
        seconds = None
    scope = answer.get("scope")
    refresh = answer.get("refresh_token")
    return Tokens(
        access=str(answer["access_token"]),
        refresh=str(refresh) if refresh else None,
        expires_at=now.timestamp() + (seconds if seconds is not None else UNSTATED_LIFE),
        scope=tuple(scope.split()) if isinstance(scope, str) and scope else asked,
    )


class Bearer:
    """Hand out access tokens of launches."""

    def __init__(
        self,
        vault: Vault,
        discovery: Discovery,
        registrations: Registrations,
        now: Callable[[], datetime],
    ) -> None:
        self._vault = vault
        self._discovery = discovery
        self._registrations = registrations
        self._now = now
        self._pause = threading.Event()

    def context(self, launch_id: str, case_id: str) -> LaunchContext:
        """Return a launch whose token may be used for a case now; raises SessionEnded.

        A session that its user has left is over, even if the browser never came back to end it.
        """
        idle = self._registrations.of_site(self._vault.site(launch_id)).idle_minutes
        return self._vault.for_case(launch_id, case_id, idle)

    def token(self, launch_id: str, refused: str | None = None) -> str:
        """Return an access token; ``refused`` is one that the EHR just answered with 401.

        Raises TokenRevoked when there is no way to a good one, SignInUnavailable when there may be
        one later.
        """
        for _ in range(WAIT_STEPS):
            try:
                tokens = self._vault.tokens(launch_id)
            except SessionEnded as cause:
                raise TokenRevoked from cause
            fresh = tokens.expires_at - MARGIN > self._now().timestamp()
            if fresh and tokens.access != refused:
                return tokens.access
            if tokens.refresh is None:
                raise TokenRevoked
            owner = secrets.token_hex(8)
            if self._vault.lease(launch_id, tokens.serial, owner):
                return self._refresh(launch_id, owner, tokens)
            self._pause.wait(WAIT_STEP)
        raise SignInUnavailable("another one is still asking")

    def _refresh(self, launch_id: str, owner: str, tokens: Tokens) -> str:
        context = self._vault.context(launch_id)
        registration = self._registrations.of_site(context.site)
        try:
            configuration = self._discovery.of(context.iss)
            with session(registration, "", self._now()) as client:
                client.scope = None  # ask for what was granted, not for what was once requested
                answer = client.refresh_token(
                    configuration.token_endpoint, refresh_token=tokens.refresh
                )
        except GrantRefused as cause:
            self._vault.drop_token(launch_id, owner)
            raise TokenRevoked from cause
        except (AuthlibBaseError, requests.RequestException, LaunchError) as cause:
            self._vault.release(launch_id, owner)
            raise SignInUnavailable from cause
        newer = read(dict(answer), tokens.scope, self._now())
        kept = Tokens(
            access=newer.access,
            refresh=newer.refresh or tokens.refresh,
            expires_at=newer.expires_at,
            scope=newer.scope,
            serial=tokens.serial,
        )
        self._vault.renew(launch_id, owner, kept)
        return kept.access
