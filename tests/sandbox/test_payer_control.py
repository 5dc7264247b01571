"""Switches, faults on the wire, and requests that are held."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import control, numbers, submit
from werkzeug.serving import make_server

from sandbox.payer import PayerConfig, create_payer
from sandbox.payer.control import CHOICES, Control
from sandbox.payer.words import LABELS


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a request has been recorded and waits at the gate."""
    event, wait = threading.Event(), Control.wait

    def told(self: Control, seconds: float | None) -> None:
        event.set()
        wait(self, seconds)

    monkeypatch.setattr(Control, "wait", told)
    return event


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A payer behind a real socket."""
    app = create_payer(PayerConfig("http://127.0.0.1:0", tmp_path, samples.TODAY))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.port
    send(server.port, "/control/release", {})
    server.shutdown()
    thread.join()
    server.server_close()


def send(port: int, path: str, body: object, method: str = "POST") -> tuple[int, bytes]:
    """Send JSON over an own connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        kind = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body), kind)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def recorded(port: int) -> list[samples.Json]:
    return list(json.loads(send(port, "/sandbox/state", None, "GET")[1]))


def test_every_answer_says_what_it_is(client: FlaskClient) -> None:
    for path in ("/control", "/sandbox/state", "/crd/cds-services", "/none"):
        assert client.get(path).headers["X-Stand-In"] == "pretend payer"
    page = client.get("/control").get_data(as_text=True)
    assert "pretend payer" in page.lower()
    assert "X-Frame-Options" not in client.get("/control").headers


def test_not_in_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECLEAR_ENV", "production")
    with pytest.raises(RuntimeError, match="production"):
        samples.payer(tmp_path)


def test_page_sets_and_decides(client: FlaskClient) -> None:
    wanted = {"decision": "pend", "then": "affirm", "pend_seconds": "", "utn": "now"}
    assert client.post("/control", data=wanted).status_code == 303
    submit(client)
    (one,) = samples.state(client)
    page = client.get("/control").get_data(as_text=True)
    assert one["id"] in page and "Decide now" in page
    form = {"request": one["id"], "decision": "partial"}
    assert client.post("/control/decide", data=form).status_code == 303
    assert samples.state(client)[0]["decision"] == "partial"


def test_every_choice_of_the_page_has_words_and_can_be_chosen(client: FlaskClient) -> None:
    page = client.get("/control").get_data(as_text=True)
    for name, words in LABELS.items():
        assert set(words) == set(CHOICES[name])
        for value in words:
            control(client, **{name: value})
            assert f'value="{value}"' in page
    assert "sending a request only" in page


def test_what_is_used_most_comes_first_on_the_page(client: FlaskClient) -> None:
    control(client, decision="pend", pend_seconds=None)
    submit(client)
    page = client.get("/control").get_data(as_text=True)
    order = ("Decide now", "Decide the next requests", "may contradict the chart", "Requests,")
    places = [page.index(one) for one in (*order, "Misbehave with requests", "Calls, newest")]
    assert places == sorted(places)


def test_every_switch_of_the_page_is_sent_by_its_one_form(client: FlaskClient) -> None:
    page = client.get("/control").get_data(as_text=True)
    for field in re.findall(r"<(?:input|select)[^>]*>", page):
        assert 'form="switches"' in field, field
    assert page.count('<form id="switches" method="post" action="/control">') == 1
    assert page.count('<button form="switches"') == 2


@pytest.mark.parametrize(
    "wanted",
    [
        {"decision": "maybe"},
        {"nonsense": 1},
        {"slow_seconds": "long"},
        {"slow_seconds": None},
        {"pend_seconds": -1},
    ],
)
def test_unknown_switches_change_nothing(client: FlaskClient, wanted: samples.Json) -> None:
    before = control(client)["settings"]
    assert client.post("/control", json={"utn": "never", **wanted}).status_code == 400
    assert control(client)["settings"] == before


def test_calls_are_logged_and_shown(client: FlaskClient) -> None:
    submit(client)
    control(client, decision="affirm")
    (one,) = client.get("/sandbox/exchange").get_json()
    assert (one["to"], one["status"]) == ("payer", 200)
    assert one["request"]["body"] == samples.sample()
    assert samples.SUBMIT in client.get("/control").get_data(as_text=True)


