"""What a person posts, as an answer, or as a sentence that says what to enter."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.dtr import terminology, units, values
from tests.unit.dtr.forms import a_package

OPTIONS = [{"code": "Y", "display": "Yes"}]


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        ("true", "boolean", True),
        ("false", "boolean", False),
        (" 4 ", "integer", 4),
        ("4.5", "decimal", 4.5),
        ("2026-02-28", "date", "2026-02-28"),
        ("2026", "date", "2026"),
        ("Y", "choice", OPTIONS[0]),
        ("own words", "open-choice", "own words"),
        ("12", "quantity", {"value": 12.0}),
        ("1,250 mg", "quantity", {"value": 1250.0, "unit": "mg"}),
        ("1,000", "integer", 1000),
        ("-12,345,678.5", "decimal", -12345678.5),
        ("1e-05", "decimal", 0.00001),
        ("2026-03-01T10:00:00.5Z", "dateTime", "2026-03-01T10:00:00.5Z"),
        ("2026-03", "dateTime", "2026-03"),
        ("09:30", "time", "09:30:00"),
        (" text ", "text", "text"),
    ],
)
def test_what_fits_is_taken(text: str, kind: str, answer: Any) -> None:
    assert values.parse(text, {"type": kind}, OPTIONS) == answer


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "boolean"),
        ("yes", "boolean"),
        ("4.5", "integer"),
        ("many", "decimal"),
        ("2026-02-30", "date"),
        ("28/02/2026", "date"),
        ("N", "choice"),
        ("1,00", "decimal"),
        ("4,5", "decimal"),
        ("1,0000", "integer"),
        (",100", "integer"),
        ("1_000", "integer"),
        ("1_000", "decimal"),
        ("\u0664", "integer"),
        ("inf", "decimal"),
        ("1e400", "decimal"),
        ("12345678901234567", "integer"),
        ("1_000 mg", "quantity"),
        ("1 000 mg", "quantity"),
        ("see the note of May", "date"),
        ("see the note of May", "dateTime"),
        ("2026-02-30T10:00:00Z", "dateTime"),
        ("2026-03-01T10:00:00Z", "date"),
        ("2026-13", "date"),
        ("25:00", "time"),
        ("x" * 4001, "text"),
    ],
)
def test_what_does_not_fit_is_told_in_words(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r"^(enter|choose|that day|the text)"):
        values.parse(text, {"type": kind}, OPTIONS)


@pytest.mark.parametrize(
    ("value", "kind", "element"),
    [
        (False, "boolean", {"valueBoolean": False}),
        (OPTIONS[0], "choice", {"valueCoding": OPTIONS[0]}),
        ("own", "open-choice", {"valueString": "own"}),
        ("2026-01-01", "date", {"valueDate": "2026-01-01"}),
        (4, "integer", {"valueInteger": 4}),
        ("t", "text", {"valueString": "t"}),
    ],
)
def test_an_answer_is_sent_as_its_type(value: Any, kind: str, element: dict[str, Any]) -> None:
    assert values.fhir(value, {"type": kind}) == element


def test_words_are_for_people() -> None:
    assert [values.words(one) for one in (None, True, False, 4.0, OPTIONS[0])] == [
        "",
        "Yes",
        "No",
        "4",
        "Yes",
    ]
    assert values.words({"value": 6, "unit": "weeks"}) == "6 weeks"


KILOGRAM = {"system": "http://unitsofmeasure.org", "code": "kg"}
POUND = {"system": "http://unitsofmeasure.org", "code": "[lb_av]", "display": "lb"}


def measured_in(*codings: dict[str, str]) -> dict[str, Any]:
    """Return a quantity item that takes units."""
    urls = [units.UNIT] if len(codings) == 1 else [units.UNIT_OPTION] * len(codings)
    extension = [{"url": u, "valueCoding": c} for u, c in zip(urls, codings, strict=True)]
    return {"type": "quantity", "extension": extension}


@pytest.mark.parametrize(
    ("text", "codings", "answer"),
    [
        ("70", (KILOGRAM,), {"value": 70.0, "unit": "kg", **KILOGRAM}),
        ("70 kg", (KILOGRAM, POUND), {"value": 70.0, "unit": "kg", **KILOGRAM}),
        (
            "154 lb",
            (KILOGRAM, POUND),
            {"value": 154.0, "unit": "lb", "system": POUND["system"], "code": "[lb_av]"},
        ),
    ],
)
def test_a_number_is_in_a_unit_that_the_form_takes(
    text: str, codings: tuple[dict[str, str], ...], answer: Any
) -> None:
    item = measured_in(*codings)
    assert values.parse(text, item, []) == answer
    assert values.parse(values.raw(answer), item, []) == answer
    assert values.fhir(answer, item) == {"valueQuantity": answer}


@pytest.mark.parametrize(
    ("text", "codings"),
    [("154 lb", (KILOGRAM,)), ("70", (KILOGRAM, POUND)), ("70 KG", (KILOGRAM,))],
)
def test_a_number_in_no_unit_of_the_form_is_refused(
    text: str, codings: tuple[dict[str, str], ...]
) -> None:
    with pytest.raises(ValueError, match=r"^enter a number and its unit, kg"):
        values.parse(text, measured_in(*codings), [])


@pytest.mark.parametrize(
    ("element", "value", "wrong"),
    [
        ("valueString", "Left", "Middle"),
        ("valueInteger", 3, "4"),
        ("valueDate", "2026-01-01", "2026-01-02"),
        ("valueReference", {"reference": "Organization/1"}, "Organization/2"),
        ("valueCoding", {"system": "s", "code": "a"}, "b"),
    ],
)
def test_an_option_is_sent_as_the_form_lists_it(element: str, value: Any, wrong: str) -> None:
    item = {"linkId": "q", "type": "choice", "answerOption": [{element: value}]}
    options = terminology.options(item, {}, a_package([item]))
    found = values.parse(values.raw(value), item, options)
    assert values.fhir(found, item) == {element: value}
    assert values.words(found)
    with pytest.raises(ValueError, match="choose"):
        values.parse(wrong, item, options)


def test_an_option_of_a_value_set_has_no_empty_members() -> None:
    contains = [{"code": "a"}, {"system": "s", "code": "b", "display": "B"}]
    value_set = {"resourceType": "ValueSet", "url": "http://v", "expansion": {"contains": contains}}
    item = {"linkId": "q", "type": "choice", "answerValueSet": "http://v"}
    found = terminology.options(item, {}, a_package([item], value_sets=(value_set,)))
    assert found == contains
