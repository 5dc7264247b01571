"""Wrong answers of every kind, and switches that one call brings along."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import PAS, Json, claim, codes, control, numbers, response_of, submit
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from sandbox.payer import PayerConfig, create_payer


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


def told(client: FlaskClient, body: Json | None = None, **switches: str) -> TestResponse:
    """Submit with switches of the call's own."""
    return client.post(
        samples.SUBMIT,
        data=json.dumps(body or samples.sample()),
        content_type=samples.FHIR,
        headers={f"X-Sandbox-{name.replace('_', '-')}": one for name, one in switches.items()},
    )


def test_a_refusal_names_a_place(client: FlaskClient) -> None:
    answer = told(client, misbehave="refuse")
    assert answer.status_code == 400
    (issue,) = answer.get_json(force=True)["issue"]
    assert issue["expression"] == ["Bundle.entry[0].resource.item[0].productOrService"]
    assert samples.state(client) == []


def test_a_server_error_after_all(client: FlaskClient) -> None:
    assert told(client, misbehave="500_after").status_code == 500
    assert len(samples.state(client)) == 1


def test_nothing_at_all(client: FlaskClient) -> None:
    answer = told(client, misbehave="empty")
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert len(samples.state(client)) == 1


def test_another_kind_of_resource(client: FlaskClient) -> None:
    assert told(client, misbehave="wrong_type").get_json(force=True)["resourceType"] == "Basic"


@pytest.mark.parametrize("operation", ["submit", "inquire"])
def test_another_patient(client: FlaskClient, operation: str) -> None:
    sent = samples.sample()
    control(client, misbehave="other_patient", misbehave_on=operation)
    bundle = submit(client, sent)
    if operation == "inquire":
        (bundle,) = samples.ask(client, sent)
    response = response_of(bundle)
    assert response["patient"] != claim(sent)["patient"]
    by_url = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    patient = by_url[response["patient"]["reference"]]
    assert (
        patient["identifier"][0]["value"]
        != samples.dict_of(sent, "Patient")["identifier"][0]["value"]
    )
    assert response["identifier"] == claim(sent)["identifier"]
    control(client, misbehave="none")
    found = samples.ask(client, sent)[0]
    assert response_of(found)["patient"] == claim(sent)["patient"]


def test_another_claim(client: FlaskClient) -> None:
    sent = samples.sample()
    response = response_of(told(client, sent, misbehave="other_claim").get_json(force=True))
    assert response["identifier"] != claim(sent)["identifier"]
    assert response["request"]["reference"] != sent["entry"][0]["fullUrl"]
    trace = claim(sent)["item"][0]["extension"][0]["valueIdentifier"]["value"]
    marks = response["item"][0]["extension"]
    assert marks[0]["url"] == PAS + "extension-itemTraceNumber"
    assert trace not in json.dumps(marks)
    assert response["patient"] == claim(sent)["patient"]


def test_a_calls_own_switches_hold_for_it_alone(client: FlaskClient) -> None:
    control(client, misbehave="500", misbehave_times=1)
    pended = told(client, decision="pend", misbehave="none").get_json(force=True)
    assert codes(pended) == ["A4"]
    assert told(client).status_code == 500
    assert codes(submit(client, samples.two_items())) == ["A1", "A1"]
    assert control(client, misbehave="500")["settings"]["misbehave_times"] is None
    assert told(client).status_code == 500, "what was used up holds no later one back"
    control(client, misbehave="none")
    late = told(client, utn="never", duplicates="accept", decision="non-affirm")
    assert numbers(late.get_json(force=True)) == [None]
    settings = control(client)["settings"]
    assert (settings["decision"], settings["utn"]) == ("affirm", "now")


@pytest.mark.parametrize("switch", [{"decision": "maybe"}, {"nonsense": "1"}])
def test_a_call_with_an_unknown_switch_is_refused(client: FlaskClient, switch: Json) -> None:
    assert told(client, **switch).status_code == 400
    assert samples.state(client) == []


def test_what_a_pended_request_becomes_goes_with_its_call(tmp_path: Path) -> None:
    seconds = samples.Seconds()
    client = samples.payer(tmp_path, seconds)
    told(client, decision="pend", then="non-affirm", pend_seconds="5")
    seconds.value = 5
    assert samples.state(client)[0]["decision"] == "non-affirmed"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A payer behind a real socket."""
    app = create_payer(PayerConfig("http://127.0.0.1:0", tmp_path, samples.TODAY))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.port
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_that_stops_midway(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": samples.FHIR, "X-Sandbox-Misbehave": "truncated"}
    connection.request("POST", samples.SUBMIT, json.dumps(samples.sample()), headers)
    answer = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()
