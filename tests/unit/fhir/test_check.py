"""What is no FHIR is found wherever it stands, in extensions as well, and no value is told."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from fhir.resources.R4B.claim import Claim

from smart_app.fhir import check
from tests.unit.pas.requests import a_request, of

CANARY = "canary"


def test_what_is_sound_has_no_fault_and_stays_as_it_is() -> None:
    request = a_request()
    before = copy.deepcopy(request)
    assert [*check.shape(request)] == []
    assert request == before


def spoiled(path: list[Any], value: Any) -> dict[str, Any]:
    """Return a Claim in which something was put in the place of something else."""
    claim: dict[str, Any] = copy.deepcopy(of(a_request(), "Claim"))
    held: Any = claim
    for step in path[:-1]:
        held = held[step]
    held[path[-1]] = value
    return claim


INFORMATION = ["supportingInfo", 0, "extension", 0]
WRONG: dict[str, tuple[list[Any], Any]] = {
    "an element": (["use"], [CANARY]),
    "an unknown member": (["item", 0, CANARY], 1),
    "an extension's value": (["item", 0, "extension", 0, "valueIdentifier"], CANARY),
    "an extension's own extension": ([*INFORMATION, "extension", 2, "valueString"], [CANARY]),
    "an extension without its name": ([*INFORMATION, "extension", 0], {"valueString": CANARY}),
    "an extension with a member of no extension": ([*INFORMATION, "colour"], CANARY),
    "extensions that are no list": (["item", 0, "extension"], {"url": CANARY}),
    "an extension that is no object": (["item", 0, "extension", 0], CANARY),
    "an extension of a primitive": (["_created"], {"extension": [{"valueString": CANARY}]}),
    "a code where a reference belongs": (["patient"], {"coding": [{"code": "a"}]}),
    "a reference where a code belongs": (["priority"], {"reference": "urn:uuid:a"}),
    "a code that is none": (["item", 0, "productOrService"], {"coding": [{"code": [CANARY]}]}),
    "a reference that is none": (["provider"], {"reference": "a", "display": [CANARY]}),
    "an extension where none may stand": (
        ["item", 0, "extension", 0, "modifierExtension"],
        [{"url": "urn:x", "valueBoolean": True}],
    ),
    "a modifier extension": (["item", 0, "modifierExtension"], [{"valueBoolean": CANARY}]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_fhir_is_found_as_the_models_find_it(name: str) -> None:
    claim = spoiled(*WRONG[name])
    with pytest.raises(ValueError):
        Claim.model_validate(claim)
    faults = [*check.shape(claim)]
    assert faults
    assert all(one.startswith("Claim.") for one in faults)
    assert CANARY not in " ".join(faults).replace(f"item.0.{CANARY}", "")


def test_what_is_no_fhir_is_found_wherever_it_stands_in_a_bundle() -> None:
    request = a_request()
    for entry in request["entry"][1:3]:
        entry["resource"]["meta"] = {"profile": CANARY}
    request["entry"][3]["fullUrl"] = [CANARY]
    assert [one.rpartition(":")[0] for one in check.shape(request)] == [
        "Bundle.entry.3.fullUrl",
        "Bundle.entry.1.resource.meta.profile",
        "Bundle.entry.2.resource.meta.profile",
    ]


def test_a_type_that_there_is_not_is_told() -> None:
    assert [*check.shape({"resourceType": "Claims"})] == ["Claims: not a known resource type"]
    assert [*check.shape({})] == ["None: not a known resource type"]


@pytest.mark.parametrize("kind", ["Element", "CodeableConcept", "Reference", "Meta", "BundleEntry"])
def test_a_part_is_no_resource(kind: str) -> None:
    request = a_request()
    request["entry"][1]["resource"] = {"resourceType": kind, "id": "a"}
    assert [*check.shape(request)] == ["Bundle.entry.1.resource: not a known resource type"]
