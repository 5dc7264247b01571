"""Asked for more: what the answer says, what may be sent, and the decision after it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import payer_samples as samples
import pytest
import subscriber_samples as subs
import update_samples as updates
from flask.testing import FlaskClient
from payer_samples import PAS, Json, codes, control, numbers, response_of, submit
from werkzeug.test import TestResponse

TRACKING = "urn:preclear:sandbox:payer:attachment"
LOINC = "http://loinc.org"
FORM = "http://forms.example.org/Questionnaire/esi"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


@pytest.fixture
def subscriber() -> Iterator[subs.Subscriber]:
    with subs.listening() as found:
        yield found


def requested(bundle: Json) -> list[Json]:
    """Return the CommunicationRequests that the answer refers to."""
    by_url = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    found = response_of(bundle).get("communicationRequest", [])
    return [by_url[one["reference"]] for one in found]


def document() -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": "bm90ZQ=="}}],
    }


ITEMS = [
    {"linkId": "pain", "type": "boolean", "required": True},
    {
        "linkId": "score",
        "type": "integer",
        "required": True,
        "enableWhen": [{"question": "pain", "operator": "=", "answerBoolean": True}],
    },
]
ORIGIN = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/information-origin"


def answers(trace: str = "", **more: Any) -> Json:
    """Return the sample's form as it comes back: no pain, so no score."""
    told = [{"url": ORIGIN, "extension": [{"url": "source", "valueCode": "auto"}]}]
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": FORM,
        "status": "completed",
        "subject": {"identifier": {"value": MEMBER}},
        "extension": [{"url": "context", "valueReference": {"identifier": {"value": trace}}}],
        "authored": "2026-11-24",
        "author": {"display": "Dr. Sampleton"},
        "item": [{"linkId": "pain", "answer": [{"extension": told, "valueBoolean": False}]}],
        **more,
    }


MEMBER = samples.dict_of(samples.sample(), "Coverage")["identifier"][0]["value"]


def identifier(name: str, value: str) -> Json:
    return {"name": name, "valueIdentifier": {"value": value}}


def attachment(code: str | None, content: Json, line: str = "1") -> Json:
    coded = {"coding": [{"system": LOINC, "code": code}]}
    parts: list[Json] = [{"name": "LineItem", "valueString": line}]
    parts += [{"name": "Code", "valueCodeableConcept": coded}] if code else []
    return {"name": "Attachment", "part": [*parts, {"name": "Content", "resource": content}]}


def parameters(tracking: str, *attachments: Json, final: bool | None = None) -> Json:
    """Return what answers the payer's request for more about the sample."""
    made = [
        identifier("TrackingId", tracking),
        {"name": "AttachTo", "valueCode": "preauthorization"},
        identifier("PayerId", "zyter"),
        identifier("OrganizationId", "1000000012"),
        identifier("MemberId", MEMBER),
        *(attachments or [attachment("34117-2", document())]),
    ]
    if final is not None:
        made.append({"name": "Final", "valueBoolean": final})
    return {"resourceType": "Parameters", "parameter": made}


def attach(client: FlaskClient, body: Any, version: str = "2.2.1") -> TestResponse:
    return samples.post(client, f"/pas/{version}/$submit-attachment", body)


def asked(client: FlaskClient, decision: str = "more-info", **switches: Any) -> str:
    """Have the sample pended and more asked for; return the TrackingId."""
    control(client, decision=decision, **switches)
    (request,) = requested(submit(client))
    return str(request["identifier"][0]["value"])


@pytest.mark.parametrize("version", ["2.0.1", "2.1.0", "2.2.1"])
def test_the_answer_asks(client: FlaskClient, version: str) -> None:
    control(client, decision="more-info")
    answer = samples.post(client, f"/pas/{version}/Claim/$submit", samples.sample())
    bundle = answer.get_json(force=True)
    assert codes(bundle) == ["A4"]
    (request,) = requested(bundle)
    line = {"url": PAS + "extension-serviceLineNumber", "valuePositiveInt": 1}
    holder = request if version == "2.2.1" else request["payload"][0]
    assert holder["extension"] == [line]
    assert request["identifier"][0]["system"] == TRACKING
    assert (request["status"], request["payload"][0]["contentString"]) == ("active", "34117-2")
    assert request["category"][0]["coding"][0]["system"] == "https://codesystem.x12.org/005010/755"
    assert {request["requester"]["reference"], request["sender"]["reference"]} <= {
        one["fullUrl"] for one in bundle["entry"]
    }
    (found,) = samples.ask(client)
    assert requested(found) == [] and "CommunicationRequest" not in str(found)


def test_each_item_has_a_question_of_its_own(client: FlaskClient) -> None:
    control(client, decision="more-info")
    found = requested(submit(client, samples.two_items()))
    assert [one["payload"][0]["contentString"] for one in found] == ["34117-2", "11506-3"]
    assert len({one["identifier"][0]["value"] for one in found}) == 2


