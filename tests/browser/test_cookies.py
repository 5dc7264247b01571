"""Browsers that keep fewer cookies: the app works in an EHR's frame, or says how to go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from sandbox.stack import Stack
from tests.browser.conftest import CHROMIUM, FLAGS

pytestmark = pytest.mark.browser
WAIT = 20_000  # milliseconds
THIRD_PARTY = {"block_third_party_cookies": True, "cookie_controls_mode": 1}
ALL = {"default_content_setting_values": {"cookies": 2}}
Opened = Callable[[dict[str, Any]], BrowserContext]


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Return how to open a browser of its own, as its user has set it."""
    running: list[BrowserContext] = []

    def start(settings: dict[str, Any]) -> BrowserContext:
        preferences = tmp_path / "user/Default/Preferences"
        preferences.parent.mkdir(parents=True)
        preferences.write_text(json.dumps({"profile": settings}))
        running.append(
            chromium.browser_type.launch_persistent_context(
                tmp_path / "user", executable_path=CHROMIUM, args=list(FLAGS)
            )
        )
        return running[0]

    yield start
    for one in running:
        one.close()


def test_in_a_frame_without_third_party_cookies(opened: Opened, stack: Stack) -> None:
    page = opened(THIRD_PARTY).new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.goto(f"{stack.ehr}/patients/opal")
    page.get_by_text("Open Preclear on this order").click()
    app = page.frame_locator("iframe[name=app]")
    expect(app.get_by_text("8 of 9 criteria documented")).to_be_visible(timeout=WAIT)
    app.locator("[data-act=answer] input[value=false]").check()
    app.locator("[data-act=answer] button").click()
    expect(app.get_by_text("9 of 9 criteria documented").first).to_be_visible(timeout=WAIT)
    app.get_by_role("button", name="Sign and send to Zyter").click()
    expect(app.get_by_role("heading", name="Zyter affirmed 62323")).to_be_visible(timeout=WAIT)
    assert said == []


def test_a_cookie_that_is_not_partitioned_would_be_blocked(opened: Opened, stack: Stack) -> None:
    page = opened(THIRD_PARTY).new_page()
    page.goto(f"{stack.ehr}/patients/opal")
    page.get_by_text("Open Preclear on this order").click()
    app = page.frame_locator("iframe[name=app]")
    expect(app.get_by_text("8 of 9 criteria documented")).to_be_visible(timeout=WAIT)
    kept = app.locator("html").evaluate(
        "() => { document.cookie = 'plain=1; Secure; SameSite=None';"
        " document.cookie = 'parted=1; Secure; SameSite=None; Partitioned';"
        " return document.cookie; }"
    )
    assert kept == "parted=1"


def test_without_any_cookie_the_page_names_a_way_out(opened: Opened, stack: Stack) -> None:
    page = opened(ALL).new_page()
    page.goto(f"{stack.ehr}/patients/opal")
    page.get_by_text("Open Preclear on this order").click()
    app = page.frame_locator("iframe[name=app]")
    expect(app.get_by_role("heading", level=1)).to_contain_text("cookie", timeout=WAIT)
    expect(app.get_by_text("Allow cookies")).to_be_visible()
