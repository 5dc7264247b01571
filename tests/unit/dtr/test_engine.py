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
