"""What a person does beside the main job, in Chromium by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.golden import ask
from sandbox.stack import Stack
from tests.browser.states import PAGES, PENDED, SIGN, Case
from tests.browser.test_golden_browser import WAIT, tab_to

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser) -> Page:
    """Return a page."""
    return chromium.new_page()


def go(page: Page, words: str) -> None:
    """Tab to what carries the words, and press it."""
    tab_to(page, words)
    page.keyboard.press("Enter")


def test_an_expedited_decision_is_asked_for(stack: Stack, page: Page) -> None:
    PAGES["review-ready"](stack, page)
    go(page, "Ask for an expedited decision")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Why waiting could harm the patient")).to_be_focused()
    page.keyboard.type("Weakness of the foot grows by the day.")
    go(page, "Keep this reason")
    expect(page.get_by_text("Change why it cannot wait")).to_be_visible(timeout=WAIT)
    go(page, "Sign and send to Zyter")
    expect(page.get_by_role("heading", name="Zyter affirmed 62323")).to_be_visible(timeout=WAIT)


def test_a_request_is_changed(stack: Stack, page: Page) -> None:
    case = Case(stack, PENDED).to(*SIGN, state="pended")
    case.show(page)
    go(page, "Change this request")
    units = page.get_by_label("Units")
    for _ in range(20):
        page.keyboard.press("Tab")
        if units.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    go(page, "Sign the change and send it")
    expect(page.get_by_text("62323, 2 units", exact=True)).to_be_visible(timeout=WAIT)
    held = ask(f"{stack.payer}/sandbox/state")
    assert [one["kind"] for one in held][-1] == "update"


def test_a_form_that_is_asked_for_is_answered(stack: Stack, page: Page) -> None:
    PAGES["asked-for-a-form"](stack, page)
    go(page, "Answer the form")
    expect(page.get_by_role("button", name="Sign and send to Zyter")).to_be_visible(timeout=WAIT)
    tab_to(page, "Yes")
    page.keyboard.press("ArrowDown")
    go(page, "Answer")
    expect(page.get_by_text("9 of 9 criteria documented").first).to_be_visible(timeout=WAIT)
    go(page, "Sign and send to Zyter")
    expect(page.get_by_role("heading", name="Zyter affirmed 62323")).to_be_visible(timeout=WAIT)


def test_what_cannot_be_provided_is_said(stack: Stack, page: Page) -> None:
    PAGES["more"](stack, page)
    go(page, "We cannot provide this")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Why it cannot be provided")).to_be_focused()
    page.keyboard.type("The note was never written.")
    go(page, "Note that we cannot")
    expect(page.get_by_text("does not see this")).to_be_visible(timeout=WAIT)
