"""Everything that we author, and everything the sandbox answers, is valid by HL7's validator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require
from tests.oracle import oracle

pytestmark = pytest.mark.oracle
ROOT = Path(__file__).resolve().parents[2]
FORMS = ROOT / "smart_app/programs/wiser/forms"
AZ, TX = ["--service", "62323"], ["--service", "64483,64484", "--state", "TX"]
OTHERS = [("15275", "OH"), ("64581", "NJ"), ("22514", "WA"), ("29877", "OK")]
OTHERS += [("15271", "NJ"), ("64581", "AZ"), ("22513,22515", "TX"), ("29877", "WA")]
RUNS = [
    *([*AZ, "--decision", one] for one in ("affirmed", "non-affirmed", "dismissed", "pended")),
    [*AZ, "--late-utn"],
    *([*TX, "--decision", one] for one in ("affirmed", "partial", "pended")),
    *(["--service", one, "--state", state] for one, state in OTHERS),
]


def resources(message: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what one message carries that we or the sandbox authored."""
    url, sent, got = message["url"], message["request"]["body"], message["response"]["body"]
    if "/Claim/$" in url or "$questionnaire-package" in url:
        yield "request", sent
        yield "answer", got
    elif (
        message["to"] == "ehr" and message["method"] in ("POST", "PUT") and "/fhir/auth" not in url
    ):
        yield "written", sent
    elif "/cds-services/" in url and isinstance(got, dict):
        for action in got.get("systemActions") or []:
            yield "order", action["resource"]


@pytest.fixture(scope="module")
def authored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with everything that the golden runs wrote and got."""
    require("oracle", oracle.missing())
    folder = tmp_path_factory.mktemp("oracle")
    target = folder / "authored"
    target.mkdir()
    for number, arguments in enumerate(RUNS):
        out = folder / str(number)
        command = [sys.executable, "-m", "sandbox.golden", *arguments, "--json", "--out", str(out)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
        for path in sorted((out / "exchange").glob("[0-9]*.json")):
            for kind, found in resources(json.loads(path.read_text())):
                assert found["resourceType"]
                name = f"{number}-{path.stem}-{kind}.json"
                (target / name).write_text(json.dumps(found))
    return target


def test_what_the_golden_runs_send_and_get_is_valid(authored: Path) -> None:
    names = {path.name for path in authored.iterdir()}
    for wanted in ("Claim-submit-request", "Claim-submit-answer", "DocumentReference-written"):
        assert any(wanted in name for name in names), f"no {wanted} among {len(names)} messages"
    valid, printed = oracle.validate(authored)
    assert valid, printed


@pytest.mark.req("pas-2.0.1@45", "pas-2.0.1@47", "pas-2.0.1@49")
@pytest.mark.req("pas-2.2.1@spec-1")
def test_charts_are_us_core(tmp_path: Path) -> None:
    require("oracle", oracle.missing())
    command = [sys.executable, "-m", "sandbox.ehr.people", "--out", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)
    assert len(list(tmp_path.glob("*.json"))) > 50
    valid, printed = oracle.validate(tmp_path)
    assert valid, printed


def test_forms_are_dtr_questionnaires(tmp_path: Path) -> None:
    require("oracle", oracle.missing())
    for path in FORMS.glob("*.package.json"):
        for entry in json.loads(path.read_text())["entry"]:
            resource = entry["resource"]
            name = f"{resource['resourceType']}-{resource['id']}.json"
            (tmp_path / name).write_text(json.dumps(resource))
    valid, printed = oracle.validate(tmp_path)
    assert valid, printed
