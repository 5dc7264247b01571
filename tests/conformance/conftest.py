"""The store and clock of the unit tests, and the sandbox of the flow tests."""

from __future__ import annotations

from tests.flow.conftest import golden, stack
from tests.unit.conftest import clock, store

__all__ = ["clock", "golden", "stack", "store"]
