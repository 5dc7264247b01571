"""The store and clock of the unit tests, and the sandbox of the flow tests."""

from __future__ import annotations

import pytest

from tests.conformance.never_lost import Stores
from tests.flow.conftest import golden, stack
from tests.unit.conftest import clock, store

__all__ = ["clock", "golden", "stack", "store"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Return databases of which each is as a prepared one is."""
    return Stores(tmp_path_factory.mktemp("any"))
