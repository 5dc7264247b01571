"""The pretend EHR is strict: sign-in, scopes, patient compartment, versions, conditional create."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from sandbox.ehr import EhrConfig, create_ehr
from sandbox.ehr.people import charts
from sandbox.payer import Desk, PayerConfig, create_payer
from sandbox.server import start
from sandbox.stack import free_port

VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
ALL = (
    "launch openid fhirUser offline_access patient/Patient.rs patient/ServiceRequest.rus "
    "patient/DocumentReference.crs patient/Observation.read user/Practitioner.rs"
)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def client(tmp_path: Path, port: int) -> FlaskClient:
    base = f"http://127.0.0.1:{port}"
    config = EhrConfig(base, "http://127.0.0.1:9", "http://localhost:8", tmp_path)
    return create_ehr(config).test_client()


def issuer(port: int) -> str:
    return f"http://127.0.0.1:{port}/fhir"


def request(client: FlaskClient, port: int, **changed: Any) -> dict[str, list[str]]:
    """Authorize a fresh launch of Opal's order; return the query of the redirect."""
    opened = client.get("/open?patient=opal&order=opal-esi").headers["Location"]
    launch = parse_qs(urlsplit(opened).query)["launch"][0]
    asked = {
        "response_type": "code",
        "client_id": "preclear-sandbox",
        "redirect_uri": "http://localhost:8/callback",
        "scope": ALL,
        "state": "s" * 24,
        "aud": issuer(port),
        "launch": launch,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "nonce": "n",
    } | changed
    answer = client.get("/fhir/auth/authorize", query_string=asked)
    return parse_qs(urlsplit(answer.headers.get("Location", "")).query)


def tokens(client: FlaskClient, port: int, **changed: Any) -> dict[str, Any]:
    code = request(client, port, **changed)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://localhost:8/callback",
        "code_verifier": VERIFIER,
        "client_id": "preclear-sandbox",
    }
    return dict(client.post("/fhir/auth/token", data=form).get_json())


def bearer(answer: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer['access_token']}"}


@pytest.mark.parametrize(
    "changed",
    [
        {"response_type": "token"},
        {"aud": "http://127.0.0.1:1/fhir"},
        {"state": ""},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"launch": "unknown"},
    ],
    ids=str,
)
def test_an_incomplete_authorization_gives_no_code(
    client: FlaskClient, port: int, changed: dict[str, str]
) -> None:
    assert "code" not in request(client, port, **changed)


def test_an_unregistered_redirect_is_not_followed(client: FlaskClient, port: int) -> None:
    assert request(client, port, redirect_uri="https://evil.example/") == {}


def test_a_code_works_once_and_only_with_its_verifier(client: FlaskClient, port: int) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": request(client, port)["code"][0],
        "redirect_uri": "http://localhost:8/callback",
        "code_verifier": VERIFIER,
        "client_id": "preclear-sandbox",
    }
    assert client.post("/fhir/auth/token", data=form).status_code == 200
    assert client.post("/fhir/auth/token", data=form).status_code == 400
    other = form | {"code": request(client, port)["code"][0], "code_verifier": "x" * 64}
    assert client.post("/fhir/auth/token", data=other).status_code == 400


def test_a_used_refresh_token_ends_its_family(client: FlaskClient, port: int) -> None:
    first = tokens(client, port)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": first["refresh_token"],
        "client_id": "preclear-sandbox",
    }
    second = client.post("/fhir/auth/token", data=form).get_json()
    assert second["refresh_token"] != first["refresh_token"]
    assert client.post("/fhir/auth/token", data=form).status_code == 400
    assert client.get("/fhir/Patient/opal", headers=bearer(second)).status_code == 401


def test_the_context_names_order_and_coverage(client: FlaskClient, port: int) -> None:
    answer = tokens(client, port)
    named = [one["reference"] for one in answer["fhirContext"]]
    assert named == ["ServiceRequest/opal-esi", "Coverage/opal-medicare"]
    assert answer["patient"] == "opal"
    claims = json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))
    assert claims["fhirUser"] == f"{issuer(port)}/Practitioner/dr-sampleton"
    assert claims["nonce"] == "n"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fhir/Patient/opal", 200),
        ("/fhir/Patient/walter", 403),
        ("/fhir/ServiceRequest/walter-tfesi-1", 403),
        ("/fhir/Observation?patient=opal", 200),
        ("/fhir/Observation?patient=walter", 403),
        ("/fhir/Condition?patient=opal", 403),
        ("/fhir/Practitioner/dr-sampleton", 200),
        ("/fhir/Location/mockingbird-hopd", 403),
        ("/fhir/Basic", 404),
        ("/fhir/Patient/opal/$everything", 405),
    ],
)
def test_scopes_and_compartment_hold(
    client: FlaskClient, port: int, path: str, status: int
) -> None:
    assert client.get(path, headers=bearer(tokens(client, port))).status_code == status
    assert client.get(path).status_code == 401


def test_a_search_without_a_patient_stays_in_the_compartment(
    client: FlaskClient, port: int
) -> None:
    found = client.get("/fhir/ServiceRequest", headers=bearer(tokens(client, port))).get_json()
    assert {one["resource"]["id"] for one in found["entry"]} == {"opal-esi"}


def test_an_order_is_changed_only_in_the_version_named(client: FlaskClient, port: int) -> None:
    head = bearer(tokens(client, port))
    order = client.get("/fhir/ServiceRequest/opal-esi", headers=head).get_json()
    path = "/fhir/ServiceRequest/opal-esi"
    assert client.put(path, json=order, headers=head).status_code == 428
    stale = head | {"If-Match": 'W/"99"'}
    assert client.put(path, json=order, headers=stale).status_code == 412
    current = head | {"If-Match": f'W/"{order["meta"]["versionId"]}"'}
    assert client.put(path, json=order, headers=current).status_code == 200
    foreign = order | {"subject": {"reference": "Patient/walter"}}
    again = client.get(path, headers=head).get_json()["meta"]["versionId"]
    wrong = head | {"If-Match": f'W/"{again}"'}
    assert client.put(path, json=foreign, headers=wrong).status_code == 403


