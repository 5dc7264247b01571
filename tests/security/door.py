"""A door of its own for each test, and an EHR that answers from this file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import responses
from flask import Flask, Response
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from launch import Door, LaunchError, Registration, Registrations, init_app, metadata
from smart_app.cases.database import connect
from smart_app.seal import Seal
from tests.unit.kit import ISS, KEY, FakeClock

HOME = "https://preclear.example"
CLIENT = "preclear-client"
SIGNER = RSAKey.generate_key(2048, {"kid": "k1"})
STRANGER = RSAKey.generate_key(2048, {"kid": "k1"})
METADATA = {
    "issuer": ISS,
    "authorization_endpoint": f"{ISS}/authorize",
    "token_endpoint": f"{ISS}/token",
    "jwks_uri": f"{ISS}/keys",
}


def id_token(now: datetime, nonce: str | None, key: Any = SIGNER, **change: Any) -> str:
    """Return a signed id_token; a claim given as None is left out."""
    moment = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": ISS,
        "aud": CLIENT,
        "sub": "u1",
        "iat": moment,
        "exp": moment + 300,
        "nonce": nonce,
        "fhirUser": f"{ISS}/Practitioner/dr",
        "name": "Dr. Test",
    }
    header = {"alg": change.pop("alg", "RS256"), "kid": "k1"}
    kept = {name: value for name, value in (claims | change).items() if value is not None}
    return jwt.encode(header, kept, key, algorithms=[header["alg"]])


@dataclass
class Ehr:
    """What the EHR was asked, and how its token is changed."""

    clock: FakeClock
    claims: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    nonces: list[str] = field(default_factory=list)
    posts: list[dict[str, str]] = field(default_factory=list)

    def answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        """Answer the token endpoint."""
        self.posts.append(dict(parse_qsl(request.body)))
        claims = dict(self.claims)
        nonce = claims.pop("nonce", self.nonces[-1] if self.nonces else None)
        key = claims.pop("key", SIGNER)
        body = {
            "access_token": "access-1",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "launch openid fhirUser patient/Patient.rs",
            "patient": "p1",
            "fhirContext": [{"reference": "ServiceRequest/1"}],
            "id_token": id_token(self.clock.now(), nonce, key, **claims),
        }

        return 200, {}, json.dumps(body | self.token)

    def serve(self, mock: responses.RequestsMock, **change: Any) -> None:
        """Answer discovery, keys and token requests."""
        mock.get(f"{ISS}/.well-known/smart-configuration", json=METADATA | change)
        mock.get(f"{ISS}/keys", json={"keys": [SIGNER.as_dict(private=False)]})
        mock.add_callback("POST", f"{ISS}/token", self.answer)


@dataclass
class House:
    """An app that is nothing but the door."""

    app: Flask
    door: Door
    ehr: Ehr
    events: list[tuple[str, dict[str, Any]]]

    def browser(self) -> FlaskClient:
        """Return a browser with a cookie jar of its own."""
        return self.app.test_client()

    def begin(self, browser: FlaskClient, iss: str = ISS) -> str:
        """Launch and follow to the EHR; return the state that it was sent."""
        first = browser.get("/launch", query_string={"iss": iss, "launch": "l1"}, base_url=HOME)
        sent = browser.get(first.headers["Location"], base_url=HOME)
        asked = parse_qs(urlsplit(sent.headers["Location"]).query)
        self.ehr.nonces.append(asked["nonce"][0])
        return asked["state"][0]

    def back(self, browser: FlaskClient, state: str, **more: str) -> Any:
        """Come back from the EHR."""
        query = {"state": state, "code": "c1"} | more
        return browser.get("/callback", query_string=query, base_url=HOME)


def a_house(folder: Path, **change: Any) -> House:
    """Return a door over a database of its own."""
    clock, app = FakeClock(), Flask("door")
    engine = connect(f"sqlite:///{folder}/door.sqlite")
    metadata.create_all(engine)
    table: dict[str, Any] = {
        "client": {"id": CLIENT},
        "issuers": [ISS],
        "scopes": ["launch", "openid", "fhirUser", "patient/Patient.rs"],
        "frame_ancestors": ["https://ehr.example"],
    }
    events: list[tuple[str, dict[str, Any]]] = []

    def render(error: LaunchError) -> Response:
        return Response(error.code, error.http_status)

    door = init_app(
        app,
        registrations=Registrations((Registration.of("site", table | change),)),
        public_url=HOME,
        now=clock.now,
        engine=engine,
        seal=Seal((KEY,)),
        on_event=lambda kind, facts: events.append((kind, facts)),
        render=render,
    )
    return House(app, door, Ehr(clock), events)
