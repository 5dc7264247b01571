"""A known-good PAS 2.2.1 request and what tests make of it."""

from __future__ import annotations

import copy
import json
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.payer import PayerConfig, create_payer
from sandbox.payer.r4 import PAS

TODAY = date(2026, 11, 23)
FHIR = "application/fhir+json"
SUBMIT = "/pas/2.2.1/Claim/$submit"
INQUIRE = "/pas/2.2.1/Claim/$inquire"
Json = dict[str, Any]

_SAMPLE = json.loads(Path(__file__).with_name("sample_request.json").read_text(encoding="utf-8"))


class Seconds:
    """A clock that tests turn by hand."""

    def __init__(self) -> None:
        self.value = 0.0

    def __call__(self) -> float:
        return self.value


def payer(forms: Path, seconds: Seconds | None = None) -> FlaskClient:
    """Return a client of a new payer."""
    config = PayerConfig("http://127.0.0.1:0", forms, TODAY, seconds or Seconds(), by_hand=True)
    app = create_payer(config)
    app.testing = True
    return app.test_client()


def sample() -> Json:
    """Return a request for 62323 in Arizona."""
    return copy.deepcopy(_SAMPLE)


def claim(bundle: Json) -> Json:
    """Return the bundle's Claim."""
    return dict_of(bundle, "Claim")


def dict_of(bundle: Json, kind: str, place: int = 0) -> Json:
    """Return the bundle's n-th resource of a type."""
    found = [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind]
    return found[place]


def two_items() -> Json:
    """Return a request for 64483 and 64484."""
    bundle = sample()
    items = claim(bundle)["item"]
    items.append(copy.deepcopy(items[0]))
    for number, (item, code) in enumerate(zip(items, ("64483", "64484"), strict=True), start=1):
        item["sequence"] = number
        item["productOrService"]["coding"][0]["code"] = code
        item["extension"][0]["valueIdentifier"]["value"] = f"sample-0001-{number}"
    return bundle


def inquiry(bundle: Json) -> Json:
    """Return an inquiry about a request: the same parties, an own identifier."""
    made = copy.deepcopy(bundle)
    old = claim(made)
    kept = ("resourceType", "id", "status", "type", "use", "patient", "created", "insurer",
            "provider", "priority", "insurance", "careTeam")  # fmt: skip
    new = {name: old[name] for name in kept}
    new["meta"] = {"profile": [PAS + "profile-claim-inquiry"]}
    new["identifier"] = [{"system": "urn:trnorg:1000000012", "value": f"inq-{uuid.uuid4()}"}]
    wanted = PAS + "extension-itemTraceNumber"
    new["item"] = [
        {
            "extension": [one for one in item["extension"] if one["url"] == wanted],
            "sequence": item["sequence"],
            "productOrService": item["productOrService"],
        }
        for item in old["item"]
    ]
    made["meta"] = {"profile": [PAS + "profile-pas-inquiry-request-bundle"]}
    made["identifier"]["value"] = str(uuid.uuid4())
    parties = ("Organization", "Coverage", "Patient", "PractitionerRole", "Practitioner")
    made["entry"] = [
        {"fullUrl": made["entry"][0]["fullUrl"], "resource": new},
        *[one for one in made["entry"] if one["resource"]["resourceType"] in parties],
    ]
    return made


def post(client: FlaskClient, url: str, body: Any) -> TestResponse:
    """Post FHIR JSON."""
    return client.post(url, data=json.dumps(body), content_type=FHIR)


def submit(client: FlaskClient, bundle: Json | None = None) -> Json:
    """Submit a request that the payer takes; return its answer's Bundle."""
    answer = post(client, SUBMIT, bundle or sample())
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json(force=True))


def ask(client: FlaskClient, bundle: Json | None = None) -> list[Json]:
    """Inquire; return the result Bundles."""
    answer = post(client, INQUIRE, inquiry(bundle or sample()))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body = answer.get_json(force=True)
    assert body["resourceType"] == "Parameters"
    return [one["resource"] for one in body.get("parameter", []) if one["name"] == "return"]


def control(client: FlaskClient, **wanted: Any) -> Json:
    """Set the payer's switches."""
    answer = client.post("/control", json=wanted)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def state(client: FlaskClient) -> list[Json]:
    """Return what the payer recorded."""
    return list(client.get("/sandbox/state").get_json())


def response_of(bundle: Json) -> Json:
    """Return the ClaimResponse, which comes first."""
    first = bundle["entry"][0]["resource"]
    assert first["resourceType"] == "ClaimResponse"
    return dict(first)


def codes(bundle: Json) -> list[str]:
    """Return the decision code of each item."""
    return [review(one)[0] for one in response_of(bundle)["item"]]


def numbers(bundle: Json) -> list[str | None]:
    """Return the review number of each item."""
    return [review(one)[1] for one in response_of(bundle)["item"]]


def review(item: Json) -> tuple[str, str | None]:
    """Return an item's decision code and number."""
    action = item["adjudication"][0]["extension"][0]
    assert action["url"] == PAS + "extension-reviewAction"
    parts = {one["url"]: one for one in action["extension"]}
    coded = parts[PAS + "extension-reviewActionCode"]["valueCodeableConcept"]["coding"][0]
    return coded["code"], parts.get("number", {}).get("valueString")