def test_the_last_attachment_decides_and_is_told(
    client: FlaskClient, subscriber: subs.Subscriber
) -> None:
    subs.subscribed(client, subscriber)
    tracking = asked(client, after="non-affirm")
    first = attach(client, parameters(tracking, final=False))
    assert first.status_code == 200
    assert first.get_json(force=True)["issue"][0]["severity"] == "information"
    assert codes(samples.ask(client)[0]) == ["A4"]
    assert attach(client, parameters(tracking)).status_code == 200
    (found,) = samples.ask(client)
    assert codes(found) == ["A3"] and numbers(found) != [None]
    subs.deliver(client)
    assert codes(subscriber.bodies[-1]["entry"][1]["resource"]) == ["A3"]
    (one,) = samples.state(client)
    assert [paper["final"] for paper in one["attachments"]] == [False, True]
    assert one["attachments"][0]["attachments"][0]["type"] == "DocumentReference"
    assert one["asks"][0]["done"] is True


def test_all_that_was_asked_for_has_to_come(client: FlaskClient) -> None:
    control(client, decision="more-info")
    sent = samples.two_items()
    first, second = (one["identifier"][0]["value"] for one in requested(submit(client, sent)))
    attach(client, parameters(first))
    assert codes(samples.ask(client, sent)[0]) == ["A4", "A4"]
    attach(client, parameters(second, attachment("11506-3", document(), "2")))
    assert codes(samples.ask(client, sent)[0]) == ["A1", "A1"]


def test_a_second_time(client: FlaskClient) -> None:
    tracking = asked(client)
    attach(client, parameters(tracking))
    assert attach(client, parameters(tracking)).status_code == 409
    control(client, idempotent=True)
    assert attach(client, parameters(tracking)).status_code == 200
    assert len(samples.state(client)[0]["attachments"]) == 1


def asked_form(folder: Path) -> tuple[FlaskClient, str, str, Json]:
    """Have a form asked for; return the payer, TrackingId, trace, and what it gives."""
    form = {"resourceType": "Questionnaire", "url": FORM, "status": "active", "item": ITEMS}
    package = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": form}]}
    (folder / "esi.package.json").write_text(json.dumps(package), encoding="utf-8")
    client = samples.payer(folder)
    control(client, decision="more-info-form")
    bundle = submit(client)
    (request,) = requested(bundle)
    assert request["payload"][0]["contentString"] == "102089-0"
    trace = response_of(bundle)["item"][0]["extension"][0]["valueIdentifier"]["value"]
    return client, str(request["identifier"][0]["value"]), str(trace), package


def test_a_form_is_fetched_by_the_items_trace(tmp_path: Path) -> None:
    client, tracking, trace, package = asked_form(tmp_path)
    coverage = samples.dict_of(samples.sample(), "Coverage")
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "coverage", "resource": coverage},
            {"name": "context", "valueString": trace},
        ],
    }
    fetched = samples.post(client, "/dtr/$questionnaire-package", body)
    assert fetched.status_code == 200
    assert fetched.get_json(force=True)["parameter"][0]["resource"] == package
    answered = [attachment(None, answers(trace)), attachment(None, document())]
    assert attach(client, parameters(tracking, *answered)).status_code == 200
    assert codes(samples.ask(client)[0]) == ["A1"]
    after = samples.post(client, "/dtr/$questionnaire-package", body)
    assert after.status_code == 400


