"""A clock and a database for each test, and the line up to its review, its chart to be told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from smart_app import requesting
from smart_app.cases.store import Store
from tests.unit.front import Front
from tests.unit.kit import FakeClock, a_store
from tests.unit.pas import requests


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    made = a_store(tmp_path, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def no_chart(store: Store, clock: FakeClock) -> Iterator[Front]:
    with ThreadPoolExecutor(4) as pool:
        yield Front(store, clock, pool)


@pytest.fixture
def asked_of_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a request be made of the case alone."""
    monkeypatch.setattr(requesting, "build", lambda _world, case, *_: requests.asked(case))
