"""The order check: what is refused, what is answered, what is said only once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import payer_orders as orders
import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import Json, control

FORM = {
    "resourceType": "Questionnaire",
    "url": "http://forms.example.org/Questionnaire/esi",
    "version": "1.0.0",
    "status": "active",
}
CANONICAL = "http://forms.example.org/Questionnaire/esi|1.0.0"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    package = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": FORM}]}
    (tmp_path / "esi.package.json").write_text(json.dumps(package), encoding="utf-8")
    return samples.payer(tmp_path)


def test_discovery(client: FlaskClient) -> None:
    (service,) = client.get("/crd/cds-services").get_json()["services"]
    assert service["hook"] == "order-sign"
    assert orders.SIGN.endswith("/" + service["id"])
    assert service["extension"]["davinci-crd.version"] == ["2.2"]
    assert set(service["prefetch"]) == set(orders.call()["prefetch"])


@pytest.mark.parametrize("state", ["AZ", "NJ", "OH", "OK", "TX", "WA"])
@pytest.mark.parametrize("code", ["62321", "62323", "64479", "64480", "64483", "64484"])
def test_authorization_is_recommended(client: FlaskClient, state: str, code: str) -> None:
    (answer,) = orders.answers(client, orders.call(orders.order(code), state=state))
    assert answer["covered"] == ["covered"]
    assert answer["pa-needed"] == ["auth-needed"]
    assert answer["doc-needed"] == ["clinical"] and "doc-purpose" not in answer
    assert answer["questionnaire"] == [CANONICAL]
    assert answer["billingCode"][0]["code"] == code
    assert answer["coverage"] == [{"reference": "Coverage/opal-medicare"}]
    assert answer["reason"] and "info-needed" not in answer


@pytest.mark.parametrize(("code", "state"), [("62323", "KY"), ("99213", "AZ"), ("15275", "AZ")])
def test_no_authorization_elsewhere(client: FlaskClient, code: str, state: str) -> None:
    (answer,) = orders.answers(client, orders.call(orders.order(code), state=state))
    assert answer["pa-needed"] == ["no-auth"]
    assert not {"questionnaire", "doc-needed"} & set(answer)


def test_without_a_place_it_depends(client: FlaskClient) -> None:
    body = orders.call()
    body["prefetch"]["locations"] = orders.found()
    (answer,) = orders.answers(client, body)
    assert answer["pa-needed"] == ["conditional"] and answer["info-needed"] == ["location"]


@pytest.mark.parametrize(
    ("mode", "covered", "needed"),
    [
        ("no-auth", "covered", ["no-auth"]),
        ("not-covered", "not-covered", None),
        ("no-member", "not-covered", None),
        ("indeterminate", "indeterminate", ["indeterminate"]),
    ],
)
def test_the_four_other_answers(
    client: FlaskClient, mode: str, covered: str, needed: list[str] | None
) -> None:
    control(client, crd=mode)
    (answer,) = orders.answers(client)
    assert answer["covered"] == [covered]
    assert answer.get("pa-needed") == needed


def test_assertion_ids_are_stable_and_distinct(client: FlaskClient) -> None:
    first, second = orders.answers(client), orders.answers(client)
    assert first == second
    two = orders.call(orders.order("64483", "one"), orders.order("64484", "two"))
    ids = {one["coverage-assertion-id"][0] for one in orders.answers(client, two)}
    assert len(ids) == 2


def test_only_the_extension_changes_and_nothing_is_said_twice(client: FlaskClient) -> None:
    sent = orders.order()
    (action,) = orders.sign(client, orders.call(sent)).get_json()["systemActions"]
    changed = action["resource"]
    assert action["type"] == "update"
    assert {key: value for key, value in changed.items() if key != "extension"} == sent
    changed["extension"][0]["extension"][-2]["valueDate"] = "2026-11-01"
    again = orders.sign(client, orders.call(changed)).get_json()
    assert again["systemActions"] == [] and isinstance(again["cards"], list)
    control(client, crd="no-auth")
    (action,) = orders.sign(client, orders.call(changed)).get_json()["systemActions"]
    assert orders.read(action["resource"])["pa-needed"] == ["no-auth"]


def test_configuration_silences(client: FlaskClient) -> None:
    body = orders.call()
    body["extension"] = {"davinci-crd.configuration": {"coverage-info": False, "guideline": False}}
    assert orders.sign(client, body).get_json() == {"cards": [], "systemActions": []}


def no_payor(body: Json) -> None:
    body["prefetch"]["coverage"]["entry"][0]["resource"]["payor"][0].pop("identifier")


def two_coverages(body: Json) -> None:
    body["prefetch"]["coverage"]["entry"] *= 2


def other_subject(body: Json) -> None:
    body["context"]["draftOrders"]["entry"][0]["resource"]["subject"]["reference"] = "Patient/x"


def other_beneficiary(body: Json) -> None:
    entry = body["prefetch"]["coverage"]["entry"][0]
    entry["resource"]["beneficiary"]["reference"] = "Patient/x"


REFUSED: dict[str, tuple[Callable[[Json], Any], int, str]] = {
    "hook": (lambda body: body.update(hook="order-select"), 400, "hook"),
    "instance": (lambda body: body.update(hookInstance="1"), 400, "hookInstance"),
    "user": (lambda body: body["context"].update(userId="dr"), 400, "context.userId"),
    "patient": (lambda body: body["context"].update(patientId="Patient/opal"), 400, "patientId"),
    "encounter": (lambda body: body["context"].update(encounterId="Encounter/1"), 400, "encounter"),
    "orders": (lambda body: body["context"].pop("draftOrders"), 400, "context.draftOrders"),
    "subject": (other_subject, 400, "subject"),
    "no prefetch": (lambda body: body.pop("prefetch"), 412, "prefetch"),
    "no patient": (lambda body: body["prefetch"].pop("patient"), 412, "prefetch.patient"),
    "other patient": (lambda body: body["prefetch"]["patient"].update(id="x"), 400, "patient.id"),
    "no coverage": (lambda body: body["prefetch"].pop("coverage"), 412, "prefetch.coverage"),
    "two coverages": (two_coverages, 400, "prefetch.coverage"),
    "beneficiary": (other_beneficiary, 400, "beneficiary"),
    "payor": (no_payor, 400, "payor.identifier"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_call_is_refused(client: FlaskClient, name: str) -> None:
    spoil, status, where = REFUSED[name]
    body = orders.call()
    spoil(body)
    answer = orders.sign(client, body)
    assert answer.status_code == status
    (issue,) = answer.get_json(force=True)["issue"]
    assert where in issue["expression"][0]


def test_an_instance_is_used_once(client: FlaskClient) -> None:
    body = orders.call()
    assert orders.sign(client, body).status_code == 200
    assert orders.sign(client, body).status_code == 400


def test_misbehaviour(client: FlaskClient) -> None:
    control(client, crd="500")
    assert orders.sign(client, orders.call()).status_code == 500
    control(client, crd="html")
    assert orders.sign(client, orders.call()).mimetype == "text/html"
    control(client, crd="malformed")
    with pytest.raises(ValueError):
        json.loads(orders.sign(client, orders.call()).get_data())
