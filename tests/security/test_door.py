"""SMART launch: who may start one, whose it is, and what is no token."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from sandbox.stack import free_port
from tests.security.door import HOME, ISS, House, a_house

Network = responses.RequestsMock


def launched(house: House, network: Network) -> Any:
    """Launch in a fresh browser and come back."""
    house.ehr.serve(network)
    browser = house.browser()
    return house.back(browser, house.begin(browser))


def refused(answer: Any, status: int, code: str) -> bool:
    return (answer.status_code, answer.text) == (status, code)


def test_a_launch_opens_a_session_of_the_patient(house: House, network: Network) -> None:
    answer = launched(house, network)
    launch_id = answer.headers["Location"].split("/")[2]
    context = house.door.vault.context(launch_id)
    assert (context.patient_id, context.fhir_user) == ("p1", "Practitioner/dr")
    assert context.order_refs == ("ServiceRequest/1",)
    assert context.granted_scopes[-1] == "patient/Patient.rs"


@pytest.mark.parametrize("change", ["/", "/other", "%2F", "?x=1"])
def test_an_unlisted_issuer_is_not_contacted(
    house: House, connections: list[object], change: str
) -> None:
    iss = f"http://127.0.0.1:{free_port()}/fhir"
    for one in (iss, ISS + change):
        query = {"iss": one, "launch": "l1"}
        answer = house.browser().get("/launch", query_string=query, base_url=HOME)
        assert refused(answer, 403, "unlisted-issuer")
        assert "Set-Cookie" not in answer.headers
    assert connections == []


def test_a_listed_issuer_is_contacted(tmp_path: Path, connections: list[object]) -> None:
    iss = f"http://127.0.0.1:{free_port()}/fhir"
    house = a_house(tmp_path, issuers=[iss])
    browser = house.browser()
    query = {"iss": iss, "launch": "l1"}
    first = browser.get("/launch", query_string=query, base_url=HOME)
    assert connections == []  # the cookie is proved first
    answer = browser.get(first.headers["Location"], base_url=HOME)
    assert refused(answer, 502, "discovery-failed")
    assert connections != []
    house.door.vault._reads.dispose()


def test_the_cookie_is_the_launchs_own(house: House) -> None:
    query = {"iss": ISS, "launch": "l1"}
    answer = house.browser().get("/launch", query_string=query, base_url=HOME)
    cookie = answer.headers["Set-Cookie"]
    launch_id = answer.headers["Location"].split("/")[2]
    assert cookie.startswith(f"__Host-s_{launch_id[:8]}=")
    for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/", "Max-Age=28800"):
        assert part in cookie
    assert "Domain" not in cookie
    assert ISS not in cookie


def test_without_the_cookie_the_browser_is_not_sent_to_the_ehr(
    house: House, connections: list[object]
) -> None:
    query = {"iss": ISS, "launch": "l1"}
    first = house.browser().get("/launch", query_string=query, base_url=HOME)
    answer = house.browser().get(first.headers["Location"], base_url=HOME)
    assert refused(answer, 403, "cookies-blocked")
    assert connections == []


def test_the_authorization_request(house: House, network: Network) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    first = browser.get("/launch", query_string={"iss": ISS, "launch": "l1"}, base_url=HOME)
    sent = browser.get(first.headers["Location"], base_url=HOME).headers["Location"]
    asked = {key: value[0] for key, value in parse_qs(urlsplit(sent).query).items()}
    assert (asked["aud"], asked["launch"], asked["response_type"]) == (ISS, "l1", "code")
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", HOME + "/callback")
    assert len(asked["state"]) >= 22
    house.back(browser, asked["state"])
    verifier = house.ehr.posts[0]["code_verifier"].encode()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=")
    assert asked["code_challenge"] == challenge.decode()


def test_a_state_is_used_once(house: House, network: Network) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    state = house.begin(browser)
    assert house.back(browser, state).status_code == 303
    assert refused(house.back(browser, state), 400, "bad-state")
    assert len(house.ehr.posts) == 1


def test_a_state_of_another_browser_is_refused_and_stays_good(
    house: House, network: Network
) -> None:
    house.ehr.serve(network)
    ours, theirs = house.browser(), house.browser()
    state = house.begin(ours)
    house.begin(theirs)
    house.ehr.nonces.reverse()
    assert refused(house.back(theirs, state), 400, "bad-state")
    assert refused(house.back(house.browser(), state), 400, "bad-state")
    assert house.ehr.posts == []
    assert house.back(ours, state).status_code == 303


def test_an_expired_or_made_up_state_is_refused(house: House, network: Network) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    state = house.begin(browser)
    for other in ("", "x" * 32):
        assert refused(house.back(browser, other), 400, "bad-state")
    house.ehr.clock.pass_by(601)
    assert refused(house.back(browser, state), 400, "bad-state")
    assert house.ehr.posts == []


def test_a_refused_authorization_spends_the_state(house: House, network: Network) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    state = house.begin(browser)
    assert refused(house.back(browser, state, error="access_denied"), 502, "code-refused")
    assert refused(house.back(browser, state), 400, "bad-state")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"resourceType": "OperationOutcome", "issue": []}),
        (200, {"resourceType": "OperationOutcome", "issue": []}),
        (400, {"error": "invalid_grant"}),
        (200, {"access_token": "a"}),
        (200, {"access_token": "a", "token_type": "mac"}),
        (200, {"access_token": ["a"], "token_type": "Bearer"}),
        (200, []),
        (302, {}),
        (200, None),
    ],
)
def test_what_is_no_token_is_no_token(
    house: House, network: Network, status: int, body: Any
) -> None:
    text = "<html>" if body is None else json.dumps(body)
    network.post(f"{ISS}/token", body=text, status=status, headers={"Location": f"{ISS}/x"})
    assert refused(launched(house, network), 502, "code-refused")


def test_settings_in_the_metadata_have_no_effect(house: House, network: Network) -> None:
    house.ehr.serve(network, verify=False, proxies={"https": "http://x"}, token_placement="uri")
    browser = house.browser()
    assert house.back(browser, house.begin(browser)).status_code == 303
    assert all(call.request.req_kwargs["verify"] for call in network.calls)
    assert not any(call.request.req_kwargs["proxies"] for call in network.calls)


@pytest.mark.parametrize("key", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("value", ["http://ehr.example/x", "javascript:alert(1)", "file:///x"])
def test_an_endpoint_without_tls_is_refused(
    house: House, network: Network, key: str, value: str
) -> None:
    house.ehr.serve(network, **{key: value})
    browser = house.browser()
    first = browser.get("/launch", query_string={"iss": ISS, "launch": "l1"}, base_url=HOME)
    answer = browser.get(first.headers["Location"], base_url=HOME)
    assert refused(answer, 502, "discovery-failed")


def test_no_secret_of_a_launch_lies_in_the_database(
    house: House, network: Network, tmp_path: Path
) -> None:
    house.ehr.serve(network)
    browser = house.browser()
    state = house.begin(browser)
    house.back(browser, state)
    stored = b"".join(one.read_bytes() for one in tmp_path.glob("door.sqlite*"))
    secrets = [state, "access-1", house.ehr.posts[0]["code_verifier"], house.ehr.nonces[0], 'p1"']
    for cookie in browser._cookies.values():
        secrets.append(cookie.value)
    assert not [one for one in secrets if one.encode() in stored]


def test_events_of_the_door_name_no_patient(house: House, network: Network) -> None:
    launched(house, network)
    house.browser().get("/launch", query_string={"iss": "https://x"}, base_url=HOME)
    assert [kind for kind, _ in house.events] == ["launched", "launch_refused"]
    told = json.dumps(house.events)
    assert "p1" not in told
    assert "access" not in told
