"""Where the versions of PAS differ, and what each base address says of itself."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import PAS, Json, claim, codes, control, dict_of, numbers, response_of

from sandbox.payer import PayerConfig, create_payer

OLDEST, MIDDLE, LATEST = "2.0.1", "2.1.0", "2.2.1"
ALL = (OLDEST, MIDDLE, LATEST)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


def submit(client: FlaskClient, version: str, bundle: Json | None = None) -> Json:
    """Submit at a version's base address; return what is answered."""
    answer = samples.post(client, f"/pas/{version}/Claim/$submit", bundle or samples.sample())
    return dict(answer.get_json(force=True))


def inquire(client: FlaskClient, version: str) -> Json:
    """Inquire at a version's base address; return what is answered."""
    question = samples.inquiry(samples.sample())
    answer = samples.post(client, f"/pas/{version}/Claim/$inquire", question)
    assert answer.status_code == 200
    return dict(answer.get_json(force=True))


def referenced(element: Json) -> list[str]:
    """Return an element's own administration reference numbers."""
    url = PAS + "extension-administrationReferenceNumber"
    return [one["valueString"] for one in element.get("extension", []) if one["url"] == url]


@pytest.mark.parametrize("version", ALL)
def test_one_request_fits_them_all(client: FlaskClient, version: str) -> None:
    bundle = submit(client, version)
    assert codes(bundle) == ["A1"]
    assert samples.state(client)[0]["version"] == version


@pytest.mark.parametrize(
    ("version", "outcome"), [(OLDEST, "queued"), (MIDDLE, "complete"), (LATEST, "complete")]
)
def test_pended(client: FlaskClient, version: str, outcome: str) -> None:
    control(client, decision="pend")
    response = response_of(submit(client, version))
    assert response["outcome"] == outcome
    assert samples.review(response["item"][0])[0] == "A4"


@pytest.mark.parametrize("version", [OLDEST, MIDDLE])
def test_one_bundle_for_all_results(client: FlaskClient, version: str) -> None:
    sent = [numbers(submit(client, version))[0] for _ in range(2)]
    found = inquire(client, version)
    assert found["resourceType"] == "Bundle"
    kinds = [one["resource"]["resourceType"] for one in found["entry"]]
    assert kinds[:2] == ["ClaimResponse"] * 2 and "ClaimResponse" not in kinds[2:]
    assert len({one["fullUrl"] for one in found["entry"]}) == len(kinds)
    told = [samples.review(one["resource"]["item"][0])[1] for one in found["entry"][:2]]
    assert told == sent


@pytest.mark.parametrize("version", [OLDEST, MIDDLE])
def test_one_bundle_that_says_none(client: FlaskClient, version: str) -> None:
    (entry,) = inquire(client, version)["entry"]
    assert entry["resource"]["resourceType"] == "OperationOutcome"


def test_a_refused_item_carries_its_number_itself_since_the_second(client: FlaskClient) -> None:
    control(client, decision="non-affirm")
    for version in ALL:
        bundle = submit(client, version)
        utn = samples.state(client)[-1]["utn"]
        response = response_of(bundle)
        own = version != OLDEST
        assert numbers(bundle) == [utn if own else None]
        assert response.get("preAuthRef") == (None if own else utn)
        assert (referenced(response["item"][0]), referenced(response)) == (
            ([utn], []) if own else ([], [utn])
        )


def test_a_pended_item_carries_its_reference_itself_since_the_second(client: FlaskClient) -> None:
    control(client, decision="pend", duplicates="accept")
    for version in ALL:
        response = response_of(submit(client, version))
        reference = samples.state(client)[-1]["reference"]
        holder, other = response["item"][0], response
        if version == OLDEST:
            holder, other = other, holder
        assert (referenced(holder), referenced(other)) == ([reference], [])


def test_a_modified_item_is_replaced_by_a_line_since_the_second(client: FlaskClient) -> None:
    control(client, decision="modify")
    found = {version: response_of(submit(client, version)) for version in ALL}
    assert [one for one in ALL if "addItem" in found[one]] == [MIDDLE, LATEST]
    (detail,) = [
        one
        for one in found[OLDEST]["item"][0]["extension"]
        if one["url"] == PAS + "extension-itemAuthorizedDetail"
    ]
    assert detail["extension"][0]["valueQuantity"]["value"] == 2


def test_where_an_error_is_has_parts_since_the_third(client: FlaskClient) -> None:
    control(client, decision="error")
    for version in ALL:
        mark = response_of(submit(client, version))["error"][1]["extension"][0]
        assert ("extension" in mark) is (version == LATEST)


def without_mark(name: str) -> Any:
    def spoil(bundle: Json) -> None:
        item = claim(bundle)["item"][0]
        item["extension"] = [one for one in item["extension"] if one["url"] != PAS + name]

    return spoil


def without_place(bundle: Json) -> None:
    claim(bundle)["item"][0].pop("locationCodeableConcept")


def without_information(bundle: Json) -> None:
    claim(bundle)["supportingInfo"][0].pop("extension")


def linked(bundle: Json) -> None:
    attachment = dict_of(bundle, "DocumentReference")["content"][0]["attachment"]
    attachment.pop("data")
    attachment["url"] = "https://example.org/Binary/1"


