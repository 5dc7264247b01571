"""Every page in every state: axe finds nothing, nothing overflows, nothing complains."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.golden import ask
from sandbox.stack import Stack
from tests.browser.states import NORMAL, PAGES

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ZOOMED = (600, 320)  # as a window of 1200 pixels is at 200 %, and one of 1280 at 400 %
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()


@pytest.fixture(scope="module")
def stack(running: Stack) -> Stack:
    """Return one sandbox for all pages: each has an order of its own."""
    return running


def overflow(page: Page, width: int) -> int:
    """Return by how many pixels a page is wider than its window, a width given."""
    page.set_viewport_size({"width": width, "height": 900})
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


OVERLAPS = """() => {
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (!node.textContent.trim() || !node.parentElement.checkVisibility()) continue;
    if (node.parentElement.closest('.hidden, select, .flag, svg')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) texts.push([node.textContent.trim(), box]);
  }
  const found = [];
  texts.forEach(([one, a], at) => texts.slice(at + 1).forEach(([two, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && high > 6) found.push(one + ' / ' + two);
  }));
  return found;
}"""


def violations(page: Page) -> list[str]:
    """Return what axe finds, a line each."""
    page.evaluate(AXE)
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})"
        ".then(r => JSON.stringify(r.violations))",
        TAGS,
    )
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in json.loads(found)
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_its_state(chromium: Browser, stack: Stack, name: str, tmp_path: Path) -> None:
    page = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    PAGES[name](stack, page)
    page.wait_for_load_state("load")  # the style sheets are there
    for width in (*ZOOMED, 1200, 420):
        assert overflow(page, width) <= 0, f"too wide at {width}"
        assert page.evaluate(OVERLAPS) == [], f"text over text at {width}"
        for scheme in () if width in ZOOMED else ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert violations(page) == [], f"{width} {scheme}"
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert overflow(page, 1200) <= 0, "too wide with text alone twice as large"
    assert [one for one in said if "Failed to load resource" not in one] == []
    assert "pproved" not in page.inner_text("body")


def test_axe_would_find_something(chromium: Browser) -> None:
    page = chromium.new_context().new_page()
    page.set_content("<title>x</title><p style='color:#999;background:#aaa'>dim</p><img src=x>")
    assert {one.split(":")[0] for one in violations(page)} >= {"image-alt", "color-contrast"}


def held(page: Page) -> str:
    """Return the card, heading or field that has focus."""
    return str(
        page.evaluate(
            "() => { const a = document.activeElement;"
            " return a.closest('article')?.id || a.id || a.name || a.tagName; }"
        )
    )


def test_focus_stays_where_people_are(chromium: Browser, stack: Stack) -> None:
    page = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
    ask(f"{stack.payer}/control", NORMAL)
    page.goto(f"{stack.ehr}/open?patient=walter&order=walter-tfesi-1")
    page.get_by_role("button", name="Sign and send").wait_for()
    first = page.locator("article").first
    first.locator("[data-act=without] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_count(2)
    assert held(page) == "criterion-contra"  # the next card
    page.locator("[data-act=settle] input[name=key]").first.check()
    page.locator("[data-act=settle] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_count(1)
    assert held(page) == "needs"  # the heading: no card comes after
    page.locator("input[name=contra-present][value=true]").check()
    page.locator("article [data-act=answer] button").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Speaks against it").wait_for()
    assert held(page) == "criterion-contra"  # it is still open
    page.locator("input[name=document]").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("input[name=document]").first).not_to_be_checked()
    assert held(page) == "document"


def test_a_page_that_renews_itself_moves_nobody(chromium: Browser, stack: Stack) -> None:
    page = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
    PAGES["pended"](stack, page)
    link = page.get_by_role("link", name="Open the claim card")
    link.focus()
    page.evaluate(
        "() => new Promise(done => { let left = 2; document.addEventListener("
        "'htmx:after:swap', () => { left -= 1; if (!left) done(); }); })"
    )
    expect(link).to_be_focused()
