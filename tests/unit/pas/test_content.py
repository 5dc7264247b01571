"""All that chart and form can give goes with the request, each where PAS has a place for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from smart_app.cases.model import Coding
from smart_app.errors import MissingFact
from smart_app.fhir import codes, refs
from smart_app.pas import bundle, lint
from smart_app.pas.claim import Quoted
from smart_app.pas.names import ENCOUNTER, PAS, VISIT
from smart_app.pas.team import Clinician
from smart_app.pas.versions import LATEST, VERSIONS
from tests.unit.pas.requests import (
    CLINIC,
    COVERAGE,
    DIAGNOSIS,
    DOCTOR,
    HOSPITAL,
    NOTE,
    a_request,
    an_order,
    of,
    parts,
    the_case,
)

SURGEON = {
    "resourceType": "Practitioner",
    "id": "surgeon",
    "identifier": [{"system": codes.NPI, "value": "1999999026"}],
    "name": [{"family": "Per", "given": ["Former"]}],
}
TAXONOMY = "207X00000X"
OFFICE = replace(HOSPITAL, facility_id="office", pos="11", npi=CLINIC.npi, ccn=None, tob=None)
SURGERY_CENTER = replace(
    HOSPITAL, facility_id="asc", pos="24", npi="1999999083", ccn=None, ptan="Z20001", tob=None
)
PLANNED = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "planned",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "type": [{"coding": [{"system": VISIT, "code": "2"}]}],
    "subject": {"reference": "Patient/p1"},
    "participant": [{"individual": {"reference": "Practitioner/nobody"}}],
    "period": {"start": "2026-12-01"},
}


def resources(request: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the entries of a type."""
    every = [one["resource"] for one in request["entry"]]
    return [one for one in every if one["resourceType"] == kind]


