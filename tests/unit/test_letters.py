"""A letter never makes an approval of a denial by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases import states
from smart_app.cases.model import Decision, DecisionWord, Event
from smart_app.cases.store import Store
from smart_app.errors import LetterError, StaleRevision
from smart_app.pas import decision
from tests.unit.kit import FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item, extension

N1, N2 = "JFA99900004417", "JFA99900004418"


def a_line(store: Store, clock: FakeClock, *items: dict[str, Any], then: Any = None) -> Line:
    """Return a line whose payer has answered, and what it answers from then on."""
    first = Reply(200, an_answer(*items))
    again = Reply(200, an_answer(then)) if then else first
    line = Line(store, clock, FakePayer({"$submit": [first], "$inquire": [again]}))
    line.signed(orders=len(items))
    line.step()
    return line


def state(line: Line) -> tuple[str, str]:
    """Return the headline's state and the claim's."""
    return states.headline(line.case().tracks), line.case().tracks.claim


def active(line: Line) -> list[str]:
    return [one.number for one in line.store.utns("case-1") if one.status == "active"]


@pytest.mark.parametrize("code", ["A2", "A3", "A6", "C", "NA"])
def test_a_denial_stands_until_the_letter_is_entered_again(
    store: Store, clock: FakeClock, code: str
) -> None:
    line = a_line(store, clock, an_answer_item(code))
    before = state(line)
    line.letter("affirmed", N1)
    assert (state(line), active(line)) == (before, [])
    assert line.events()[-2:] == ["letter_not_taken", "sources_disagree"]
    line.letter("affirmed", N1)
    assert (state(line), active(line)) == (("affirmed", "ready"), [N1])


def test_the_same_form_posted_twice_is_one_act(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer_item("A3"))
    seen = line.follow.deciding.decided(line.case())
    line.letter("affirmed", N1)
    event, found = line.world.audit.events("case-1")[-2], line.letter_of("affirmed", N1)
    with pytest.raises(StaleRevision):
        line.follow.take_letter(line.case(), seen, found, event)
    assert state(line) == ("non_affirmed", "hold")


def test_a_contradiction_that_is_told_meanwhile_makes_the_page_stale(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(store, clock, an_answer_item("A4"))
    line.letter("non_affirmed")
    ours = [{"system": "s", "value": "id-1"}]
    said = an_answer(outcome="error", disposition="dismissed: twice", identifier=ours)
    line.payer.answers["$inquire"] = [Reply(200, said)]
    clock.pass_by(10)
    write = store.write

    @contextmanager
    def meanwhile() -> Iterator[Any]:
        monkeypatch.setattr(store, "write", write)
        line.step()  # the worker is first
        with write() as db:
            yield db

    monkeypatch.setattr(store, "write", meanwhile)
    with pytest.raises(StaleRevision):
        line.letter("affirmed", N1)
    line.pass_by(20)
    assert (state(line), active(line)) == (("non_affirmed", "hold"), [])
    assert line.events()[-1] == "sources_disagree"


def test_one_denied_code_of_two_is_enough(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer_item("A1", 1, utn=N1), an_answer_item("A3", 2))
    line.letter("affirmed", N1)
    assert state(line)[1] == "hold"
    assert line.events()[-1] == "sources_disagree"


def test_a_letter_that_says_the_same_needs_no_second_act(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer_item("A3"))
    line.letter("non_affirmed", N1)
    assert (state(line)[0], active(line)) == ("non_affirmed", [N1])
    assert "sources_disagree" not in line.events()


def test_a_denial_that_came_beside_a_letter_counts_too(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer_item("A4"), then=an_answer_item("A3", utn=N1))
    line.letter("non_affirmed")
    line.pass_by(5)
    assert active(line) == [N1]  # the payer said the same, and its number
    line.letter("affirmed", N2)
    assert state(line) == ("non_affirmed", "hold")


def test_an_undecided_request_takes_a_letter_at_once(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer_item("A4"))
    line.letter("affirmed", N1)
    assert state(line) == ("affirmed", "ready")


def test_the_number_of_a_denial_is_no_affirmations(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer_item("A3", utn=N1))
    for _ in ("first", "again"):
        with pytest.raises(LetterError, match="another verdict"):
            line.letter("affirmed", N1)
    for _ in ("told", "taken"):
        line.letter("affirmed")
    with pytest.raises(LetterError):
        line.letter("affirmed", N1)  # what the payer said of it counts for ever
    assert (state(line), active(line)) == (("affirmed_number_awaited", "hold"), [])


def test_a_mistyped_letter_can_be_taken_back(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, an_answer_item("A4"))
    line.letter("non_affirmed", N1)
    with pytest.raises(LetterError):
        line.letter("affirmed", N1)
    line.letter("affirmed")
    line.letter("affirmed", N1)
    assert (state(line), active(line)) == (("affirmed", "ready"), [N1])


@pytest.mark.parametrize("code", ["A3", "A6"])
def test_the_payers_own_answer_takes_back_what_a_letter_affirmed_of_two_codes(
    store: Store, clock: FakeClock, code: str
) -> None:
    line = a_line(store, clock, an_answer_item("A4", 1), an_answer_item("A4", 2))
    whole = line.letter_of("affirmed")
    items = (
        replace(whole.items[0], number=N1, number_path="letter"),
        replace(whole.items[1], decision="non_affirmed"),
    )
    typed = replace(whole, items=items, word=decision.word_of(items))
    event = Event("letter", clock.now(), "Robin", {"word": typed.word})
    line.follow.take_letter(line.case(), line.follow.deciding.decided(line.case()), typed, event)
    assert active(line) == [N1]
    later = an_answer(an_answer_item(code, 1), an_answer_item("A3", 2))
    line.payer.answers["$inquire"] = [Reply(200, later)]
    line.pass_by(20)
    found = store.latest("case-1", "decision", Decision)
    assert found
    assert found.items[0].raw_code == code
    assert found.items[1].decision == "non_affirmed"
    assert active(line) == []
    assert line.events().count("sources_disagree") == 1


# one code otherwise than the other ----------------------------------------------------------------

AFFIRMED: tuple[DecisionWord, str | None] = ("affirmed", N1)
DENIED: tuple[DecisionWord, str | None] = ("non_affirmed", None)
AWAITED: tuple[DecisionWord, str | None] = ("affirmed", None)


def enter(line: Line, *said: tuple[DecisionWord, str | None]) -> None:
    """Enter a letter that says a verdict and a number of each code."""
    whole = line.letter_of("affirmed")
    items = tuple(
        replace(item, decision=word, number=number, number_path="letter" if number else None)
        for item, (word, number) in zip(whole.items, said, strict=True)
    )
    typed = replace(whole, items=items, word=decision.word_of(items))
    event = Event("letter", line.clock.now(), "Robin", {"word": typed.word})
    line.follow.take_letter(line.case(), line.follow.deciding.decided(line.case()), typed, event)


def a_letter(store: Store, clock: FakeClock, *said: tuple[DecisionWord, str | None]) -> Line:
    """Return a line of two codes that waits, and whose letter is entered."""
    line = a_line(store, clock, an_answer_item("A4", 1), an_answer_item("A4", 2))
    enter(line, *said)
    return line


def answers(line: Line, *items: dict[str, Any]) -> None:
    """Let the payer answer otherwise from now on, and be asked."""
    line.payer.answers["$inquire"] = [Reply(200, an_answer(*items))]
    line.pass_by(20)


def words(line: Line) -> list[str]:
    found = line.store.latest("case-1", "decision", Decision)
    return [one.decision for one in found.items] if found else []


def test_a_denial_of_one_code_does_not_affirm_what_the_letter_denied(
    store: Store, clock: FakeClock
) -> None:
    line = a_letter(store, clock, AFFIRMED, DENIED)
    answers(line, an_answer_item("A3", 1), an_answer_item("A1", 2, utn=N2))
    assert (words(line), active(line)) == (["non_affirmed", "non_affirmed"], [])
    assert line.events().count("sources_disagree") == 1
    enter(line, DENIED, ("affirmed", N2))
    line.pass_by(20)
    assert (words(line), active(line)) == (["non_affirmed", "affirmed"], [N2])
    assert line.events()[-1] != "sources_disagree"


@pytest.mark.parametrize("again", [("A1", "A1"), ("A1", "A3")])
def test_what_was_taken_back_is_affirmed_by_a_person_alone(
    store: Store, clock: FakeClock, again: tuple[str, str]
) -> None:
    line = a_letter(store, clock, AWAITED, AWAITED)
    answers(line, an_answer_item("A3", 1), an_answer_item("A3", 2))
    answers(line, *(an_answer_item(code, number, utn=N2) for number, code in enumerate(again, 1)))
    assert (words(line), state(line)[1]) == (["non_affirmed", "non_affirmed"], "hold")


def test_a_second_contradiction_of_the_same_word_counts(store: Store, clock: FakeClock) -> None:
    line = a_letter(store, clock, AFFIRMED, DENIED)
    answers(line, an_answer_item("A1", 1, utn=N1), an_answer_item("A2", 2))
    assert (words(line), active(line)) == (["affirmed", "non_affirmed"], [N1])
    answers(line, an_answer_item("A3", 1), an_answer_item("A1", 2))
    assert (words(line), active(line)) == (["non_affirmed", "non_affirmed"], [])
    assert line.events().count("sources_disagree") == 2


def test_a_denial_counts_while_another_code_waits(store: Store, clock: FakeClock) -> None:
    line = a_letter(store, clock, AFFIRMED, AWAITED)
    answers(line, an_answer_item("A3", 1), an_answer_item("A4", 2))
    assert (words(line), active(line)) == (["non_affirmed", "affirmed"], [])
    assert formatters.CHIPS[state(line)[0]][0] != "ok"
    assert line.events().count("sources_disagree") == 1
    answers(line, an_answer_item("A3", 1), an_answer_item("A1", 2, utn=N2))
    assert (words(line), active(line)) == (["non_affirmed", "affirmed"], [N2])
    assert line.events().count("sources_disagree") == 1


def test_who_was_told_of_a_denial_and_enters_the_letter_again_is_believed(
    store: Store, clock: FakeClock
) -> None:
    line = a_letter(store, clock, AFFIRMED, AWAITED)
    answers(line, an_answer_item("A3", 1), an_answer_item("A4", 2))
    enter(line, AFFIRMED, AWAITED)
    line.pass_by(20)
    assert (words(line), line.events()[-1]) == (["affirmed", "affirmed"], "decided")
    answers(line, an_answer_item("A3", 1), an_answer_item("A3", 2))
    assert words(line) == ["affirmed", "non_affirmed"]  # of the second nobody was told


def test_a_denial_after_the_payers_own_affirmation_is_not_late(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, an_answer_item("A3"))
    for _ in ("told", "taken"):
        line.letter("affirmed")
    line.pass_by(20)
    assert words(line) == ["affirmed"]
    answers(line, an_answer_item("A1"))
    answers(line, an_answer_item("A3"))
    assert words(line) == ["non_affirmed"]


def denied(day: str | None) -> dict[str, Any]:
    """Return a denial that says its day, if it does."""
    issued = extension("extension-itemPreAuthIssueDate", valueDate=day)
    return an_answer_item("A3", extensions=[issued] if day else [])


@pytest.mark.parametrize("reopened", ["A4", "CT"])
@pytest.mark.parametrize("day", ["2026-11-20", None])
def test_a_denial_after_a_request_was_reopened_is_a_new_one(
    store: Store, clock: FakeClock, day: str | None, reopened: str
) -> None:
    line = a_line(store, clock, denied(day))
    for _ in ("told", "taken"):
        line.letter("affirmed")
    answers(line, an_answer_item(reopened))
    assert words(line) == ["affirmed"]
    answers(line, denied(day))
    assert (words(line), line.events()[-2:]) == (["non_affirmed"], ["sources_disagree", "decided"])


@pytest.mark.parametrize(
    ("day", "word"),
    [("2026-11-27", "non_affirmed"), ("2026-11-20", "affirmed"), (None, "affirmed")],
)
def test_a_denial_of_another_day_is_a_new_one(
    store: Store, clock: FakeClock, day: str | None, word: str
) -> None:
    line = a_line(store, clock, denied("2026-11-20"))
    for _ in ("told", "taken"):
        line.letter("affirmed")
    answers(line, denied(day))
    assert words(line) == [word]


def test_what_waits_beside_a_letter_leaves_the_payers_denial(
    store: Store, clock: FakeClock
) -> None:
    line = a_line(store, clock, an_answer_item("A3"))
    line.letter("non_affirmed")
    answers(line, an_answer_item("A4"))
    line.letter("affirmed", N1)
    assert (state(line), line.events()[-1]) == (("non_affirmed", "hold"), "sources_disagree")


def test_the_chart_is_told_whose_word_stands(store: Store, clock: FakeClock) -> None:
    line = a_letter(store, clock, AFFIRMED, AWAITED)
    answers(line, an_answer_item("A3", 1), an_answer_item("A4", 2))
    found = line.store.latest("case-1", "decision", Decision)
    assert found
    text = formatters.chart_text(line.case(), found, [], "Zyter")
    assert "Entered from a letter by Robin." in text
    assert "On 62323 the later answer of Zyter itself stands instead." in text


@pytest.mark.parametrize(("first", "word"), [("A6", "affirmed_modified"), ("A2", "partial")])
def test_a_denial_takes_back_what_the_payer_itself_had_affirmed_in_part(
    store: Store, clock: FakeClock, first: str, word: str
) -> None:
    line = a_letter(store, clock, AWAITED, AWAITED)
    answers(line, an_answer_item(first, 1), an_answer_item(first, 2))
    assert words(line) == [word, word]
    denied = [an_answer_item("A3", number, utn=N1) for number in (1, 2)]
    line.payer.answers["$inquire"] = [Reply(200, an_answer(*denied))]
    line.pass_by(60)
    assert (words(line), active(line)) == (["non_affirmed", "non_affirmed"], [N1])
    assert state(line) == ("non_affirmed", "hold")


def test_a_dismissal_of_the_whole_leaves_nothing_of_a_letter(
    store: Store, clock: FakeClock
) -> None:
    line = a_letter(store, clock, AWAITED, DENIED)
    ours = [{"system": "s", "value": "id-1"}]
    said = an_answer(outcome="error", disposition="dismissed: twice", identifier=ours)
    line.payer.answers["$inquire"] = [Reply(200, said)]
    line.pass_by(20)
    assert (words(line), state(line)[0]) == (["dismissed", "dismissed"], "dismissed")


def test_the_number_of_a_denial_comes_while_another_code_waits(
    store: Store, clock: FakeClock
) -> None:
    line = a_letter(store, clock, AWAITED, AWAITED)
    answers(line, an_answer_item("A3", 1), an_answer_item("A4", 2))
    line.payer.answers["$inquire"] = [
        Reply(200, an_answer(an_answer_item("A3", 1, utn=N1), an_answer_item("A4", 2)))
    ]
    line.pass_by(60)
    assert (words(line), active(line)) == (["non_affirmed", "affirmed"], [N1])


def test_a_letter_with_the_payers_number_keeps_the_period_that_the_payer_stated(
    store: Store, clock: FakeClock
) -> None:
    period = {"start": "2026-11-24", "end": "2026-12-10"}
    answer = Reply(200, an_answer(an_answer_item("A1", utn=N1), preAuthPeriod=period))
    line = Line(store, clock, FakePayer({"$submit": [answer], "$inquire": [answer]}))
    line.signed()
    line.step()
    line.letter("affirmed", N1)
    assert [one.valid_to for one in store.utns("case-1")] == [date(2026, 12, 10)]


@pytest.mark.parametrize("second", [AWAITED, ("affirmed", N1)])
def test_a_denial_within_an_answer_that_waits_is_told_to_who_enters_the_letter(
    store: Store, clock: FakeClock, second: tuple[DecisionWord, str | None]
) -> None:
    line = a_letter(store, clock, DENIED, AWAITED)
    answers(line, an_answer_item("A3", 1), an_answer_item("A4", 2))
    enter(line, second, AWAITED)
    assert words(line)[0] == "non_affirmed"
    assert line.events()[-1] == "sources_disagree"
