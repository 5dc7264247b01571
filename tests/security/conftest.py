"""A door and its EHR for each test; no test reaches a network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses

from tests.security.door import House, a_house

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
