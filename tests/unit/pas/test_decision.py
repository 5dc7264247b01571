"""The whole table of decisions: by reviewActionCode, per item; the number stands apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from smart_app.cases.model import Case, CaseItem, Coding, Decision, ScopeFinding, Tracks
from smart_app.pas import decision
from smart_app.pas.echo import Sent
from smart_app.pas.names import PAS

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
MEMBER = "1S00EX0MP78"
UTN, OTHER = "JFA99900004417", "JFA99900004418"
SENT = Sent("urn:trnorg:1999999042", "identifier-1", "urn:uuid:claim-1", MEMBER)


def an_item(number: int) -> CaseItem:
    coding = (Coding("http://www.ama-assn.org/go/cpt", f"6448{number}"),)
    return CaseItem(f"trace-{number}", number, f"ServiceRequest/{number}", coding)


def a_case(items: int = 1) -> Case:
    return Case(
        id="case",
        site="site",
        iss="iss",
        patient_ref="Patient/1",
        order_refs=("ServiceRequest/1",),
        attempt=1,
        revision=1,
        program="wiser",
        program_version="1",
        scope=ScopeFinding("wiser", "1", "in_scope"),
        items=tuple(an_item(one) for one in range(1, items + 1)),
        tracks=Tracks(),
        created_at=NOW,
    )


def extension(name: str, **value: Any) -> dict[str, Any]:
    return {"url": PAS + name, **value}


def an_answer_item(code: str | None, number: int = 1, **more: Any) -> dict[str, Any]:
    action: list[dict[str, Any]] = []
    if "utn" in more:
        action.append({"url": "number", "valueString": more.pop("utn")})
    if code:
        concept = {"coding": [{"system": "https://codesystem.x12.org/005010/306", "code": code}]}
        action.append(extension("extension-reviewActionCode", valueCodeableConcept=concept))
    trace = extension("extension-itemTraceNumber", valueIdentifier={"value": f"trace-{number}"})
    return {
        "extension": [trace, *more.pop("extensions", [])],
        "itemSequence": number,
        "adjudication": [{"extension": [extension("extension-reviewAction", extension=action)]}],
        **more,
    }


def an_answer(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = {"resourceType": "ClaimResponse", "outcome": "complete", "item": list(items), **more}
    return {"resourceType": "Bundle", "entry": [{"resource": response}]}


def read(case: Case, body: Any) -> Decision:
    return decision.read(case, body, SENT, dismissed_text="dismissed", now=NOW)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("A1", "affirmed"),
        ("A2", "partial"),
        ("A3", "non_affirmed"),
        ("A4", "pended"),
        ("A6", "affirmed_modified"),
        ("C", "cancelled"),
        ("CT", "contact_payer"),
        ("NA", "not_required"),
        ("86", "unreadable"),
        (None, "unreadable"),
    ],
)
def test_each_code_has_its_word(code: str | None, word: str) -> None:
    assert read(a_case(), an_answer(an_answer_item(code))).word == word


def coded(*codings: tuple[str | None, str]) -> dict[str, Any]:
    """Return an item whose review action has several codings, as (system, code)."""
    several = [{"system": system, "code": code} for system, code in codings]
    concept = {"coding": [{k: v for k, v in one.items() if v} for one in several]}
    item = an_answer_item(None)
    item["adjudication"][0]["extension"][0]["extension"] = [
        extension("extension-reviewActionCode", valueCodeableConcept=concept)
    ]
    return item


X306 = "https://codesystem.x12.org/005010/306"
LOCAL = "https://payer.example/action"


@pytest.mark.parametrize(
    ("codings", "word"),
    [
        ([(LOCAL, "A1"), (X306, "A3")], "non_affirmed"),
        ([(X306, "A3"), (LOCAL, "A1")], "non_affirmed"),
        ([(X306, "A1"), (X306, "A3")], "unreadable"),
        ([(LOCAL, "A1")], "unreadable"),
        ([(None, "A1")], "affirmed"),
    ],
)
def test_only_x12s_own_action_decides(codings: list[tuple[str | None, str]], word: str) -> None:
    assert read(a_case(), an_answer(coded(*codings))).word == word


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "draft"])
def test_an_answer_that_does_not_stand_is_not_used(status: str) -> None:
    found = read(a_case(), an_answer(an_answer_item("A1", utn=UTN), status=status))
    assert (found.word, found.items, found.quarantined) == ("unreadable", (), ("not active",))


def test_two_answers_at_once_are_not_used() -> None:
    body = an_answer(an_answer_item("A1", utn=UTN))
    body["entry"] += an_answer(an_answer_item("A3"))["entry"]
    assert read(a_case(), body).quarantined == ("several ClaimResponses",)


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        ("A1", "A1", "affirmed"),
        ("A1", "A3", "partial"),
        ("A3", "A3", "non_affirmed"),
        ("A1", "A4", "pended"),
        ("A1", "A6", "affirmed_modified"),
        ("A1", "CT", "contact_payer"),
        ("A1", "??", "unreadable"),
        ("A3", "C", "unreadable"),
    ],
)
def test_the_request_is_affirmed_only_when_every_item_is(
    first: str, second: str, word: str
) -> None:
    body = an_answer(an_answer_item(first, 1), an_answer_item(second, 2))
    assert read(a_case(2), body).word == word


def test_an_item_without_an_answer_is_unreadable() -> None:
    found = read(a_case(2), an_answer(an_answer_item("A1", 1)))
    assert [one.decision for one in found.items] == ["affirmed", "unreadable"]
    assert found.word == "unreadable"


def test_outcome_and_number_decide_nothing() -> None:
    body = an_answer(an_answer_item(None, utn=UTN), preAuthRef=UTN)
    found = read(a_case(), body)
    assert (found.word, found.items[0].number) == ("unreadable", None)


@pytest.mark.parametrize("code", ["A1", "A2", "A3", "A6"])
def test_the_number_is_read_from_the_review_action_first(code: str) -> None:
    found = read(a_case(), an_answer(an_answer_item(code, utn=UTN), preAuthRef=UTN)).items[0]
    assert (found.number, found.number_path) == (UTN, "reviewAction.number")


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_is_no_number(blank: str) -> None:
    found = read(a_case(), an_answer(an_answer_item("A1", utn=blank)))
    assert (found.items[0].number, found.quarantined) == (None, ())
    found = read(a_case(), an_answer(an_answer_item("A1", utn=blank), preAuthRef=f" {UTN} "))
    assert (found.items[0].number, found.items[0].number_path) == (UTN, "preAuthRef")
    admin = extension("extension-administrationReferenceNumber", valueString=blank)
    waits = read(a_case(), an_answer(an_answer_item("A4", extensions=[admin])))
    assert waits.payer_reference is None


def test_a_non_affirmation_may_carry_its_number_as_administration_reference() -> None:
    admin = extension("extension-administrationReferenceNumber", valueString=UTN)
    item = read(a_case(), an_answer(an_answer_item("A3", extensions=[admin]))).items[0]
    assert (item.number, item.number_path) == (UTN, "administrationReferenceNumber")


def test_a_pended_item_has_no_number_only_the_payers_reference() -> None:
    admin = extension("extension-administrationReferenceNumber", valueString="PEND0001")
    found = read(a_case(), an_answer(an_answer_item("A4", utn=UTN, extensions=[admin])))
    assert found.items[0].number is None
    assert found.payer_reference == "PEND0001"


def above(value: str) -> dict[str, Any]:
    """Return what a payer of PAS 2.0.1 puts on the ClaimResponse."""
    return {"extension": [extension("extension-administrationReferenceNumber", valueString=value)]}


def test_the_oldest_version_tells_the_reference_of_the_whole() -> None:
    found = read(a_case(), an_answer(an_answer_item("A4"), **above("PEND0001")))
    assert found.payer_reference == "PEND0001"
    mixed = an_answer(an_answer_item("A4"), an_answer_item("A3", 2), **above("PEND0001"))
    assert read(a_case(2), mixed).payer_reference is None


@pytest.mark.parametrize(("second", "numbers"), [("A3", {"N1"}), ("A1", {None}), ("A4", {None})])
def test_the_oldest_version_tells_the_number_of_what_was_refused(
    second: str, numbers: set[str | None]
) -> None:
    body = an_answer(an_answer_item("A3"), an_answer_item(second, 2), **above("N1"))
    found = read(a_case(2), body)
    assert {one.number for one in found.items} == numbers


def test_the_number_of_a_decided_item_is_no_reference_of_what_waits() -> None:
    refs = [extension("extension-administrationReferenceNumber", valueString=UTN)]
    found = read(
        a_case(2), an_answer(an_answer_item("A3", extensions=refs), an_answer_item("A4", 2))
    )
    assert (found.word, found.payer_reference) == ("pended", None)


def test_two_different_numbers_are_quarantined() -> None:
    found = read(a_case(), an_answer(an_answer_item("A1", utn=UTN), preAuthRef=OTHER))
    assert found.items[0].number is None
    assert set(found.quarantined) == {UTN, OTHER}


def test_an_answer_about_another_member_is_not_used() -> None:
    body = an_answer(an_answer_item("A1", utn=UTN))
    kind = {"coding": [{"code": "MB"}]}
    foreign = {"resourceType": "Coverage", "identifier": [{"type": kind, "value": "1S00ZZ0ZZ00"}]}
    body["entry"].append({"resource": foreign})
    found = read(a_case(), body)
    assert (found.word, found.items, found.quarantined) == ("unreadable", (), ("another member",))


def test_an_answer_with_a_foreign_trace_is_not_used() -> None:
    found = read(a_case(1), an_answer(an_answer_item("A1", 2, utn=UTN)))
    assert (found.word, found.quarantined) == ("unreadable", ("foreign item",))


def test_dismissed_is_told_by_the_payers_text_alone() -> None:
    body = an_answer(outcome="error", disposition="dismissed: not a WISeR service")
    found = read(a_case(), body)
    assert found.word == "dismissed"
    assert found.items[0].number is None
    rejected = read(a_case(), an_answer(outcome="error", disposition="bad member"))
    assert rejected.word == "unreadable"


@pytest.mark.parametrize("body", [None, [], "html", {}, {"resourceType": "OperationOutcome"}])
def test_what_is_no_claim_response_is_unreadable(body: Any) -> None:
    assert read(a_case(), body).word == "unreadable"


def test_issue_date_and_notes_are_kept() -> None:
    issued = extension("extension-itemPreAuthIssueDate", valueDate="2026-11-23")
    item = an_answer_item("A3", utn=UTN, noteNumber=[1], extensions=[issued])
    note = [{"number": 1, "text": "No baseline score."}]
    found = read(a_case(), an_answer(item, processNote=note))
    assert found.decided_on == date(2026, 11, 23)
    assert found.items[0].notes == ("No baseline score.",)


@pytest.mark.parametrize(
    ("days", "first", "own"),
    [
        (("2026-11-24", "2026-11-01"), date(2026, 11, 1), [date(2026, 11, 24), None]),
        (("2026-11-24", "2026-11-24"), date(2026, 11, 24), [None, None]),
        ((None, "2026-11-24"), date(2026, 11, 24), [None, None]),
        ((None, None), None, [None, None]),
    ],
    ids=str,
)
def test_each_item_keeps_its_own_issue_day(
    days: tuple[str | None, ...], first: date | None, own: list[date | None]
) -> None:
    issued = [
        [extension("extension-itemPreAuthIssueDate", valueDate=one)] if one else [] for one in days
    ]
    several = [an_answer_item("A1", n, extensions=one) for n, one in enumerate(issued, start=1)]
    found = read(a_case(2), an_answer(*several))
    assert (found.decided_on, [one.decided_on for one in found.items]) == (first, own)


def test_a_bare_claim_response_is_read_too() -> None:
    bare = an_answer(an_answer_item("A1"))["entry"][0]["resource"]
    assert read(replace(a_case()), bare).word == "affirmed"