def a_document(patient: str) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "identifier": [{"system": "urn:test", "value": "one"}],
        "status": "current",
        "subject": {"reference": f"Patient/{patient}"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}],
    }


def test_a_document_of_another_patient_is_refused(client: FlaskClient, port: int) -> None:
    head = bearer(tokens(client, port))
    answer = client.post("/fhir/DocumentReference", json=a_document("walter"), headers=head)
    assert answer.status_code == 403


def test_eight_conditional_creates_leave_one_document(client: FlaskClient, port: int) -> None:
    server = start(client.application, port)
    head = bearer(tokens(client, port)) | {
        "Content-Type": "application/fhir+json",
        "If-None-Exist": "identifier=urn:test|one",
    }

    def post(_: int) -> int:
        body = json.dumps(a_document("opal")).encode()
        asked = urllib.request.Request(f"{issuer(port)}/DocumentReference", body, head)
        with urllib.request.urlopen(asked, timeout=30) as response:
            return int(response.status)

    try:
        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(post, range(8)))
    finally:
        server.shutdown()
        server.server_close()
    assert statuses == [200] * 7 + [201]
    found = client.get("/fhir/DocumentReference?identifier=urn:test|one", headers=head).get_json()
    assert found["total"] == 1


def orders(client: FlaskClient, port: int, named: str) -> dict[str, dict[str, Any]]:
    """Return the orders of a launch of Walter, by id."""
    opened = client.get(f"/open?patient=walter&order={named}").headers["Location"]
    launch = parse_qs(urlsplit(opened).query)["launch"]
    head = bearer(tokens(client, port, launch=launch))
    found = client.get("/fhir/ServiceRequest", headers=head).get_json()
    return {one["resource"]["id"]: one["resource"] for one in found["entry"]}


def test_starting_over_gives_new_orders_that_answer_to_their_old_names(
    client: FlaskClient, port: int
) -> None:
    before = orders(client, port, "walter-tfesi-1")
    assert set(before) == {"walter-tfesi-1", "walter-tfesi-2"}
    for _ in range(2):
        assert client.post("/sandbox/reset").status_code == 303
        after = orders(client, port, "walter-tfesi-1")
        assert len(after) == 2
        assert not set(after) & set(before)
        [requisition] = {one["requisition"]["value"] for one in after.values()}
        assert requisition not in [one["requisition"]["value"] for one in before.values()]
        before |= after
    page = client.get("/patients/walter").get_data(as_text=True)
    assert all(f'order={one}"' in page for one in after)
    assert set(orders(client, port, next(iter(after)))) == set(after)


def test_what_refers_to_an_order_refers_to_the_one_in_the_chart(
    client: FlaskClient, port: int
) -> None:
    client.post("/sandbox/control", json={"reset": True})
    head = bearer(tokens(client, port, scope=f"{ALL} patient/Appointment.rs"))
    order = client.get("/fhir/ServiceRequest", headers=head).get_json()["entry"][0]["resource"]
    visit = client.get("/fhir/Appointment/opal-appt", headers=head).get_json()
    assert visit["basedOn"] == [{"reference": f"ServiceRequest/{order['id']}"}]
    changed = {**order, "id": "opal-esi", "status": "revoked"}
    client.post("/sandbox/control", json={"chart": [changed]})
    found = client.get("/fhir/ServiceRequest", headers=head).get_json()
    assert [(one["resource"]["id"], one["resource"]["status"]) for one in found["entry"]] == [
        (order["id"], "revoked")
    ]


@pytest.mark.parametrize(
    ("path", "body"), [("/sandbox/reset", None), ("/sandbox/control", {"reset": True})]
)
def test_the_payer_forgets_when_the_charts_start_over(tmp_path: Path, path: str, body: Any) -> None:
    payer = PayerConfig("http://127.0.0.1:9", tmp_path)
    desk = Desk(payer)
    told = create_payer(payer, desk).test_client()
    assert told.post("/control", json={"decision": "dismiss"}).status_code == 200
    told.get("/crd/cds-services")
    config = EhrConfig(
        "http://127.0.0.1:8", "http://127.0.0.1:9", "http://x", with_reset=desk.start_over
    )
    create_ehr(config).test_client().post(path, json=body)
    assert desk.control.now().decision == "affirm"
    assert desk.log.entries() == []


def test_charts_are_dated_around_today() -> None:
    by_id = {one["id"]: one for one in charts(date(2030, 5, 20))}
    assert by_id["opal-pain-now"]["effectiveDateTime"].startswith("2030-05-15")
    note = base64.b64decode(by_id["opal-note"]["content"][0]["attachment"]["data"]).decode()
    assert "15 May 2030" in note
    assert "{{" not in json.dumps(list(by_id.values()))


def test_an_order_without_a_requester_is_opened_by_whoever_is_on_call(client: FlaskClient) -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "opal-alone",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/opal"},
        "requester": {"display": "Dr. Sampleton"},
    }
    client.post("/sandbox/control", json={"chart": [order]})
    assert client.get("/open?patient=opal&order=opal-alone").status_code == 302


def test_what_was_said_keeps_no_code_in_a_redirects_page(client: FlaskClient, port: int) -> None:
    code = request(client, port)["code"][0]
    said = client.get("/sandbox/exchange").get_data(as_text=True)
    assert "auth/authorize" in said
    assert code not in said
    assert "s" * 24 not in said
