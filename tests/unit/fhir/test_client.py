"""A chart whose answer breaks off, never ends or has no bottom is not there, never empty."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from smart_app.errors import ChartUnavailable, Deleted, NotInChart
from smart_app.fhir import client
from smart_app.fhir.client import FhirClient
from tests.unit.wire import BROKEN, ENDLESS, endless, plain, serving, trickling

NOTE = {"resourceType": "DocumentReference"}


def chart(base: str) -> FhirClient:
    return FhirClient(base, lambda _: "secret")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_no_chart(name: str) -> None:
    with serving([BROKEN[name]]) as (base, _), pytest.raises(ChartUnavailable):
        chart(base).search("Condition", {"patient": "p1"})


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]},
        {"resourceType": "OperationOutcome", "id": "p1"},
        {"resourceType": "Patient"},
        {"resourceType": "Patient", "id": 1},
        {"resourceType": "Bundle", "id": "p1"},
    ],
    ids=str,
)
@pytest.mark.parametrize("asked", ["Patient/p1", "Patient/p1/_history/2"])
def test_an_answer_about_something_else_is_no_read(asked: str, body: dict[str, Any]) -> None:
    answer = plain(json.dumps(body).encode())
    with serving([answer]) as (base, _), pytest.raises(ChartUnavailable, match="asked for"):
        chart(base).read(asked)


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        ("Patient/p1", {"resourceType": "Patient", "id": "p1"}),
        ("Patient/p1", {"resourceType": "Patient", "id": "merged"}),  # told as another's
        ("Binary/b1", {"resourceType": "Binary", "data": "eA=="}),
        ("metadata", {"resourceType": "CapabilityStatement"}),
    ],
    ids=str,
)
def test_what_was_asked_for_is_read(asked: str, body: dict[str, Any]) -> None:
    with serving([plain(json.dumps(body).encode())]) as (base, _):
        assert chart(base).read(asked) == body


@pytest.mark.parametrize(("status", "deleted"), [(b"404 Not Found", False), (b"410 Gone", True)])
def test_what_is_deleted_is_told_from_what_is_not_shown(status: bytes, deleted: bool) -> None:
    answer = plain(b"{}").replace(b"200 OK", status)
    with serving([answer]) as (base, _), pytest.raises(NotInChart) as told:
        chart(base).read("Patient/p1")
    assert isinstance(told.value, Deleted) is deleted


@pytest.mark.parametrize("name", ["cut", "cut chunk", "no gzip"])
def test_a_write_whose_answer_breaks_off_is_not_known_to_be_done(name: str) -> None:
    with serving([BROKEN[name]]) as (base, _), pytest.raises(ChartUnavailable):
        chart(base).create(NOTE)


def test_a_write_is_told_by_its_status_and_headers() -> None:
    answer = plain(b"").replace(b"200 OK", b'201 Created\r\nETag: W/"1"\r\nLocation: x/1')
    with serving([answer]) as (base, _):
        found = chart(base).create(NOTE)
    assert (found.status, found.body, found.location, found.etag) == (201, None, "x/1", 'W/"1"')


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_style_is_none(name: str) -> None:
    with serving([BROKEN[name]]) as (base, _):
        assert chart(base).style(base + "/style.json") == {}


def test_a_chart_and_its_style_are_read_no_further_than_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 200_000)
    with serving(endless(1000)) as (base, sent), pytest.raises(ChartUnavailable):
        chart(base).read("Patient/p1")
    assert len(sent) < 1000
    with serving(endless(1000)) as (base, sent):
        assert chart(base).style(base + "/style.json") == {}
    assert len(sent) < 1000


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_that_trickles_is_cut(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST", 0.5)
    over, told = threading.Event(), []

    def ask(base: str) -> None:
        with pytest.raises(ChartUnavailable):
            chart(base).read("Patient/p1")
        told.append(name)

    with serving(trickling(ENDLESS[name], over)) as (base, _):
        asking = threading.Thread(target=ask, args=(base,), daemon=True)
        asking.start()
        asking.join(5)
        over.set()
        assert told == [name]


@pytest.mark.parametrize(
    "link",
    [
        [{"relation": "next"}],
        [{"relation": "next", "url": None}],
        [{"relation": "next", "url": ""}],
        [{"relation": "next", "url": ["x"]}],
        ["next"],
        {"relation": "next", "url": "x"},
    ],
)
def test_a_page_that_another_follows_is_not_the_last(link: Any) -> None:
    page = json.dumps({"resourceType": "Bundle", "link": link}).encode()
    with serving([plain(page)]) as (base, _), pytest.raises(ChartUnavailable):
        chart(base).search("Condition", {"patient": "p1"})


def test_a_page_that_none_follows_is_the_last() -> None:
    page = {"resourceType": "Bundle", "link": [{"relation": "self", "url": "x"}]}
    with serving([plain(json.dumps(page).encode())]) as (base, _):
        assert chart(base).search("Condition", {"patient": "p1"}) == []