def test_start_over(client: FlaskClient) -> None:
    control(client, decision="dismiss")
    submit(client)
    assert client.post("/control/reset", json={}).status_code == 200
    assert samples.state(client) == []
    assert client.get("/sandbox/exchange").get_json() == []
    assert numbers(submit(client)) != [None]


@pytest.mark.parametrize(("mode", "kept"), [("500", 0), ("html", 0), ("malformed", 1)])
def test_bad_answers(client: FlaskClient, mode: str, kept: int) -> None:
    control(client, misbehave=mode, misbehave_times=1)
    answer = samples.post(client, samples.SUBMIT, samples.sample())
    with pytest.raises(ValueError):
        json.loads(answer.get_data())
    assert len(samples.state(client)) == kept
    assert numbers(submit(client)) != [None]


def test_a_refusal_in_words(client: FlaskClient) -> None:
    control(client, misbehave="refuse")
    answer = samples.post(client, samples.SUBMIT, samples.sample())
    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert samples.state(client) == []


def test_an_answer_without_a_decision(client: FlaskClient) -> None:
    control(client, misbehave="no_decision", misbehave_on="both")
    answer = samples.post(client, samples.SUBMIT, samples.sample())
    asked = samples.post(client, samples.INQUIRE, samples.inquiry(samples.sample()))
    for one in (answer, asked):
        assert '"itemSequence"' in one.get_data(as_text=True)
        assert '"adjudication"' not in one.get_data(as_text=True)
    control(client, misbehave="none")
    assert numbers(submit(client)) != [None]


def test_misbehaviour_is_for_submit_unless_said(client: FlaskClient) -> None:
    submit(client)
    control(client, misbehave="500")
    assert len(samples.ask(client)) == 1
    control(client, misbehave_on="both")
    answer = samples.post(client, samples.INQUIRE, samples.inquiry(samples.sample()))
    assert answer.status_code == 500


@pytest.mark.parametrize(("mode", "kept"), [("cut_before", 0), ("cut_after", 1)])
def test_the_connection_is_cut(port: int, mode: str, kept: int) -> None:
    send(port, "/control", {"misbehave": mode, "misbehave_times": 1})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        send(port, samples.SUBMIT, samples.sample())
    assert len(recorded(port)) == kept
    assert send(port, samples.SUBMIT, samples.sample())[0] == 200


@pytest.mark.parametrize("switch", [{"hold": True}, {"misbehave": "slow", "slow_seconds": 3600}])
def test_a_recorded_request_waits_until_released(
    waiting: threading.Event, port: int, switch: samples.Json
) -> None:
    send(port, "/control", switch)
    answers: list[tuple[int, bytes]] = []

    def go() -> None:
        answers.append(send(port, samples.SUBMIT, samples.sample()))

    thread = threading.Thread(target=go)
    thread.start()
    assert waiting.wait(30)
    assert len(recorded(port)) == 1 and answers == []
    send(port, "/control/release", {})
    thread.join()
    assert answers[0][0] == 200
    assert len(recorded(port)) == 1


def test_a_held_request_survives_its_client(waiting: threading.Event, port: int) -> None:
    send(port, "/control", {"hold": True})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps(samples.sample())
    connection.request("POST", samples.SUBMIT, body, {"Content-Type": samples.FHIR})
    assert waiting.wait(30)
    connection.close()
    send(port, "/control/release", {})
    assert [one["decision"] for one in recorded(port)] == ["affirmed"]


def test_the_page_changes_decisions_and_says_what_is_awaited(client: FlaskClient) -> None:
    submit(client)
    name = samples.state(client)[0]["id"]
    page = client.get("/control").get_data(as_text=True)
    assert f'<option value="{name}">62323, AZ, affirmed</option>' in page
    form = {"request": name, "decision": "more-info-form"}
    assert client.post("/control/change", data=form).status_code == 303
    page = client.get("/control").get_data(as_text=True)
    assert "waits for a form" in page and "Decide otherwise" not in page


def test_a_choice_among_the_rarer_ones_is_shown(client: FlaskClient) -> None:
    assert "<details open>" not in client.get("/control").get_data(as_text=True)
    control(client, misbehave="empty")
    page = client.get("/control").get_data(as_text=True)
    assert page.count("<details open>") == 1
