"""What comes late, or beside a letter, is held against what stands: nothing of it is dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.model import (
    ChartSnapshot,
    CoverageAnswer,
    CoverageRepetition,
    Decision,
    Event,
    WriteReceipt,
)
from smart_app.cases.store import Store
from smart_app.chart import annotate
from smart_app.pas import decision, verdicts
from smart_app.pas.names import PAS
from smart_app.web import sent
from tests.unit.kit import NOW, FakeChart, FakeClock, FakePayer, Reply
from tests.unit.line import COVERAGE, LEASE, Line
from tests.unit.pas.test_decision import a_case, an_answer, an_answer_item, read
from tests.unit.test_filing import GIVEN, order
from tests.unit.test_hostile_answers import a_head, a_line, late

N1, N2 = "JFA99900004417", "JFA99900004418"
SILENT = Reply(500, None)
A1, A3, A4 = (an_answer(an_answer_item(code)) for code in ("A1", "A3", "A4"))
NUMBERED = an_answer(an_answer_item("A1", utn=N1))
HALF = an_answer(an_answer_item("A1", 1, utn=N1), an_answer_item("A4", 2))


def issued(day: str) -> dict[str, Any]:
    """Return an approval that is dated."""
    dated = [{"url": PAS + "extension-itemPreAuthIssueDate", "valueDate": day}]
    return an_answer(an_answer_item("A1", utn=N1, extensions=dated))


def headline(line: Line) -> str:
    return states.headline(line.case().tracks)


def charted(store: Store, clock: FakeClock, **answers: list[Any]) -> tuple[Line, FakeChart]:
    """Return a line of two orders over a chart that holds them."""
    held = {f"ServiceRequest/{n}": order(id=str(n), extension=[GIVEN]) for n in (1, 2)}
    chart = FakeChart(held)
    line = Line(store, clock, FakePayer(answers), chart=chart)
    line.signed(orders=2)
    told = tuple(
        CoverageRepetition(GIVEN, ref, "Coverage/c1", None, None, (), (), (), (), None)
        for ref in held
    )
    patient = {"resourceType": "Patient", "id": "p1"}
    kept = {"Coverage": (COVERAGE,), "ServiceRequest": tuple(held.values())}
    with store.write() as db:
        store.put(db, "case-1", "chart", ChartSnapshot(patient, kept, {}, NOW))
        answer = CoverageAnswer("answered", "zyter", repetitions=told)
        store.put(db, "case-1", "coverage_answer", answer)
    return line, chart


def borne(chart: FakeChart, number: int = 1) -> frozenset[str]:
    """Return the numbers that an order bears in the chart."""
    return annotate.numbers_of(chart.held[f"ServiceRequest/{number}"], "Coverage/c1")


def warned(line: Line) -> bool:
    """Tell whether the page says that an order is wrong."""
    numbers = tuple(one for one in line.store.utns("case-1") if one.status == "active")
    found = line.store.latest("case-1", "decision", Decision)
    writes = line.store.history("case-1", "write", WriteReceipt)
    return sent.order_wrong(line.world, line.case(), found, numbers, writes)


def half_a_letter(line: Line, number: str | None) -> None:
    """Enter a letter that affirms the first code and leaves the second open."""
    whole = line.letter_of("affirmed", number)
    first, second = whole.items
    items = (first, replace(second, decision="pended", number=None, number_path=None))
    found = replace(whole, items=items, word=decision.word_of(items))
    event = Event("letter", line.clock.now(), "Robin", {"word": found.word})
    case = line.case()
    line.follow.take_letter(case, line.follow.deciding.decided(case), found, event)


# what comes after another answer was taken -------------------------------------------------------


class Slow(FakePayer):
    """A payer whose answer takes longer than the worker waits: another one asks meanwhile."""

    line: Line | None = None

    def post(self, url: str, body: bytes, content_type: str) -> Any:
        line, self.line = self.line, None
        if line is not None:
            line.clock.pass_by(LEASE + 1)
            line.pass_by(20)
        return super().post(url, body, content_type)


def slow(store: Store, clock: FakeClock, *told: Any) -> Line:
    """Return a line whose own answer, a denial, comes after what an inquiry was told."""
    payer = Slow({"$submit": [Reply(200, A3)], "$inquire": list(told)})
    line = Line(store, clock, payer)
    line.signed()
    payer.line = line
    line.step()
    line.pass_by(50)
    return line


def test_a_denial_after_an_inquirys_approval_is_told(store: Store, clock: FakeClock) -> None:
    line = slow(store, clock, Reply(200, NUMBERED), SILENT)
    assert headline(line) == "unreadable"
    assert (line.case().tracks.claim, line.events().count("answers_disagree")) == ("hold", 1)


def test_a_denial_after_an_inquiry_that_waits_is_taken(store: Store, clock: FakeClock) -> None:
    assert headline(slow(store, clock, Reply(200, A4), SILENT)) == "non_affirmed"


@pytest.mark.parametrize(
    ("first", "then", "state", "numbers"),
    [
        (A4, A3, "non_affirmed", []),
        (A1, NUMBERED, "affirmed", [N1]),
        (NUMBERED, A1, "affirmed", [N1]),
        (NUMBERED, A4, "affirmed", [N1]),
    ],
    ids=["it was waiting", "it had no number", "nothing new", "older"],
)
def test_what_a_late_answer_adds_is_taken(
    store: Store, clock: FakeClock, first: Any, then: Any, state: str, numbers: list[str]
) -> None:
    line = a_line(store, clock, **{"$submit": Reply(200, first), "$inquire": SILENT})
    late(line, then)
    assert (headline(line), [one.number for one in store.utns("case-1")]) == (state, numbers)


W, D, OK, ODD = "A4", "A3", "A1", "ZZ"


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        ((D, W), (W, D), ("non_affirmed", "non_affirmed")),
        ((OK, W), (W, D), ("affirmed", "non_affirmed")),
        ((W, D), (OK, W), ("affirmed", "non_affirmed")),
        ((W, W), (D, W), ("non_affirmed", "pended")),
        ((OK, W), (W, ODD), ("pended", "unreadable")),
    ],
    ids=str,
)
def test_two_answers_decide_together(
    store: Store, clock: FakeClock, first: Any, then: Any, words: Any
) -> None:
    bodies = [
        an_answer(*(an_answer_item(one, n) for n, one in enumerate(codes, 1)))
        for codes in (first, then)
    ]
    answers = {"$submit": Reply(200, bodies[0]), "$inquire": SILENT}
    line = a_line(store, clock, orders=2, **answers)
    late(line, bodies[1])
    found = store.latest("case-1", "decision", Decision)
    assert found is not None
    assert tuple(one.decision for one in found.items) == words
    assert found.word == decision.word_of(found.items)


UNUSABLE = {
    "an error beside it": [{"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}],
    "two decisions": [A3["entry"][0]["resource"]],
}


@pytest.mark.parametrize("letter", [False, True])
@pytest.mark.parametrize("odd", UNUSABLE)
def test_a_late_answer_that_may_deny_is_told_whatever_was_kept(
    store: Store, clock: FakeClock, odd: str, letter: bool
) -> None:
    told = [SILENT] if letter else [Reply(200, NUMBERED), SILENT]
    line = Line(store, clock, FakePayer({"$submit": [Reply(200, A4)], "$inquire": told}))
    line.signed()
    line.step()
    if letter:
        line.letter("affirmed", N1)
    line.pass_by(10)
    assert headline(line) == "affirmed"
    more = [{"resource": one} for one in UNUSABLE[odd]]
    late(line, {**A3, "entry": [*A3["entry"], *more]})
    assert line.events().count("quarantined") == 1
    if letter:
        assert line.events().count("answer_unclear") == 1
    else:
        assert (headline(line), line.case().tracks.claim) == ("unreadable", "hold")


def test_a_late_answer_narrows_the_window(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, **{"$submit": Reply(200, NUMBERED), "$inquire": SILENT})
    ends = an_answer(an_answer_item("A1", utn=N1), preAuthPeriod={"end": "2026-12-01"})
    late(line, ends)
    assert [str(one.valid_to) for one in store.utns("case-1")] == ["2026-12-01"]


def test_an_items_own_day_stays_when_a_later_answer_states_none(
    store: Store, clock: FakeClock
) -> None:
    url = PAS + "extension-itemPreAuthIssueDate"

    def item(number: int, day: str | None, code: str = "A1") -> dict[str, Any]:
        dated = [{"url": url, "valueDate": day}] if day else []
        return an_answer_item(code, number, extensions=dated)

    first = an_answer(item(1, "2026-11-20"), item(2, "2026-11-24"))
    then = an_answer(an_answer_item("A1", 1, utn=N1), an_answer_item("A1", 2, utn=N2))
    line = Line(
        store, clock, FakePayer({"$submit": [Reply(200, first)], "$inquire": [Reply(200, then)]})
    )
    line.signed(orders=2)
    line.pass_by(20)
    days = {one.number: str(one.valid_from) for one in store.utns("case-1")}
    assert days == {N1: "2026-11-20", N2: "2026-11-24"}


@pytest.mark.parametrize("turned", [False, True])
def test_the_earlier_day_of_two_answers_begins_the_window(
    store: Store, clock: FakeClock, turned: bool
) -> None:
    first, then = (issued(day) for day in sorted(("2026-11-24", "2026-11-01"), reverse=turned))
    line = a_line(store, clock, **{"$submit": Reply(200, first), "$inquire": SILENT})
    late(line, then)
    assert [str(one.valid_from) for one in store.utns("case-1")] == ["2026-11-01"]


def test_an_answer_that_was_superseded_is_not_taken_again(store: Store, clock: FakeClock) -> None:
    line = a_line(store, clock, **{"$submit": Reply(200, A4), "$inquire": Reply(200, NUMBERED)})
    late(line, A3)
    line.pass_by(20)
    known = line.events()
    with store.write() as db:
        line.world.tasks.add(db, "recover", "case-1", tag="again")
    line.pass_by(20)
    assert line.events() == known


def test_two_approvals_of_different_services_contradict_each_other() -> None:
    def modified(code: str) -> Decision:
        instead = {
            "itemSequence": [1],
            "productOrService": {"coding": [{"code": code}]},
            "adjudication": an_answer_item("A1")["adjudication"],
        }
        return read(a_case(), an_answer(an_answer_item("A6", utn=N1), addItem=[instead]))

    assert modified("64483").items[0].replaced_by != modified("64493").items[0].replaced_by
    assert verdicts.agreed([modified("64483"), modified("64493")]) is None
    assert verdicts.agreed([modified("64483"), modified("64483")]) is not None


# an order's number that ended while another item waits -------------------------------------------

AFTER = {
    "denied": [an_answer_item("A3", 1), an_answer_item("A4", 2)],
    "denied, numbered": [an_answer_item("A3", 1, utn=N2), an_answer_item("A4", 2)],
    "renumbered": [an_answer_item("A1", 1, utn=N2), an_answer_item("A4", 2)],
    "waiting again": [an_answer_item("A4", 1), an_answer_item("A4", 2)],
    "withdrawn": [an_answer_item("C", 1), an_answer_item("A4", 2)],
    "unreadable": [an_answer_item("ZZ", 1), an_answer_item("A4", 2)],
}


@pytest.mark.parametrize("then", AFTER)
def test_an_order_is_freed_of_a_dead_number_while_another_waits(
    store: Store, clock: FakeClock, then: str
) -> None:
    told = [Reply(200, HALF), Reply(200, an_answer(*AFTER[then]))]
    line, chart = charted(store, clock, **{"$submit": [Reply(200, HALF)], "$inquire": told})
    line.pass_by(3)
    assert borne(chart) == {N1}
    line.pass_by(30)
    assert borne(chart) == ({N2} if then == "renumbered" else frozenset())
    assert not warned(line)


@pytest.mark.parametrize("lost", ["unreadable", "left out"])
def test_an_order_is_freed_though_the_other_keeps_its_number(
    store: Store, clock: FakeClock, lost: str
) -> None:
    both = an_answer(an_answer_item("A1", 1, utn=N1), an_answer_item("A1", 2, utn=N2))
    odd = [an_answer_item("ZZ", 1)] if lost == "unreadable" else []
    line, chart = charted(store, clock, **{"$submit": [Reply(200, both)], "$inquire": [SILENT]})
    line.pass_by(3)
    assert (borne(chart, 1), borne(chart, 2)) == ({N1}, {N2})
    late(line, an_answer(*odd, an_answer_item("A1", 2, utn=N2)))
    line.pass_by(5)
    word = store.latest("case-1", "decision", Decision)
    if word and word.items and word.items[0].decision != "affirmed":
        assert borne(chart, 1) == frozenset()
    assert not warned(line)


@pytest.mark.parametrize("code", ["A3", "A1"])
def test_an_order_is_freed_of_a_letters_number(store: Store, clock: FakeClock, code: str) -> None:
    waits = an_answer(an_answer_item("A4", 1), an_answer_item("A4", 2))
    then = an_answer(an_answer_item(code, 1, utn=N2), an_answer_item("A4", 2))
    told = [Reply(200, waits), Reply(200, then)]
    line, chart = charted(store, clock, **{"$submit": [Reply(200, waits)], "$inquire": told})
    line.step()
    half_a_letter(line, N1)
    line.pass_by(15)
    assert borne(chart) == frozenset()


def test_a_filing_goes_on_with_the_newer_decision(store: Store, clock: FakeClock) -> None:
    worded = an_answer(
        an_answer_item("A1", 1, utn=N1),
        an_answer_item("A4", 2, noteNumber=[1]),
        processNote=[{"number": 1, "text": "with the nurse"}],
    )
    line, chart = charted(
        store, clock, **{"$submit": [Reply(200, HALF)], "$inquire": [Reply(200, worded)]}
    )
    chart.fails = {"read", "create", "search", "update"}
    line.step()
    line.step()
    chart.fails = set()
    line.pass_by(60)
    assert borne(chart) == {N1}
    assert line.case().tracks.chart == "filed_and_read_back"


# beside a letter ---------------------------------------------------------------------------------


def test_a_letter_that_was_not_taken_ends_no_number(store: Store, clock: FakeClock) -> None:
    waits = an_answer(an_answer_item("A4", 1), an_answer_item("A4", 2))
    replies = {"$submit": [Reply(200, waits)], "$inquire": [Reply(200, HALF)]}
    line, chart = charted(store, clock, **replies)
    line.step()
    half_a_letter(line, N1)
    line.pass_by(10)
    half_a_letter(line, N2)
    assert line.events()[-2:] == ["letter_not_taken", "number_differs"]
    line.pass_by(10)
    assert [(one.number, one.status) for one in store.utns("case-1")] == [(N1, "active")]
    assert borne(chart) == {N1}


def test_a_payers_own_reference_keeps_no_number_out(store: Store, clock: FakeClock) -> None:
    own = an_answer(an_answer_item("A1", utn="PA-12345"))
    told = [Reply(200, own), Reply(200, NUMBERED)]
    line = Line(store, clock, FakePayer({"$submit": [Reply(200, A4)], "$inquire": told}))
    line.signed()
    line.step()
    line.letter("affirmed")
    line.pass_by(20)
    assert [(one.number, one.status) for one in store.utns("case-1")] == [(N1, "active")]
    assert "number_differs" not in line.events()


def test_a_number_is_told_apart_whatever_the_approval_is_called(
    store: Store, clock: FakeClock
) -> None:
    changed = an_answer(an_answer_item("A6", utn=N1))
    line = a_line(store, clock, **{"$submit": Reply(200, changed), "$inquire": SILENT})
    line.letter("affirmed", N2)
    line.letter("affirmed", N2)
    assert "number_differs" in line.events()


@pytest.mark.parametrize("replaced", [False, True])
def test_an_approval_taken_back_beside_a_letter_is_told_once(
    store: Store, clock: FakeClock, replaced: bool
) -> None:
    gone = a_head(
        *(an_answer_item("A1", 1, utn=N1), an_answer_item("A4", 2)),
        created="2026-11-24",
        id="r1",
        status="entered-in-error",
    )
    new = a_head(an_answer_item("A4", 1), an_answer_item("A4", 2), created="2026-11-25", id="r2")
    entries = [{"resource": one} for one in (gone, *([new] if replaced else []))]
    body = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    told = [Reply(200, body)]
    line, _ = charted(store, clock, **{"$submit": [Reply(200, HALF)], "$inquire": told})
    line.step()
    half_a_letter(line, N1)
    line.pass_by(40)
    assert line.events().count("answers_disagree") == 1
