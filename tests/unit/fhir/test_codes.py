"""What a chart gives is read for what it is, whatever else stands in its lists."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.chart import annotate
from smart_app.fhir import codes, refs

ODD: list[Any] = [None, "x", 1, ["x"], [None], {"value": "x"}]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_is_no_object_is_passed_over(odd: Any) -> None:
    made = {
        "resourceType": "Appointment",
        "id": "1",
        "identifier": odd,
        "name": odd,
        "meta": odd,
        "participant": odd,
        "extension": odd,
    }
    assert codes.identifier(made, codes.NPI) is None
    assert codes.human_name(made) == ""
    assert codes.codings({"coding": odd}) == []
    assert codes.codings({"coding": [{"system": odd, "code": "1"}]})[0]["code"] == "1"
    assert (refs.version_of(made), refs.subject_of(made)) == (None, None)
    assert annotate.numbers_of(made, "Coverage/c1") == frozenset()
    informed = {"url": codes.COVERAGE_INFORMATION, "extension": odd}
    assert annotate.numbers_of({"extension": [informed]}, "Coverage/c1") == frozenset()


def test_what_stands_beside_it_is_found() -> None:
    npi = {"system": codes.NPI, "value": "1234567893"}
    assert codes.identifier({"identifier": ["x", None, npi]}, codes.NPI) == "1234567893"
    assert codes.human_name({"name": [None, {"text": "Opal Examplewood"}]}) == "Opal Examplewood"
