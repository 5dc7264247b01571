"""A chart that is large, or dirty: the case goes on with what is sound and says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.golden import Golden, ask

CPT = "http://www.ama-assn.org/go/cpt"


def chart(golden: Golden, *resources: dict[str, Any]) -> None:
    for start in range(0, len(resources), 100):
        part = resources[start : start + 100]
        ask(f"{golden.stack.ehr}/sandbox/control", {"chart": list(part)})
    kept = ask(f"{golden.stack.ehr}/plain/fhir/Observation/{resources[-1]['id']}")
    assert kept["valueString"] == "before"  # the pretend EHR took them


def observation(name: str, **members: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"resourceType": "Observation", "id": name, "status": "final"}
    about |= {"subject": {"reference": "Patient/opal"}, "code": {"text": "Something"}}
    return about | members


def finish(golden: Golden) -> None:
    for step in (golden.settle, golden.sign, golden.decided, golden.chart):
        step()
    assert golden.number


@pytest.mark.parametrize("size", [400, 4000])
def test_a_large_chart_is_read_whole(golden: Golden, size: int) -> None:
    first = [observation(f"x-{number}", valueString="before") for number in range(size)]
    chart(golden, *first)
    golden.open()
    golden.ready()
    assert "8 of 9 criteria documented" in golden.page.text  # what matters stands among them
    assert "ould not be read" not in golden.page.text
    finish(golden)


DIRTY = [
    observation("no-code", code={}),
    observation("empty-coding", code={"coding": [{}, {"system": "x"}, {"code": ""}]}),
    observation("wrong-system", code={"coding": [{"system": "urn:x", "code": "72514-3"}]}),
    observation("future", effectiveDateTime="2999-01-01", valueInteger=10),
    observation("odd-date", effectiveDateTime="yesterday", valueString="?"),
    observation("year-alone", effectiveDateTime="2026"),
    observation("foreign", subject={"reference": "Patient/walter"}, valueString="Walter's own"),
    observation("nobody", subject={"display": "Opal"}),
    observation("numbers", code={"coding": [{"system": 4, "code": 5}]}, status=7),
    observation("lists", code=["x"], subject=["Patient/opal"]),
    {"resourceType": "Observation", "status": "final"},
    observation("huge", text={"status": "generated", "div": "<div>" + "x" * 10_000_000 + "</div>"}),
    {
        "resourceType": "Condition",
        "id": "odd-condition",
        "subject": {"reference": "Patient/opal"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "m51.16 "}]},
    },
    {
        "resourceType": "Procedure",
        "id": "odd-procedure",
        "status": "completed",
        "subject": {"reference": "Patient/opal"},
        "code": {"coding": [{"system": CPT, "code": "62323", "display": None}]},
        "performedPeriod": {"start": "2026-13-40"},
    },
    {
        "resourceType": "DocumentReference",
        "id": "odd-note",
        "status": "current",
        "subject": {"reference": "Patient/opal"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "%%%no base64"}}],
    },
]


def test_a_dirty_chart_goes_the_whole_line(golden: Golden) -> None:
    ask(f"{golden.stack.ehr}/sandbox/control", {"dirty": DIRTY})
    given = ask(f"{golden.stack.ehr}/plain/fhir/Observation?patient=opal")["entry"]
    assert "odd-date" in [one["resource"].get("id") for one in given]
    golden.open()
    golden.ready()
    assert "criteria documented" in golden.page.text
    assert "Walter" not in golden.page.html
    assert "gave 3 entries that are not about this person: left out here" in golden.page.text
    finish(golden)
    state = ask(f"{golden.stack.payer}/sandbox/state")
    assert len(state) == 1
