"""The payer's panel beside the chart: it follows the requests and keeps what is typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route, expect

from sandbox.stack import Stack
from tests.browser.states import SIGN, Case

pytestmark = pytest.mark.browser
WAIT = 10_000  # milliseconds: five looks of the panel


def broken(route: Route) -> None:
    route.fulfill(status=500, body="<p>broken")


def gone(route: Route) -> None:
    route.abort()


def test_a_request_shows_without_a_reload_and_nothing_typed_is_lost(
    chromium: Browser, stack: Stack
) -> None:
    page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(f"{stack.ehr}/patients/opal")
    payer, app = (page.frame_locator(f"iframe[name={one}]") for one in ("payer", "app"))
    expect(payer.get_by_text("No request waits.")).to_be_visible(timeout=WAIT)
    expect(app.get_by_text("Choose an order")).to_be_visible(timeout=WAIT)
    app.locator("p").evaluate("one => one.textContent = 'in the middle of it'")
    payer.locator("input[name=pend_seconds]").fill("77")
    Case(stack, {"decision": "pend", "pend_seconds": None}).to(*SIGN, state="pended")
    expect(payer.get_by_role("button", name="Decide now")).to_have_count(1, timeout=WAIT)
    payer.locator("#pended-now select").select_option("partial")
    payer.locator("#pended-now select").focus()
    Case(stack, {"decision": "pend", "pend_seconds": None}).to(*SIGN, state="pended")
    expect(payer.get_by_role("button", name="Decide now")).to_have_count(2, timeout=WAIT)
    chosen = payer.locator("#pended-now select").evaluate_all("all => all.map(one => one.value)")
    assert sorted(chosen) == ["affirm", "partial"]
    expect(payer.locator("#pended-now select:focus")).to_have_value("partial")
    expect(payer.locator("input[name=pend_seconds]")).to_have_value("77")
    expect(app.get_by_text("in the middle of it")).to_be_visible()


def test_a_payer_that_is_gone_for_a_moment_takes_nothing_from_the_panel(
    chromium: Browser, stack: Stack
) -> None:
    Case(stack, {"decision": "pend", "pend_seconds": None}).to(*SIGN, state="pended")
    page, said = chromium.new_context().new_page(), []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{stack.payer}/control")
    for answer in (broken, gone):
        page.route("**/control", answer)
        for _ in range(2):  # at the second look all that the first one did is done
            page.wait_for_event("request", timeout=WAIT)
        expect(page.get_by_role("button", name="Decide now")).to_be_visible()
        page.unroute("**/control")
    assert said == []


def test_without_scripts_there_is_a_way_to_look_again(chromium: Browser, stack: Stack) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{stack.payer}/control")
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("No request waits.")).to_be_visible()