def target(request: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    """Return the entry that a reference names."""
    found = {one["fullUrl"]: one["resource"] for one in request["entry"]}
    return found[reference["reference"]]


def extensions(held: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the extensions of a name."""
    return [one for one in held.get("extension", []) if one["url"] == PAS + name]


def code(concept: dict[str, Any]) -> str:
    return str(concept["coding"][0]["code"])


# diagnoses -----------------------------------------------------------------------------------


def test_the_first_diagnosis_is_the_principal_and_the_others_have_no_type() -> None:
    several = (*DIAGNOSIS, Coding(codes.ICD10CM, "M48.061"))
    case = the_case(2)
    items = (
        case.items[0],
        replace(case.items[1], diagnoses=several),
    )
    request = a_request(case=replace(case, items=items), orders=(an_order(1), an_order(2)))
    claim = of(request, "Claim")
    rows = claim["diagnosis"]
    assert [code(one["diagnosisCodeableConcept"]) for one in rows] == ["M54.16", "M48.061"]
    assert [[code(kind) for kind in one.get("type", [])] for one in rows] == [["principal"], []]
    assert [one["diagnosisSequence"] for one in claim["item"]] == [[1], [1, 2]]


def test_a_diagnosis_says_when_the_chart_recorded_it() -> None:
    request = a_request(recorded={"M54.16": date(2026, 3, 4), "Z00.0": date(2020, 1, 1)})
    [row] = of(request, "Claim")["diagnosis"]
    [found] = extensions(row, "extension-diagnosisRecordedDate")
    assert found["valueDate"] == "2026-03-04"
    assert "2020-01-01" not in json.dumps(request)


# urgency ---------------------------------------------------------------------------------------


def test_an_expedited_request_says_so_and_why() -> None:
    case = replace(the_case(), expedited=True)
    request = a_request(case=case, urgency="The cord may be damaged for good.")
    claim = of(request, "Claim")
    [level] = extensions(claim, "extension-levelOfServiceCode")
    assert code(level["valueCodeableConcept"]) == "U"
    [why] = [one for one in claim["supportingInfo"] if code(one["category"]) == "freeFormMessage"]
    assert why["valueString"] == "The cord may be damaged for good."
    assert lint.faults(request, LATEST) == ()


def test_an_expedited_request_without_a_reason_is_not_built() -> None:
    with pytest.raises(MissingFact) as caught:
        a_request(case=replace(the_case(), expedited=True))
    assert "cannot wait" in caught.value.say


def test_a_standard_request_claims_no_urgency() -> None:
    claim = of(a_request(), "Claim")
    assert not extensions(claim, "extension-levelOfServiceCode")
    assert code(claim["priority"]) == "normal"


# numbers given before ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "name", "other"),
    [
        ("non_affirmed", "administrationReferenceNumber", "authorizationNumber"),
        ("affirmed", "authorizationNumber", "administrationReferenceNumber"),
    ],
)
def test_a_new_request_quotes_the_number_where_its_verdict_says(
    verdict: Any, name: str, other: str
) -> None:
    quoted = (Quoted("ServiceRequest/1", "JFA99900004417", verdict),)
    request = a_request(case=the_case(2), orders=(an_order(1), an_order(2)), quoted=quoted)
    first, second = of(request, "Claim")["item"]
    [found] = extensions(first, f"extension-{name}")
    assert found["valueString"] == "JFA99900004417"
    assert not extensions(first, f"extension-{other}")
    assert "JFA99900004417" not in json.dumps(second)
    assert code(extensions(first, "extension-certificationType")[0]["valueCodeableConcept"]) == "I"


# care team ---------------------------------------------------------------------------------------


def test_who_orders_and_who_performs_is_told_with_numbers_and_qualification() -> None:
    request = a_request(
        ordering=Clinician(DOCTOR, "Z10001", TAXONOMY), performing=(Clinician(SURGEON, "Z10002"),)
    )
    claim = of(request, "Claim")
    assert [code(one["role"]) for one in claim["careTeam"]] == ["DK", "SJ", "FA"]
    orders, performs, place = (target(request, one["provider"]) for one in claim["careTeam"])
    assert code(claim["careTeam"][0]["qualification"]) == TAXONOMY
    assert code(orders["specialty"][0]) == TAXONOMY
    numbers = [
        {one["value"] for one in target(request, role["practitioner"])["identifier"]}
        for role in (orders, performs)
    ]
    assert numbers == [{"1999999018", "Z10001"}, {"1999999026", "Z10002"}]
    assert {one["value"] for one in place["identifier"]} == {HOSPITAL.npi, HOSPITAL.ccn}
    assert "organization" not in performs  # whose employee the surgeon is, nobody said
    scopes = [extensions(one, "extension-careTeamClaimScope") for one in claim["careTeam"]]
    assert [one[0]["valueBoolean"] for one in scopes] == [True, True, True]


def test_who_performs_one_of_two_items_belongs_to_that_item() -> None:
    alone = Clinician(SURGEON, None, order_refs=frozenset({"ServiceRequest/2"}))
    orders = (an_order(1), an_order(2))
    claim = of(a_request(case=the_case(2), orders=orders, performing=(alone,)), "Claim")
    row = claim["careTeam"][1]
    assert extensions(row, "extension-careTeamClaimScope")[0]["valueBoolean"] is False
    assert [one["careTeamSequence"] for one in claim["item"]] == [[1, 3], [1, 2, 3]]


def test_who_orders_and_performs_is_one_member() -> None:
    request = a_request(performing=(Clinician(DOCTOR, "Z10001"),))
    assert len(resources(request, "Practitioner")) == 1


@pytest.mark.parametrize(
    ("place", "numbers", "kind"),
    [
        (HOSPITAL, {HOSPITAL.npi, HOSPITAL.ccn}, "institutional"),
        (SURGERY_CENTER, {SURGERY_CENTER.npi, "Z20001"}, "professional"),
        (OFFICE, None, "professional"),
    ],
    ids=["hospital", "surgery center", "office"],
)
def test_a_facility_is_known_by_its_own_medicare_number(
    place: Any, numbers: set[str] | None, kind: str
) -> None:
    case = the_case()
    request = a_request(case=replace(case, items=(replace(case.items[0], place=place),)))
    claim = of(request, "Claim")
    roles = {code(one["role"]): target(request, one["provider"]) for one in claim["careTeam"]}
    assert code(claim["type"]) == kind
    assert code(claim["item"][0]["locationCodeableConcept"]) == place.pos
    found = roles.get("FA")
    assert (found and {one["value"] for one in found["identifier"]}) == numbers


# papers ------------------------------------------------------------------------------------------


def test_each_paper_has_a_control_number_that_the_document_bears() -> None:
    notes = tuple({**NOTE, "id": f"n{one}"} for one in range(1, 13))
    request = a_request(documents=notes)
    rows = [one for one in of(request, "Claim")["supportingInfo"] if "valueReference" in one]
    numbers = []
    for row in rows:
        [told] = extensions(row, "extension-documentInformation")
        parts_ = {one["url"]: one for one in told["extension"]}
        numbers.append(parts_["controlNumber"]["valueString"])
        paper = target(request, row["valueReference"])
        if paper["resourceType"] == "DocumentReference":
            assert paper["identifier"][0]["value"] == numbers[-1]
    assert len(set(numbers)) == 13
    assert lint.faults(request, LATEST) == ()


def test_two_papers_of_one_control_number_do_not_leave() -> None:
    request = a_request()
    rows = of(request, "Claim")["supportingInfo"]
    rows[1]["extension"] = rows[0]["extension"]
    assert "share a control number" in " ".join(lint.faults(request, LATEST))


# visit -------------------------------------------------------------------------------------------


def test_the_planned_visit_goes_along_without_what_pas_does_not_ask() -> None:
    request = a_request(encounter=PLANNED)
    claim = of(request, "Claim")
    [visit] = [one for one in claim["extension"] if one["url"] == ENCOUNTER]
    found = target(request, visit["valueReference"])
    assert (found["status"], found["period"]) == ("planned", {"start": "2026-12-01"})
    assert "participant" not in found


@pytest.mark.parametrize("change", [{"status": "finished"}, {"type": [{"text": "Office visit"}]}])
def test_a_visit_that_pas_has_no_word_for_is_not_made_into_one(change: dict[str, Any]) -> None:
    request = a_request(encounter=PLANNED | change)
    assert not resources(request, "Encounter")
    assert "extension" not in of(request, "Claim")


# items, orders and coverage --------------------------------------------------------------------


def test_an_item_says_day_units_and_kind_of_service() -> None:
    case = the_case()
    item = replace(case.items[0], units=3, unit="session")
    found = of(a_request(case=replace(case, items=(item,))), "Claim")["item"][0]
    assert found["servicedDate"] == "2026-12-01"
    assert found["quantity"] == {"value": 3, "unit": "session"}
    assert code(found["category"]) == "2"  # CPT 62323 is surgery


DEVICE = {
    "resourceType": "DeviceRequest",
    "id": "1",
    "status": "active",
    "intent": "order",
    "codeCodeableConcept": {"coding": [{"system": codes.HCPCS, "code": "E0760"}]},
    "subject": {"reference": "Patient/p1"},
    "parameter": [{"valueBoolean": True}],
    "authoredOn": "2026-11-20",
}
DRUG = {
    "resourceType": "MedicationRequest",
    "id": "1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1658633"}]
    },
    "subject": {"reference": "Patient/p1"},
    "requester": {"reference": "Practitioner/dr"},
    "authoredOn": "2026-11-20",
    "dosageInstruction": [
        {
            "text": "once a week",
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk", "count": 9}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mL"}}],
        }
    ],
    "dispenseRequest": {
        "quantity": {"value": 4, "unit": "mL"},
        "numberOfRepeatsAllowed": 2,
        "performer": {"reference": "Organization/nobody"},
    },
}


def ordered(order: dict[str, Any], billed: str, **more: Any) -> dict[str, Any]:
    """Return the request of one order that is no ServiceRequest."""
    case = the_case()
    coding = (Coding(codes.HCPCS, billed),)
    item = replace(case.items[0], order_ref=refs.of(order), coding=coding)
    return a_request(case=replace(case, items=(item,)), orders=(order,), **more)


@pytest.mark.parametrize("version", VERSIONS)
def test_equipment_is_asked_for_by_its_own_profile(version: str) -> None:
    request = ordered(DEVICE, "E0760", version=version)
    found = of(request, "DeviceRequest")
    assert found["meta"]["profile"] == [PAS + "profile-devicerequest"]
    assert code(found["codeCodeableConcept"]) == "E0760"
    assert "parameter" not in found
    assert lint.faults(request, version) == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_drug_is_asked_for_by_its_own_profile(version: str) -> None:
    request = ordered(DRUG, "J3490", version=version)
    found = of(request, "MedicationRequest")
    assert found["status"] == "active"
    assert [one["code"] for one in found["medicationCodeableConcept"]["coding"]] == [
        "J3490",
        "1658633",
    ]
    [dose] = found["dosageInstruction"]
    assert dose["timing"] == {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    assert found["dispenseRequest"] == {
        "quantity": {"value": 4, "unit": "mL"},
        "numberOfRepeatsAllowed": 2,
    }
    assert target(request, found["requester"])["resourceType"] == "Practitioner"
    assert lint.faults(request, version) == ()


def test_an_order_is_transformed_and_never_copied() -> None:
    order = an_order() | {
        "occurrenceDateTime": "2026-12-01",
        "insurance": [{"reference": "Coverage/other"}],
        "note": [{"text": "not sent"}],
        "bodySite": [{"text": "Left knee", "extension": [{"url": "http://vendor.example/x"}]}],
        "contained": [{"resourceType": "Patient", "id": "x"}],
    }
    found = of(a_request(orders=(order,)), "ServiceRequest")
    assert found["occurrenceTiming"] == {"repeat": {"count": 1}}
    assert found["bodySite"] == [{"text": "Left knee"}]
    assert not {"occurrenceDateTime", "insurance", "note", "contained"} & set(found)


def test_of_two_coverages_only_the_one_that_the_case_goes_by_is_sent() -> None:
    def said(of_coverage: str) -> dict[str, Any]:
        about = {"url": "coverage", "valueReference": {"reference": of_coverage}}
        told = {"url": "coverage-assertion-id", "valueString": f"said of {of_coverage}"}
        return {"url": codes.COVERAGE_INFORMATION, "extension": [about, told]}

    order = an_order() | {"extension": [said("Coverage/c1"), said("Coverage/other")]}
    request = a_request(orders=(order,))
    [paid] = resources(request, "Coverage")
    [insurance] = of(request, "Claim")["insurance"]
    assert target(request, insurance["coverage"]) is paid
    assert insurance["focal"] is True
    text = json.dumps(request)
    assert "said of Coverage/c1" in text
    assert "said of Coverage/other" not in text


def test_a_coverage_keeps_group_and_plan() -> None:
    kinds = "http://terminology.hl7.org/CodeSystem/coverage-class"
    several = [
        {"type": {"coding": [{"system": kinds, "code": one}]}, "value": f"{one}-1"}
        for one in ("group", "plan", "rxbin")
    ]
    found = of(a_request(coverage=COVERAGE | {"class": several}), "Coverage")
    assert [one["value"] for one in found["class"]] == ["group-1", "plan-1"]


def test_the_parts_of_a_request_are_not_changed_by_building_it() -> None:
    made = parts(encounter=PLANNED)
    before = json.dumps(made.response), json.dumps(made.documents), json.dumps(made.orders)
    bundle.build(made)
    assert before == (
        json.dumps(made.response),
        json.dumps(made.documents),
        json.dumps(made.orders),
    )
