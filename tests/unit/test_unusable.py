"""An answer that cannot be used is told once, in words, and never leaves a case asking in vain."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.model import Decision
from smart_app.cases.store import Store
from smart_app.web import sent
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import LOCAL, an_answer, an_answer_item, coded
from tests.unit.pas.test_echo import OTHER_MEMBER, by_system, traced

N1 = "JFA99900004417"
DAY = "2026-11-24"
MODIFIED = an_answer(an_answer_item("A3"), modifierExtension=[{"url": "x"}])
WAITS = an_answer(an_answer_item("A4"))
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
COVERAGE = {"resourceType": "Coverage", "subscriberId": "1S00ZZ0ZZ00"}


def beside(body: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with a resource beside its decision."""
    return {**body, "entry": [*body["entry"], {"resource": resource}]}


def several(*codes: str) -> dict[str, Any]:
    """Return an answer of several results of one day."""
    bodies = [an_answer(an_answer_item(code), created=DAY) for code in codes]
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "resource": one} for one in bodies],
    }


def asked(store: Store, clock: FakeClock, first: dict[str, Any], then: dict[str, Any]) -> Line:
    """Return a line whose payer was asked for hours after its first answer."""
    line = Line(store, clock, FakePayer({"$submit": [Reply(200, first)], "$inquire": [None]}))
    line.signed()
    line.step()
    answers(line, then)
    return line


def answers(line: Line, body: dict[str, Any]) -> None:
    line.payer.answers["$inquire"] = [Reply(200, body)]
    line.pass_by(20, each=3600)


def headline(line: Line) -> str:
    return states.headline(line.case().tracks)


def history(line: Line) -> list[str]:
    return [formatters.event(one, "Zyter") for one in line.world.audit.events("case-1")]


def warned(line: Line) -> str:
    """Return what the page warns of."""
    record = line.world.audit.record("case-1")
    return " ".join(sent._warnings(line.case(), record, "Zyter", []))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (MODIFIED, "marked in a way that may change what it means"),
        (beside(an_answer(an_answer_item("A3")), OUTCOME), "reports an error or a warning"),
        ({**an_answer(an_answer_item("A1")), "total": 7}, "did not give all that it has"),
    ],
    ids=["modifier", "error", "not whole"],
)
def test_a_decision_that_speaks_against_itself_is_to_be_read(
    store: Store, clock: FakeClock, body: dict[str, Any], words: str
) -> None:
    line = asked(store, clock, WAITS, body)
    assert headline(line) == "unreadable"
    assert [words in one for one in history(line)].count(True) == 1
    assert not any("not about this request" in one for one in history(line))
    answers(line, an_answer(an_answer_item("A3")))
    assert headline(line) == "non_affirmed"


def test_an_answer_about_another_is_told_once_and_changes_nothing(
    store: Store, clock: FakeClock
) -> None:
    line = asked(store, clock, WAITS, beside(an_answer(an_answer_item("A3")), COVERAGE))
    assert headline(line) == "pended"
    assert [one for one in history(line) if "not used" in one] == [
        "An answer was not used: it is about another person"
    ]
    answers(line, an_answer(an_answer_item("A3"), status="cancelled"))
    assert history(line)[-1] == "An answer was not used: it is not in force"
    told = len(history(line))
    answers(line, beside(an_answer(an_answer_item("A3")), COVERAGE))
    assert len(history(line)) == told


@pytest.mark.parametrize(
    ("odd", "shown"),
    [
        (beside(an_answer(an_answer_item("A1")), OUTCOME), "affirmed_number_awaited"),
        (an_answer(an_answer_item("A1"), modifierExtension=[{"url": "x"}]), "unreadable"),
        (MODIFIED, "unreadable"),
    ],
)
def test_an_affirmation_whose_number_is_awaited_is_held_by_what_may_deny_it(
    store: Store, clock: FakeClock, odd: dict[str, Any], shown: str
) -> None:
    line = asked(store, clock, an_answer(an_answer_item("A1")), odd)
    assert headline(line) == shown
    assert line.events().count("quarantined") == 1


@pytest.mark.parametrize("order", [("A1", "A3"), ("A3", "A1")])
def test_answers_that_contradict_each_other_are_told_once(
    store: Store, clock: FakeClock, order: tuple[str, ...]
) -> None:
    line = asked(store, clock, WAITS, several(*order))
    assert headline(line) == "unreadable"
    assert line.events().count("answers_disagree") == 1
    assert "Ask Zyter what it decided" in warned(line)
    answers(line, an_answer(an_answer_item("A3")))
    assert (headline(line), warned(line)) == ("non_affirmed", "")
    assert line.events().count("answers_agree") == 1


def test_answers_that_contradict_each_other_are_told_of_what_is_affirmed(
    store: Store, clock: FakeClock
) -> None:
    line = asked(store, clock, an_answer(an_answer_item("A1")), several("A1", "A3"))
    assert line.events().count("answers_disagree") == 1
    assert "contradict each other" in warned(line)
    line.letter("affirmed")
    line.pass_by(20, each=3600)
    assert (warned(line), line.events().count("answers_disagree")) == ("", 1)


