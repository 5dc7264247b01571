"""Where a payer says that a request is wrong: the part that it means, or none."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app import formatters
from smart_app.cases.model import Part
from smart_app.pas import where
from tests.unit.pas.requests import a_request, an_order, of, parts, the_case

TWO: dict[str, Any] = a_request(case=the_case(2), orders=(an_order(1), an_order(2)))


def index(kind: str, number: int = 0) -> int:
    """Return at which entry the resources of a kind stand."""
    kinds = [one["resource"]["resourceType"] for one in TWO["entry"]]
    return [at for at, one in enumerate(kinds) if one == kind][number]


UNITS = Part("item", 1, "62323", "units")
CODE2 = Part("item", 2, "62323", "code")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Bundle.entry[0].resource.ofType(Claim).item[0].quantity", UNITS),
        ("Bundle.entry[0].resource.item[0].quantity.value", UNITS),
        ("Bundle.entry[0].Claim.item[0].quantity", UNITS),
        ("(Bundle.entry[0].resource as Claim).item[0].quantity", UNITS),
        ("Bundle.entry.resource.ofType(Claim).item.first().quantity", UNITS),
        ("Bundle.entry.resource.where(resource is Claim).item[0].quantity", UNITS),
        ("Claim.item[1].productOrService.coding[0].code", CODE2),
        ("Claim.item.where(sequence = 2).productOrService", CODE2),
        ("item[1].productOrService", CODE2),
        ("/f:Bundle/f:entry[1]/f:resource/f:Claim/f:item[2]/f:productOrService", CODE2),
        ("/Claim/item[2]/productOrService", CODE2),
        ("Claim.item.quantity", Part("item", element="units")),
        ("Claim.item[7].quantity", Part("item", element="units")),
        ("Claim.item[0].servicedDate", Part("item", 1, "62323", "planned")),
        ("Claim.item[0].locationCodeableConcept", Part("item", 1, "62323", "place")),
        ("Claim.item[0].extension[2]", Part("item", 1, "62323")),
        ("Claim.diagnosis[0]", Part("diagnosis", 1, "M54.16")),
        ("Claim.provider", Part("provider")),
        ("Claim.insurance[0].coverage", Part("coverage")),
        ("Claim.patient", Part("patient")),
        ("Claim.identifier[0].value", Part("request")),
        ("Claim", Part("request")),
        ("Bundle", Part("request")),
        ("Patient.birthDate", Part("patient", element="born")),
        ("Coverage.identifier[0].value", Part("coverage", element="number")),
        ("2010A-NM103", Part("insurer")),
        ("2010C-NM109", Part("patient")),
    ],
)
def test_a_path_means_a_part(path: str, expected: Part) -> None:
    assert where.part(path, TWO) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "/",
        "Bundle.entry[99].resource",
        "Bundle.entry[0",
        "/f:Bundle/f:entry[0]/f:resource",
        "Bundle.entry.resource",
        "Organization.name",
        "Claim.nothing",
        "Parameters.parameter[0]",
        "Line[1] Col[2]",
        "2010Z-NM1",
        "(" * 200 + "Claim as Claim)",
        "Claim.item[0]" * 100,
        "Claim.item[99999999999]",
    ],
)
def test_what_cannot_be_followed_means_nothing_of_its_own(path: str) -> None:
    found = where.part(path, TWO)
    assert found is None or found in (Part("item"), Part("request"))


def test_an_entry_is_who_the_claim_says_it_is() -> None:
    claim = TWO["entry"][0]["resource"]
    at = {one["fullUrl"]: number for number, one in enumerate(TWO["entry"])}
    for subject in ("provider", "insurer"):
        entry = at[claim[subject]["reference"]]
        assert where.part(f"Bundle.entry[{entry}].Organization.name", TWO) == Part(
            subject, element="name"
        )
    order = f"Bundle.entry[{index('ServiceRequest', 1)}].resource.quantityQuantity"
    assert where.part(order, TWO) == Part("item", 2, "62323", "units")
    doctor = f"Bundle.entry[{index('Practitioner')}].resource.identifier[0]"
    assert where.part(doctor, TWO) == Part("team", element="number")


def test_what_is_sent_along_is_called_by_its_name() -> None:
    note = where.part(f"Bundle.entry[{index('DocumentReference')}].resource.content", TWO)
    form = where.part(f"Bundle.entry[{index('QuestionnaireResponse')}].resource.item[0]", TWO)
    rows = of(TWO, "Claim")["supportingInfo"]
    assert note and form
    assert formatters.part(note) == "What is sent along: Note"
    assert formatters.part(form) == "What is sent along: the answers of the form"
    assert where.part(f"Claim.supportingInfo[{len(rows) - 1}]", TWO) == Part(
        "request", element="planned"
    )


def test_a_payer_that_counts_otherwise_is_believed_the_kind() -> None:
    wrong = f"Bundle.entry[{index('Patient')}].Coverage.subscriberId"
    assert where.part(wrong, TWO) == Part("coverage", element="number")


@pytest.mark.parametrize(
    ("found", "words", "mend"),
    [
        (UNITS, "Service 1 (62323): the units", "chart"),
        (Part("item", element="units"), "Service: the units", "chart"),
        (Part("diagnosis", 2, "M54.16"), "Diagnosis 2 (M54.16)", "chart"),
        (Part("patient", element="born"), "The patient: the birth date", "chart"),
        (Part("provider"), "The clinic that asks", "settings"),
        (Part("request", element="planned"), "The planned day", "chart"),
        (Part("request"), "The request as a whole", "settings"),
        (Part("information", 1, "Note"), "What is sent along: Note", "again"),
    ],
)
def test_a_part_in_words_and_where_it_is_changed(found: Part, words: str, mend: str) -> None:
    assert formatters.part(found) == words
    assert formatters.mended(found, entered=False) == mend
    expected = {"chart": "entered"} if found.subject not in ("patient", "coverage") else {}
    assert formatters.mended(found, entered=True) == expected.get(mend, mend)


def test_every_word_that_a_path_may_lead_to_is_there() -> None:
    for element in where.ELEMENTS.values():
        assert formatters.part(Part("item", 1, "62323", element)).startswith("Service 1 (62323): ")
    for subject in (*where.SUBJECTS.values(), *where.LOOPS.values()):
        assert formatters.part(Part(subject))


def test_the_sample_has_what_the_tests_point_at() -> None:
    assert len(of(TWO, "Claim")["item"]) == len(parts(case=the_case(2)).case.items)
