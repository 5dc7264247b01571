"""An inquiry asks without clinical content, and is answered only by what surely is an answer."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from smart_app.pas import echo, inquiry, lint
from smart_app.pas.versions import LATEST
from tests.unit.kit import CPT, NOW, READ_AT
from tests.unit.pas.requests import CLINIC, IDENTIFIER, MEMBER, a_request, of, the_case
from tests.unit.pas.test_decision import OTHER, UTN, an_answer_item, read

SYSTEM = "urn:trnorg:" + CLINIC.npi
SENT = echo.Sent(SYSTEM, IDENTIFIER, "urn:uuid:claim-1", MEMBER)


def ours(body: Any) -> inquiry.Inquired:
    """Return what an answer says of our request."""
    return inquiry.ours(the_case(), body, SENT, READ_AT)


def test_an_inquiry_is_fit_to_be_sent_and_carries_no_clinical_content() -> None:
    asked = inquiry.build(a_request(), NOW)
    assert lint.faults(asked, LATEST) == ()
    kinds = {one["resource"]["resourceType"] for one in asked["entry"]}
    assert not kinds & {"DocumentReference", "QuestionnaireResponse", "ServiceRequest"}
    claim = of(asked, "Claim")
    assert claim["identifier"][0]["value"] != IDENTIFIER
    assert "diagnosis" not in claim
    assert "trace-1" in json.dumps(claim["item"])


def test_an_inquiry_gives_its_claim_no_name_of_the_request() -> None:
    request = a_request()
    asked = inquiry.build(request, NOW)
    names = [(one["entry"][0]["fullUrl"], of(one, "Claim")["id"]) for one in (request, asked)]
    assert not set(names[0]) & set(names[1])


TRACE = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-itemTraceNumber"


def an_item(*traces: str) -> dict[str, Any]:
    """Return an answer's item with traces, the first of them first."""
    return {"extension": [{"url": TRACE, "valueIdentifier": {"value": one}} for one in traces]}


def a_result(
    *traces: str, identifier: str | None = None, created: str | None = "2026-11-24", **more: Any
) -> dict[str, Any]:
    response = {
        "resourceType": "ClaimResponse",
        "item": [an_item(one) for one in traces],
        "identifier": [{"system": SYSTEM, "value": identifier}] if identifier else [],
        "created": created,
        **more,
    }
    return {"resourceType": "Bundle", "entry": [{"resource": response}]}


def parameters(*results: dict[str, Any], name: str = "return") -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "resource": one} for one in results],
    }


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}


def heads(found: inquiry.Inquired) -> list[Any]:
    """Return when the used results were made."""
    entries = found.body["entry"] if found.body else []
    return [one["resource"].get("created") for one in entries]


@pytest.mark.parametrize(
    "body",
    [
        a_result("trace-1"),
        a_result("trace-1")["entry"][0]["resource"],
        parameters(a_result("trace-1")),
        parameters(a_result("trace-1"), name="responseBundle"),
        parameters(a_result("trace-1"), name="other"),
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "x", "part": [{"name": "y", "resource": a_result("trace-1")}]}],
        },
        parameters(a_result("trace-9"), a_result("trace-1")),
        a_result(identifier="identifier-1"),
        a_result(request={"identifier": {"value": IDENTIFIER}}),
        a_result(request={"reference": SENT.url}),
        a_result(request={"reference": "https://p.example/fhir/Claim/claim-1"}),
        a_result(item=[an_item("payer-7", "trace-1")]),
        a_result(item=[an_item("trace-1", "payer-7")], identifier="inq-1"),
        {
            "resourceType": "Bundle",
            "entry": [*a_result("trace-9")["entry"], *a_result("trace-1")["entry"]],
        },
    ],
)
def test_ours_is_what_echoes_our_trace_or_identifier(body: dict[str, Any]) -> None:
    found = ours(body)
    assert found.state == "found"
    assert len(heads(found)) == 1


def a_bundle(*resources: dict[str, Any], kind: str = "collection", **more: Any) -> dict[str, Any]:
    entries = {"entry": [{"resource": one} for one in resources]} if resources else {}
    return {"resourceType": "Bundle", "type": kind, **entries, **more}


def only(result: dict[str, Any]) -> dict[str, Any]:
    """Return the ClaimResponse of a result."""
    found: dict[str, Any] = result["entry"][0]["resource"]
    return found


PATIENT = {"resourceType": "Patient"}
REMARK = {"resourceType": "OperationOutcome", "issue": [{"severity": "information"}]}
THEIRS = only(a_result("trace-9", identifier="another"))


