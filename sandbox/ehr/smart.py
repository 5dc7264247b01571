"""SMART App Launch, strictly: what a careful EHR would insist on.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from sandbox.ehr.clients import Clients, Unproven, fetched

LAUNCH_LIFE = 300.0  # seconds
TOKEN_SECONDS, CODE_SECONDS = 300, 60


class OAuthError(Exception):
    """An RFC 6749 error."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True)
class Context:
    """What an EHR page told the launch: who, about whom, on which orders."""

    patient: str
    user: str
    user_name: str
    fhir_context: tuple[str, ...]
    encounter: str | None = None


@dataclass(frozen=True)
class Code:
    """An authorization code that waits for its exchange."""

    context: Context
    scope: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    until: float
    client: str


@dataclass(frozen=True)
class Grant:
    """An issued access token."""

    context: Context
    scope: str
    family: str
    until: float
    client: str


class Authority:
    """Launches, codes, tokens and keys of one EHR."""

    def __init__(self, issuer: str, app_url: str) -> None:
        self.issuer = issuer
        self.redirect_uri = f"{app_url}/callback"
        self.token_seconds, self.code_seconds = TOKEN_SECONDS, CODE_SECONDS
        self.clients = Clients(f"{issuer}/auth/token", lambda: fetched(f"{app_url}/jwks.json"))
        self._key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(8), "use": "sig"})
        self._lock = threading.Lock()
        self._launches: dict[str, tuple[Context, float]] = {}
        self._codes: dict[str, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._spent: dict[str, str] = {}
        self._dead: set[str] = set()

    def jwks(self) -> dict[str, Any]:
        """Return the published keys."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "use": "sig", "alg": "RS256"}]}

    def launch(self, context: Context) -> str:
        """Return a launch token: single use, short life."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._launches[token] = (context, time.monotonic() + LAUNCH_LIFE)
        return token

    def authorize(self, asked: dict[str, str], scope: str, chosen: Context | None = None) -> str:
        """Return a code for an authorization request, or raise OAuthError.

        ``chosen`` is what a person chose who came without a launch of this EHR.
        """
        wrong = {
            "response_type": asked.get("response_type") != "code",
            "aud": asked.get("aud") != self.issuer,
            "state": len(asked.get("state", "")) < 16,
            "code_challenge_method": asked.get("code_challenge_method") != "S256",
            "code_challenge": len(asked.get("code_challenge", "")) != 43,
        }
        for name, bad in wrong.items():
            if bad:
                raise OAuthError("invalid_request", f"{name} is missing or wrong")
        context = chosen or self._launched(asked.get("launch", ""))
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[code] = Code(
                context,
                scope,
                asked["redirect_uri"],
                asked["code_challenge"],
                asked.get("nonce"),
                time.monotonic() + self.code_seconds,
                asked["client_id"],
            )
        return code

    def _launched(self, launch: str) -> Context:
        with self._lock:
            held = self._launches.pop(launch, None)
        if held is None or held[1] < time.monotonic():
            raise OAuthError("invalid_request", "launch is unknown, used or too old")
        return held[0]

    def token(self, form: dict[str, str], header: str = "") -> dict[str, Any]:
        """Answer a token request, or raise OAuthError."""
        try:
            client = self.clients.proven(form, header)
        except Unproven as cause:
            raise OAuthError("invalid_client", str(cause), 401) from cause
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self._exchange(form, client)
        if kind == "refresh_token":
            return self._rotate(form, client)
        raise OAuthError("unsupported_grant_type", "authorization_code or refresh_token")

    def _exchange(self, form: dict[str, str], client: str) -> dict[str, Any]:
        with self._lock:
            code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.until < time.monotonic() or code.client != client:
            raise OAuthError("invalid_grant", "code is unknown, used, too old or another client's")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not secrets.compare_digest(challenge, code.challenge):
            raise OAuthError("invalid_grant", "code_verifier does not match")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri differs")
        answer = self._issue(code.context, code.scope, secrets.token_hex(8), client)
        if "openid" in code.scope.split():
            answer["id_token"] = self._id_token(code)
        return answer

    def _rotate(self, form: dict[str, str], client: str) -> dict[str, Any]:
        used = form.get("refresh_token", "")
        with self._lock:
            if used in self._spent:
                self._dead.add(self._spent[used])
                raise OAuthError("invalid_grant", "refresh token was used before")
            grant = self._refresh.pop(used, None)
            if grant is None or grant.family in self._dead or grant.client != client:
                raise OAuthError("invalid_grant", "refresh token is unknown or revoked")
            self._spent[used] = grant.family
        return self._issue(grant.context, grant.scope, grant.family, client)

    def _issue(self, context: Context, scope: str, family: str, client: str) -> dict[str, Any]:
        access = secrets.token_urlsafe(32)
        until = time.monotonic() + self.token_seconds
        grant = Grant(context, scope, family, until, client)
        answer: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
            "scope": scope,
            "fhirContext": [{"reference": one} for one in context.fhir_context],
            "need_patient_banner": True,
        }
        if context.patient:
            answer["patient"] = context.patient
        if context.encounter:
            answer["encounter"] = context.encounter
        with self._lock:
            self._grants[access] = grant
            if "offline_access" in scope.split():
                refresh = secrets.token_urlsafe(32)
                self._refresh[refresh] = replace(grant)
                answer["refresh_token"] = refresh
        return answer

    def _id_token(self, code: Code) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": code.context.user.replace("/", "-"),
            "aud": code.client,
            "iat": now,
            "exp": now + 300,
            "fhirUser": f"{self.issuer}/{code.context.user}",
            "name": code.context.user_name,
        }
        if code.nonce:
            claims["nonce"] = code.nonce
        header = {"alg": "RS256", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=["RS256"])

    def grant(self, header: str) -> Grant | None:
        """Return what an Authorization header allows, or None."""
        kind, _, token = header.partition(" ")
        with self._lock:
            found = self._grants.get(token) if kind == "Bearer" else None
            if found is None or found.until < time.monotonic() or found.family in self._dead:
                return None
        return found

    def revoke_all(self) -> None:
        """Take back every token."""
        with self._lock:
            self._dead |= {one.family for one in self._grants.values()}
