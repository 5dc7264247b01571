"""An answer that holds what speaks against its own affirmation affirms nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.pas.test_decision import UTN, a_case, an_answer, an_answer_item, read

DENIED = an_answer_item("A3")["adjudication"]
SUBMITTED = {"coding": [{"code": "submitted"}]}
BENEFIT = {"category": {"coding": [{"code": "benefit"}], "text": "Paid"}, "amount": {"value": 90}}
MODIFIER = [{"url": "https://payer.example/not-done", "valueBoolean": True}]


def affirmed(**more: Any) -> dict[str, Any]:
    return an_answer_item("A1", utn=UTN) | more


def beside(*resources: dict[str, Any]) -> dict[str, Any]:
    """Return an affirmation with other resources in its Bundle."""
    body = an_answer(affirmed())
    body["entry"] += [{"resource": one} for one in resources]
    return body


def complaint(severity: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity}]}


def replaced(code: str, by: str, **line: Any) -> dict[str, Any]:
    """Return an answer with a line of the payer's own in the place of the item."""
    added = {"productOrService": {"text": "other"}, **an_answer_item(by), **line}
    return an_answer(an_answer_item(code, utn=UTN), addItem=[added])


def modified_adjudication() -> dict[str, Any]:
    item = affirmed()
    item["adjudication"][0]["modifierExtension"] = MODIFIER
    return item


CONTRADICTED = {
    "a fatal outcome": beside(complaint("fatal")),
    "an error": beside(complaint("error")),
    "an error within": an_answer(affirmed(), contained=[complaint("error")]),
    "a nested denial": beside(an_answer(an_answer_item("A3"))),
    "a contained denial": an_answer(
        affirmed(), contained=[an_answer(an_answer_item("A3"))["entry"][0]["resource"]]
    ),
    "a modified item": an_answer(affirmed(modifierExtension=MODIFIER)),
    "a modified adjudication": an_answer(modified_adjudication()),
    "a modified answer": an_answer(affirmed(), modifierExtension=MODIFIER),
    "a denied detail": an_answer(affirmed(detail=[{"adjudication": DENIED}])),
    "a denied part of a detail": an_answer(
        affirmed(detail=[{"subDetail": [{"adjudication": DENIED}]}])
    ),
    "a denied line in its place": replaced("A1", "A3", itemSequence=[1]),
    "a denied line in no place": replaced("A1", "A3", itemSequence=[]),
    "a denied line in an unknown place": replaced("A1", "A3", itemSequence=[9]),
    "a denied part of a line": replaced(
        "A1", "A1", itemSequence=[1], detail=[{"adjudication": DENIED}]
    ),
    "a modified line in its place": replaced("A1", "A6", itemSequence=[1]),
    "a denied line in the place of a modified item": replaced("A6", "A3", itemSequence=[1]),
    "a denied whole": an_answer(affirmed(), adjudication=DENIED),
    "a whole decided in part": an_answer(
        affirmed(), adjudication=an_answer_item("A2")["adjudication"]
    ),
}


@pytest.mark.parametrize("name", CONTRADICTED)
def test_what_speaks_against_itself_is_not_used(name: str) -> None:
    found = read(a_case(), CONTRADICTED[name])
    assert (found.word, found.items) == ("unreadable", ())
    assert found.quarantined


DOUBTS: dict[str, dict[str, Any]] = {
    "a denied category": {"category": {"coding": [{"code": "denied"}]}},
    "a category in words": {"category": {"text": "denied"}},
    "a reason": {"category": SUBMITTED, "reason": {"text": "not medically necessary"}},
    "a reason alone": {"reason": {"coding": [{"code": "50"}]}},
    "something of the payer's own": {"category": SUBMITTED, "extension": [{"url": "urn:x:denied"}]},
}


def beside_it(adjudication: dict[str, Any], code: str = "A1") -> dict[str, Any]:
    """Return an item with an adjudication beside its review action."""
    item = an_answer_item(code, utn=UTN)
    return item | {"adjudication": [*item["adjudication"], adjudication]}


