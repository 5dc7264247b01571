"""The tests of what is kept run on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, a_store


@pytest.fixture
def store(database_url: str, clock: FakeClock) -> Iterator[Store]:
    made = a_store(database_url, clock)
    yield made
    made.engine.dispose()
