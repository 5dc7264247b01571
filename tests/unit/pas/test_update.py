"""A change or a cancellation says exactly what is otherwise, and loses nothing that was there."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from smart_app.cases.model import Coding
from smart_app.fhir import codes, refs
from smart_app.pas import echo, lint, update
from smart_app.pas.names import CANCELLED, CHANGED, PAS
from smart_app.pas.team import Clinician
from smart_app.pas.versions import LATEST, VERSIONS
from tests.unit.kit import NOW
from tests.unit.pas.requests import NOTE, PATIENT, RESPONSE, a_request, an_order, of, the_case
from tests.unit.pas.test_content import SURGEON, code, extensions, resources, target

LATER = NOW + timedelta(hours=1)
OTHER_NOTE = {**NOTE, "id": "n2", "description": "Later note"}
PAIR = {"case": the_case(2), "orders": (an_order(1), an_order(2))}


def changed(prior: dict[str, Any], new: dict[str, Any], version: str = LATEST) -> dict[str, Any]:
    """Return an update, fit to be sent."""
    before = copy.deepcopy((prior, new))
    made = update.update(prior, new, identifier="identifier-2", at=LATER, version=version)
    assert before == (prior, new)
    assert lint.faults(made, version) == ()
    return made


def cancelled(prior: dict[str, Any], version: str = LATEST) -> dict[str, Any]:
    """Return a cancellation, fit to be sent."""
    made = update.cancel(prior, identifier="identifier-2", at=LATER, version=version)
    assert lint.faults(made, version) == ()
    return made


def marks(rows: list[dict[str, Any]]) -> dict[int, tuple[str, ...]]:
    """Return what each row says of its change, by number."""
    found = {}
    for row in rows:
        said = [one["valueCode"] for one in row.get("extension", []) if one["url"] == CHANGED]
        gone = any(one["url"] == CANCELLED for one in row.get("modifierExtension", []))
        found[row["sequence"]] = (*said, *(["cancelled"] if gone else []))
    return found


def certification(item: dict[str, Any]) -> str:
    return code(extensions(item, "extension-certificationType")[0]["valueCodeableConcept"])


@pytest.mark.req("pas-2.2.1@prof-4", "pas-2.2.1@spec-65")
def test_an_update_names_the_claim_before_and_brings_it_along() -> None:
    prior = a_request()
    made = changed(prior, a_request())
    claim, before = (one["resource"] for one in made["entry"][:2])
    assert before == of(prior, "Claim")
    [related] = claim["related"]
    assert target(made, related["claim"]) is before
    assert code(related["relationship"]) == "prior"
    assert claim["meta"]["profile"] == [PAS + "profile-claim-update"]
    assert claim["identifier"] == [{**before["identifier"][0], "value": "identifier-2"}]
    assert claim["created"] == LATER.isoformat()
    assert made["identifier"]["value"] == "identifier-2"
    assert (claim["status"], claim["id"] != before["id"]) == ("active", True)


@pytest.mark.req("pas-2.0.1@166", "pas-2.0.1@167", "pas-2.0.1@168")
@pytest.mark.req("pas-2.0.1@169")
def test_a_payer_of_2_0_1_gets_the_name_alone() -> None:
    prior = a_request(version="2.0.1")
    made = changed(prior, a_request(version="2.0.1"), "2.0.1")
    [claim] = resources(made, "Claim")
    [related] = claim["related"]
    assert related["claim"] == {"identifier": of(prior, "Claim")["identifier"][0]}
    assert code(related["relationship"]) == "replaces"


@pytest.mark.req("pas-2.2.1@spec-68", "pas-2.0.1@170", "pas-2.0.1@175")
def test_what_did_not_change_is_not_marked_and_keeps_its_entries() -> None:
    prior = a_request(**PAIR)
    made = changed(prior, a_request(**PAIR))
    claim = of(made, "Claim")
    assert marks(claim["item"]) == {1: (), 2: ()}
    assert set(marks(claim["supportingInfo"]).values()) == {()}
    old = {one["fullUrl"] for one in prior["entry"]}
    assert {one["fullUrl"] for one in made["entry"][1:]} == old


@pytest.mark.req("pas-2.2.1@prof-5", "pas-2.2.1@prof-7", "pas-2.2.1@prof-9")
@pytest.mark.req("pas-2.2.1@prof-10", "pas-2.2.1@spec-68", "pas-2.2.1@spec-69")
@pytest.mark.req("pas-2.2.1@spec-70", "pas-2.2.1@spec-71", "pas-2.0.1@158")
@pytest.mark.req("pas-2.0.1@162", "pas-2.0.1@165", "pas-2.0.1@171")
@pytest.mark.req("pas-2.0.1@173", "pas-2.0.1@174")
def test_an_item_that_is_added_changed_or_gone_says_so_under_its_old_number() -> None:
    case = the_case(3)
    orders = tuple(an_order(one) for one in (1, 2, 3))
    first, second, third = case.items
    prior = a_request(case=replace(case, items=(first, second)), orders=orders)
    later = (replace(third, sequence=1), replace(second, sequence=2, units=4))
    made = changed(prior, a_request(case=replace(case, items=later), orders=orders))
    items = of(made, "Claim")["item"]
    assert marks(items) == {1: ("changed", "cancelled"), 2: ("changed",), 3: ("added",)}
    traces = [extensions(one, "extension-itemTraceNumber")[0] for one in items]
    assert [one["valueIdentifier"]["value"] for one in traces] == ["trace-1", "trace-2", "trace-3"]
    assert [certification(one) for one in items] == ["3", "I", "I"]
    assert [one["quantity"]["value"] for one in items] == [1, 4, 1]


def test_a_changed_order_changes_its_item() -> None:
    prior = a_request(**PAIR)
    side = an_order(2) | {"bodySite": [{"text": "Left knee"}]}
    made = changed(prior, a_request(**PAIR | {"orders": (an_order(1), side)}))
    assert marks(of(made, "Claim")["item"]) == {1: (), 2: ("changed",)}
    assert len(resources(made, "ServiceRequest")) == 2


@pytest.mark.req("pas-2.2.1@prof-7", "pas-2.0.1@172", "pas-2.0.1@175")
def test_what_was_cancelled_stays_cancelled_and_is_told_once() -> None:
    case, orders = the_case(2), PAIR["orders"]
    alone = replace(case, items=case.items[:1])
    first = changed(a_request(**PAIR), a_request(case=alone, orders=orders))
    assert marks(of(first, "Claim")["item"]) == {1: (), 2: ("changed", "cancelled")}
    again = changed(first, a_request(case=alone, orders=orders))
    assert marks(of(again, "Claim")["item"]) == {1: (), 2: ("cancelled",)}
    assert len(resources(again, "Claim")) == 2  # the one before, and no other
    assert certification(of(again, "Claim")["item"][1]) == "3"


@pytest.mark.req("pas-2.2.1@prof-6", "pas-2.2.1@prof-8", "pas-2.2.1@prof-9")
@pytest.mark.req("pas-2.2.1@prof-10", "pas-2.2.1@spec-69", "pas-2.2.1@spec-71")
def test_papers_keep_their_numbers_and_say_what_happened() -> None:
    prior = a_request(documents=(NOTE,))
    made = changed(prior, a_request(documents=(OTHER_NOTE,)))
    claim = of(made, "Claim")
    # 1 is the form, 2 the note, 3 the day
    assert marks(claim["supportingInfo"]) == {
        1: (),
        2: ("changed", "cancelled"),
        3: (),
        4: ("added",),
    }
    assert claim["item"][0]["informationSequence"] == [1, 4]
    added = target(made, claim["supportingInfo"][3]["valueReference"])
    told = extensions(claim["supportingInfo"][3], "extension-documentInformation")[0]["extension"]
    number = next(one["valueString"] for one in told if one["url"] == "controlNumber")
    assert number.endswith("-4")
    assert added["identifier"][0]["value"] == number


@pytest.mark.parametrize("version", VERSIONS)
def test_no_two_documents_share_a_number_whatever_the_version(version: str) -> None:
    prior = a_request(documents=(NOTE,), version=version)
    made = changed(prior, a_request(documents=(OTHER_NOTE,), version=version), version)
    numbers = [one["identifier"][0]["value"] for one in resources(made, "DocumentReference")]
    assert len(numbers) == len(set(numbers)) == 2


@pytest.mark.req("pas-2.2.1@prof-9", "pas-2.0.1@161")
def test_another_answer_and_another_day_are_later_states_of_the_same_rows() -> None:
    said = RESPONSE | {"item": [{"linkId": "1", "answer": [{"valueBoolean": True}]}]}
    case = replace(the_case(), planned_date=date(2026, 12, 24))
    prior = a_request()
    made = changed(prior, a_request(case=case, response=said))
    rows = of(made, "Claim")["supportingInfo"]
    assert marks(rows) == {1: ("changed",), 2: (), 3: ("changed",)}
    assert rows[2]["timingDate"] == "2026-12-24"
    answers = target(made, rows[0]["valueReference"])
    assert answers["item"][0]["answer"] == [{"valueBoolean": True}]
    assert len(resources(made, "QuestionnaireResponse")) == 2  # the Claim before needs its own


def test_the_same_answers_signed_again_are_the_same_paper() -> None:
    later = RESPONSE | {"authored": "2026-11-25T10:00:00Z"}
    made = changed(a_request(), a_request(response=later))
    assert marks(of(made, "Claim")["supportingInfo"]) == {1: (), 2: (), 3: ()}
    assert of(made, "QuestionnaireResponse")["authored"] == RESPONSE["authored"]


def test_diagnoses_and_care_team_keep_their_numbers() -> None:
    case = the_case()
    more = (Coding(codes.ICD10CM, "G89.4"), *case.items[0].diagnoses)
    new = replace(case, items=(replace(case.items[0], diagnoses=more),))
    surgeon = (Clinician(SURGEON, "Z10002"),)
    made = changed(a_request(), a_request(case=new, performing=surgeon))
    claim = of(made, "Claim")
    found = [code(one["diagnosisCodeableConcept"]) for one in claim["diagnosis"]]
    assert found == ["M54.16", "G89.4"]
    assert [code(one["role"]) for one in claim["careTeam"]] == ["DK", "FA", "SJ"]
    assert claim["item"][0]["diagnosisSequence"] == [1, 2]
    assert claim["item"][0]["careTeamSequence"] == [1, 2, 3]
    [principal] = [one for one in claim["diagnosis"] if "type" in one]
    assert principal["sequence"] == 2  # what the changed order names first


def test_a_diagnosis_that_nothing_refers_to_is_told_no_more() -> None:
    case = the_case()
    other = (Coding(codes.ICD10CM, "G89.4"),)
    new = replace(case, items=(replace(case.items[0], diagnoses=other),))
    claim = of(changed(a_request(), a_request(case=new)), "Claim")
    assert [code(one["diagnosisCodeableConcept"]) for one in claim["diagnosis"]] == ["G89.4"]


def test_a_person_whose_record_changed_is_one_person() -> None:
    moved = PATIENT | {"birthDate": "1950-01-02"}
    made = changed(a_request(), a_request(patient=moved))
    [patient] = resources(made, "Patient")
    assert patient["birthDate"] == "1950-01-02"
    assert len(resources(made, "Coverage")) == 1


def test_one_diagnosis_is_the_principal_whatever_was_cancelled() -> None:
    case, orders = the_case(2), PAIR["orders"]
    other = replace(case.items[1], diagnoses=(Coding(codes.ICD10CM, "G89.4"),))
    prior = a_request(case=replace(case, items=(case.items[0], other)), orders=orders)
    claim = of(
        changed(prior, a_request(case=replace(case, items=(other,)), orders=orders)), "Claim"
    )
    told = [(code(one["diagnosisCodeableConcept"]), "type" in one) for one in claim["diagnosis"]]
    assert told == [("M54.16", False), ("G89.4", True)]


@pytest.mark.req("pas-2.0.1@157", "pas-2.0.1@173")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_cancellation_flags_each_item_and_the_claim_and_stays_active(version: str) -> None:
    prior = a_request(**PAIR, version=version)
    claim = of(cancelled(prior, version), "Claim")
    assert claim["status"] == "active"
    assert marks(claim["item"]) == {1: ("changed", "cancelled"), 2: ("changed", "cancelled")}
    assert [certification(one) for one in [claim, *claim["item"]]] == ["3", "3", "3"]
    same = [one["sequence"] for one in of(prior, "Claim")["supportingInfo"]]
    assert [one["sequence"] for one in claim["supportingInfo"]] == same


@pytest.mark.req("pas-2.2.1@spec-66")
def test_an_update_may_be_cancelled_and_brings_only_what_it_needs() -> None:
    prior = a_request(documents=(NOTE,))
    new = changed(prior, a_request(documents=(OTHER_NOTE,)))
    last = update.cancel(new, identifier="identifier-3", at=LATER, version=LATEST)
    assert lint.faults(last, LATEST) == ()
    claim, before = resources(last, "Claim")
    assert before == of(new, "Claim")
    assert set(marks(claim["supportingInfo"]).values()) == {(), ("cancelled",)}
    urls = {one["fullUrl"] for one in last["entry"]}
    named = {ref["reference"] for one in last["entry"] for ref in refs.walk(one["resource"])}
    assert named - urls == {prior["entry"][0]["fullUrl"]}  # which the Claim before had updated
    assert "identifier-1" not in json.dumps(claim)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_name_of_a_cancellation_belongs_to_the_version_that_it_cancels(version: str) -> None:
    prior = a_request(**PAIR, version=version)
    first = cancelled(prior, version)
    new = update.update(
        prior, a_request(version=version), identifier="identifier-3", at=LATER, version=version
    )
    assert "identifier-2" in echo.sent(prior, "m", cancels=[first]).also
    later = echo.sent(new, "m", cancels=[first], before=[prior])
    assert ("identifier-2" in later.also, "identifier-2" in later.before) == (False, True)
    assert "identifier-2" not in echo.sent(new, "m", cancels=[first]).also