@pytest.mark.parametrize(
    "body",
    [
        parameters(),
        parameters(a_bundle()),
        a_bundle(),
        a_bundle(PATIENT),
        a_bundle(kind="searchset"),
        a_bundle(kind="searchset", total=0, entry=[]),
        a_bundle(THEIRS),
        a_bundle(THEIRS, kind="searchset", total=1),
        parameters(a_bundle(THEIRS, PATIENT)),
    ],
)
def test_a_list_without_ours_says_that_there_is_none(body: Any) -> None:
    assert ours(body) == inquiry.Inquired("none")


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Bundle"},
        a_bundle(kind="batch-response"),
        a_bundle(kind="message"),
        a_bundle(total="0"),
        a_bundle(PATIENT, kind="searchset"),
        a_bundle(REMARK),
        a_bundle(THEIRS, REMARK),
        THEIRS,
        a_bundle({"resourceType": "Task", "focus": {"reference": f"Claim/{SENT.url}"}}),
        parameters({"resourceType": "Claim", "identifier": [{"value": IDENTIFIER}]}),
        a_bundle(a_bundle(kind="history")),
        parameters(REMARK),
        parameters(PATIENT),
        parameters({"resourceType": "Bundle"}),
        parameters({"resourceType": "Parameters", "parameter": "x"}),
        {"resourceType": "Parameters", "parameter": [{"name": "status", "valueString": "busy"}]},
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "x", "part": [{"name": "y", "valueCode": "busy"}]}],
        },
    ],
)
def test_silence_counts_only_in_a_shape_that_the_guide_knows(body: Any) -> None:
    assert ours(body) == inquiry.Inquired("unclear")


CODED = {"productOrService": {"coding": [{"system": CPT, "code": the_case().items[0].code}]}}


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (a_result("payer-7"), None),
        (a_result("payer-7", identifier="inq-1"), None),
        (a_result("payer-7", identifier=IDENTIFIER), "foreign item"),
        (a_result("payer-7", request={"reference": SENT.url}), "foreign item"),
        (a_result("payer-7", request={"identifier": {"value": "payer-1"}}), None),
        (a_result("trace-9", identifier="another", addItem=[CODED]), None),
        (a_result(item=[an_item("trace-1"), an_item("payer-7")]), "foreign item"),
        (a_result("trace-1", identifier="another-request"), "another request"),
    ],
    ids=[
        "a trace of its own",
        "the inquiry's identifier",
        "our identifier",
        "our claim",
        "its own claim number",
        "our code",
        "one of two is ours",
        "another request's identifier",
    ],
)
def test_a_payers_own_names_do_not_make_it_another_request(
    response: dict[str, Any], why: Any
) -> None:
    body = a_bundle(only(response), PATIENT)
    assert ours(body) == inquiry.Inquired("unclear", why=why)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        OUTCOME,
        parameters(OUTCOME),
        {"resourceType": "Bundle", "entry": [{"resource": OUTCOME}]},
        {"resourceType": "Bundle", "entry": "x"},
        {"resourceType": "Bundle", "total": 1, "entry": []},
        {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:x"}]},
        {"resourceType": "Bundle", "link": [{"relation": "next", "url": "x"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "return"}]},
        a_result(),
        parameters(a_result(), THEIRS),
    ],
)
def test_what_does_not_tell_proves_nothing(body: Any) -> None:
    assert ours(body) == inquiry.Inquired("unclear")


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("2026-11-25", "2026-11-24"),
        ("2026-11-24T09:00:00-07:00", "2026-11-24T15:30:00Z"),
        ("2026-11-24", None),
    ],
)
def test_the_newest_of_ours_counts(newer: str, older: str | None) -> None:
    several = [a_result("trace-1", created=newer), a_result("trace-1", created=older)]
    for body in (parameters(*several), parameters(*reversed(several))):
        assert heads(ours(body)) == [newer]


def a_decided(code: str, created: str | None, **more: Any) -> dict[str, Any]:
    """Return a result that decides our item."""
    return a_result(item=[an_answer_item(code, **more)], created=created)


DAY = "2026-11-24"
DENIAL = an_answer_item("A3")["adjudication"]
NOTE = {"created": DAY, "processNote": [{"number": 1, "text": "See the letter."}]}
DIFFER = inquiry.Inquired("unclear", why="answers that differ")


