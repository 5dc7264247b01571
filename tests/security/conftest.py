"""The door alone: an app with nothing behind it, and a pretend EHR answered by ``responses``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from flask import Flask, Response
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from launch import Door, LaunchError, Registration, Registrations, init_app, metadata
from smart_app.cases.database import connect
from smart_app.seal import Seal

ISS = "http://127.0.0.1:9/fhir"
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
REGISTRATION = Registration(
    site="site",
    issuers=(ISS,),
    client_id="client",
    scopes=("launch", "openid", "fhirUser", "patient/Patient.rs"),
    frame_ancestors=("http://127.0.0.1:9",),
)


@dataclass
class Clocked:
    """A clock that tests move."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 10, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Tried:
    """A door under test."""

    client: FlaskClient
    door: Door
    clock: Clocked
    refusals: list[LaunchError]

    def begin(self, iss: str = ISS) -> str:
        """Launch up to the EHR's authorize page; return its URL."""
        first = self.client.get("/launch", query_string={"iss": iss, "launch": "x"})
        second = self.client.get(first.headers["Location"])
        return str(second.headers["Location"])

    def callback(self, authorize: str, **more: str) -> Any:
        """Come back from the EHR."""
        state = parse_qs(urlsplit(authorize).query)["state"][0]
        return self.client.get("/callback", query_string={"code": "c", "state": state} | more)


@pytest.fixture
def clock() -> Clocked:
    return Clocked()


@pytest.fixture
def tried(tmp_path: Path, clock: Clocked) -> Tried:
    """Return a door with one registration."""
    engine = connect(f"sqlite:///{tmp_path}/door.sqlite")
    metadata.create_all(engine)
    app, refusals = Flask("door"), []

    def render(error: LaunchError) -> Response:
        refusals.append(error)
        return Response(error.say, error.http_status)

    door = init_app(
        app,
        registrations=Registrations((REGISTRATION,)),
        public_url="http://localhost",
        now=clock.now,
        engine=engine,
        seal=Seal((b"k" * 32,)),
        on_event=lambda kind, facts: None,
        render=render,
    )
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    return Tried(client, door, clock, refusals)


def claims(now: datetime, sent: str, **changed: Any) -> dict[str, Any]:
    """Return the claims of a good id_token, some changed; None removes one."""
    made = {
        "iss": ISS,
        "aud": "client",
        "sub": "s",
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 300,
        "nonce": sent,
        "fhirUser": f"{ISS}/Practitioner/p1",
    } | changed
    return {key: value for key, value in made.items() if value is not None}


def signed(body: dict[str, Any], key: Any = KEY, alg: str = "RS256") -> str:
    return jwt.encode({"alg": alg, "kid": "k1"}, body, key, algorithms=[alg])


@pytest.fixture
def ehr() -> Iterator[responses.RequestsMock]:
    """Answer discovery and keys."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        configuration = {
            "issuer": ISS,
            "authorization_endpoint": f"{ISS}/authorize",
            "token_endpoint": f"{ISS}/token",
            "jwks_uri": f"{ISS}/jwks",
            "verify": False,
        }
        mock.get(f"{ISS}/.well-known/smart-configuration", json=configuration)
        public = KEY.as_dict(private=False) | {"alg": "RS256"}
        mock.get(f"{ISS}/jwks", json={"keys": [public]})
        yield mock
