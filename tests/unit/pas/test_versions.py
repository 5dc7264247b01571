"""Each payer gets what its version of PAS knows, and nothing that it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smart_app.pas import bundle, inquiry, lint, subscription
from smart_app.pas.names import PAS
from smart_app.pas.versions import LATEST, VERSIONS
from smart_app.payers import registry
from tests.oracle.cases import CASES, CHANGES
from tests.unit.kit import NOW
from tests.unit.pas.requests import a_request, of
from tools import pas_profiles

PARTNERS = bundle.Partners("1999999042", "PAYERAPP", "1999999042", "PAYERID")
ROUTED = PAS + "extension-TransmissionIdentifiers"
DESCRIBED = PAS + "extension-documentInformation"


def profiles(request: dict[str, Any]) -> set[str]:
    """Return the profiles that a Bundle and its entries claim."""
    held = [request, *(one["resource"] for one in request["entry"])]
    return {url for one in held for url in one.get("meta", {}).get("profile", [])}


def test_a_payer_s_file_may_name_each_version_and_no_other() -> None:
    assert set(registry.PAS_VERSIONS) == set(VERSIONS) == set(subscription.PROFILES)


@pytest.mark.parametrize("version", VERSIONS)
def test_request_and_inquiry_fit_the_payer_s_version(version: str) -> None:
    request = a_request(version=version, partners=PARTNERS)
    asked = inquiry.build(request, NOW)
    assert (lint.faults(request, version), lint.faults(asked, version)) == ((), ())
    known = {PAS + name for name in pas_profiles.tables()[version]}
    for sent in (request, asked):
        assert {url for url in profiles(sent) if url.startswith(PAS)} <= known


@pytest.mark.parametrize("version", ["2.0.1", "2.1.0"])
def test_an_older_version_gets_nothing_that_came_later(version: str) -> None:
    text = json.dumps(a_request(version=version, partners=PARTNERS))
    assert ROUTED not in text
    assert DESCRIBED not in text
    assert PAS + "profile-documentreference" not in text
    assert VERSIONS[version].document in text


def test_the_latest_says_who_sends_to_whom_in_request_and_inquiry() -> None:
    request = a_request(partners=PARTNERS)
    for sent in (request, inquiry.build(request, NOW)):
        [routed] = [one for one in of(sent, "Claim")["extension"] if one["url"] == ROUTED]
        told = {one["url"]: one["valueString"] for one in routed["extension"]}
        assert told["interchangeSenderID"] == PARTNERS.sender_interchange
        assert told["applicationReceiverCode"] == "PAYERAPP"
        assert told["interchangeReceiverID"] == "PAYERID"


def test_without_a_receiver_nobody_is_made_up() -> None:
    assert ROUTED not in json.dumps(a_request())


def test_what_one_version_takes_another_may_not() -> None:
    told = lint.faults(a_request(version=LATEST), "2.0.1")
    assert told == ("DocumentReference: PAS 2.0.1 has no profile-documentreference",)
    assert "documentInformation is missing" in " ".join(
        lint.faults(a_request(version="2.0.1"), LATEST)
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_the_member_number_stands_wherever_a_version_looks_for_it(version: str) -> None:
    request = a_request(version=version)
    for kind in ("Coverage", "Patient"):
        [found] = of(request, kind)["identifier"]
        assert found["type"]["coding"][0]["code"] == "MB"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_tables_are_what_the_packages_say(version: str) -> None:
    assert pas_profiles.path(version).read_text() == pas_profiles.written(
        pas_profiles.tables()[version]
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CHANGES)
def test_no_kind_of_change_breaks_the_table_of_a_version(name: str, version: str) -> None:
    assert lint.faults(CHANGES[name](version=version), version) == ()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CASES)
def test_no_kind_of_case_breaks_the_table_of_a_version(name: str, version: str) -> None:
    request = CASES[name](version=version)
    assert lint.faults(request, version) == ()
    assert lint.faults(inquiry.build(request, NOW), version) == ()
