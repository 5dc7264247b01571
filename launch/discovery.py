"""Where to sign in: ``.well-known/smart-configuration``.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from launch.bounded import bound
from launch.errors import DiscoveryFailed

TIMEOUT = (5, 10)  # seconds to connect, to read
KEPT = timedelta(hours=1)
LISTS = (
    "scopes_supported",
    "code_challenge_methods_supported",
    "token_endpoint_auth_methods_supported",
)


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """The few members of the metadata that are used; everything else is dropped unread."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str | None
    jwks_uri: str | None
    revocation_endpoint: str | None
    scopes_supported: tuple[str, ...] = ()
    code_challenge_methods_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()


def fetch(session: requests.Session, url: str) -> dict[str, Any]:
    """GET a JSON object without following redirects; raises DiscoveryFailed."""
    try:
        response = session.get(
            url, headers={"Accept": "application/json"}, timeout=TIMEOUT, allow_redirects=False
        )
        body = response.json() if response.status_code == 200 else None
    except (requests.RequestException, ValueError, RecursionError) as cause:
        raise DiscoveryFailed from cause
    if not isinstance(body, dict):
        raise DiscoveryFailed
    return body


def _endpoint(body: dict[str, Any], key: str, base: str, required: bool) -> str | None:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        if required:
            raise DiscoveryFailed(f"no {key}")
        return None
    url = urljoin(base.rstrip("/") + "/", value)
    loopback = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    if urlsplit(url).scheme != "https" and not loopback:
        raise DiscoveryFailed(f"{key} is not https")
    return url


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


class Discovery:
    """Fetch and keep the configuration of listed issuers."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._kept: dict[str, tuple[datetime, SmartConfiguration]] = {}
        self._lock = threading.Lock()

    def of(self, iss: str) -> SmartConfiguration:
        """Return the configuration of an issuer that the caller found in the allow-list."""
        with self._lock:
            kept = self._kept.get(iss)
        if kept and self._now() - kept[0] < KEPT:
            return kept[1]
        with bound(requests.Session()) as session:
            body = fetch(session, iss.rstrip("/") + "/.well-known/smart-configuration")
        authorize = _endpoint(body, "authorization_endpoint", iss, required=True)
        token = _endpoint(body, "token_endpoint", iss, required=True)
        assert authorize and token
        found = SmartConfiguration(
            authorization_endpoint=authorize,
            token_endpoint=token,
            issuer=body["issuer"] if isinstance(body.get("issuer"), str) else None,
            jwks_uri=_endpoint(body, "jwks_uri", iss, required=False),
            revocation_endpoint=_endpoint(body, "revocation_endpoint", iss, required=False),
            **{key: _texts(body.get(key)) for key in LISTS},
        )
        with self._lock:
            self._kept[iss] = (self._now(), found)
        return found

    def keys(self, iss: str, issuer: str) -> dict[str, Any]:
        """Return the JWKS of the id_token's issuer, by ``jwks_uri`` or OpenID discovery."""
        uri = self.of(iss).jwks_uri
        with bound(requests.Session()) as session:
            if uri is None:
                url = issuer.rstrip("/") + "/.well-known/openid-configuration"
                uri = _endpoint(fetch(session, url), "jwks_uri", issuer, required=True)
            assert uri
            return fetch(session, uri)
