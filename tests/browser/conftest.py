"""A sandbox and a Chromium for the browser tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from sandbox.golden import ask
from sandbox.stack import Stack
from tests.conftest import require

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing() -> str | None:
    """Return why no browser test can run here, or None."""
    if shutil.which(CHROMIUM) is None:
        return "the browser tests need Chromium, which is not installed"
    return None


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Return a running browser."""
    require("browser", missing())
    from playwright.sync_api import sync_playwright  # a heavy import, needed only here

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a running sandbox, one for a file."""
    require("browser", missing())
    with Stack(tmp_path_factory.mktemp("sandbox")) as made:
        yield made


@pytest.fixture
def stack(running: Stack) -> Iterator[Stack]:
    """Return a sandbox that is as new."""
    yield running
    ask(f"{running.ehr}/sandbox/control", {"reset": True})
