"""Each fault of a request is refused by one OperationOutcome that says where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import payer_samples as samples
import pytest
from payer_samples import PAS, Json, claim, dict_of

Spoil = Callable[[Json], Any]


def without(kind: str, key: str) -> Spoil:
    return lambda bundle: dict_of(bundle, kind).pop(key)


def put(kind: str, key: str, value: Any, place: int = 0) -> Spoil:
    return lambda bundle: dict_of(bundle, kind, place).update({key: value})


def in_item(key: str, value: Any = None) -> Spoil:
    def spoil(bundle: Json) -> None:
        item = claim(bundle)["item"][0]
        if value is None:
            item.pop(key)
        else:
            item[key] = value

    return spoil


def without_mark(name: str) -> Spoil:
    def spoil(bundle: Json) -> None:
        item = claim(bundle)["item"][0]
        item["extension"] = [one for one in item["extension"] if one["url"] != PAS + name]

    return spoil


def swap_first(bundle: Json) -> None:
    bundle["entry"].insert(0, bundle["entry"].pop())


def rename_first(bundle: Json) -> None:
    bundle["entry"][0]["fullUrl"] = "http://ehr.example.org/fhir/Claim/1"


def twice(bundle: Json) -> None:
    bundle["entry"].append(bundle["entry"][3])


def no_papers(bundle: Json) -> None:
    claim(bundle)["supportingInfo"] = []
    claim(bundle)["item"][0].pop("informationSequence")


def cancel(bundle: Json) -> None:
    mark = claim(bundle)["item"][0]["extension"][2]
    mark["valueCodeableConcept"]["coding"][0]["code"] = "3"


def wrong_npi(bundle: Json) -> None:
    dict_of(bundle, "Practitioner")["identifier"][0]["value"] = "1000000021"


def real_looking_number(bundle: Json) -> None:
    dict_of(bundle, "Coverage")["identifier"][0]["value"] = "1EA0A00AA11"


def other_number(bundle: Json) -> None:
    dict_of(bundle, "Patient")["identifier"][0]["value"] = "2SB1B11BB22"


def bare_document(bundle: Json) -> None:
    claim(bundle)["supportingInfo"][0].pop("extension")


def diagnosis_in_snomed(bundle: Json) -> None:
    coding = claim(bundle)["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]
    coding["system"] = "http://snomed.info/sct"


def principal_by_base_code(bundle: Json) -> None:
    coding = claim(bundle)["diagnosis"][0]["type"][0]["coding"][0]
    coding["system"] = "http://terminology.hl7.org/CodeSystem/ex-diagnosistype"


def no_subscriber(bundle: Json) -> None:
    dict_of(bundle, "Coverage")["relationship"]["coding"].pop()


def no_phone(bundle: Json) -> None:
    dict_of(bundle, "Organization").pop("contact")


def alone(bundle: Json) -> None:
    claim(bundle)["careTeam"] = claim(bundle)["careTeam"][1:]
    claim(bundle)["item"][0]["careTeamSequence"] = [2]


def linked_paper(bundle: Json) -> None:
    dict_of(bundle, "DocumentReference")["content"][0]["attachment"]["url"] = "Binary/1"


ITEM = "Bundle.entry[0].resource.item[0]"
CLAIM = "Bundle.entry[0].resource"
STRANGER = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}

CASES: dict[str, tuple[Spoil, str]] = {
    "type": (lambda bundle: bundle.update(type="transaction"), "Bundle.type"),
    "identifier": (lambda bundle: bundle.pop("identifier"), "Bundle.identifier"),
    "timestamp": (lambda bundle: bundle.update(timestamp="2026-11-23"), "Bundle.timestamp"),
    "claim first": (swap_first, "Bundle.entry[0]"),
    "fullUrl": (rename_first, "Bundle.entry[0].fullUrl"),
    "entry twice": (twice, "Bundle.entry[11].fullUrl"),
    "open graph": (put("Coverage", "policyHolder", STRANGER), "Bundle.entry[3].resource"),
    "claim identifier": (without("Claim", "identifier"), f"{CLAIM}.identifier"),
    "claim status": (put("Claim", "status", "cancelled"), f"{CLAIM}.status"),
    "claim use": (put("Claim", "use", "claim"), f"{CLAIM}.use"),
    "claim type": (without("Claim", "type"), f"{CLAIM}.type"),
    "created": (put("Claim", "created", "2026-11-23"), f"{CLAIM}.created"),
    "priority": (without("Claim", "priority"), f"{CLAIM}.priority"),
    "insurer": (without("Claim", "insurer"), f"{CLAIM}.insurer"),
    "provider": (without("Claim", "provider"), f"{CLAIM}.provider"),
    "insurance": (without("Claim", "insurance"), f"{CLAIM}.insurance"),
    "related": (put("Claim", "related", [{"claim": {"display": "x"}}]), f"{CLAIM}.related"),
    "no practitioner": (alone, f"{CLAIM}.careTeam"),
    "no papers": (no_papers, f"{CLAIM}.supportingInfo"),
    "documentInformation": (bare_document, f"{CLAIM}.supportingInfo[0].extension"),
    "no diagnosis": (without("Claim", "diagnosis"), f"{CLAIM}.diagnosis"),
    "diagnosis system": (diagnosis_in_snomed, f"{CLAIM}.diagnosis[0].diagnosis"),
    "no item": (without("Claim", "item"), f"{CLAIM}.item"),
    "trace": (without_mark("extension-itemTraceNumber"), f"{ITEM}.extension"),
    "requestType": (without_mark("extension-serviceItemRequestType"), f"{ITEM}.extension"),
    "certificationType": (without_mark("extension-certificationType"), f"{ITEM}.extension"),
    "cancel": (cancel, f"{ITEM}.extension"),
    "category": (in_item("category"), f"{ITEM}.category"),
    "service": (in_item("productOrService"), f"{ITEM}.productOrService"),
    "location": (in_item("locationCodeableConcept"), f"{ITEM}.location"),
    "modifier": (in_item("modifier", [{"coding": [{"code": "LT"}]}]), f"{ITEM}.modifier"),
    "diagnosis type": (principal_by_base_code, f"{CLAIM}.diagnosis[0].type"),
    "quantity": (in_item("quantity", {"value": 0}), f"{ITEM}.quantity"),
    "month only": (in_item("servicedDate", "2026-12"), f"{ITEM}.serviced"),
    "unknown sequence": (in_item("informationSequence", [9]), f"{ITEM}.informationSequence"),
    "no member number": (without("Coverage", "identifier"), ".identifier"),
    "real-looking number": (real_looking_number, ".identifier"),
    "another member number": (other_number, f"{CLAIM}.patient"),
    "inactive coverage": (put("Coverage", "status", "cancelled"), ".status"),
    "no subscriber": (no_subscriber, ".relationship"),
    "payor": (without("Coverage", "payor"), ".payor"),
    "inactive insurer": (put("Organization", "active", False, 1), ".active"),
    "requestor NPI": (without("Organization", "identifier"), ".identifier"),
    "no phone": (no_phone, ".contact"),
    "birth date": (without("Patient", "birthDate"), ".birthDate"),
    "sex": (without("Patient", "gender"), ".gender"),
    "NPI check digit": (wrong_npi, ".identifier"),
    "dated order": (put("ServiceRequest", "occurrenceDateTime", "2026-12-03"), "occurrence"),
    "plan, no order": (put("ServiceRequest", "intent", "plan"), ".intent"),
    "draft answers": (put("QuestionnaireResponse", "status", "in-progress"), ".status"),
    "another's answers": (put("QuestionnaireResponse", "subject", STRANGER), ""),
    "linked paper": (linked_paper, ".content"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_named(name: str, tmp_path: Path) -> None:
    spoil, where = CASES[name]
    client, bundle = samples.payer(tmp_path), samples.sample()
    spoil(bundle)
    answer = samples.post(client, samples.SUBMIT, bundle)
    assert 400 <= answer.status_code < 500
    outcome = answer.get_json(force=True)
    assert outcome["resourceType"] == "OperationOutcome"
    places = [place for one in outcome["issue"] for place in one.get("expression", [])]
    assert any(where in place for place in places), outcome
    assert all(one["details"]["text"] for one in outcome["issue"])
    assert samples.state(client) == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", samples.FHIR, 400),
        ("[]", samples.FHIR, 422),
        ("{}", "text/plain", 415),
        ('{"resourceType": "Bundle"}', "application/json", 422),
    ],
)
def test_what_is_no_bundle(body: str, kind: str, status: int, tmp_path: Path) -> None:
    client = samples.payer(tmp_path)
    answer = client.post(samples.SUBMIT, data=body, content_type=kind)
    assert answer.status_code == status
    assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"


def test_every_fault_at_once(tmp_path: Path) -> None:
    client, bundle = samples.payer(tmp_path), samples.sample()
    claim(bundle).pop("diagnosis")
    claim(bundle).pop("priority")
    answer = samples.post(client, samples.SUBMIT, bundle).get_json(force=True)
    places = {one["expression"][0] for one in answer["issue"]}
    assert {f"{CLAIM}.diagnosis", f"{CLAIM}.priority"} <= places
