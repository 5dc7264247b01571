"""What people do with a sent request, in ``./run golden``: add to it, change it, take it back."""

from __future__ import annotations

import urllib.parse
from datetime import date, timedelta

from sandbox.browser import Browser, Page


class Stuck(Exception):
    """The page does not offer what a person would do next."""


def send_more(browser: Browser, page: Page) -> Page:
    """Choose every document for the first thing that the payer asks for, and send them."""
    _, found, rest = page.html.partition("/more?number=")
    if not found:
        raise Stuck("nothing is asked for")
    number = rest.split('"')[0]
    asked = browser.get(f"{page.url}/more?number={number}")
    form = asked.form("/more")
    if form is None or not form.choices.get("document"):
        raise Stuck(f"no document can be chosen: {asked.text[:200]}")
    return browser.submit(asked, form, document=form.choices["document"][0])


def change(browser: Browser, page: Page) -> Page:
    """Plan the service for another day, and send that."""
    asked = browser.get(f"{page.url}/change")
    form = asked.form("/change")
    if form is None:
        raise Stuck(f"nothing can be changed: {page.text[:200]}")
    before = date.fromisoformat(dict(form.fields).get("planned") or date.today().isoformat())
    return browser.submit(asked, form, planned=(before + timedelta(days=3)).isoformat())


def withdraw(browser: Browser, page: Page) -> Page:
    """Take the request back."""
    form = page.form("/withdraw")
    if form is None:
        raise Stuck(f"no button to withdraw: {page.text[:200]}")
    after = browser.submit(page, form)
    case = urllib.parse.urljoin(page.url, form.action.removesuffix("/withdraw"))
    return browser.get(case) if after.status < 400 else after
