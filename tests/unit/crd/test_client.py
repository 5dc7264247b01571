"""Four ways of no answer that never look alike, and what of an answer is used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot, CoverageAnswer
from smart_app.crd import Call, ask
from smart_app.errors import PayerUnknown, PayerUnreachable
from smart_app.fhir.codes import COVERAGE_INFORMATION
from tests.unit.kit import ISS, NOW, FakeCache, FakePayer, Reply

ORDER = {"resourceType": "ServiceRequest", "id": "1", "code": {"text": "x"}}
COVERAGE = {
    "resourceType": "Coverage",
    "id": "c1",
    "payor": [{"reference": "Organization/o1"}],
}
PAYOR = {"resourceType": "Organization", "id": "o1", "identifier": [{"system": "s", "value": "v"}]}
CHART = ChartSnapshot({"resourceType": "Patient", "id": "p1"}, {"Organization": (PAYOR,)}, {}, NOW)
CALL = Call("payer", "https://p.example", "2.2", ISS, "Practitioner/dr", "e1", (ORDER,), COVERAGE)
SERVICE = {
    "hook": "order-sign",
    "id": "sign",
    "prefetch": {"patient": "Patient/{{context.patientId}}"},
    "extension": {"davinci-crd.version": ["2.0", "2.2"]},
}


def a_payer(*answers: Any, services: Any = (SERVICE,)) -> FakePayer:
    offered = Reply(200, {"services": list(services)})
    return FakePayer({"/cds-services": [offered], "/sign": list(answers)})


def asked(payer: FakePayer, call: Call = CALL) -> CoverageAnswer:
    return ask(payer, call, CHART, FakeCache(), NOW)


def information(coverage: str = "Coverage/c1", *more: dict[str, Any]) -> dict[str, Any]:
    parts = [
        {"url": "coverage", "valueReference": {"reference": coverage}},
        {"url": "covered", "valueCode": "covered"},
        {"url": "pa-needed", "valueCode": "auth-needed"},
        {"url": "questionnaire", "valueCanonical": "http://p.example/q|1"},
        {"url": "coverage-assertion-id", "valueString": "a1"},
    ]
    return {"url": COVERAGE_INFORMATION, "extension": [*parts, *more]}


def an_answer(*extensions: Any, order: str = "1", kind: str = "update") -> Reply:
    resource = {**ORDER, "id": order, "extension": list(extensions)}
    return Reply(200, {"cards": [], "systemActions": [{"type": kind, "resource": resource}]})


@pytest.mark.req("pas-2.0.1@52", "pas-2.2.1@spec-3")
def test_an_answer_is_read_per_coverage() -> None:
    found = asked(a_payer(an_answer(information())))
    assert (found.outcome, found.asked_at) == ("answered", NOW)
    one = found.repetitions[0]
    assert (one.covered, one.pa_needed, one.assertion_id) == ("covered", "auth-needed", "a1")
    assert one.questionnaires == ("http://p.example/q|1",)
    assert one.raw == information()


def test_no_service_is_not_asked() -> None:
    other = {**SERVICE, "hook": "order-select"}
    payer = a_payer(Reply(200, {"cards": []}), services=[other])
    found = asked(payer)
    assert (found.outcome, found.why) == ("not_asked", "no order-sign service")
    assert payer.posts == []


@pytest.mark.parametrize(
    "answer",
    [
        PayerUnreachable("x"),
        PayerUnknown("x"),
        Reply(500, {}),
        Reply(400, {}),
        Reply(200, None),
        Reply(200, []),
        Reply(200, {}),
        Reply(200, {"cards": None}),
        Reply(204, None),
        Reply(302, None),
    ],
    ids=str,
)
def test_what_is_no_answer_is_failed(answer: Any) -> None:
    found = asked(a_payer(answer))
    assert (found.outcome, found.repetitions) == ("failed", ())
    assert found.why and found.why.startswith("payer")


@pytest.mark.parametrize("answer", [Reply(500, {}), Reply(200, None), PayerUnreachable("x")])
def test_a_discovery_that_fails_is_failed_not_not_asked(answer: Any) -> None:
    assert asked(FakePayer({"/cds-services": [answer]})).outcome == "failed"


@pytest.mark.parametrize("code", ["no-member-found", "no-active-coverage", "coverage-not-found"])
def test_a_member_that_the_payer_does_not_know_is_told_apart(code: str) -> None:
    reason = {"url": "reason", "valueCodeableConcept": {"coding": [{"code": code}]}}
    assert asked(a_payer(an_answer(information("Coverage/c1", reason)))).outcome == "no_member"


def test_an_answer_without_coverage_information_says_nothing() -> None:
    found = asked(a_payer(Reply(200, {"cards": []})))
    assert (found.outcome, found.repetitions) == ("answered", ())


@pytest.mark.parametrize(
    "answer",
    [
        an_answer(information("Coverage/other")),
        an_answer(information(), order="2"),
        an_answer(information(), kind="create"),
        an_answer({"url": "http://p.example/own", "valueString": "x"}),
    ],
)
def test_what_is_not_about_our_order_and_coverage_is_not_used(answer: Reply) -> None:
    assert asked(a_payer(answer)).repetitions == ()


def test_what_stands_on_the_order_is_confirmed_by_silence_and_replaced_by_an_answer() -> None:
    call = replace(CALL, orders=({**ORDER, "extension": [information()]},))
    silent = asked(a_payer(Reply(200, {"cards": []})), call)
    assert [one.assertion_id for one in silent.repetitions] == ["a1"]
    newer = information()
    newer["extension"][4] = {"url": "coverage-assertion-id", "valueString": "a2"}
    replaced = asked(a_payer(an_answer(newer)), call)
    assert [one.assertion_id for one in replaced.repetitions] == ["a2"]


def test_the_ehrs_token_and_address_for_calls_are_not_given_away() -> None:
    payer = a_payer(Reply(200, {"cards": []}))
    asked(payer)
    sent = json.loads(payer.posts[0][1])
    assert set(sent) == {"hook", "hookInstance", "context", "prefetch", "extension"}
    assert sent["prefetch"] == {"patient": CHART.patient}
    assert sent["extension"] == {"davinci-crd.requestedVersion": "2.2"}
    assert sent["context"]["encounterId"] == "e1"
    assert "authorization" not in json.dumps(sent).lower()


def test_a_version_that_the_payer_does_not_speak_is_not_asked_for() -> None:
    payer = a_payer(Reply(200, {"cards": []}))
    asked(payer, replace(CALL, version="9"))
    assert "extension" not in json.loads(payer.posts[0][1])


def test_a_refusal_asks_for_the_services_anew_once() -> None:
    payer = a_payer(Reply(404, None), Reply(200, {"cards": []}))
    assert asked(payer).outcome == "answered"
    assert (len(payer.gets), len(payer.posts)) == (2, 2)
    instances = {json.loads(body)["hookInstance"] for _, body in payer.posts}
    assert len(instances) == 2


def test_services_are_kept_for_the_next_call() -> None:
    payer, cache = a_payer(Reply(200, {"cards": []})), FakeCache()
    for _ in range(2):
        ask(payer, CALL, CHART, cache, NOW)
    assert len(payer.gets) == 1


def test_the_payors_identifier_goes_beside_its_reference() -> None:
    template = {"coverage": "Coverage?patient={{context.patientId}}"}
    service = {**SERVICE, "prefetch": template}
    payer = a_payer(Reply(200, {"cards": []}), services=[service])
    asked(payer)
    entry = json.loads(payer.posts[0][1])["prefetch"]["coverage"]["entry"][0]
    assert entry["resource"]["payor"][0]["identifier"] == {"system": "s", "value": "v"}
    assert "identifier" not in COVERAGE["payor"][0]


def test_cards_are_shown_as_text() -> None:
    cards = [
        {"summary": "s" * 200, "indicator": "red", "source": {"label": "Payer"}},
        {"summary": "b", "detail": "**md**", "indicator": "critical"},
        {"detail": "no summary"},
        "no card",
    ]
    found = asked(a_payer(Reply(200, {"cards": cards}))).cards
    assert [(len(one.summary), one.indicator) for one in found] == [(140, "info"), (1, "critical")]
    assert (found[0].source, found[1].detail) == ("Payer", "**md**")
