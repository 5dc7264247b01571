"""What every test gets."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tools import postgresql


def require(name: str, reason: str | None) -> None:
    """Skip with a reason, or fail when ``PRECLEAR_REQUIRE`` names what is missing."""
    if reason is None:
        return
    if name in os.environ.get("PRECLEAR_REQUIRE", "").split(","):
        pytest.fail(f"required here: {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "counts":
                terminalreporter.write_line(str(value))


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """Start a PostgreSQL server, or skip where none is installed."""
    require("postgresql", postgresql.missing())
    with postgresql.Server(*postgresql.NOT_DURABLE) as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        folder = request.getfixturevalue("tmp_path")
        return f"sqlite:///{folder}/preclear.sqlite"
    made: str = request.getfixturevalue("server").create()
    return made
