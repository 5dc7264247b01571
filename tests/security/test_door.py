"""What the door refuses, and what it never does."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from joserfc.jwk import OctKey

from launch.scopes import allows
from tests.security.conftest import ISS, Tried, claims, signed

CONNECTS: list[Any] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        CONNECTS.append(arguments)


sys.addaudithook(_listen)


def token(tried: Tried, authorize: str, ehr: responses.RequestsMock, **changed: Any) -> None:
    """Let the EHR answer the code with a token whose id_token has changed claims."""
    nonce = parse_qs(urlsplit(authorize).query)["nonce"][0]
    body = {
        "access_token": "secret-access",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/Patient.rs",
        "patient": "p",
        "id_token": changed.pop("id_token", None)
        or signed(claims(tried.clock.now(), nonce, **changed)),
    }
    ehr.post(f"{ISS}/token", json=body)


@pytest.mark.parametrize("iss", ["https://evil.example/fhir", ISS + "/", ISS.upper(), ""])
def test_an_unlisted_issuer_causes_no_connect(tried: Tried, iss: str) -> None:
    CONNECTS.clear()
    answer = tried.client.get("/launch", query_string={"iss": iss, "launch": "x"})
    assert answer.status_code == 403
    assert CONNECTS == []


def test_the_authorization_request_is_complete(tried: Tried, ehr: responses.RequestsMock) -> None:
    asked = parse_qs(urlsplit(tried.begin()).query)
    assert asked["aud"] == [ISS]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert asked["redirect_uri"] == ["http://localhost/callback"]
    assert len(asked["state"][0]) >= 32


def test_a_good_launch_opens_a_session(tried: Tried, ehr: responses.RequestsMock) -> None:
    authorize = tried.begin()
    token(tried, authorize, ehr)
    answer = tried.callback(authorize)
    assert answer.status_code == 303
    launch_id = answer.headers["Location"].strip("/").split("/")[1]
    assert tried.door.vault.context(launch_id).fhir_user == "Practitioner/p1"
    cookie = answer.headers["Set-Cookie"]
    for part in ("__Host-s_", "Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
        assert part in cookie
    assert "secret-access" not in str(answer.headers)


def test_a_state_is_spent_by_its_first_use(tried: Tried, ehr: responses.RequestsMock) -> None:
    authorize = tried.begin()
    token(tried, authorize, ehr)
    assert tried.callback(authorize).status_code == 303
    assert tried.callback(authorize).status_code == 400
    assert len([one for one in ehr.calls if one.request.url == f"{ISS}/token"]) == 1


def test_a_state_of_another_browser_is_refused(tried: Tried, ehr: responses.RequestsMock) -> None:
    authorize = tried.begin()
    stranger = Tried(tried.client.application.test_client(), tried.door, tried.clock, [])
    assert stranger.callback(authorize).status_code == 400
    assert not [one for one in ehr.calls if one.request.url == f"{ISS}/token"]


def test_an_old_state_is_refused(tried: Tried, ehr: responses.RequestsMock) -> None:
    authorize = tried.begin()
    tried.clock.pass_by(minutes=11)
    assert tried.callback(authorize).status_code == 400


def test_without_the_cookie_the_page_tells_a_way_out(tried: Tried) -> None:
    first = tried.client.get("/launch", query_string={"iss": ISS, "launch": "x"})
    bare = tried.client.application.test_client()
    assert bare.get(first.headers["Location"]).status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"aud": ["client", "other"], "azp": "client"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"nonce": None},
        {"nonce": "other"},
        {"fhirUser": None},
        {"fhirUser": "https://evil.example/Practitioner/p1"},
        {"fhirUser": f"{ISS}/Patient/p1"},
        {"id_token": "not.a.token"},
    ],
    ids=str,
)
def test_an_id_token_that_proves_nothing_is_refused(
    tried: Tried, ehr: responses.RequestsMock, changed: dict[str, Any]
) -> None:
    authorize = tried.begin()
    token(tried, authorize, ehr, **changed)
    assert tried.callback(authorize).status_code == 502
    assert tried.refusals[-1].code == "bad-id-token"


def test_an_id_token_of_another_algorithm_is_refused(
    tried: Tried, ehr: responses.RequestsMock
) -> None:
    authorize = tried.begin()
    nonce = parse_qs(urlsplit(authorize).query)["nonce"][0]
    body = claims(tried.clock.now(), nonce)
    shared = OctKey.import_key("a-shared-secret-of-some-length-0123456789")
    token(tried, authorize, ehr, id_token=signed(body, shared, "HS256"))
    assert tried.callback(authorize).status_code == 502


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"resourceType": "OperationOutcome"}),
        (200, {"resourceType": "OperationOutcome"}),
        (200, {"access_token": "a", "token_type": "mac"}),
        (400, {"error": "invalid_grant"}),
        (200, ["a"]),
    ],
)
def test_what_is_no_token_opens_nothing(
    tried: Tried, ehr: responses.RequestsMock, status: int, body: Any
) -> None:
    authorize = tried.begin()
    ehr.post(f"{ISS}/token", json=body, status=status)
    assert tried.callback(authorize).status_code == 502


def test_a_refused_authorization_tells_so(tried: Tried, ehr: responses.RequestsMock) -> None:
    authorize = tried.begin()
    assert tried.callback(authorize, error="access_denied").status_code == 502


@pytest.mark.parametrize(
    ("scope", "kind", "letter", "expected"),
    [
        ("patient/Patient.rs", "Patient", "r", True),
        ("patient/Patient.read", "Patient", "s", True),
        ("patient/*.read", "Observation", "r", True),
        ("patient/DocumentReference.write", "DocumentReference", "c", True),
        ("patient/DocumentReference.*", "DocumentReference", "u", True),
        ("patient/DocumentReference.c?category=x", "DocumentReference", "c", False),
        ("patient/Observation.rs?category=x", "Observation", "s", True),
        ("patient/Patient.rs", "Patient", "u", False),
        ("launch/patient", "Patient", "r", False),
        ("", "Patient", "r", False),
    ],
)
def test_scopes_in_both_spellings(scope: str, kind: str, letter: str, expected: bool) -> None:
    assert allows(scope.split(), kind, letter) is expected