@pytest.mark.parametrize("code", ["A1", "A6"])
@pytest.mark.parametrize("name", DOUBTS)
def test_an_adjudication_beside_an_approval_that_may_deny_it_leaves_it_to_a_person(
    name: str, code: str
) -> None:
    doubt, sound = DOUBTS[name], an_answer_item(code, utn=UTN)
    line = {"itemSequence": [1], "adjudication": [doubt]}
    for body in (
        an_answer(beside_it(doubt, code)),
        an_answer(sound | {"detail": [{"adjudication": [doubt]}]}),
        an_answer(sound, addItem=[line]),
        an_answer(sound, adjudication=[doubt]),
    ):
        found = read(a_case(), body)
        assert [(one.decision, one.number) for one in found.items] == [("unreadable", None)]


@pytest.mark.parametrize("code", ["A2", "A3"])
def test_a_denial_beside_what_is_denied_at_least_in_part_changes_nothing(code: str) -> None:
    plain = read(a_case(), an_answer(an_answer_item(code, utn=UTN))).items
    assert read(a_case(), an_answer(beside_it(DOUBTS["a reason"], code))).items == plain


def test_an_adjudication_beside_one_approval_says_nothing_of_another() -> None:
    body = an_answer(beside_it(DOUBTS["a reason"]), an_answer_item("A1", 2))
    assert [one.decision for one in read(a_case(2), body).items] == ["unreadable", "affirmed"]


@pytest.mark.parametrize(
    ("use", "why"),
    [
        ("preauthorization", ()),
        (None, ()),
        ("predetermination", ("another use",)),
        ("claim", ("another use",)),
        (["preauthorization"], ("another use",)),
    ],
    ids=str,
)
def test_what_is_no_preauthorization_is_not_used(use: Any, why: tuple[str, ...]) -> None:
    found = read(a_case(), an_answer(affirmed(), use=use))
    assert (found.quarantined, found.word) == (why, "unreadable" if why else "affirmed")


@pytest.mark.parametrize("code", ["A1", "A2", "A3", "A6"])
def test_what_is_queued_is_not_decided(code: str) -> None:
    found = read(a_case(), an_answer(an_answer_item(code, utn=UTN), outcome="queued"))
    assert found.word == "pended"
    assert [(one.decision, one.number) for one in found.items] == [("pended", None)]


AGREEING = {
    "a warning": (beside(complaint("warning")), "affirmed"),
    "the same of the whole": (
        an_answer(affirmed(), adjudication=an_answer_item("A1")["adjudication"]),
        "affirmed",
    ),
    "the same of a detail": (
        an_answer(affirmed(detail=[{"adjudication": an_answer_item("A1")["adjudication"]}])),
        "affirmed",
    ),
    "a part of what is decided in part": (
        an_answer(an_answer_item("A2") | {"detail": [{"adjudication": DENIED}]}),
        "partial",
    ),
    "an affirmed line in its place": (replaced("A1", "A1", itemSequence=[1]), "affirmed"),
    "what is affirmed instead": (replaced("A6", "A1", itemSequence=[1]), "affirmed_modified"),
    "a denial with a line beside it": (replaced("A3", "A1", itemSequence=[1]), "non_affirmed"),
    "what was submitted, and an amount": (
        an_answer(
            affirmed(adjudication=[*affirmed()["adjudication"], {"category": SUBMITTED}, BENEFIT])
        ),
        "affirmed",
    ),
    "an amount of the whole": (an_answer(affirmed(), adjudication=[{"amount": {}}]), "affirmed"),
}


@pytest.mark.parametrize("name", AGREEING)
def test_what_agrees_is_read(name: str) -> None:
    body, word = AGREEING[name]
    assert read(a_case(), body).word == word


def test_a_whole_decided_in_part_agrees_with_items_that_differ() -> None:
    whole = an_answer_item("A2")["adjudication"]
    body = an_answer(affirmed(), an_answer_item("A3", 2), adjudication=whole)
    assert read(a_case(2), body).word == "partial"


def test_a_denied_line_speaks_against_the_item_that_it_replaces_alone() -> None:
    added = an_answer_item("A3") | {"itemSequence": [2]}
    body = an_answer(affirmed(), an_answer_item("A3", 2), addItem=[added])
    assert [one.decision for one in read(a_case(2), body).items] == ["affirmed", "non_affirmed"]


def test_an_approval_in_an_adjudication_that_is_called_denied_is_not_read() -> None:
    body = an_answer(an_answer_item("A1"))
    for category, word in (("submitted", "affirmed"), ("denied", "unreadable")):
        (acting,) = body["entry"][0]["resource"]["item"][0]["adjudication"]
        acting["category"] = {"coding": [{"code": category}]}
        assert read(a_case(), body).word == word
