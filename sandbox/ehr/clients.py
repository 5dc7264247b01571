"""Which clients this EHR knows, and how each proves itself at the token endpoint.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

PUBLIC, SECRET, KEY = "preclear-sandbox", "preclear-secret", "preclear-key"
PASSWORD = "stand-in: not a secret"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300  # seconds that an assertion may live


class Unproven(Exception):
    """The client did not prove who it is."""


def fetched(url: str) -> dict[str, Any]:
    """Return a JWKS from its address."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


class Clients:
    """The registered clients; ``jwks`` gives the keys of the one that signs."""

    def __init__(self, token_url: str, jwks: Callable[[], dict[str, Any]]) -> None:
        self.token_url, self._jwks = token_url, jwks
        self._used: set[str] = set()
        self._lock = threading.Lock()

    @staticmethod
    def known(client_id: str) -> bool:
        """Tell whether a client is registered."""
        return client_id in (PUBLIC, SECRET, KEY)

    def proven(self, form: dict[str, str], header: str) -> str:
        """Return the id of the client that a token request comes from, or raise Unproven."""
        if header:
            return self._by_secret(header)
        if "client_assertion" in form:
            return self._by_key(form)
        if form.get("client_id") != PUBLIC:
            raise Unproven("this client must prove who it is")
        return PUBLIC

    @staticmethod
    def _by_secret(header: str) -> str:
        kind, _, told = header.partition(" ")
        try:
            name, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as cause:
            raise Unproven("no Basic credentials") from cause
        if kind != "Basic" or (name, secret) != (SECRET, PASSWORD):
            raise Unproven("wrong client or secret")
        return SECRET

    def _by_key(self, form: dict[str, str]) -> str:
        if form.get("client_assertion_type") != ASSERTION:
            raise Unproven("client_assertion_type")
        try:
            keys = KeySet.import_key_set(self._jwks())  # type: ignore[arg-type]
            token = jwt.decode(form["client_assertion"], keys, algorithms=["ES384", "RS384"])
        except (JoseError, ValueError, OSError, KeyError) as cause:
            raise Unproven("signature") from cause
        claims, now = token.claims, time.time()
        issued, expires = claims.get("iat", now), claims.get("exp", 0)
        wrong = {
            "typ": token.header.get("typ") != "JWT",
            "iss and sub": {claims.get("iss"), claims.get("sub")} != {KEY},
            "aud": claims.get("aud") != self.token_url,
            "exp": not now - 5 < expires <= now + LONGEST or expires - issued > LONGEST,
        }
        if bad := [name for name, is_wrong in wrong.items() if is_wrong]:
            raise Unproven(", ".join(bad))
        with self._lock:
            if not claims.get("jti") or claims["jti"] in self._used:
                raise Unproven("jti was used before")
            self._used.add(claims["jti"])
        return KEY
