"""One form engine for the tests of the forms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smart_app.dtr.engine.pool import EnginePool


@pytest.fixture(scope="session")
def engine() -> Iterator[EnginePool]:
    pool = EnginePool(size=1)
    yield pool
    pool.close()
