"""What a list of results says of a request: which counts, and when nothing is certainly there."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases import states
from smart_app.cases.store import Store
from smart_app.errors import PayerUnknown
from smart_app.pas import inquiry
from tests.unit.kit import READ_AT, FakeClock, FakePayer, Reply
from tests.unit.line import Line
from tests.unit.pas.requests import the_case
from tests.unit.pas.test_decision import SENT, an_answer_item
from tests.unit.test_hostile_answers import a_head

N1 = "JFA99900004417"


@pytest.mark.parametrize(
    ("approved", "denied"),
    [
        ("2026-11-24T10:00:00Z", "0001-01-01T00:00:00Z"),
        ("2026-11-24", "1900-01-01"),
        ("2026-11-25", "2026-11-01"),
        ("9999-12-31", "2026-11-25"),
        ("2031-01-01", "2026-11-25"),
        ("2026-11-24", None),
    ],
)
def test_a_day_that_cannot_be_makes_no_denial_old(approved: str, denied: str | None) -> None:
    several = [
        a_head(an_answer_item("A1", utn=N1), created=approved, id="r1"),
        a_head(an_answer_item("A3"), created=str(denied), id="r2"),
    ]
    entries = [{"resource": one} for one in several]
    body = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    found = inquiry.ours(the_case(), body, SENT, READ_AT)
    assert (found.body, found.why) == (None, "answers that differ")


@pytest.mark.parametrize("more", [(), (an_answer_item("A1", 9),)], ids=["alone", "a line more"])
@pytest.mark.parametrize("created", ["2026-11-25", "0001-01-01"])
def test_a_withdrawn_approval_counts_whatever_else_it_says(
    created: str, more: tuple[Any, ...]
) -> None:
    stands = a_head(an_answer_item("A1", utn=N1), created="2026-11-24", id="r1")
    gone = a_head(an_answer_item("A1", utn=N1), *more, created=created, id="r2")
    gone["status"] = "entered-in-error"
    entries = [{"resource": one} for one in (stands, gone)]
    body = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    assert inquiry.ours(the_case(), body, SENT, READ_AT).why == "answers that differ"


def test_a_payer_that_gives_all_its_results_one_id_is_understood() -> None:
    other = {"identifier": [{"system": SENT.system, "value": "other-request"}], "id": "response"}
    item = an_answer_item("A1", 9) | {"productOrService": {"coding": [{"code": "64561"}]}}
    several = [
        a_head(an_answer_item("A1", utn=N1), created="2026-11-24", id="response"),
        a_head(item, created="2026-11-20", **other),
    ]
    entries = [{"resource": one} for one in several]
    body = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    assert inquiry.ours(the_case(), body, SENT, READ_AT).state == "found"


def test_what_a_search_includes_beside_its_matches_makes_it_no_whole_list() -> None:
    match = a_head(an_answer_item("A1", utn=N1), created="2026-11-24", id="r1")
    beside = {"resource": {"resourceType": "Patient", "id": "p1"}, "search": {"mode": "include"}}
    entries = [{"resource": match, "search": {"mode": "match"}}, beside]
    body = {"resourceType": "Bundle", "type": "searchset", "total": 2, "entry": entries}
    assert inquiry.ours(the_case(), body, SENT, READ_AT).state == "unclear"


@pytest.mark.parametrize(
    "named",
    [
        {"resourceType": "Claim", "identifier": [{"system": "s", "value": "id-1"}]},
        {"resourceType": "Task", "focus": {"reference": "urn:uuid:claim-1"}},
        {"resourceType": "Task", "focus": {"reference": "https://payer.example/Claim/claim-1"}},
        {"resourceType": "CommunicationRequest", "about": [{"identifier": {"value": "ID-1"}}]},
    ],
    ids=["our Claim", "a task", "a task, by address", "a question"],
)
def test_a_list_that_names_our_request_sends_nothing_again(
    store: Store, clock: FakeClock, named: dict[str, Any]
) -> None:
    body = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": named}]}
    answers = {"$submit": [PayerUnknown("timeout")], "$inquire": [Reply(200, body)]}
    line = Line(store, clock, FakePayer(answers))
    line.signed()
    line.pass_by(20)
    assert (line.submits(), states.headline(line.case().tracks)) == (1, "unknown")
