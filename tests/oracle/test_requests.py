"""What is sent for many kinds of cases is valid by the guide of the payer's version."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from smart_app.pas import inquiry
from tests.conftest import require
from tests.oracle import oracle
from tests.oracle.cases import CASES, CHANGES, handed, subscribed
from tests.unit.kit import NOW

pytestmark = pytest.mark.oracle
WRONG = ("category", "productOrService", "insurer")


def sent(version: str) -> dict[str, dict[str, Any]]:
    """Return all that is sent to a payer of a version, by name."""
    found = {"subscription": subscribed(version)}
    for name, build in CASES.items():
        request = build(version=version)
        found |= {f"{name}-submit": request, f"{name}-inquire": inquiry.build(request, NOW)}
    found |= {name: build(version=version) for name, build in CHANGES.items()}
    return found | handed(version)


def spoiled(version: str) -> dict[str, dict[str, Any]]:
    """Return requests that are wrong, by the element that is missing."""
    made = {}
    for name in WRONG:
        request = CASES["one-item"](version=version)
        claim = request["entry"][0]["resource"]
        del claim["meta"]  # the Bundle's profile alone must find it
        (claim if name in claim else claim["item"][0]).pop(name)
        made[f"wrong-{name}"] = request
    task = handed(version)["task-form-1-open"]
    return made | {"wrong-task": task | {"input": task["input"][:1]}}


@pytest.fixture(scope="module", params=oracle.GUIDES)
def judged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, int], str]:
    """Return how many errors each file has by a version's guide, and what was printed."""
    require("oracle", oracle.missing())
    folder, version = tmp_path_factory.mktemp("sent"), request.param
    for name, bundle in (sent(version) | spoiled(version)).items():
        (folder / f"{name}.json").write_text(json.dumps(bundle))
    _, printed = oracle.validate(folder, version)
    errors = re.findall(r"([\w-]+)\.json: (\d+) errors", printed)
    return {name: int(count) for name, count in errors}, printed


@pytest.mark.req("pas-2.2.1@spec-57", "pas-2.2.1@spec-12", "pas-2.2.1@spec-19", "pas-2.2.1@spec-23")
@pytest.mark.req("pas-2.0.1@75", "pas-2.0.1@82", "pas-2.0.1@86", "pas-2.2.1@ainfo-4")
def test_all_that_is_sent_is_valid(judged: tuple[dict[str, int], str]) -> None:
    errors, printed = judged
    right = {name: count for name, count in errors.items() if not name.startswith("wrong")}
    assert len(right) == 2 * len(CASES) + len(CHANGES) + 1 + len(handed("2.2.1"))
    assert not any(right.values()), printed


def test_the_oracle_sees_what_is_wrong(judged: tuple[dict[str, int], str]) -> None:
    errors, printed = judged
    assert all(errors[f"wrong-{name}"] > 0 for name in (*WRONG, "task")), printed
