"""The EHR's token goes to the EHR's FHIR base and nowhere else."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import responses

from smart_app.chart import documents, notes
from smart_app.errors import ChartUnavailable, PayerUnknown
from smart_app.fhir.client import MAX_PAGES, FhirClient
from smart_app.payers.client import PayerClient
from tests.unit.kit import ISS

Network = responses.RequestsMock
PATIENT = {"resourceType": "Patient", "id": "p1"}


def a_client() -> FhirClient:
    return FhirClient(ISS, lambda refused: "fresh" if refused else "first")


def page(*ids: str, following: str | None = None) -> dict[str, Any]:
    entries = [{"resource": {"resourceType": "Condition", "id": one}} for one in ids]
    links = [{"relation": "next", "url": following}] if following else []
    return {"resourceType": "Bundle", "entry": entries, "link": links}


@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.example/fhir/Patient/p1",
        "//evil.example/fhir/Patient/p1",
        "http://ehr.example/fhir/Patient/p1",
        "https://ehr.example:444/fhir/Patient/p1",
        "https://ehr.example.evil.example/fhir/Patient/p1",
        "https://ehr.example@evil.example/fhir/Patient/p1",
        "https://ehr.example/admin",
        "../admin",
        "/admin",
        "%2e%2e/admin",
        "%2E./admin",
        "Patient/%2e%2e/%2e%2e/admin",
        f"{ISS}/%2e%2e/admin",
        f"{ISS}/.%2e%2fadmin",
        f"{ISS}/..%2fadmin",
        f"{ISS}/Patient%2f..%2f..%2fadmin",
        f"{ISS}/%252e%252e/admin",
        f"{ISS}/%25252e%25252e%25252fadmin",
        f"{ISS}/..%5cadmin",
        f"{ISS}/..\\admin",
        f"{ISS}/..;/admin",
        f"{ISS}/..;x=1/admin",
        f"{ISS}/%2e%2e%3b/admin",
        f"{ISS}/Patient/%2e",
    ],
)
def test_a_reference_that_leaves_the_base_is_not_followed(network: Network, reference: str) -> None:
    with pytest.raises(ChartUnavailable, match="leaves the FHIR base"):
        a_client().read(reference)
    assert len(network.calls) == 0


def test_a_next_link_to_another_host_fails_the_whole_search(network: Network) -> None:
    evil = "https://evil.example/fhir/Condition?page=2"
    network.get(f"{ISS}/Condition", json=page("1", following=evil))
    with pytest.raises(ChartUnavailable):
        a_client().search("Condition", {"patient": "p1"})
    assert [call.request.url.split("?")[0] for call in network.calls] == [f"{ISS}/Condition"]


@pytest.mark.parametrize("climbing", ["%2e%2e/admin?page=2", "..%2fadmin?page=2"])
def test_a_next_link_that_climbs_out_of_the_base_fails_the_whole_search(
    network: Network, climbing: str
) -> None:
    network.get(f"{ISS}/Condition", json=page("1", following=f"{ISS}/{climbing}"))
    with pytest.raises(ChartUnavailable, match="leaves the FHIR base"):
        a_client().search("Condition", {"patient": "p1"})
    assert len(network.calls) == 1


@pytest.mark.parametrize("link", ["https://[ehr.example/x", "https://ehr.example:x/fhir/y", 7, {}])
def test_a_next_link_that_is_no_address_fails_the_whole_search(network: Network, link: Any) -> None:
    network.get(f"{ISS}/Condition", json=page("1", following=link or [1]))
    with pytest.raises(ChartUnavailable):
        a_client().search("Condition", {"patient": "p1"})


@pytest.mark.parametrize(
    "link",
    [
        f"{ISS}?_getpages=a-b%2Fc&_offset=..%2f..",
        f"{ISS}/Condition?patient=Patient%2Fp1&x=../y",
        "Condition?page=2",
        f"{ISS}/Condition/_search;jsessionid=1?page=2",
    ],
)
def test_a_next_link_under_the_base_is_followed_as_it_stands(network: Network, link: str) -> None:
    network.get(f"{ISS}/Condition", json=page("1", following=link))
    network.add(responses.GET, re.compile(f"{ISS}.*"), json=page("2"))
    assert [one["id"] for one in a_client().search("Condition", {})] == ["1", "2"]


def test_a_redirect_is_not_followed(network: Network) -> None:
    to = {"Location": "https://evil.example/"}
    network.get(f"{ISS}/Patient/p1", status=302, headers=to)
    with pytest.raises(ChartUnavailable):
        a_client().read("Patient/p1")
    assert len(network.calls) == 1


def test_all_pages_are_read(network: Network) -> None:
    network.get(f"{ISS}/Condition", json=page("1", following=f"{ISS}/Condition?page=2"))
    network.get(f"{ISS}/Condition", json=page("2"))
    assert [one["id"] for one in a_client().search("Condition", {})] == ["1", "2"]


def test_a_page_that_fails_fails_the_search(network: Network) -> None:
    network.get(f"{ISS}/Condition", json=page("1", following=f"{ISS}/Condition?page=2"))
    network.get(f"{ISS}/Condition", status=500)
    with pytest.raises(ChartUnavailable):
        a_client().search("Condition", {})


def test_pages_without_end_are_no_answer(network: Network) -> None:
    network.get(f"{ISS}/Condition", json=page("1", following=f"{ISS}/Condition"))
    with pytest.raises(ChartUnavailable, match="bound"):
        a_client().search("Condition", {})
    assert len(network.calls) == MAX_PAGES + 1


def test_a_refused_token_is_renewed_once(network: Network) -> None:
    network.get(f"{ISS}/Patient/p1", status=401)
    network.get(f"{ISS}/Patient/p1", json=PATIENT)
    assert a_client().read("Patient/p1") == PATIENT
    sent = [call.request.headers["Authorization"] for call in network.calls]
    assert sent == ["Bearer first", "Bearer fresh"]


def test_a_token_that_stays_refused_is_not_tried_for_ever(network: Network) -> None:
    network.get(f"{ISS}/Patient/p1", status=401)
    with pytest.raises(ChartUnavailable):
        a_client().read("Patient/p1")
    assert len(network.calls) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "<html>"), (200, "[]"), (200, "{}"), (403, "{}"), (404, "{}"), (500, "")],
)
def test_what_is_no_resource_is_unavailable_never_empty(
    network: Network, status: int, body: str
) -> None:
    network.get(f"{ISS}/Condition", status=status, body=body)
    with pytest.raises(ChartUnavailable):
        a_client().search("Condition", {})


def outcome(severity: str, mode: str | None) -> dict[str, object]:
    """Return the entry by which an EHR says in a page how its search went."""
    resource = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": "exception"}],
    }
    return {"resource": resource} | ({"search": {"mode": mode}} if mode else {})


@pytest.mark.parametrize("mode", ["outcome", "match", None])
@pytest.mark.parametrize("severity", ["error", "fatal"])
def test_a_page_that_reports_an_error_is_unavailable_never_empty(
    network: Network, severity: str, mode: str | None
) -> None:
    network.get(f"{ISS}/Condition", json=page() | {"entry": [outcome(severity, mode)]})
    with pytest.raises(ChartUnavailable):
        a_client().search("Condition", {})


def test_an_error_on_a_later_page_fails_the_search(network: Network) -> None:
    network.get(f"{ISS}/Condition", json=page("1", following=f"{ISS}/Condition?page=2"))
    network.get(f"{ISS}/Condition", json=page() | {"entry": [outcome("error", "outcome")]})
    with pytest.raises(ChartUnavailable):
        a_client().search("Condition", {})


@pytest.mark.parametrize("severity", ["warning", "information"])
def test_what_a_page_remarks_is_no_match(network: Network, severity: str) -> None:
    told = page("1")
    told["entry"] = [outcome(severity, None), *told["entry"]]
    network.get(f"{ISS}/Condition", json=told)
    assert [one["id"] for one in a_client().search("Condition", {})] == ["1"]


def test_a_write_carries_its_conditions(network: Network) -> None:
    network.post(f"{ISS}/DocumentReference", status=201, headers={"Location": "x", "ETag": "e"})
    network.put(f"{ISS}/ServiceRequest/1", status=412, body="<html>")
    created = a_client().create({"resourceType": "DocumentReference"}, "identifier=a|b")
    updated = a_client().update({"resourceType": "ServiceRequest", "id": "1"}, 'W/"3"')
    assert (created.status, created.location, created.etag) == (201, "x", "e")
    assert (updated.status, updated.body) == (412, None)
    assert network.calls[0].request.headers["If-None-Exist"] == "identifier=a|b"
    assert network.calls[1].request.headers["If-Match"] == 'W/"3"'


def test_a_payer_is_sent_no_token_and_redirects_nobody(network: Network) -> None:
    network.post("https://payer.example/x", status=307, headers={"Location": ISS})
    with pytest.raises(PayerUnknown):
        PayerClient(1, 1).post("https://payer.example/x", b"{}", "application/json")
    assert "Authorization" not in network.calls[0].request.headers
    assert len(network.calls) == 1


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("Binary/b1", True),
        (f"{ISS}/Binary/b1", True),
        ("https://elsewhere.example/fhir/Binary/b1", False),
        ("//elsewhere.example/Binary/b1", False),
        ("/Binary/b1", False),
        (f"{ISS}/%2e%2e/Binary/b1", False),
    ],
)
def test_a_note_held_apart_is_read_under_the_base_only(
    network: Network, url: str, reached: bool
) -> None:
    if reached:
        binary = {"resourceType": "Binary", "id": "b1", "data": "SGVyZS4="}
        network.get(f"{ISS}/Binary/b1", json=binary)
    content = [{"attachment": {"contentType": "text/plain", "url": url}}]
    note = {"resourceType": "DocumentReference", "id": "n1", "status": "current"}
    with ThreadPoolExecutor(1) as pool:
        (found,), unread = notes.fetch(a_client(), [note | {"content": content}], pool)
    assert documents.text_of(found) == ("Here." if reached else None)
    assert (bool(unread), len(network.calls)) == (not reached, reached)
