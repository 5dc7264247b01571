"""The form package: who gets which, and how it is spoiled on request."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import payer_orders as orders
import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import Json, control

URL = "http://forms.example.org/Questionnaire/esi"
ADDRESSES = ["/dtr/Questionnaire/$questionnaire-package", "/dtr/$questionnaire-package"]


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def package() -> Json:
    elm = {
        "library": {
            "statements": {
                "def": [
                    {"name": "Patient", "expression": {"type": "SingletonFrom"}},
                    {"name": "Pain", "expression": {"type": "Null"}},
                    {"name": "Help", "type": "FunctionDef", "expression": {"type": "Null"}},
                ]
            }
        }
    }
    content = [
        {"contentType": "text/cql", "data": encoded("library Esi")},
        {"contentType": "application/elm+json", "data": encoded(elm)},
    ]
    form = {"resourceType": "Questionnaire", "url": URL, "version": "1.0.0", "status": "active"}
    library = {"resourceType": "Library", "status": "active", "content": content}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": form}, {"resource": library}],
    }


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    (tmp_path / "esi.package.json").write_text(json.dumps(package()), encoding="utf-8")
    return samples.payer(tmp_path)


def part(name: str, value: Any) -> Json:
    key = {"questionnaire": "valueCanonical", "context": "valueString"}.get(name, "resource")
    return {"name": name, key: value}


def asked(**parts: Any) -> Json:
    wanted = {"coverage": orders.coverage(), **parts}
    rows = [part(name, value) for name, value in wanted.items() if value is not None]
    return {"resourceType": "Parameters", "parameter": rows}


def fetch(client: FlaskClient, **parts: Any) -> list[tuple[str, Json]]:
    answer = samples.post(client, ADDRESSES[0], asked(**parts))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body = answer.get_json(force=True)
    assert body["resourceType"] == "Parameters"
    return [(one["name"], one["resource"]) for one in body["parameter"]]


def definitions(bundle: Json) -> Json:
    content = bundle["entry"][1]["resource"]["content"]
    (elm,) = [one["data"] for one in content if one["contentType"] == "application/elm+json"]
    rows = json.loads(base64.b64decode(elm))["library"]["statements"]["def"]
    return {one["name"]: one["expression"] for one in rows}


@pytest.mark.parametrize("address", ADDRESSES)
def test_after_the_order_check(client: FlaskClient, address: str) -> None:
    context = orders.answers(client)[0]["coverage-assertion-id"][0]
    answer = samples.post(client, address, asked(order=orders.order(), context=context))
    (found,) = answer.get_json(force=True)["parameter"]
    assert found == {"name": "PackageBundle", "resource": package()}


def test_by_order_alone(client: FlaskClient) -> None:
    assert fetch(client, order=orders.order()) == [("PackageBundle", package())]


@pytest.mark.parametrize("canonical", [URL, URL + "|1.0.0"])
def test_by_canonical(client: FlaskClient, canonical: str) -> None:
    assert fetch(client, questionnaire=canonical) == [("PackageBundle", package())]


@pytest.mark.parametrize("canonical", [URL + "|9", "http://forms.example.org/none"])
def test_unknown_canonical_is_a_warning(client: FlaskClient, canonical: str) -> None:
    ((name, outcome),) = fetch(client, questionnaire=canonical)
    assert name == "operationOutcome"
    assert outcome["issue"][0]["severity"] == "warning"


def test_nothing_needed(client: FlaskClient) -> None:
    ((name, _),) = fetch(client, order=orders.order("99213"))
    assert name == "operationOutcome"
    control(client, dtr="none")
    ((_, outcome),) = fetch(client, order=orders.order())
    assert outcome["issue"][0]["severity"] == "information"


@pytest.mark.parametrize(
    "parts",
    [
        {"coverage": None, "order": orders.order()},
        {},
        {"order": orders.coverage()},
        {"context": "unknown"},
        {"questionnaire": 1},
    ],
)
def test_bad_input_is_refused(client: FlaskClient, parts: Json) -> None:
    answer = samples.post(client, ADDRESSES[0], asked(**parts))
    assert answer.status_code == 400
    assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"


def test_without_elm(client: FlaskClient) -> None:
    control(client, dtr="no-elm")
    ((_, bundle),) = fetch(client, order=orders.order())
    kinds = [one["contentType"] for one in bundle["entry"][1]["resource"]["content"]]
    assert kinds == ["text/cql"]


def test_elm_that_never_ends(client: FlaskClient) -> None:
    control(client, dtr="loop")
    ((_, bundle),) = fetch(client, order=orders.order())
    found = definitions(bundle)
    assert found["Patient"] == {"type": "SingletonFrom"} and found["Help"] == {"type": "Null"}
    rows, condition = 1, found["Pain"]
    while condition["type"] == "Exists":
        (source,) = condition["operand"]["source"]
        rows *= len(source["expression"]["element"])
        condition = condition["operand"]["where"]
    assert condition["value"] == "false" and rows > 10**15


def test_elm_that_eats_memory(client: FlaskClient) -> None:
    control(client, dtr="memory")
    ((_, bundle),) = fetch(client, order=orders.order())
    found = definitions(bundle)
    doubled, step = 0, found["Pain"]
    while "operand" in found[step["name"]]:
        query = found[step["name"]]["operand"]
        assert len(query["return"]["expression"]["operand"]["element"]) == 2
        (step,) = query["source"][0]["expression"]["element"]
        doubled += 1
    assert doubled >= 40


def test_misbehaviour(client: FlaskClient) -> None:
    control(client, dtr="500")
    assert samples.post(client, ADDRESSES[0], asked(order=orders.order())).status_code == 500
    control(client, dtr="html")
    answer = samples.post(client, ADDRESSES[0], asked(order=orders.order()))
    assert answer.mimetype == "text/html"
