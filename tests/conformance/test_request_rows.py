"""What the guide asks of what is sent, row by row, over many kinds of requests and versions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from smart_app.fhir import codes, refs
from smart_app.pas import client, inquiry
from smart_app.pas.names import PAS, X12
from smart_app.pas.versions import VERSIONS
from tests.oracle.cases import CASES, CHANGES
from tests.unit.kit import NOW, FakePayer, Reply

Bundle = dict[str, Any]


@cache
def sent() -> dict[str, Bundle]:
    """Return every kind of request, update and cancellation, for each version."""
    return {
        f"{name} by {version}": build(version=version)
        for name, build in (CASES | CHANGES).items()
        for version in VERSIONS
    }


@cache
def asked() -> dict[str, Bundle]:
    """Return the inquiry about every kind of first request, for each version."""
    return {
        f"asking of {name}": inquiry.build(one, NOW)
        for name, one in sent().items()
        if name.partition(" ")[0] in CASES
    }


def each(bundles: dict[str, Bundle]) -> Any:
    return pytest.mark.parametrize("bundle", bundles.values(), ids=bundles)


def resources(bundle: Bundle) -> Iterator[Bundle]:
    yield from (one["resource"] for one in bundle["entry"])


def claim(bundle: Bundle) -> Bundle:
    found: Bundle = bundle["entry"][0]["resource"]
    return found


def inside(value: Any, member: str) -> Iterator[Any]:
    """Yield every value of a member anywhere."""
    if isinstance(value, dict):
        yield from ([value[member]] if member in value else [])
        for one in value.values():
            yield from inside(one, member)
    elif isinstance(value, list):
        for one in value:
            yield from inside(one, member)


@pytest.mark.req("pas-2.2.1@spec-11", "pas-2.2.1@spec-26", "pas-2.0.1@74", "pas-2.0.1@62")
@pytest.mark.req("pas-2.0.1@70", "pas-2.0.1@59", "pas-2.0.1@202")
def test_the_whole_bundle_is_the_json_that_is_posted_to_the_operation() -> None:
    for bundle in sent().values():
        payer = FakePayer({"/Claim/$submit": [Reply(200, {"resourceType": "Bundle"})]})
        payload = json.dumps(bundle).encode()
        client.submit(payer, "https://p.example/fhir", payload)
        assert payer.posts == [("https://p.example/fhir/Claim/$submit", payload)]
        assert json.loads(payload)["resourceType"] == "Bundle"


@pytest.mark.req("pas-2.2.1@spec-12", "pas-2.0.1@75", "pas-2.0.1@60")
@each(sent())
def test_the_claim_stands_first_and_claims_a_profile_of_the_guide(bundle: Bundle) -> None:
    first = claim(bundle)
    assert first["resourceType"] == "Claim"
    assert {*first["meta"]["profile"]} <= {PAS + "profile-claim", PAS + "profile-claim-update"}


@pytest.mark.req("pas-2.2.1@spec-13", "pas-2.2.1@spec-18", "pas-2.2.1@spec-67")
@pytest.mark.req("pas-2.0.1@61", "pas-2.0.1@76", "pas-2.0.1@81", "pas-2.0.1@123")
@each(sent() | asked())
def test_whatever_is_referred_to_is_there_once(bundle: Bundle) -> None:
    urls = Counter(one["fullUrl"] for one in bundle["entry"])
    first, *others = resources(bundle)
    for one in (first, *({k: v for k, v in x.items() if k != "related"} for x in others)):
        assert all(urls[ref["reference"]] == 1 for ref in refs.walk(one))


@pytest.mark.req("pas-2.2.1@spec-14", "pas-2.2.1@spec-15", "pas-2.0.1@77")
@each(sent() | asked())
def test_each_thing_and_person_has_one_entry(bundle: Bundle) -> None:
    things = [one for one in resources(bundle) if not one["resourceType"].endswith("Request")]
    contents = [json.dumps({**one, "id": ""}, sort_keys=True) for one in things]
    assert len(contents) == len(set(contents))
    numbers = [
        (one["resourceType"], codes.identifier(one, codes.NPI))
        for one in resources(bundle)
        if one["resourceType"] in ("Practitioner", "Organization")
    ]
    assert len(numbers) == len(set(numbers))


@pytest.mark.req("pas-2.2.1@spec-16", "pas-2.0.1@78")
@each(sent() | asked())
def test_entries_are_random_urns_that_their_ids_repeat(bundle: Bundle) -> None:
    for one in bundle["entry"]:
        scheme, kind, name = one["fullUrl"].split(":")
        assert (scheme, kind) == ("urn", "uuid")
        assert name[14] == "4"
        assert one["resource"]["id"] == name


@pytest.mark.req("pas-2.2.1@spec-17", "pas-2.0.1@79")
@pytest.mark.parametrize("name", CASES)
def test_no_name_stands_in_two_independent_requests(name: str) -> None:
    first, second = CASES[name](version="2.2.1"), CASES[name](version="2.2.1")
    assert not {x["fullUrl"] for x in first["entry"]} & {x["fullUrl"] for x in second["entry"]}


@pytest.mark.req("pas-2.2.1@spec-20", "pas-2.2.1@spec-21")
@pytest.mark.req("pas-2.0.1@80", "pas-2.0.1@83", "pas-2.0.1@84")
@each(sent())
def test_every_paper_is_pointed_at_and_files_are_documents(bundle: Bundle) -> None:
    pointed = {
        row["valueReference"]["reference"]
        for one in resources(bundle)
        if one["resourceType"] == "Claim"
        for row in one["supportingInfo"]
        if "valueReference" in row
    }
    papers = {
        one["fullUrl"]
        for one in bundle["entry"]
        if one["resource"]["resourceType"] in ("DocumentReference", "QuestionnaireResponse")
    }
    assert papers == pointed
    holders = {one["resourceType"] for one in resources(bundle) if [*inside(one, "attachment")]}
    assert holders == {"DocumentReference"}


@pytest.mark.req("pas-2.2.1@spec-22", "pas-2.0.1@85")
@each(sent())
def test_no_two_rows_share_a_number(bundle: Bundle) -> None:
    for member in ("supportingInfo", "item", "diagnosis", "careTeam"):
        numbers = [row["sequence"] for row in claim(bundle)[member]]
        assert len(numbers) == len(set(numbers))


@pytest.mark.req("pas-2.2.1@prof-1")
@each(sent())
def test_a_timing_is_a_count_or_a_frequency(bundle: Bundle) -> None:
    timings = [*inside(bundle, "occurrenceTiming"), *inside(bundle, "timing")]
    assert timings
    for timing in timings:
        assert set(timing["repeat"]) in ({"count"}, {"frequency", "period", "periodUnit"})


@pytest.mark.req("pas-2.2.1@prof-2", "pas-2.2.1@prof-3")
@each(sent())
def test_a_quantity_has_a_unit_and_no_code_of_another_system(bundle: Bundle) -> None:
    quantities = [*inside(claim(bundle), "quantity"), *inside(bundle, "quantityQuantity")]
    assert quantities
    for one in quantities:
        assert one["value"] > 0
        assert one["unit"]
        assert "code" not in one or one["system"] == X12 + "673"


@pytest.mark.req("pas-2.0.1@119", "pas-2.0.1@121", "pas-2.0.1@122", "pas-2.0.1@203")
@pytest.mark.req("pas-2.0.1@120", "pas-2.0.1@125", "pas-2.0.1@126", "pas-2.0.1@127")
@pytest.mark.req("pas-2.0.1@128")
@each(asked())
def test_an_inquiry_asks_by_example_about_one_patient(bundle: Bundle) -> None:
    assert bundle["meta"]["profile"] == [PAS + "profile-pas-inquiry-request-bundle"]
    first = claim(bundle)
    assert first["meta"]["profile"] == [PAS + "profile-claim-inquiry"]
    found = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    parties = {name: found[first[name]["reference"]] for name in ("patient", "insurer", "provider")}
    assert parties["patient"]["resourceType"] == "Patient"
    assert parties["patient"]["identifier"][0]["value"]
    assert parties["insurer"]["meta"]["profile"] == [PAS + "profile-insurer"]
    assert parties["provider"]["meta"]["profile"] == [PAS + "profile-requestor"]
    assert all(one["productOrService"]["coding"] for one in first["item"])
    payer = FakePayer({"/Claim/$inquire": [Reply(200, {"resourceType": "Bundle"})]})
    client.inquire(payer, "https://p.example/fhir", json.dumps(bundle).encode())
    assert [url for url, _ in payer.posts] == ["https://p.example/fhir/Claim/$inquire"]
