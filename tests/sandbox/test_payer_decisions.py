"""What the payer decides, and where the number stands."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import PAS, claim, codes, control, dict_of, numbers, response_of, submit

from sandbox.payer import PayerConfig, create_payer

UTN = re.compile(r"[A-Z0-9]{2}[A-Z][0-9]{11}")


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


def marks(item: samples.Json) -> dict[str, object]:
    return {
        one["url"].removeprefix(PAS + "extension-"): next(
            value for key, value in one.items() if key.startswith("value")
        )
        for one in item["extension"]
    }


def test_affirmed(client: FlaskClient) -> None:
    sent = samples.sample()
    bundle = submit(client, sent)
    response = response_of(bundle)
    (number,) = numbers(bundle)
    assert codes(bundle) == ["A1"]
    assert number and UTN.fullmatch(number) and number.startswith("JFA")
    assert response["preAuthRef"] == number
    assert response["preAuthPeriod"] == {"start": "2026-11-23", "end": "2027-03-22"}
    assert response["request"]["reference"] == sent["entry"][0]["fullUrl"]
    assert response["identifier"] == claim(sent)["identifier"]
    found = marks(response["item"][0])
    assert found["itemTraceNumber"] == claim(sent)["item"][0]["extension"][0]["valueIdentifier"]
    assert found["itemPreAuthIssueDate"] == "2026-11-23"
    assert found["itemPreAuthPeriod"] == response["preAuthPeriod"]
    assert "administrationReferenceNumber" not in found


def test_the_answer_is_a_closed_bundle_that_echoes_the_parties(client: FlaskClient) -> None:
    sent = samples.sample()
    bundle = submit(client, sent)
    assert bundle["identifier"]["value"] and bundle["type"] == "collection"
    echoed = {one["fullUrl"]: one["resource"] for one in bundle["entry"][1:]}
    wanted = {claim(sent)[name]["reference"] for name in ("patient", "insurer", "provider")}
    assert wanted == set(echoed)
    assert all(one in [entry["resource"] for entry in sent["entry"]] for one in echoed.values())


def test_non_affirmed_carries_number_and_reasons(client: FlaskClient) -> None:
    control(client, decision="non-affirm")
    bundle = submit(client)
    response = response_of(bundle)
    (number,) = numbers(bundle)
    assert codes(bundle) == ["A3"] and number
    assert "preAuthRef" not in response and "preAuthPeriod" not in response
    assert marks(response["item"][0])["administrationReferenceNumber"] == number
    notes = {one["number"] for one in response["processNote"]}
    assert set(response["item"][0]["noteNumber"]) == notes
    assert response["extension"][0]["extension"][0]["valueBoolean"] is True


def test_partial_shares_one_number(client: FlaskClient) -> None:
    control(client, decision="partial")
    bundle = submit(client, samples.two_items())
    assert codes(bundle) == ["A1", "A3"]
    assert len(set(numbers(bundle))) == 1


def test_dismissed_has_no_items_and_no_number(client: FlaskClient) -> None:
    control(client, decision="dismiss", reason="the number is not valid")
    response = response_of(submit(client))
    assert response["outcome"] == "error"
    assert "item" not in response and "preAuthRef" not in response
    assert response["disposition"] == "dismissed: the number is not valid"
    assert response["processNote"][0]["text"] == "dismissed: the number is not valid"
    assert samples.state(client)[0]["utn"] is None


def test_pended_has_a_reference_and_no_number(client: FlaskClient) -> None:
    control(client, decision="pend")
    bundle = submit(client)
    assert codes(bundle) == ["A4"] and numbers(bundle) == [None]
    found = marks(response_of(bundle)["item"][0])
    assert found["administrationReferenceNumber"] == samples.state(client)[0]["reference"]
    assert "itemPreAuthIssueDate" not in found


def test_pended_decides_itself_when_due(tmp_path: Path) -> None:
    seconds = samples.Seconds()
    client = samples.payer(tmp_path, seconds)
    control(client, decision="pend", then="non-affirm", pend_seconds=60)
    submit(client)
    assert samples.state(client)[0]["decision"] == "pended"
    seconds.value = 60
    assert samples.state(client)[0]["decision"] == "non-affirmed"


def test_decide_now(client: FlaskClient) -> None:
    control(client, decision="pend")
    submit(client)
    name = samples.state(client)[0]["id"]
    wanted = {"request": name, "decision": "affirm"}
    assert client.post("/control/decide", json=wanted).get_json()["decision"] == "affirmed"
    assert client.post("/control/decide", json=wanted).status_code == 409
    assert client.post("/control/decide", json={"request": "no"}).status_code == 404


@pytest.mark.parametrize(
    ("state", "place", "prefix"),
    [("AZ", "11", "JFB"), ("AZ", "24", "JFB"), ("TX", "22", "JHA"), ("OH", "19", "15A")],
)
def test_number_names_jurisdiction_and_part(
    client: FlaskClient, state: str, place: str, prefix: str
) -> None:
    bundle = sent_to(state)
    claim(bundle)["item"][0]["locationCodeableConcept"]["coding"][0]["code"] = place
    (number,) = numbers(submit(client, bundle))
    assert number and number.startswith(prefix)


def sent_to(state: str) -> samples.Json:
    """Return a request for a service delivered in a state, to the payer that fits."""
    bundle = samples.sample()
    dict_of(bundle, "Organization", 1)["name"] = "Original Medicare"
    dict_of(bundle, "Organization", 1)["identifier"][0]["value"] = "00001"
    dict_of(bundle, "Organization", 2)["address"][0]["state"] = state
    return bundle


@pytest.mark.parametrize(
    ("utc", "tomorrow_in"),
    [
        ("2026-11-24T04:59", ""),
        ("2026-11-24T05:00", "NJ OH"),
        ("2026-11-24T06:00", "NJ OH OK TX"),
        ("2026-11-24T07:00", "NJ OH OK TX AZ"),
        ("2026-11-24T08:00", "NJ OH OK TX AZ WA"),
        ("2026-07-24T06:59", "NJ OH OK TX"),  # summer: Arizona keeps its clocks
        ("2026-07-24T07:00", "NJ OH OK TX AZ WA"),
    ],
)
@pytest.mark.parametrize("state", ["AZ", "NJ", "OH", "OK", "TX", "WA"])
def test_the_day_of_a_decision_is_the_day_where_the_service_is_delivered(
    tmp_path: Path, utc: str, tomorrow_in: str, state: str
) -> None:
    instant = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    config = PayerConfig("http://127.0.0.1:0", tmp_path, instant=lambda: instant)
    client = create_payer(config).test_client()
    response = response_of(submit(client, sent_to(state)))
    today = instant.date() if state in tomorrow_in else instant.date() - timedelta(days=1)
    assert marks(response["item"][0])["itemPreAuthIssueDate"] == str(today)
    assert response["preAuthPeriod"] == {
        "start": str(today),
        "end": str(today + timedelta(days=119)),
    }


def test_a_pended_request_is_dated_by_its_decision_not_by_its_receipt(tmp_path: Path) -> None:
    evening = [datetime(2026, 11, 24, 2, 0, tzinfo=UTC)]
    config = PayerConfig("http://127.0.0.1:0", tmp_path, instant=lambda: evening[-1])
    client = create_payer(config).test_client()
    control(client, decision="pend")
    submit(client)
    evening.append(datetime(2026, 11, 25, 2, 0, tzinfo=UTC))
    name = samples.state(client)[0]["id"]
    client.post("/control/decide", json={"request": name, "decision": "affirm"})
    response = response_of(samples.ask(client)[0])
    assert response["preAuthPeriod"]["start"] == str(date(2026, 11, 24))


@pytest.mark.parametrize(
    ("state", "code", "why"),
    [
        ("TX", "62323", "TX is reviewed by Cohere Health, not by Zyter"),
        ("KY", "62323", "the service is not delivered in a state of the model"),
        ("AZ", "99213", "99213 is not a service of the model"),
        ("AZ", "15275", "the service is not reviewed in AZ"),
    ],
)
def test_what_is_not_theirs_is_dismissed(
    client: FlaskClient, state: str, code: str, why: str
) -> None:
    bundle = samples.sample()
    dict_of(bundle, "Organization", 2)["address"][0]["state"] = state
    claim(bundle)["item"][0]["productOrService"]["coding"][0]["code"] = code
    assert response_of(submit(client, bundle))["disposition"] == f"dismissed: {why}"


def test_a_second_request_before_the_decision_is_dismissed(client: FlaskClient) -> None:
    control(client, decision="pend")
    submit(client)
    assert "duplicate" in response_of(submit(client))["disposition"]
    control(client, duplicates="accept")
    assert codes(submit(client)) == ["A4"]


def test_not_idempotent_every_post_is_a_request(client: FlaskClient) -> None:
    first, second = submit(client), submit(client)
    assert numbers(first) != numbers(second)
    recorded = samples.state(client)
    assert len(recorded) == 2
    assert recorded[0]["bundle_sha256"] == recorded[1]["bundle_sha256"]


def test_idempotent_same_identifier_same_answer(client: FlaskClient) -> None:
    control(client, idempotent=True)
    first, second = submit(client), submit(client)
    assert first == second
    assert len(samples.state(client)) == 1
    other = samples.sample()
    claim(other)["identifier"][0]["value"] = "sample-0002"
    submit(client, other)
    assert len(samples.state(client)) == 2
