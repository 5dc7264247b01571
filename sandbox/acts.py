"""What people do in ``./run golden``: close what is open, add, change, take back."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sandbox.browser import Browser, Page


class Stuck(Exception):
    """The page does not offer what a person would do next."""


PATIENCE = 45.0  # seconds


def settled(browser: Browser, page: Page) -> tuple[Page, list[str]]:
    """Close every open point of a form as a clinician would: yes, a document, the first place."""
    closed: list[str] = []
    for _ in range(20):
        form = _next_open(page)
        if form is None:
            return page, closed
        act, chosen = form
        page = browser.submit(page, act, **chosen)
        if page.status >= 400:
            raise Stuck(page.text[:400])
        closed.append(act.act)
    raise Stuck("open points do not close")


def _next_open(page: Page) -> tuple[Any, dict[str, str]] | None:
    conflict = page.form("/settle", "settle")
    if conflict:
        return conflict, {"key": conflict.choices["key"][-1]}
    document = page.form("/document", "document")
    if document:
        return document, {"document": document.choices["document"][0]}
    answer = page.form("/answer", "answer")
    if answer is None:
        return None
    said = {
        name: "false" if name.endswith("-present") else "true"  # what should not be there
        for name, values in answer.choices.items()
        if "true" in values
    }
    if set(said.items()) - set(answer.fields):  # the same again would change nothing
        return answer, said
    without = page.form("/without")
    return (without, {}) if without else None


def answer_forms(browser: Browser, page: Page) -> Page:
    """Answer each form that the payer asks for, and sign it."""
    return _each(browser, page, "/form/", _answer_form)


def send_more(browser: Browser, page: Page) -> Page:
    """Choose every document for each thing that the payer asks for, and send them."""
    return _each(browser, page, "/more?wish=", _send_more)


def _each(browser: Browser, page: Page, link: str, act: Callable[[Browser, Page], Page]) -> Page:
    """Follow a link of the case's page, act there, and come back, as often as there is one."""
    if link not in page.html:
        raise Stuck("nothing is asked for")
    while link in page.html:
        name = page.html.partition(link)[2].split('"')[0]
        page = act(browser, browser.get(f"{page.url}{link}{name}"))
        if page.status >= 400:
            break
    return page


def _answer_form(browser: Browser, asked: Page) -> Page:
    deadline = time.monotonic() + PATIENCE
    while asked.form("/sign") is None:
        if time.monotonic() > deadline or asked.form("/again"):
            raise Stuck(f"no form came: {asked.text[:400]}")
        time.sleep(0.05)
        asked = browser.get(asked.url)
    asked, _ = settled(browser, asked)
    form = asked.form("/sign")
    if form is None:
        raise Stuck(f"no button to sign: {asked.text[:400]}")
    return browser.submit(asked, form)


def _send_more(browser: Browser, asked: Page) -> Page:
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
    page = browser.submit(asked, form, planned=(before + timedelta(days=3)).isoformat())
    again = page.form("/change")
    if page.status == 409 and again:  # the case went on meanwhile; what was typed is kept
        page = browser.submit(page, again)
    return page


def withdraw(browser: Browser, page: Page) -> Page:
    """Take the request back."""
    form = page.form("/withdraw")
    if form is None:
        raise Stuck(f"no button to withdraw: {page.text[:200]}")
    after = browser.submit(page, form)
    case = urllib.parse.urljoin(page.url, form.action.removesuffix("/withdraw"))
    return browser.get(case) if after.status < 400 else after
