"""A clock and a database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, a_store


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    made = a_store(tmp_path, clock)
    yield made
    made.engine.dispose()