def own_type(bundle: Json) -> None:
    claim(bundle)["type"]["coding"][0]["code"] = "pharmacy"


def two_identifiers(bundle: Json) -> None:
    claim(bundle)["identifier"].append({"system": "urn:trnorg:1000000012", "value": "second"})


def number_on_coverage_only(bundle: Json) -> None:
    dict_of(bundle, "Patient")["identifier"][0].pop("type")


def number_on_patient_only(bundle: Json) -> None:
    dict_of(bundle, "Coverage").pop("identifier")


def unsaid_active(bundle: Json) -> None:
    dict_of(bundle, "Organization").pop("active")


@pytest.mark.parametrize(
    ("spoil", "taken"),
    [
        (without_mark("extension-serviceItemRequestType"), (OLDEST,)),
        (without_mark("extension-certificationType"), (OLDEST,)),
        (without_place, (OLDEST,)),
        (without_information, (OLDEST, MIDDLE)),
        (linked, (OLDEST, MIDDLE)),
        (own_type, (OLDEST, MIDDLE)),
        (unsaid_active, (OLDEST, MIDDLE)),
        (two_identifiers, (MIDDLE, LATEST)),
        (number_on_coverage_only, (OLDEST, LATEST)),
        (number_on_patient_only, (OLDEST, MIDDLE)),
    ],
)
def test_what_each_demands(client: FlaskClient, spoil: Any, taken: tuple[str, ...]) -> None:
    bundle = samples.sample()
    spoil(bundle)
    found = [one for one in ALL if submit(client, one, bundle)["resourceType"] == "Bundle"]
    assert found == list(taken)
    members = {one["member"] for one in samples.state(client)}
    assert members == {dict_of(samples.sample(), "Coverage")["identifier"][0]["value"]}


@pytest.mark.parametrize("version", ALL)
def test_what_it_says_of_itself(client: FlaskClient, version: str) -> None:
    found = client.get(f"/pas/{version}/metadata").get_json(force=True)
    assert found["instantiates"][0].endswith(f"IntermediaryCapabilities|{version}")
    assert found["implementation"]["url"].endswith(f"/pas/{version}")
    claims, subscriptions = found["rest"][0]["resource"]
    assert [one["name"] for one in claims["operation"]] == ["submit", "inquire"]
    interactions = {one["code"] for one in subscriptions["interaction"]}
    assert interactions == {"create", "read", "update", "delete"}
    assert [one["name"] for one in subscriptions["operation"]] == ["status", "events"]
    assert found["rest"][0]["operation"][0]["name"] == "submit-attachment"


def assertion(url: str, **changes: Any) -> str:
    """Return a client's assertion; nobody looks at its signature."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
    claims = {"iss": "me", "sub": "me", "aud": url, "exp": now + 60, "jti": "1", **changes}
    parts = ({"alg": "ES384"}, claims)
    return ".".join(
        [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts]
        + ["signature"]
    )


@pytest.fixture
def noon(tmp_path: Path) -> FlaskClient:
    instant = datetime(2026, 11, 23, 12, tzinfo=UTC)
    config = PayerConfig("http://127.0.0.1:0", tmp_path, instant=lambda: instant, by_hand=True)
    return create_payer(config).test_client()


def form(jwt: str, **changes: str) -> dict[str, str]:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {
        "grant_type": "client_credentials",
        "scope": "system/Claim.cruds",
        "client_assertion_type": kind,
        "client_assertion": jwt,
        **changes,
    }


@pytest.mark.parametrize("version", ALL)
def test_a_token_for_an_assertion(noon: FlaskClient, version: str) -> None:
    found = noon.get(f"/pas/{version}/.well-known/smart-configuration").get_json()
    url = found["token_endpoint"]
    path = url.removeprefix("http://127.0.0.1:0")
    given = noon.post(path, data=form(assertion(url)))
    assert (given.status_code, given.get_json()["token_type"]) == (200, "bearer")
    again = noon.post(path, data=form(assertion(url)))
    assert (again.status_code, again.get_json()["error"]) == (401, "invalid_client")
    token = given.get_json()["access_token"]
    assert token not in noon.get("/sandbox/exchange").get_data(as_text=True)


@pytest.mark.parametrize(
    ("claims", "fields", "status"),
    [
        ({"aud": "http://elsewhere"}, {}, 401),
        ({"exp": 0}, {}, 401),
        ({"exp": 9_999_999_999}, {}, 401),
        ({"sub": "you"}, {}, 401),
        ({"jti": ""}, {}, 401),
        ({}, {"client_assertion": "none"}, 401),
        ({}, {"client_assertion_type": "none"}, 401),
        ({}, {"grant_type": "password"}, 400),
        ({}, {"scope": ""}, 400),
    ],
)
def test_no_token(noon: FlaskClient, claims: Json, fields: Json, status: int) -> None:
    path = "/pas/2.2.1/auth/token"
    url = f"http://127.0.0.1:0{path}"
    answer = noon.post(path, data=form(assertion(url, **claims), **fields))
    assert answer.status_code == status and "access_token" not in answer.get_json()
