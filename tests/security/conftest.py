"""A door and its EHR for each test; no test reaches a network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import responses

from sandbox.stack import Stack
from smart_app import create_app
from smart_app.config import load_app
from smart_app.world import build
from tests.security.door import House, a_house
from tests.security.office import CHART, Office
from tests.unit.kit import FakeClock, a_case

CONNECTED: list[object] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo"):
        CONNECTED.append(arguments[1:])


sys.addaudithook(_hook)


@pytest.fixture
def connections() -> list[object]:
    """Give the connections and name look-ups that are tried from here on."""
    CONNECTED.clear()
    return CONNECTED


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = a_house(tmp_path)
    yield made
    made.door.vault._reads.dispose()


@pytest.fixture
def network() -> Iterator[responses.RequestsMock]:
    """Answer requests from a table; one that is not in it fails like a dead host."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    stack = Stack(tmp_path)
    clock = FakeClock()
    world = build(load_app(tmp_path / "app.toml"), clock, engines=0)
    made = Office(world, create_app(world), f"{stack.ehr}/fhir", clock)
    case = replace(a_case(patient_ref="Patient/ann"), site="sandbox", iss=made.iss)
    with world.store.write() as db:
        world.store.insert(db, case)
        world.store.put(db, case.id, "chart", CHART)
    yield made
    world.chart_pool.shutdown()
    world.prepare_pool.shutdown()
    world.store.engine.dispose()
