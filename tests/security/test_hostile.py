"""What payers, charts and people may send that nobody should have to think of."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from launch import token
from launch.errors import LaunchError
from launch.scopes import allows
from smart_app.chart import snapshot, writeback
from smart_app.crd import ask
from smart_app.dtr import coerce, values
from smart_app.errors import ChartUnavailable
from smart_app.fhir import codes
from tests.unit.chart.test_marking import RECORD, a_mark, an_order
from tests.unit.chart.test_writeback import FILING
from tests.unit.crd.test_client import CALL, CHART, ORDER, SERVICE, a_payer, information
from tests.unit.kit import NOW, FakeCache, FakeChart, Reply, Written, a_case
from tests.unit.pas.test_decision import MEMBER, UTN, an_answer, an_answer_item, read

RESPONSE = {"resourceType": "ClaimResponse", "outcome": "complete"}


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Bundle", "entry": ["x"]},
        {**RESPONSE, "item": ["x"]},
        {**RESPONSE, "item": [{"itemSequence": 1, "adjudication": ["x"]}]},
        {**RESPONSE, "item": [{"itemSequence": 1}], "preAuthPeriod": "x"},
        {**RESPONSE, "item": [{"itemSequence": 1}], "addItem": [{"itemSequence": 1}]},
        {**RESPONSE, "processNote": ["x"]},
        {**RESPONSE, "identifier": ["x"]},
    ],
    ids=["entry", "item", "adjudication", "period", "added item", "note", "identifier"],
)
def test_a_malformed_decision_is_unreadable(body: dict[str, Any]) -> None:
    assert read(a_case(), body).word == "unreadable"


FOREIGN = [
    {"resourceType": "Coverage", "identifier": [{"system": codes.MBI, "value": "1S00ZZ0ZZ00"}]},
    {"resourceType": "Patient", "identifier": [{"system": codes.MBI, "value": "1S00ZZ0ZZ00"}]},
    {"resourceType": "Coverage", "subscriberId": "1S00ZZ0ZZ00"},
]


@pytest.mark.parametrize("resource", FOREIGN, ids=["coverage", "patient", "subscriber"])
def test_another_members_number_is_seen_however_it_is_written(resource: dict[str, Any]) -> None:
    assert MEMBER != "1S00ZZ0ZZ00"
    body = an_answer(an_answer_item("A1", utn=UTN))
    body["entry"].append({"resource": resource})
    assert read(a_case(), body).quarantined == ("another member",)


def test_two_review_actions_with_different_numbers_are_quarantined() -> None:
    item = an_answer_item("A1", utn=UTN)
    item["adjudication"] += an_answer_item("A1", utn="JFA99900004418")["adjudication"]
    assert read(a_case(), an_answer(item)).items[0].number is None


def test_two_answers_to_one_item_are_unreadable() -> None:
    body = an_answer(an_answer_item("A3"), an_answer_item("A1", utn=UTN))
    assert read(a_case(), body).word == "unreadable"


@pytest.mark.parametrize(
    "answer",
    [
        {"cards": [], "systemActions": 5},
        {
            "cards": [],
            "systemActions": [
                {
                    "type": "update",
                    "resource": {
                        **ORDER,
                        "extension": [{"url": codes.COVERAGE_INFORMATION, "extension": ["x"]}],
                    },
                }
            ],
        },
    ],
    ids=["actions", "extension"],
)
def test_a_malformed_crd_answer_raises_nothing(answer: dict[str, Any]) -> None:
    assert ask(a_payer(Reply(200, answer)), CALL, CHART, FakeCache(), NOW).outcome


def test_a_malformed_discovery_raises_nothing() -> None:
    service = {**SERVICE, "extension": {"davinci-crd.version": 5}}
    payer = a_payer(Reply(200, {"cards": []}), services=[service])
    assert ask(payer, CALL, CHART, FakeCache(), NOW).outcome


def test_what_another_payer_once_said_is_not_this_payers_answer() -> None:
    order = {**ORDER, "extension": [information("Coverage/old")]}
    call = replace(CALL, orders=(order,))
    found = ask(a_payer(Reply(200, {"cards": []})), call, CHART, FakeCache(), NOW)
    assert found.repetitions == ()


@pytest.mark.parametrize("text", ["nan", "inf", "1e999"])
@pytest.mark.parametrize("kind", ["decimal", "quantity"])
def test_a_posted_number_is_a_number(text: str, kind: str) -> None:
    try:
        answer = values.parse(text, {"type": kind}, [])
    except ValueError:
        return
    assert not {"NaN", "Infinity"} & set(json.dumps(answer).strip("{}").split())


def test_a_posted_infinity_is_told_in_words() -> None:
    with pytest.raises(ValueError, match="^enter"):
        values.parse("1e999", {"type": "integer"}, [])


NOT_FINITE = (ValueError, OverflowError)


@pytest.mark.parametrize("value", ["nan", "Infinity", float("inf")])
def test_logic_that_gives_no_finite_number_gives_no_answer(value: Any) -> None:
    assert coerce.one(value, {"type": "integer"}, []) is None


def test_an_odd_lifetime_of_a_token_does_not_break_the_door() -> None:
    try:
        assert token.read({"access_token": "a", "expires_in": "soon"}, (), NOW)
    except LaunchError:
        return


def test_a_scope_that_is_none_allows_nothing() -> None:
    assert not allows(["patient/Observation.created"], "Observation", "d")


class Counting(FakeChart):
    """A chart that counts its searches."""

    def __init__(self) -> None:
        super().__init__(held={"Patient/p1": {"resourceType": "Patient", "id": "p1"}})
        self.searched: list[str] = []

    def search(self, resource_type: str, params: Any) -> list[dict[str, Any]]:
        self.searched.append(resource_type)
        return []


def test_a_sign_in_that_allows_no_type_searches_none() -> None:
    chart = Counting()
    with ThreadPoolExecutor(2) as pool:
        snapshot.read(chart, "p1", pool, NOW, frozenset())
    assert chart.searched == []


def test_an_update_that_the_chart_broke_off_is_tried_again() -> None:
    chart = FakeChart(held={"ServiceRequest/1": an_order()}, answer=Written(503))
    with pytest.raises(ChartUnavailable):
        writeback.update_order(chart, a_mark(), RECORD)


def test_no_version_is_made_up() -> None:
    order = an_order(meta={})
    chart = FakeChart(held={"ServiceRequest/1": order})
    writeback.update_order(chart, a_mark(), RECORD)
    assert 'W/"None"' not in [etag for _, etag in chart.updates]


def test_after_a_crash_a_search_that_fails_is_no_proof_of_absence() -> None:
    chart = FakeChart(fails={"search"})
    with pytest.raises(ChartUnavailable):
        writeback.file_document(chart, FILING, asked_before=True)
    assert chart.creates == []


def test_a_failed_read_of_a_type_is_unavailable_never_empty() -> None:
    class Failing(Counting):
        def search(self, resource_type: str, params: Any) -> list[dict[str, Any]]:
            if resource_type == "Condition":
                raise ChartUnavailable("status 500")
            return super().search(resource_type, params)

    with ThreadPoolExecutor(2) as pool:
        found = snapshot.read(Failing(), "p1", pool, NOW)
    assert found.unavailable == {"Condition": "status 500"}
    assert "Condition" not in found.resources


def test_another_patients_resource_is_left_out_and_named() -> None:
    class Mixed(Counting):
        def search(self, resource_type: str, params: Any) -> list[dict[str, Any]]:
            named = {"p1": "ours", "p2": "theirs"}
            return [
                {
                    "resourceType": resource_type,
                    "id": one,
                    "subject": {"reference": f"Patient/{patient}"},
                }
                for patient, one in named.items()
            ]

    with ThreadPoolExecutor(2) as pool:
        found = snapshot.read(Mixed(), "p1", pool, NOW, frozenset({"Condition"}))
    assert [one["id"] for one in found.of("Condition")] == ["ours"]
    assert found.left_out == ("Condition/theirs",)
    assert found.unavailable["Observation"] == "not allowed by this sign-in"


def test_a_type_of_which_a_part_is_allowed_is_not_searched() -> None:
    chart = Counting()
    some = frozenset({"Condition"})
    with ThreadPoolExecutor(2) as pool:
        found = snapshot.read(chart, "p1", pool, NOW, some, frozenset({"Observation"}))
    assert chart.searched == ["Condition"]
    assert found.unavailable["Observation"] == "only partly allowed by this sign-in"
    assert found.unavailable["Procedure"] == "not allowed by this sign-in"
