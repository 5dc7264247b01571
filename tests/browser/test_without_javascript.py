"""Every way through the app without JavaScript."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.ehr import people
from sandbox.golden import ask
from sandbox.stack import Stack

pytestmark = pytest.mark.browser


def until(page: Page, role: str, name: str) -> None:
    """Do what the link *Check again* does, until something is there."""
    for _ in range(400):
        if page.get_by_role(role, name=name).count():  # type: ignore[arg-type]
            return
        page.goto(page.url)
    raise AssertionError(f"no {role} {name!r}: {page.inner_text('body')[:400]}")


def test_from_the_order_to_the_number(chromium: Browser, stack: Stack) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{stack.ehr}/open?patient=opal&order=opal-esi")
    until(page, "button", "Sign and send to Zyter")
    page.locator("form[data-act=answer] input[value=false]").first.check()
    page.locator("form[data-act=answer] button").first.click()
    page.get_by_role("button", name="Sign and send to Zyter").click()
    until(page, "heading", "Zyter affirmed")
    expect(page.get_by_role("heading", name="Zyter affirmed 62323")).to_be_visible()


def test_an_order_that_is_entered(chromium: Browser, stack: Stack) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"context": [], "fail": {"ServiceRequest": 403}})
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{stack.ehr}/open?patient=opal&order=opal-esi")
    page.get_by_role("button", name="Go on with this order").click()
    expect(page.get_by_text("Type the billing code")).to_be_visible()
    page.locator("input[name=code]").fill("62323")
    page.locator("input[name=diagnosis][value='M51.16']").check()
    page.locator("input[name=planned]").fill("2027-01-11")
    page.locator("input[name=place]").first.check()
    page.locator("input[name=requester]").first.check()
    page.get_by_role("button", name="Go on with this order").click()
    until(page, "button", "Sign and send to Zyter")
    expect(page.get_by_text("was entered here by").first).to_be_visible()


def test_an_order_that_is_chosen(chromium: Browser, stack: Stack) -> None:
    charts = people.charts(datetime.now().astimezone().date())
    order = next(one for one in charts if one["id"] == "opal-esi")
    more = [{**order, "id": "opal-esi-more"}]
    ask(f"{stack.ehr}/sandbox/control", {"context": [], "chart": more})
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{stack.ehr}/open?patient=opal&order=opal-esi")
    page.get_by_role("button", name="Open this order").first.click()
    until(page, "button", "Sign and send to Zyter")
