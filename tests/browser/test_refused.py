"""What was refused has no address of its own: to load it again, or to come back, sends nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.golden import ask
from sandbox.stack import Stack
from tests.browser.states import Case

pytestmark = pytest.mark.browser
OPEN = "Some things are still open"


def refused(browser: Browser, stack: Stack, *, scripts: bool) -> tuple[Page, str]:
    """Sign while something is open, and return the page with its case's address."""
    page = browser.new_context(java_script_enabled=scripts).new_page()
    Case(stack, {}).to("open", "ready").show(page)
    case = page.url
    page.get_by_role("button", name="Sign and send").click()
    expect(page.get_by_text(OPEN)).to_be_visible()
    return page, case


def test_a_refused_signature_leads_back_to_the_case(chromium: Browser, stack: Stack) -> None:
    page, case = refused(chromium, stack, scripts=True)
    expect(page).to_have_url(case)
    page.reload()
    expect(page.get_by_text(OPEN)).to_have_count(0)
    page.get_by_role("button", name="Sign and send").click()
    expect(page.locator("#summary")).to_be_focused()
    page.get_by_role("link", name="Open the note").first.click()
    page.go_back()
    expect(page.get_by_role("button", name="Sign and send")).to_be_visible()
    expect(page).to_have_url(case)


def test_without_scripts_its_address_leads_to_the_case(chromium: Browser, stack: Stack) -> None:
    page, case = refused(chromium, stack, scripts=False)
    assert page.url == f"{case}/sign"
    page.goto(page.url)
    assert page.url == case


def test_a_blank_order_is_told_at_its_own_address(chromium: Browser, stack: Stack) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"context": [], "fail": {"ServiceRequest": 403}})
    page = chromium.new_page()
    page.goto(f"{stack.ehr}/open?patient=dora&order=dora-skin")
    page.get_by_role("button", name="Go on with this order").click()
    expect(page.get_by_text("The order is not complete")).to_be_visible()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("[aria-invalid=true]")).to_have_count(4)
    page.reload()
    expect(page.get_by_role("button", name="Go on with this order")).to_be_visible()
    expect(page.get_by_text("The order is not complete")).to_have_count(0)


def test_what_a_person_opened_stays_open_while_the_page_looks_again(
    chromium: Browser, stack: Stack
) -> None:
    ask(f"{stack.payer}/control", {"decision": "pend", "pend_seconds": None})
    page = chromium.new_page()
    Case(stack, {}).to("open", "ready", "settle", "sign", state="pended").show(page)
    page.get_by_text("Withdraw this request").focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Withdraw it")
    page.keyboard.press("Tab")
    for _ in range(2):  # the page has looked again
        with page.expect_response(lambda one: one.url.endswith("/live")):
            pass
    expect(button).to_be_visible()
    expect(button).to_be_focused()
