"""What every test gets."""

from __future__ import annotations

import os

import pytest


def require(name: str, reason: str | None) -> None:
    """Skip with a reason, or fail when ``PRECLEAR_REQUIRE`` names what is missing."""
    if reason is None:
        return
    if name in os.environ.get("PRECLEAR_REQUIRE", "").split(","):
        pytest.fail(f"required here: {reason}", pytrace=False)
    pytest.skip(reason)
