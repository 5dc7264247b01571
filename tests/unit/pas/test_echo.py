"""Whose an answer is: what names another is refused, what names nobody gives no decision."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.fhir.codes import MBI
from tests.unit.pas.test_decision import (
    MEMBER,
    SENT,
    UTN,
    a_case,
    an_answer,
    an_answer_item,
    extension,
    read,
)

OTHER_MEMBER = "1S00ZZ0ZZ00"
MB = {"coding": [{"code": "MB"}]}
OURS = {"system": SENT.system, "value": SENT.identifier}


def traced(*traces: str, code: str = "A1") -> dict[str, Any]:
    """Return an answered item with a number and traces, the first of them first."""
    item = an_answer_item(code, utn=UTN)
    item["extension"] = [
        extension("extension-itemTraceNumber", valueIdentifier={"value": one}) for one in traces
    ]
    return item


def test_our_trace_counts_wherever_it_stands() -> None:
    found = read(a_case(), an_answer(traced("payer-7", "trace-1"))).items[0]
    assert (found.decision, found.number) == ("affirmed", UTN)


def test_an_item_with_the_traces_of_two_is_not_used() -> None:
    found = read(a_case(2), an_answer(traced("trace-1", "trace-2")))
    assert (found.word, found.quarantined) == ("unreadable", ("foreign item",))


def test_a_trace_without_a_value_is_none() -> None:
    item = traced("trace-1")
    item["extension"].insert(0, extension("extension-itemTraceNumber", valueIdentifier={}))
    assert read(a_case(), an_answer(item)).word == "affirmed"


def untraced(code: str = "A1", **more: Any) -> dict[str, Any]:
    return an_answer(traced(code=code), **more)


@pytest.mark.parametrize(
    "more",
    [
        {"identifier": [OURS]},
        {"identifier": [{"value": SENT.identifier}]},
        {"request": {"identifier": OURS}},
    ],
)
def test_our_identifier_makes_an_item_without_trace_ours(more: dict[str, Any]) -> None:
    found = read(a_case(), untraced(**more)).items[0]
    assert (found.decision, found.number) == ("affirmed", UTN)


@pytest.mark.parametrize("url", [SENT.url, "Claim/claim-1", "https://p.example/fhir/Claim/claim-1"])
def test_our_claim_gives_an_item_without_trace_its_decision_and_no_number(url: str) -> None:
    found = read(a_case(), untraced(request={"reference": url}, preAuthRef=UTN)).items[0]
    assert (found.decision, found.number) == ("affirmed", None)


@pytest.mark.parametrize(
    ("code", "word"), [("A1", "unreadable"), ("A3", "unreadable"), ("A4", "pended")]
)
def test_an_answer_that_echoes_nothing_decides_nothing(code: str, word: str) -> None:
    note = [{"number": 1, "text": "Another patient's."}]
    body = untraced(code, identifier=[{"system": "urn:payer", "value": "7"}], processNote=note)
    found = read(a_case(), body)
    assert (found.word, found.items[0].number, found.notes) == (word, None, ())
    assert found.payer_reference is None


@pytest.mark.parametrize("where", ["identifier", "request"])
def test_another_request_of_ours_is_refused_whatever_it_traces(where: str) -> None:
    other = {"system": SENT.system, "value": "identifier-2"}
    named: Any = [other] if where == "identifier" else {"identifier": other}
    found = read(a_case(), an_answer(traced("trace-1"), **{where: named}))
    assert (found.word, found.items, found.quarantined) == ("unreadable", (), ("another request",))


@pytest.mark.parametrize(
    "named",
    [
        {"identifier": [{"system": SENT.system, "value": "inq-1"}]},
        {"identifier": [{"system": "urn:payer", "value": "response-7"}]},
        {"request": {"identifier": {"system": "urn:payer", "value": "claim-7"}}},
        {"request": {"reference": "Claim/7"}},
    ],
    ids=str,
)
def test_what_a_payer_calls_its_own_things_refuses_nothing(named: dict[str, Any]) -> None:
    found = read(a_case(), an_answer(traced("trace-1"), **named)).items[0]
    assert (found.decision, found.number) == ("affirmed", UTN)


def by_system(value: str) -> dict[str, Any]:
    return {"system": MBI, "value": value}


def by_type(value: str) -> dict[str, Any]:
    return {"type": MB, "value": value}


def by_shape(value: str) -> dict[str, Any]:
    return {"system": "urn:payer:member", "value": value}


PLACES = {
    "logical reference": lambda one: {"patient": {"identifier": one}},
    "contained": lambda one: {"contained": [{"resourceType": "Patient", "identifier": [one]}]},
    "insurance": lambda one: {"insurance": [{"coverage": {"identifier": one}}]},
    "subscriber": lambda one: {
        "contained": [{"resourceType": "Coverage", "subscriberId": one["value"]}]
    },
}


@pytest.mark.parametrize("write", [by_system, by_type, by_shape])
@pytest.mark.parametrize("place", PLACES)
def test_a_member_number_tells_wherever_it_stands(place: str, write: Any) -> None:
    wrong = read(a_case(), an_answer(traced("trace-1"), **PLACES[place](write(OTHER_MEMBER))))
    assert (wrong.items, wrong.quarantined) == ((), ("another member",))
    right = read(a_case(), an_answer(traced("trace-1"), **PLACES[place](write(MEMBER))))
    assert right.items[0].number == UTN


def test_dashes_do_not_make_another_member() -> None:
    patient = {"identifier": by_system("1s00-ex0-mp78")}
    assert read(a_case(), an_answer(traced("trace-1"), patient=patient)).word == "affirmed"


def test_a_bottomless_answer_is_unreadable() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"contained": [deep]}
    assert read(a_case(), an_answer(traced("trace-1"), **deep)).quarantined == ("malformed",)
