"""A note that the chart holds apart is read from the chart, or told as not read."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot, Draft, Resource
from smart_app.chart import documents, evidence, notes, snapshot
from smart_app.chart.evidence import Terms
from smart_app.dtr import form, gaps, items
from smart_app.formatters import document_note, marked
from tests.unit.dtr.forms import PATIENT, a_group, a_package, a_question
from tests.unit.front import DOCTOR
from tests.unit.kit import NOW, FakeChart

TERMS = {"q": Terms(("physical therapy",), scans=True)}
WORDS = "She had physical therapy for 8 weeks."
FORM = a_package([a_group("g", a_question("q", required=True), a_question("g-document", "text"))])


def coded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


def a_note(*attachments: dict[str, Any], number: str = "n1", **more: Any) -> Resource:
    return {
        "resourceType": "DocumentReference",
        "id": number,
        "status": "current",
        "subject": {"reference": "Patient/p1"},
        "content": [{"attachment": one} for one in attachments],
        **more,
    }


def linked(url: str = "Binary/b1", kind: str | None = "text/plain", **more: Any) -> dict[str, Any]:
    return {"url": url, **more} | ({"contentType": kind} if kind else {})


def a_binary(number: str = "b1", **more: Any) -> Resource:
    made = {"resourceType": "Binary", "id": number, "contentType": "text/plain"}
    return made | {"data": coded(WORDS)} | more


def read(*resources: Resource) -> ChartSnapshot:
    held = {f"{one['resourceType']}/{one['id']}": one for one in (PATIENT, *resources)}
    with ThreadPoolExecutor(4) as pool:
        return snapshot.read(FakeChart(held=held), "p1", pool, NOW)


def failures(chart: ChartSnapshot) -> dict[str, str]:
    return {key: why for key, why in chart.unavailable.items() if key.startswith("Binary/")}


def draft_of(chart: ChartSnapshot) -> Draft:
    questionnaire = items.questionnaire(FORM)
    empty = Draft(items.canonical(questionnaire), 1, ())
    return gaps.recount(questionnaire, empty, evidence.find(chart, TERMS))


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=utf-8", None])
def test_a_note_held_apart_is_searched_shown_and_sendable(kind: str | None) -> None:
    chart = read(a_note(linked(kind=kind)), a_binary())
    assert failures(chart) == {}
    draft = draft_of(chart)
    assert [(one.kind, one.candidates[0].sentence) for one in draft.gaps] == [("silent", WORDS)]
    shown = documents.text(chart, "DocumentReference/n1")
    assert shown and shown.sentence == WORDS
    (row,) = documents.listed(chart, draft)
    assert (row.ref, row.needed, row.size) == ("DocumentReference/n1", True, 39)


def test_a_scan_held_apart_can_be_sent() -> None:
    chart = read(a_note(linked(kind="application/pdf")), a_binary(contentType="application/pdf"))
    (row,) = documents.listed(chart, draft_of(chart))
    assert [one.kind for one in draft_of(chart).gaps] == ["missing"]
    assert (row.needed, row.offered) == (False, True)
    assert document_note(row.needed, row.offered) == "offered above for an open point"
    (row,) = documents.listed(chart, replace(draft_of(chart), gaps=()))
    assert document_note(row.needed, row.offered) == "no answer rests on it"


@pytest.mark.parametrize(
    ("attachments", "asked"),
    [
        (({"contentType": "text/plain", "data": coded("Here.")}, linked("Binary/no")), []),
        ((linked("Binary/no", "application/pdf"), linked("Binary/b1")), ["Binary/b1"]),
        (({"contentType": "application/pdf", "data": "aaaa"}, linked()), ["Binary/b1"]),
        (
            (
                {"contentType": "application/pdf", "data": "aaaa"},
                linked("Binary/no", "text/html"),
            ),
            [],
        ),
    ],
)
def test_what_is_here_is_not_fetched_and_text_comes_first(
    attachments: tuple[dict[str, Any], ...], asked: list[str]
) -> None:
    class Asked(FakeChart):
        def read(self, reference: str) -> Resource:
            seen.append(reference)
            return super().read(reference)

    seen: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        chart = Asked(held={"Binary/b1": a_binary()})
        found, unread = notes.fetch(chart, [a_note(*attachments)], pool)
    assert (seen, unread) == (asked, {})
    assert len(found[0]["content"]) == len(attachments)


@pytest.mark.parametrize(
    ("attachment", "binary"),
    [
        (linked("Binary/gone"), a_binary()),
        (linked("https://elsewhere.example/fhir/Binary/b1"), a_binary()),
        (linked("Binary/b1?x=1"), a_binary()),
        (linked("files/b1"), a_binary()),
        (linked(size=notes.LARGEST), a_binary()),
        (linked(), a_binary(data="a" * (notes.LARGEST + 1))),
        (linked(), a_binary(data="")),
        (linked(), {"resourceType": "Binary", "id": "b1"}),
    ],
)
def test_what_cannot_be_read_is_told_and_never_empty(
    attachment: dict[str, Any], binary: Resource
) -> None:
    chart = read(a_note(attachment, description="Visit note"), binary)
    assert list(failures(chart)) == ["Binary/of-n1"]
    assert len(chart.of("DocumentReference")) == 1
    draft = draft_of(chart)
    assert [(one.kind, one.candidates[0].title) for one in draft.gaps] == [
        ("unavailable", "Visit note")
    ]
    assert documents.listed(chart, draft) == ()
    unread = draft.gaps[0].candidates[0]
    with pytest.raises(form.FormError):
        form.use_document(FORM, draft, "q[0]", unread, DOCTOR, NOW)


def test_another_binary_than_the_one_named_is_not_taken() -> None:
    class Mixed(FakeChart):
        def read(self, reference: str) -> Resource:
            return a_binary("b2") if reference == "Binary/b1" else super().read(reference)

    with ThreadPoolExecutor(2) as pool:
        found, unread = notes.fetch(Mixed(), [a_note(linked())], pool)
    assert documents.held(found[0]) is None
    assert list(unread) == ["Binary/of-n1"]


def test_notes_are_bounded_in_number_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [a_note(linked(), number=f"n{day}", date=f"2026-11-0{day}") for day in range(1, 6)]
    monkeypatch.setattr(notes, "MOST", 4)
    assert list(failures(read(*several, a_binary()))) == ["Binary/of-n1"]
    monkeypatch.setattr(notes, "TOTAL", 2 * len(coded(WORDS)))
    chart = read(*several, a_binary())
    assert sorted(failures(chart)) == ["Binary/of-n1", "Binary/of-n2", "Binary/of-n3"]
    assert [one["id"] for one in chart.of("DocumentReference")] == ["n1", "n2", "n3", "n4", "n5"]


def test_text_that_does_not_decode_is_read_from_the_next_part() -> None:
    broken = {"contentType": "text/plain", "data": "a"}
    whole = {"contentType": "text/plain", "data": coded(WORDS)}
    assert documents.text_of(a_note(broken)) is None
    assert documents.text_of(a_note(broken, whole)) == WORDS
    assert documents.text_of(a_note()) is None


@pytest.mark.parametrize(
    "url",
    [
        "Patient/p1/$everything?x=/Binary/b1",
        "https://ehr.example/fhir/Patient?x=/Binary/b1",
        "https://ehr.example/fhir/Patient#/Binary/b1",
        "#/Binary/b1",
        "Patient/p1/Binary/b1",
        "/Binary/b1",
    ],
)
def test_what_only_ends_like_a_binary_is_not_asked_for(url: str) -> None:
    assert fetched(url) == []


@pytest.mark.parametrize(
    "url", ["Binary/b1", "Binary/b1/_history/2", "https://ehr.example/fhir/Binary/b1"]
)
def test_a_binary_is_asked_for_by_its_own_address(url: str) -> None:
    assert fetched(url) == [url]


def fetched(url: str) -> list[str]:
    """Return what the chart is asked for to read a note under an address."""
    asked: list[str] = []

    class Asked(FakeChart):
        def read(self, reference: str) -> Resource:
            asked.append(reference)
            return a_binary()

    with ThreadPoolExecutor(2) as pool:
        notes.fetch(Asked(), [a_note(linked(url))], pool)
    return asked


def test_a_decimal_point_ends_no_sentence() -> None:
    words = "Left ankle-brachial index 1.38, by physical therapy. Seen twice.2 notes follow"
    said = evidence.find(read(a_note({"contentType": "text/plain", "data": coded(words)})), TERMS)
    (hint,) = said["q"]
    assert hint.sentence == "Left ankle-brachial index 1.38, by physical therapy."


@pytest.mark.parametrize(
    ("words", "marks"),
    [
        ("Pain was 7/10, at worst 8.5/10.", ("7/10", "8.5/10")),
        ("Pain 7 out of 10.", ("7 out of 10",)),
        ("ODI 42 percent, anticoagulated.", ("ODI", "anticoagulated")),
        ("Seen on 6/10/2026 with a modified plan, 3/100.", None),
    ],
)
def test_what_is_marked_is_a_whole_word_with_its_number(
    words: str, marks: tuple[str, ...] | None
) -> None:
    terms = {"q": Terms(("out of 10", "/10", "ODI", "anticoagul"), scans=False)}
    note = {"contentType": "text/plain", "data": coded(words)}
    found = evidence.find(read(a_note(note)), terms)
    assert [one.marks for one in found.get("q", ())] == ([marks] if marks else [])


def test_what_was_taken_from_a_note_is_found_again_in_it() -> None:
    chart = read(a_note(linked()), a_binary())
    draft = draft_of(chart)
    assert documents.taken(draft, "DocumentReference/n1") == (WORDS,)
    assert documents.taken(draft, "DocumentReference/n2") == ()
    shown = documents.text(chart, "DocumentReference/n1")
    assert shown and marked(replace(shown, marks=(WORDS,))) == [(WORDS, True)]