@pytest.mark.parametrize(
    ("denied", "affirmed"),
    [
        (None, None),
        (None, "2026-11-24"),
        ("2026-11-24", None),
        ("2026-11-24", "2026-11-24"),
        ("2026-11-24", "2026-11-24T08:00:00Z"),
        ("2026-11-24", "2026-11-25T03:00:00Z"),
        ("2026-11-24T08:00:00Z", "2026-11-24T09:00:00+01:00"),
        ("2026-11-24T08:00:00", "2026-11-24T09:00:00"),
    ],
)
def test_two_of_ours_that_no_time_tells_apart_are_unclear(
    denied: str | None, affirmed: str | None
) -> None:
    several = [a_decided("A3", denied), a_decided("A1", affirmed)]
    for one in (parameters(*several), parameters(*reversed(several))):
        assert ours(one) == DIFFER


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-23", "2026-11-24"),
        ("2026-11-23", "2026-11-25T08:00:00Z"),
        ("2026-11-24T08:00:00Z", "2026-11-24T08:00:01Z"),
    ],
)
def test_the_later_of_two_decisions_counts(first: str, last: str) -> None:
    several = [a_decided("A1", first), a_decided("A3", last)]
    for one in (parameters(*several), parameters(*reversed(several))):
        assert heads(ours(one)) == [last]


@pytest.mark.parametrize("created", [None, "2026-11-24"])
def test_the_same_said_twice_is_clear(created: str | None) -> None:
    assert ours(parameters(*[a_decided("A3", created)] * 2)).state == "found"


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (a_decided("A4", DAY), a_decided("A3", DAY)),
        (a_decided("A4", DAY), a_decided("A1", DAY, utn=UTN)),
        (a_decided("A4", "2026-11-25T01:00:00Z"), a_decided("A3", DAY)),
        (a_decided("A1", DAY), a_decided("A1", DAY, utn=UTN)),
        (a_decided("A3", DAY), a_result(item=[an_answer_item("A3", noteNumber=[1])], **NOTE)),
        (
            a_result(item=[an_answer_item("A3")], created=DAY, status="cancelled"),
            a_decided("A1", DAY, utn=UTN),
        ),
    ],
    ids=["denied", "affirmed", "of any hour", "numbered", "noted", "withdrawn"],
)
def test_a_result_that_says_more_of_the_same_day_counts(less: Any, more: Any) -> None:
    for body in (parameters(less, more), parameters(more, less)):
        found = ours(body)
        assert found.body
        assert read(the_case(), found.body).items == read(the_case(), more).items


@pytest.mark.parametrize(
    "several",
    [
        [a_decided("A1", DAY, utn=UTN), a_decided("A1", DAY, utn=OTHER)],
        [a_decided("A4", DAY), a_decided("A1", DAY), a_decided("A3", DAY)],
        [a_decided("A1", DAY), a_decided("A3", DAY, utn=UTN)],
        [
            a_decided("A1", DAY),
            a_decided("A3", "2026-11-24T08:00:00Z"),
            a_decided("A4", "2026-11-25T03:00:00Z"),
        ],
        [
            a_decided("A1", DAY, utn=UTN),
            a_result(
                item=[an_answer_item(None)], created=DAY, outcome="partial", adjudication=DENIAL
            ),
        ],
        [
            a_decided("A1", DAY, utn=UTN),
            a_result(item=[an_answer_item("A3")], created=DAY, outcome="queued"),
        ],
    ],
    ids=[
        "two numbers",
        "beside one that waits",
        "a numbered denial",
        "of unlike hours",
        "a denial of the whole",
        "a denial that is only queued",
    ],
)
def test_no_order_makes_one_of_several_that_contradict(several: list[Any]) -> None:
    for order in permutations(several):
        assert ours(parameters(*order)) == DIFFER


def test_what_waits_again_since_is_not_decided() -> None:
    several = [a_decided("A1", "2026-11-23", utn=UTN), a_decided("A4", DAY)]
    for order in permutations(several):
        found = ours(parameters(*order))
        assert found.body
        assert read(the_case(), found.body).word == "pended"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (a_bundle(only(a_decided("A3", DAY)), OUTCOME), "an error beside it"),
        (parameters(a_decided("A1", DAY), OUTCOME), "an error beside it"),
        (a_bundle(only(a_decided("A3", DAY)), total=9), "a list that is not whole"),
        (a_bundle(only(a_decided("A4", DAY)), OUTCOME), None),
        (a_bundle(THEIRS, OUTCOME), None),
    ],
    ids=["denied", "affirmed", "not whole", "waits", "another's"],
)
def test_a_decision_that_cannot_be_used_is_told(body: Any, why: Any) -> None:
    assert ours(body) == inquiry.Inquired("unclear", why=why)
