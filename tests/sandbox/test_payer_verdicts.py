"""Decisions of every kind, numbers that are not theirs, and decisions that change."""

from __future__ import annotations

from pathlib import Path

import payer_samples as samples
import pytest
from flask.testing import FlaskClient
from payer_samples import PAS, claim, codes, control, numbers, response_of, review, submit

from sandbox.payer import verdicts


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return samples.payer(tmp_path)


def named(item: samples.Json, name: str) -> samples.Json:
    """Return an element's only extension of a name."""
    (found,) = [one for one in item["extension"] if one["url"] == PAS + name]
    return dict(found)


@pytest.mark.parametrize(
    ("verb", "code", "numbered", "whole_number"),
    [
        ("in-part", "A2", True, True),
        ("modify", "A6", True, True),
        ("cancelled", "C", False, False),
        ("contact", "CT", False, False),
        ("not-required", "NA", False, False),
        ("unknown-code", "Z9", False, False),
    ],
)
def test_each_code_and_whether_it_carries_a_number(
    client: FlaskClient, verb: str, code: str, numbered: bool, whole_number: bool
) -> None:
    control(client, decision=verb)
    bundle = submit(client)
    assert codes(bundle) == [code]
    assert bool(numbers(bundle)[0]) is numbered
    assert ("preAuthRef" in response_of(bundle)) is whole_number
    assert response_of(bundle)["outcome"] == "complete"
    assert codes(samples.ask(client)[0]) == [code]
    assert ("itemPreAuthPeriod" in str(response_of(bundle)["item"])) is numbered


@pytest.mark.parametrize("verb", ["cancelled", "contact", "not-required", "unknown-code", "pend"])
def test_what_is_no_decision_any_more_shows_no_number(client: FlaskClient, verb: str) -> None:
    (number,) = numbers(submit(client))
    name = samples.state(client)[0]["id"]
    client.post("/control/change", json={"request": name, "decision": verb})
    assert str(number) not in str(samples.ask(client))
    assert samples.state(client)[0]["utn"] is None


def test_a_modified_item_comes_with_the_line_that_replaces_it(client: FlaskClient) -> None:
    control(client, decision="modify")
    sent = samples.sample()
    claim(sent)["item"][0]["quantity"]["value"] = 3
    bundle = submit(client, sent)
    (added,) = response_of(bundle)["addItem"]
    assert added["itemSequence"] == [1]
    assert added["quantity"] == {"value": 2, "unit": "unit"}
    assert added["productOrService"] == claim(sent)["item"][0]["productOrService"]
    assert review(added) == ("A1", numbers(bundle)[0])


def test_the_whole_is_decided_above_the_items(client: FlaskClient) -> None:
    control(client, decision="whole")
    response = response_of(submit(client, samples.two_items()))
    action = response["adjudication"][0]["extension"][0]
    assert action["url"] == PAS + "extension-reviewAction"
    assert action["extension"][0]["valueString"] == response["preAuthRef"]
    assert [one["adjudication"][0].keys() for one in response["item"]] == [{"category"}] * 2


def test_a_rejected_request_names_what_and_where(client: FlaskClient) -> None:
    control(client, decision="error")
    sent = samples.sample()
    response = response_of(submit(client, sent))
    assert response["outcome"] == "error" and "item" not in response
    assert "preAuthRef" not in response
    assert [one["code"]["coding"][0]["code"] for one in response["error"]] == ["04", "T4"]
    error = response["error"][1]
    parts = named(error, "extension-errorElement")["extension"]
    assert parts == [{"url": "error", "valueString": "2010A-NM103"}]
    assert named(error, "extension-errorPath")["valueString"] == "Bundle.entry[2].resource.name"
    follow = named(error, "extension-errorFollowupAction")["valueCodeableConcept"]["coding"][0]
    assert (follow["system"], follow["code"]) == ("https://codesystem.x12.org/005010/889", "C")
    assert sent["entry"][2]["fullUrl"] == claim(sent)["insurer"]["reference"]
    assert "dismissed" not in response["disposition"]


def test_a_number_of_another_member(client: FlaskClient) -> None:
    (first,) = numbers(submit(client))
    control(client, utn="foreign")
    (own,) = numbers(submit(client))
    assert own and own != first
    other = samples.sample()
    for kind in ("Coverage", "Patient"):
        samples.dict_of(other, kind)["identifier"][0]["value"] = "2SB1B11BB22"
    assert numbers(submit(client, other)) == [first]


def test_a_decision_that_changes(client: FlaskClient) -> None:
    first = submit(client)
    name = samples.state(client)[0]["id"]
    wanted = {"request": name, "decision": "non-affirm"}
    assert client.post("/control/change", json=wanted).status_code == 200
    (found,) = samples.ask(client)
    assert codes(found) == ["A3"] and numbers(found) == numbers(first)
    assert "preAuthRef" not in response_of(found)
    client.post("/control/change", json={"request": name, "decision": "dismiss"})
    (found,) = samples.ask(client)
    assert response_of(found)["outcome"] == "error" and "item" not in response_of(found)
    bad = {"request": name, "decision": "maybe"}
    assert client.post("/control/change", json=bad).status_code == 400
    assert client.post("/control/change", json={**wanted, "request": "no"}).status_code == 404


def test_every_verb_has_a_word_a_code_and_a_display() -> None:
    assert set(verdicts.DECISIONS) == {
        *verdicts.FINAL, *verdicts.PENDING, *verdicts.WITHOUT_ITEMS
    }  # fmt: skip
    for verb in verdicts.FINAL:
        for code in verdicts.codes(verb, [1, 2], 1).values():
            assert verdicts.DISPLAYS[code] and verdicts.WORDS[code]


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (["A1", "C"], "affirmed"),
        (["C", "C"], "cancelled"),
        (["A1", "A4"], "pended"),
        (["A1", "A3"], "partial"),
        (["A3", "CT"], "mixed"),
    ],
)
def test_the_word_of_several(found: list[str], word: str) -> None:
    assert verdicts.word(found) == word
