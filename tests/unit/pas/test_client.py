"""Received, refused, or unknown: only a clear word ends the doubt."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.errors import PayerUnknown, PayerUnreachable
from smart_app.pas import client
from tests.unit.kit import FakePayer, Reply

BUNDLE = {"resourceType": "Bundle"}
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [
        {"code": "invalid", "details": {"text": "No NPI"}, "expression": ["Claim.provider"]},
        {"code": "required", "diagnostics": "No place"},
        {"code": "structure"},
        {"code": "x", "diagnostics": "No place", "location": ["Claim.item[0]", 7]},
        "no issue",
    ],
}


def submit(answer: Any) -> tuple[Any, FakePayer]:
    payer = FakePayer({"/Claim/$submit": [answer]})
    return client.submit(payer, "https://p.example/fhir/", b"exact"), payer


@pytest.mark.req("pas-2.0.1@58", "pas-2.0.1@109", "pas-2.2.1@spec-38")
@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("kind", ["Bundle", "ClaimResponse"])
def test_an_answer_is_received(status: int, kind: str) -> None:
    found, payer = submit(Reply(status, {"resourceType": kind}))
    assert (found.outcome, found.body) == ("received", {"resourceType": kind})
    assert payer.posts == [("https://p.example/fhir/Claim/$submit", b"exact")]


@pytest.mark.req("pas-2.0.1@109", "pas-2.2.1@spec-35", "pas-2.2.1@spec-38")
def test_a_refusal_is_told_in_the_payers_words() -> None:
    found, _ = submit(Reply(422, OUTCOME))
    assert (found.outcome, found.body) == ("rejected", None)
    assert found.faults == ("No NPI", "No place", "structure")
    assert found.places == (("Claim.provider",), ("Claim.item[0]",), ())
    assert submit(Reply(400, None))[0].faults == ("status 400",)


@pytest.mark.req("pas-2.0.1@109", "pas-2.2.1@spec-38")
@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, None),
        Reply(200, {}),
        Reply(200, OUTCOME),
        Reply(302, None),
        Reply(408, OUTCOME),
        Reply(429, OUTCOME),
        Reply(500, OUTCOME),
        Reply(503, None),
        PayerUnknown("x"),
    ],
    ids=str,
)
def test_everything_else_leaves_the_outcome_unknown(answer: Any) -> None:
    with pytest.raises(PayerUnknown):
        submit(answer)


def test_only_a_connection_that_was_never_made_is_unreachable() -> None:
    with pytest.raises(PayerUnreachable):
        submit(PayerUnreachable("x"))


@pytest.mark.parametrize(
    "answer", [Reply(404, {}), Reply(200, None), Reply(200, []), Reply(500, {})]
)
def test_an_inquiry_without_an_answer_says_nothing(answer: Reply) -> None:
    payer = FakePayer({"/Claim/$inquire": [answer]})
    with pytest.raises(PayerUnknown):
        client.inquire(payer, "https://p.example/fhir", b"{}")
