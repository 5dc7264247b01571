"""A token for whoever asks as SMART Backend Services say; nothing here is kept from anybody.

The assertion's form is checked, its signature is not: the pretend payer knows no clients.
https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from typing import Any

from sandbox.payer.config import PayerConfig

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300
ALGORITHMS = ("RS384", "ES384")


class Tokens:
    """Gives out tokens, one for each assertion."""

    def __init__(self, config: PayerConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._used: set[str] = set()

    def give(self, form: dict[str, str], url: str) -> tuple[dict[str, Any], int]:
        """Return the answer to a token request at an address, and its status."""
        if form.get("grant_type") != "client_credentials":
            return {"error": "unsupported_grant_type"}, 400
        if not form.get("scope"):
            return {"error": "invalid_scope", "error_description": "scope is required"}, 400
        wrong = self._wrong(form, url)
        if wrong:
            return {"error": "invalid_client", "error_description": wrong}, 401
        return {
            "access_token": secrets.token_urlsafe(24),
            "token_type": "bearer",
            "expires_in": LONGEST,
            "scope": form["scope"],
        }, 200

    def _wrong(self, form: dict[str, str], url: str) -> str | None:
        """Return what is wrong with the client's assertion, or None."""
        if form.get("client_assertion_type") != ASSERTION:
            return "client_assertion_type"
        try:
            header, claims = map(_part, form["client_assertion"].split(".")[:2])
        except (KeyError, ValueError):
            return "client_assertion is no JWT"
        now = self._config.instant().timestamp()
        faults = {
            "alg": header.get("alg") not in ALGORITHMS,
            "iss and sub": not claims.get("iss") or claims["iss"] != claims.get("sub"),
            "aud": claims.get("aud") != url,
            "exp": not now - 5 < float(claims.get("exp") or 0) <= now + LONGEST,
            "jti": not claims.get("jti"),
        }
        found = [name for name, is_wrong in faults.items() if is_wrong]
        with self._lock:
            if not found and claims["jti"] in self._used:
                return "jti was used before"
            self._used.add(str(claims.get("jti")))
        return ", ".join(found) or None


def _part(text: str) -> dict[str, Any]:
    """Return one part of a JWT; raises ValueError."""
    found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found