@pytest.mark.parametrize("agreed", [False, True])
def test_another_contradiction_after_a_letter_is_told_too(
    store: Store, clock: FakeClock, agreed: bool
) -> None:
    line = asked(store, clock, WAITS, several("A1", "A6"))
    line.letter("affirmed")
    assert warned(line) == ""
    if agreed:
        answers(line, WAITS)
    answers(line, several("A1", "A6") if agreed else several("A1", "A3"))
    assert "contradict each other" in warned(line)
    assert line.events().count("answers_disagree") == 2


@pytest.mark.parametrize("order", [("A4", "A3"), ("A3", "A4")])
def test_a_denial_of_the_day_on_which_it_was_still_open_counts(
    store: Store, clock: FakeClock, order: tuple[str, ...]
) -> None:
    line = asked(store, clock, WAITS, several(*order))
    assert (headline(line), warned(line)) == ("non_affirmed", "")


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_an_approval_that_is_withdrawn_counts_no_more_until_it_stands_again(
    store: Store, clock: FakeClock, status: str
) -> None:
    gone = an_answer(an_answer_item("A1"), status=status)
    line = asked(store, clock, an_answer(an_answer_item("A1")), gone)
    assert headline(line) == "unreadable"
    assert "Ask Zyter what it decided" in warned(line)
    assert line.events().count("answers_disagree") == 1
    answers(line, an_answer(an_answer_item("A1")))
    assert (headline(line), warned(line)) == ("affirmed_number_awaited", "")
    answers(line, gone)
    assert headline(line) == "unreadable"
    assert "Ask Zyter what it decided" in warned(line)


def test_a_draft_of_an_approval_is_no_news(store: Store, clock: FakeClock) -> None:
    draft = an_answer(an_answer_item("A1"), status="draft")
    line = asked(store, clock, WAITS, draft)
    assert (headline(line), warned(line)) == ("pended", "")


AFFIRMED = an_answer(an_answer_item("A1", utn=N1), created="2026-11-23")
ONE_MORE = an_answer(an_answer_item("A3"), traced("payer-7"), created=DAY)
ANOTHERS = an_answer(
    an_answer_item("A3"), created=DAY, identifier=[{"system": "s", "value": "id-9"}]
)
MISTAKEN = an_answer(
    an_answer_item("A3"), created=DAY, patient={"identifier": by_system(OTHER_MEMBER)}
)
LOCAL_DENIAL = an_answer(coded((LOCAL, "A3")), created="2026-11-20")
FAILED = an_answer(outcome="error", created="2026-11-20", identifier=[{"value": "id-1"}])


def listed(*bodies: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "resource": one} for one in bodies],
    }


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("denial", "word", "told"),
    [
        (ONE_MORE, "unreadable", "it decides something that was not asked for"),
        (ANOTHERS, "pended", "it is about another request"),
        (MISTAKEN, "pended", "it is about another person"),
        (LOCAL_DENIAL, "unreadable", "none was used"),
        (FAILED, "unreadable", "none was used"),
    ],
    ids=["an item more", "another request", "another member", "a local code", "failed"],
)
def test_an_odd_denial_beside_an_approval_is_told_and_leaves_no_number(
    store: Store, clock: FakeClock, denial: dict[str, Any], word: str, told: str, turned: bool
) -> None:
    several = (denial, AFFIRMED) if turned else (AFFIRMED, denial)
    line = asked(store, clock, WAITS, listed(*several))
    assert (headline(line), store.utns("case-1")) == (word, [])
    assert line.case().tracks.claim == "hold"
    assert [one.endswith(told) for one in history(line)].count(True) == 1


def test_a_denial_with_an_item_more_is_told_of_an_inquiry_as_of_a_request(
    store: Store, clock: FakeClock
) -> None:
    line = asked(store, clock, WAITS, listed(ONE_MORE))
    assert headline(line) == "unreadable"
    assert line.events().count("quarantined") == 1


@pytest.mark.parametrize(("code", "stops"), [("A1", 5), ("A3", 5), ("C", 3), ("NA", 3)])
def test_a_line_names_a_number_only_where_one_may_come(
    store: Store, clock: FakeClock, code: str, stops: int
) -> None:
    line = Line(store, clock, FakePayer({"$submit": [Reply(200, an_answer(an_answer_item(code)))]}))
    line.signed()
    line.step()
    events = line.world.audit.events("case-1")
    assert len(sent._stops(line.case(), events, "UTC", "Noridian", "wait", "clock")) == stops


@pytest.mark.parametrize(("number", "odd"), [(N1, False), ("12345678901234", True)])
def test_a_number_of_an_unusual_form_is_shown_with_a_warning(
    store: Store, clock: FakeClock, number: str, odd: bool
) -> None:
    answer = an_answer(an_answer_item("A1", utn=number))
    line = Line(store, clock, FakePayer({"$submit": [Reply(200, answer)]}))
    line.signed()
    line.step()
    numbers = tuple(store.utns("case-1"))
    assert [one.number for one in numbers] == [number]
    found = store.latest("case-1", "decision", Decision)
    wrong = sent._wrong(line.world, line.case(), found, numbers, [])
    assert ("unusual_number" in wrong) is odd
