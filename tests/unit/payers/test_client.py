"""What a payer's connection may do: a broken answer is never taken for none, nor for a refusal."""

from __future__ import annotations

import pytest

from smart_app.errors import PayerUnknown
from smart_app.fhir import client as wire_client
from smart_app.pas import client
from smart_app.payers.client import PayerClient
from tests.unit.wire import BROKEN, endless, plain, serving


def http() -> PayerClient:
    return PayerClient(2, 5)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_to_a_request_leaves_the_outcome_unknown(name: str) -> None:
    with serving([BROKEN[name]]) as (base, _), pytest.raises(PayerUnknown):
        client.submit(http(), base, b"{}")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_to_an_inquiry_says_nothing(name: str) -> None:
    with serving([BROKEN[name]]) as (base, _), pytest.raises(PayerUnknown):
        client.inquire(http(), base, b"{}")


def test_a_whole_answer_is_read() -> None:
    with serving([plain(b'{"resourceType":"Bundle"}')]) as (base, _):
        assert client.submit(http(), base, b"{}").body == {"resourceType": "Bundle"}


def test_no_more_is_read_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_client, "MAX_BYTES", 200_000)
    with serving(endless(1000)) as (base, sent):
        assert http().get(base).body is None
    assert len(sent) < 1000
