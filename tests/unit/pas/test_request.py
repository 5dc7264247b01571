"""Stage 9: what is built is fit to be sent, and whatever is spoiled is found before it leaves."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from smart_app.errors import MissingFact
from smart_app.fhir import refs
from smart_app.pas import bundle, lint
from smart_app.pas.team import Clinician
from smart_app.pas.versions import LATEST
from tests.unit.kit import an_item
from tests.unit.pas.requests import (
    COVERAGE,
    DIAGNOSIS,
    DOCTOR,
    HOSPITAL,
    MEMBER,
    PATIENT,
    a_request,
    an_order,
    of,
    parts,
    the_case,
)

Spoil = Callable[[dict[str, Any]], None]


def test_what_is_built_is_fit_to_be_sent() -> None:
    assert lint.faults(a_request(), LATEST) == ()
    two = a_request(case=the_case(2), orders=(an_order(1), an_order(2)))
    assert lint.faults(two, LATEST) == ()


def test_every_reference_names_one_entry_and_every_entry_is_new() -> None:
    first, second = a_request(), a_request()
    urls = [one["fullUrl"] for one in first["entry"]]
    assert not set(urls) & {one["fullUrl"] for one in second["entry"]}
    named = [ref["reference"] for one in first["entry"] for ref in refs.walk(one["resource"])]
    assert set(named) <= set(urls)
    assert first["entry"][0]["resource"]["resourceType"] == "Claim"


def test_only_what_the_profiles_know_leaves() -> None:
    text = json.dumps(a_request())
    assert "not sent" not in text
    assert "Practitioner/nobody" not in text
    assert MEMBER in text


def test_the_traces_join_request_and_answer() -> None:
    claim = of(a_request(), "Claim")
    traces = [one["valueIdentifier"]["value"] for one in claim["item"][0]["extension"][:1]]
    assert traces == ["trace-1"]
    assert claim["identifier"][0]["value"] == "identifier-1"


@pytest.mark.parametrize(
    "change",
    [
        {"ordering": Clinician({**DOCTOR, "identifier": []}, "Z10001")},
        {"ordering": Clinician({**DOCTOR, "identifier": [{"system": "x"}]}, "Z10001")},
        {"ordering": Clinician(DOCTOR, None)},
        {"coverage": {**COVERAGE, "identifier": []}},
        {"patient": {key: value for key, value in PATIENT.items() if key != "birthDate"}},
        {"case": replace(the_case(), items=(an_item(diagnoses=DIAGNOSIS),))},
        {"case": replace(the_case(), items=(an_item(place=HOSPITAL),))},
    ],
    ids=["npi", "npi system", "ptan", "member", "birth date", "place", "diagnosis"],
)
def test_what_is_missing_is_named_not_made_up(change: dict[str, Any]) -> None:
    with pytest.raises(MissingFact) as caught:
        bundle.build(parts(**change))
    assert caught.value.say != MissingFact.say


def item_of(request: dict[str, Any]) -> Any:
    return of(request, "Claim")["item"][0]


SPOILS: dict[str, tuple[Spoil, str]] = {
    "claim not first": (lambda b: b["entry"].reverse(), "first entry"),
    "no entries": (lambda b: b.update(entry=[]), "first entry"),
    "same url": (lambda b: b["entry"][2].update(fullUrl=b["entry"][1]["fullUrl"]), "not unique"),
    "plain url": (lambda b: b["entry"][-1].update(fullUrl="Patient/p1"), "random urn:uuid"),
    "old uuid": (
        lambda b: b["entry"][-1].update(
            fullUrl="urn:uuid:" + "0" * 8 + "-0000-1000-8000-" + "0" * 12
        ),
        "random urn:uuid",
    ),
    "dangling": (lambda b: of(b, "Claim")["patient"].update(reference="urn:x"), "no entry"),
    "trace": (lambda b: item_of(b)["extension"].pop(0), "itemTraceNumber is missing"),
    "request type": (lambda b: item_of(b)["extension"].pop(1), "serviceItemRequestType"),
    "certification": (lambda b: item_of(b)["extension"].pop(2), "certificationType"),
    "place": (lambda b: item_of(b).pop("locationCodeableConcept"), "location[x] is missing"),
    "diagnosis": (lambda b: item_of(b).update(diagnosisSequence=[9]), "point at a diagnosis"),
    "no diagnosis": (lambda b: item_of(b).pop("diagnosisSequence"), "point at a diagnosis"),
    "same trace": (lambda b: of(b, "Claim")["item"].append(item_of(b)), "share a trace"),
    "npi": (
        lambda b: of(b, "Practitioner")["identifier"][0].update(value="1999999019"),
        "check digit",
    ),
    "member": (lambda b: of(b, "Coverage")["identifier"][0].pop("type"), "member number"),
    "no timestamp": (lambda b: b.pop("timestamp"), "Bundle.timestamp"),
    "no insurer": (lambda b: of(b, "Claim").pop("insurer"), "insurer"),
    "odd member": (lambda b: of(b, "Claim").update(colour="red"), "colour: extra"),
    "bad date": (lambda b: of(b, "Patient").update(birthDate="1950-13-01"), "birthDate"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_spoiled_request_does_not_leave(name: str) -> None:
    spoil, words = SPOILS[name]
    request = copy.deepcopy(a_request())
    spoil(request)
    assert any(words in one for one in lint.faults(request, LATEST)), lint.faults(request, LATEST)


def test_a_fault_names_no_value_of_the_patient() -> None:
    request = a_request()
    of(request, "Patient")["birthDate"] = "canary"
    of(request, "Patient")["gender"] = ["canary"]
    told = " ".join(lint.faults(request, LATEST))
    assert told and "canary" not in told
