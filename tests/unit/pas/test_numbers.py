"""Where a number may stand, in which order it is read, and what it never proves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pas.test_decision import (
    MEMBER,
    OTHER,
    UTN,
    a_case,
    an_answer,
    an_answer_item,
    extension,
    read,
)


def numbered(where: str, value: str = UTN) -> dict[str, Any]:
    return extension(f"extension-{where}", valueString=value)


@pytest.mark.parametrize(
    ("item", "response", "path"),
    [
        ({"utn": UTN}, {"preAuthRef": UTN}, "reviewAction.number"),
        ({"extensions": [numbered("authorizationNumber")]}, {"preAuthRef": UTN}, "preAuthRef"),
        ({"extensions": [numbered("authorizationNumber")]}, {}, "authorizationNumber"),
        ({}, {"preAuthRef": f" {UTN} "}, "preAuthRef"),
    ],
)
def test_places_in_their_order(item: dict[str, Any], response: dict[str, Any], path: str) -> None:
    found = read(a_case(), an_answer(an_answer_item("A1", **item), **response)).items[0]
    assert (found.number, found.number_path) == (UTN, path)


@pytest.mark.parametrize("code", ["A1", "A2", "A6"])
def test_an_administration_reference_is_no_number_of_an_affirmation(code: str) -> None:
    admin = [numbered("administrationReferenceNumber")]
    found = read(a_case(), an_answer(an_answer_item(code, extensions=admin))).items[0]
    assert (found.number, found.number_path) == (None, None)


@pytest.mark.req("pas-2.2.1@conf-14", "pas-2.0.1@217")
def test_affirmed_without_a_number_stays_affirmed() -> None:
    found = read(a_case(), an_answer(an_answer_item("A1")))
    assert (found.word, found.items[0].number, found.quarantined) == ("affirmed", None, ())


@pytest.mark.parametrize("code", ["A4", "C", "CT", "NA", "86", None])
def test_a_number_is_read_for_no_other_code(code: str | None) -> None:
    item = an_answer_item(code, utn=UTN, extensions=[numbered("authorizationNumber")])
    found = read(a_case(), an_answer(item, preAuthRef=UTN))
    assert (found.items[0].number, found.quarantined) == (None, ())


@pytest.mark.parametrize(
    ("item", "response"),
    [
        ({"utn": UTN}, {"preAuthRef": OTHER}),
        ({"utn": UTN, "extensions": [numbered("authorizationNumber", OTHER)]}, {}),
        ({"extensions": [numbered("authorizationNumber", OTHER)]}, {"preAuthRef": UTN}),
    ],
)
def test_two_different_numbers_are_shown_and_not_used(
    item: dict[str, Any], response: dict[str, Any]
) -> None:
    found = read(a_case(), an_answer(an_answer_item("A1", **item), **response))
    assert (found.word, found.items[0].number) == ("affirmed", None)
    assert set(found.quarantined) == {UTN, OTHER}


def test_a_period_proves_nothing() -> None:
    period = {"start": "2026-11-24", "end": "2027-03-23"}
    stated = extension("extension-itemPreAuthPeriod", valuePeriod=period)
    item = an_answer_item("A4", extensions=[stated])
    found = read(a_case(), an_answer(item, preAuthPeriod=period))
    assert (found.word, found.items[0].valid_from) == ("pended", None)


def test_two_codes_on_one_item_are_unreadable() -> None:
    item = an_answer_item("A1", utn=UTN)
    item["adjudication"] += an_answer_item("A3")["adjudication"]
    found = read(a_case(), an_answer(item)).items[0]
    assert (found.decision, found.number) == ("unreadable", None)


def test_one_foreign_item_among_ours_spoils_the_whole_answer() -> None:
    body = an_answer(an_answer_item("A1", 1, utn=UTN), an_answer_item("A1", 7, utn=OTHER))
    found = read(a_case(1), body)
    assert (found.word, found.items) == ("unreadable", ())


def test_a_modified_item_names_what_replaces_it() -> None:
    added = {"itemSequence": [1], "productOrService": {"coding": [{"code": "62321"}]}}
    found = read(a_case(), an_answer(an_answer_item("A6", utn=UTN), addItem=[added])).items[0]
    assert (found.decision, found.replaced_by) == ("affirmed_modified", ("62321",))


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        ("complete", "unreadable"),
        ("error", "unreadable"),
        ("queued", "pended"),
        ("partial", "pended"),
    ],
)
def test_outcome_alone_is_no_decision(outcome: str, word: str) -> None:
    found = read(a_case(2), an_answer(outcome=outcome))
    assert (found.word, [one.decision for one in found.items]) == (word, [word, word])


def test_an_item_that_is_queued_waits_beside_one_that_is_decided() -> None:
    body = an_answer(an_answer_item("A1", 1, utn=UTN), outcome="partial")
    found = read(a_case(2), body)
    assert (found.word, [one.decision for one in found.items]) == ("pended", ["affirmed", "pended"])


def test_our_own_member_number_passes() -> None:
    body = an_answer(an_answer_item("A1", utn=UTN))
    kind = {"coding": [{"code": "MB"}]}
    ours = {"resourceType": "Coverage", "identifier": [{"type": kind, "value": MEMBER}]}
    body["entry"].append({"resource": ours})
    assert read(a_case(), body).items[0].number == UTN


CODES = st.sampled_from(["A1", "A2", "A3", "A4", "A6", "C", "CT", "NA", "86", "", None])


@given(st.lists(CODES, min_size=1, max_size=4))
def test_green_needs_every_item(codes: list[str | None]) -> None:
    items = [an_answer_item(code, number) for number, code in enumerate(codes, start=1)]
    word = read(a_case(len(codes)), an_answer(*items)).word
    assert (word == "affirmed") is (set(codes) == {"A1"})
    assert (word == "affirmed_modified") is ("A6" in codes and set(codes) <= {"A1", "A6"})