WRONG_FORMS: dict[str, tuple[Json, str]] = {
    "unfinished": ({"status": "in-progress"}, "only finished answers"),
    "another form": ({"questionnaire": FORM + "|2"}, "the form is"),
    "another person": ({"subject": {"identifier": {"value": "1"}}}, "not that of the request"),
    "another item": ({"extension": []}, "no context"),
    "nobody's": ({"author": None}, "is required"),
    "nothing answered": ({"item": []}, "is required"),
    "half": ({"item": [{"linkId": "pain", "answer": [{"valueBoolean": True}]}]}, "is required"),
    "of no origin": ({"item": [{"linkId": "pain", "answer": [{"valueBoolean": False}]}]}, "origin"),
    "too much": (
        {"item": [*answers()["item"], {"linkId": "score", "answer": [{"valueInteger": 7}]}]},
        "does not apply",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_FORMS)
def test_answers_that_are_not_the_form_that_was_asked_for_go_back(
    tmp_path: Path, wrong: str
) -> None:
    client, tracking, trace, _ = asked_form(tmp_path)
    change, words = WRONG_FORMS[wrong]
    sent = parameters(tracking, attachment("102089-0", answers(trace, **change)))
    refused = attach(client, sent)
    assert refused.status_code == 422
    assert words in refused.get_data(as_text=True)
    assert codes(samples.ask(client)[0]) == ["A4"]


def test_a_document_alone_is_no_form(tmp_path: Path) -> None:
    client, tracking, *_ = asked_form(tmp_path)
    assert attach(client, parameters(tracking)).status_code == 422


def without(name: str) -> Callable[[Json], Any]:
    def spoil(body: Json) -> None:
        body["parameter"] = [one for one in body["parameter"] if one["name"] != name]

    return spoil


def put(name: str, **values: Any) -> Callable[[Json], Any]:
    def spoil(body: Json) -> None:
        without(name)(body)
        body["parameter"].append({"name": name, **values})

    return spoil


def papers(*attachments: Json) -> Callable[[Json], Any]:
    def spoil(body: Json) -> None:
        without("Attachment")(body)
        body["parameter"] += attachments

    return spoil


def linked() -> Json:
    made = document()
    made["content"][0]["attachment"] = {"url": "Binary/1"}
    return made


FAULTS: dict[str, tuple[Callable[[Json], Any], str]] = {
    "no Parameters": (lambda body: body.update(resourceType="Bundle"), ""),
    "no TrackingId": (without("TrackingId"), "TrackingId"),
    "no AttachTo": (without("AttachTo"), "AttachTo"),
    "for a claim": (put("AttachTo", valueCode="claim"), "AttachTo"),
    "no PayerId": (without("PayerId"), "PayerId"),
    "another payer": (put("PayerId", valueIdentifier={"value": "cohere"}), "PayerId"),
    "nobody's": (without("OrganizationId"), "OrganizationId"),
    "another sender": (put("ProviderId", valueIdentifier={"value": "1234567893"}), "ProviderId"),
    "no member": (without("MemberId"), "MemberId"),
    "another member": (put("MemberId", valueIdentifier={"value": "2SB1B11BB22"}), "MemberId"),
    "another reference": (put("AdminRefNumber", valueIdentifier={"value": "X"}), "AdminRefNumber"),
    "no Identifier": (put("MemberId", valueString="1"), "MemberId"),
    "nothing attached": (without("Attachment"), "Attachment"),
    "no content": (papers({"name": "Attachment", "part": []}), "Attachment"),
    "a link": (papers(attachment("34117-2", linked())), "Attachment"),
    "no code": (papers(attachment(None, document())), "Attachment"),
    "another code": (papers(attachment("11506-3", document())), "Attachment"),
    "another resource": (papers(attachment("34117-2", {"resourceType": "Patient"})), "Attachment"),
    "unknown item": (papers(attachment("34117-2", document(), "7")), "Attachment"),
    "Final": (put("Final", valueString="yes"), "Final"),
    "unknown parameter": (put("Attachments", valueString="x"), "Attachments"),
    "twice": (lambda body: body["parameter"].append(body["parameter"][0]), "TrackingId"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_an_attachment_is_named(client: FlaskClient, name: str) -> None:
    spoil, where = FAULTS[name]
    body = parameters(asked(client))
    spoil(body)
    answer = attach(client, body)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    places = [
        place
        for one in answer.get_json(force=True)["issue"]
        for place in one.get("expression", [""])
    ]
    assert (f"Parameters.parameter.where(name='{where}')" if where else "") in places
    assert samples.state(client)[0]["attachments"] == []


def test_nothing_was_asked_for(client: FlaskClient) -> None:
    submit(client)
    answer = attach(client, parameters("ACN000001-1"))
    assert answer.status_code == 404
    assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"


def test_more_may_be_asked_for_later(client: FlaskClient, subscriber: subs.Subscriber) -> None:
    subs.subscribed(client, subscriber)
    name = subs.pend(client)
    client.post("/control/change", json={"request": name, "decision": "more-info"})
    subs.deliver(client)
    assert len(requested(subscriber.bodies[-1]["entry"][1]["resource"])) == 1


def test_what_was_asked_of_a_cancelled_item_is_awaited_no_more(client: FlaskClient) -> None:
    control(client, decision="more-info")
    sent = samples.two_items()
    first, second = (one["identifier"][0]["value"] for one in requested(submit(client, sent)))
    changed = updates.update(sent)
    updates.cancel(updates.rows(changed)[1])
    answer = updates.send(client, changed).get_json(force=True)
    assert codes(answer) == ["A4", "C"] and len(requested(answer)) == 1
    late = attachment("11506-3", document(), "2")
    assert attach(client, parameters(second, late)).status_code == 404
    attach(client, parameters(first))
    assert codes(samples.ask(client, sent)[0]) == ["A1", "C"]


def test_sending_more_may_fail(client: FlaskClient) -> None:
    tracking = asked(client)
    control(client, misbehave="500", misbehave_on="attach", misbehave_times=1)
    assert attach(client, parameters(tracking)).status_code == 500
    assert attach(client, parameters(tracking)).status_code == 200
