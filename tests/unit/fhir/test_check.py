"""What is no FHIR is found wherever it stands, in extensions as well, and no value is told."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.claim import Claim

from smart_app.fhir import check
from tests.unit.pas.requests import NOTE, a_request, an_order, of, the_case

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


def widened() -> dict[str, Any]:
    """Return a request that says much alike: of three services, with four documents."""
    orders, notes = (1, 2, 3), tuple(NOTE | {"id": f"n{at}"} for at in range(4))
    return a_request(
        case=the_case(len(orders)), orders=tuple(map(an_order, orders)), documents=notes
    )


WIDE = widened()
ALIKE: tuple[tuple[Any, ...], ...] = (
    ("Claim", 0, "resource", "item", 2),
    ("Claim", 0, "resource", "supportingInfo", 3),
    ("ServiceRequest", 2, "resource"),
    ("DocumentReference", 3, "resource"),
)
"""What says the same as others before it: where it stands in the entries of its kind."""
ODD: tuple[Any, ...] = (
    *(CANARY, " ", "2026-13-45", 0, 1, 3, -1, 1.5, True, [], [CANARY], {CANARY: 1}),
    *({"extension": [{"url": "urn:x"}]}, {"reference": "urn:uuid:a"}, {"coding": [{"code": "a"}]}),
    [{"url": "urn:x", "valueString": "a", "valueCode": "a"}],
)


def entries(kind: str) -> list[Any]:
    """Return a copy of the entries of a kind."""
    return [copy.deepcopy(one) for one in WIDE["entry"] if one["resource"]["resourceType"] == kind]


def held(value: Any, path: Sequence[Any]) -> Any:
    """Return what stands at a path."""
    for step in path:
        value = value[step]
    return value


def places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every member and element, and in every object of one that is not there."""
    inner = (
        [*value.items(), ("valueQuantity", None)] if isinstance(value, dict) else enumerate(value)
    )
    for step, one in inner:
        if step != "resourceType":
            yield (*path, step)
        if isinstance(one, dict | list):
            yield from places(one, (*path, step))


@pytest.mark.parametrize(
    "path", [one for at in ALIKE for one in places(held(entries(at[0]), at[1:]), at)], ids=str
)
def test_nothing_is_missed_that_the_models_find_in_what_is_much_alike(
    path: tuple[Any, ...],
) -> None:
    kind, *steps = path
    request = WIDE | {"entry": entries(kind)}
    resource, parent = held(request["entry"], steps[:2]), held(request["entry"], steps[:-1])
    model = get_fhir_model_class(kind)
    for value in ODD:
        parent[path[-1]] = value
        try:
            model.model_validate(resource)
            sound = True
        except ValueError:
            sound = False
        assert ([*check.shape(request)] == []) == sound, value
