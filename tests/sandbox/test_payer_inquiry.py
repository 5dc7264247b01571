"""Inquiries: zero, one or several results, and numbers that come late."""

from __future__ import annotations

from pathlib import Path

import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import ask, claim, codes, control, dict_of, numbers, response_of, submit


@pytest.fixture
def seconds() -> samples.Seconds:
    return samples.Seconds()


@pytest.fixture
def client(tmp_path: Path, seconds: samples.Seconds) -> FlaskClient:
    return samples.payer(tmp_path, seconds)


def test_nothing_known_is_no_result(client: FlaskClient) -> None:
    assert ask(client) == []


def test_one_request_echoes_trace_and_identifier(client: FlaskClient) -> None:
    sent = samples.sample()
    number = numbers(submit(client, sent))
    (found,) = ask(client)
    response = response_of(found)
    assert numbers(found) == number
    assert response["identifier"] == claim(sent)["identifier"]
    trace = claim(sent)["item"][0]["extension"][0]
    assert trace in response["item"][0]["extension"]


def test_several_requests(client: FlaskClient) -> None:
    submit(client)
    submit(client)
    assert len(ask(client)) == 2


def test_another_member_provider_or_item_is_not_told(client: FlaskClient) -> None:
    submit(client)
    member = samples.sample()
    for kind in ("Coverage", "Patient"):
        dict_of(member, kind)["identifier"][0]["value"] = "2SB1B11BB22"
    item = samples.sample()
    claim(item)["item"][0]["productOrService"]["coding"][0]["code"] = "62321"
    provider = samples.sample()
    dict_of(provider, "Organization")["identifier"][0]["value"] = "1234567893"
    dict_of(provider, "Practitioner")["identifier"][0]["value"] = "1234567893"
    assert [ask(client, one) for one in (member, item, provider)] == [[], [], []]


def test_pended_then_decided(client: FlaskClient, seconds: samples.Seconds) -> None:
    control(client, decision="pend", pend_seconds=30)
    submit(client)
    assert codes(ask(client)[0]) == ["A4"]
    seconds.value = 30
    (found,) = ask(client)
    assert codes(found) == ["A1"] and numbers(found) != [None]


def test_late_number_after_its_seconds(client: FlaskClient, seconds: samples.Seconds) -> None:
    control(client, utn="late", utn_seconds=120)
    bundle = submit(client)
    assert codes(bundle) == ["A1"] and numbers(bundle) == [None]
    assert "preAuthRef" not in response_of(bundle)
    seconds.value = 119
    assert numbers(ask(client)[0]) == [None]
    seconds.value = 120
    (number,) = numbers(ask(client)[0])
    assert number and samples.state(client)[0]["utn"] == number


@pytest.mark.parametrize("when", ["late", "never"])
def test_number_by_hand(client: FlaskClient, when: str) -> None:
    control(client, utn=when, utn_seconds=None, decision="non-affirm")
    submit(client)
    assert numbers(ask(client)[0]) == [None]
    given = client.post("/control/utn", json={}).get_json()["given"]
    assert numbers(ask(client)[0]) == [given[0]["utn"]]


def test_an_earlier_number_narrows(client: FlaskClient) -> None:
    submit(client)
    (number,) = numbers(submit(client))
    question = samples.inquiry(samples.sample())
    mark = samples.PAS + "extension-authorizationNumber"
    claim(question)["item"][0]["extension"].append({"url": mark, "valueString": number})
    answer = samples.post(client, samples.INQUIRE, question).get_json(force=True)
    (part,) = answer["parameter"]
    assert numbers(part["resource"]) == [number]


def test_a_bad_inquiry_is_refused(client: FlaskClient) -> None:
    question = samples.inquiry(samples.sample())
    dict_of(question, "Coverage").pop("identifier")
    answer = samples.post(client, samples.INQUIRE, question)
    assert answer.status_code == 422
    assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"
