"""The form's own logic runs in a process that is not trusted: what comes out of it is bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smart_app.dtr.engine import Load, pool
from smart_app.dtr.engine.pool import EnginePool, Limits, Worker
from smart_app.errors import EngineLimit

BOUND = 10_000
NOW = "2026-11-24T10:00:00.000+00:00"


def a_patient(length: int) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "x" * length}


def logic(*lengths: int) -> dict[str, Any]:
    """Return a compiled library whose defines ``d0``, ``d1`` … give texts of these lengths."""
    text = {"type": "Literal", "valueType": "{urn:hl7-org:elm-types:r1}String"}
    defines = [
        {"name": f"d{number}", "context": "Patient", "expression": {**text, "value": "x" * length}}
        for number, length in enumerate(lengths)
    ]
    uses = [{"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}]
    return {
        "library": {
            "identifier": {"id": "L", "version": "1"},
            "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
            "usings": {"def": uses},
            "statements": {"def": defines},
        }
    }


def a_load(*lengths: int) -> Load:
    return Load((logic(*lengths),), (a_patient(1),), {}, NOW)


def test_a_result_that_is_too_large_is_an_error_and_the_next_is_still_had() -> None:
    with EnginePool(0, Limits(output=BOUND)).session(a_load(BOUND, 100)) as session:
        large, small = session.define("L", "d0"), session.define("L", "d1")
    assert (large.value, large.error) == (None, "Output")
    assert (small.value, small.error) == ("x" * 100, None)


@pytest.mark.parametrize("length", [BOUND, 4 * BOUND])
def test_a_path_is_bounded_as_well(length: int) -> None:
    with EnginePool(0, Limits(output=BOUND)).session(a_load()) as session:
        large = session.path("Patient.id", a_patient(length), {})
        assert (large.value, large.error) == (None, "Output")
        assert session.path("Patient.id", a_patient(100), {}).value == ["x" * 100]


def test_by_default_a_result_has_a_quarter_of_a_megabyte() -> None:
    with EnginePool(0).session(a_load()) as session:
        assert session.path("Patient.id", a_patient(250_000), {}).error is None
        assert session.path("Patient.id", a_patient(260_000), {}).error == "Output"


@pytest.mark.parametrize("end", ["", "\\n"])
def test_a_worker_that_does_not_bound_itself_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    broken = tmp_path / "worker.py"
    size = 2 * BOUND
    broken.write_text(
        "import sys\nprint('{}', flush=True)\nsys.stdin.readline()\n"
        f"print('\"' + 'x' * {size} + '\"', end='{end}', flush=True)\nsys.stdin.readline()\n"
    )
    monkeypatch.setattr(pool, "WORKER", broken)
    worker = Worker(Limits(output=BOUND))
    worker.ready()
    with pytest.raises(EngineLimit, match="output"):
        worker.define("L", "d0")
    assert worker._process.poll() is not None


SYSTEMS = [{"name": "S", "id": "urn:s", "accessLevel": "Public"}]
FHIR = "http://hl7.org/fhir"


def retrieving(kind: str, *codes: str) -> dict[str, Any]:
    """Return a compiled library: ``all`` of a type, and ``found``, those with one of the codes."""
    made = logic()
    library = made["library"]
    library["usings"]["def"].append({"localIdentifier": "FHIR", "uri": FHIR, "version": "4.0.1"})
    library["codeSystems"] = {"def": SYSTEMS}
    library["codes"] = {
        "def": [{"name": one, "id": one, "codeSystem": {"name": "S"}} for one in codes]
    }
    everything = {"type": "Retrieve", "dataType": f"{{{FHIR}}}{kind}"}
    looked_for = {"type": "List", "element": [{"type": "CodeRef", "name": one} for one in codes]}
    by = {"codeProperty": "medication" if kind == "MedicationRequest" else "code"}
    library["statements"]["def"] = [
        {"name": "all", "context": "Patient", "expression": everything},
        {
            "name": "found",
            "context": "Patient",
            "expression": {**everything, **by, "codes": looked_for},
        },
    ]
    return made


def coded(name: str, *codings: tuple[str, str], kind: str = "Observation") -> dict[str, Any]:
    field = "medicationCodeableConcept" if kind == "MedicationRequest" else "code"
    given = [{"system": system, "code": code} for system, code in codings]
    return {"resourceType": kind, "id": name, field: {"coding": given} if given else {"text": "a"}}


def ids(found: Any) -> list[str]:
    return [one["json"]["id"] for one in found.value]


@pytest.mark.parametrize("kind", ["Observation", "MedicationRequest"])
def test_a_retrieve_by_code_finds_every_resource_with_one_of_the_codes_in_the_chart_s_order(
    kind: str,
) -> None:
    chart = (
        a_patient(1),
        coded("second-code", ("urn:other", "x"), ("urn:s", "b"), kind=kind),
        coded("none", kind=kind),
        coded("another-system", ("urn:other", "a"), kind=kind),
        coded("first-code", ("urn:s", "a"), kind=kind),
        coded("both", ("urn:s", "b"), ("urn:s", "a"), kind=kind),
        coded("another-code", ("urn:s", "c"), kind=kind),
    )
    with EnginePool(0).session(Load((retrieving(kind, "a", "b"),), chart, {}, NOW)) as session:
        assert ids(session.define("L", "found")) == ["second-code", "first-code", "both"]
        assert len(ids(session.define("L", "all"))) == len(chart) - 1
        assert ids(session.define("L", "found")) == ["second-code", "first-code", "both"]


def test_a_retrieve_by_a_path_finds_what_stands_below_it() -> None:
    code = {"coding": [{"system": "urn:s", "code": "a"}]}
    stay = {"resourceType": "Encounter", "id": "e1", "status": "finished"}
    stay |= {"hospitalization": {"dischargeDisposition": code}}
    made = retrieving("Encounter", "a")
    found = made["library"]["statements"]["def"][1]["expression"]
    found["codeProperty"] = "hospitalization.dischargeDisposition"
    with EnginePool(0).session(Load((made,), (a_patient(1), stay), {}, NOW)) as session:
        assert ids(session.define("L", "found")) == ["e1"]
