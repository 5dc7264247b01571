"""Every page in every state: axe finds nothing, nothing overflows, nothing complains."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.ehr import people
from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from tests.browser.conftest import missing
from tests.conftest import require

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)
NORMAL = {
    "duplicates": "accept",
    "misbehave": "none",
    "crd": "normal",
    "dtr": "normal",
    "utn": "now",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return one sandbox for all pages."""
    require("browser", missing())
    running = Stack(tmp_path_factory.mktemp("axe"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


class Case:
    """One order of its own, driven to a state without a screen, then opened in the browser."""

    made = 0

    def __init__(self, stack: Stack, payer: dict[str, Any]) -> None:
        Case.made += 1
        self.stack, self.order = stack, f"axe-{Case.made}"
        charts = people.charts(datetime.now().astimezone().date())
        held = next(one for one in charts if one["id"] == "opal-esi")
        ask(f"{stack.ehr}/sandbox/control", {"chart": [{**held, "id": self.order}]})
        ask(f"{stack.payer}/control", NORMAL | payer)
        self.golden = Golden(stack, ASKED)
        self.golden.order = self.order

    def to(self, *steps: str, state: str = "") -> Case:
        """Play steps of the case, and wait for a state."""
        for one in steps:
            getattr(self.golden, one)()
        if state:
            self.golden._until(lambda: self.golden.page.data.get("data-state") == state, state)
        return self

    def show(self, page: Page, path: str = "") -> None:
        """Open the case's page, or one below it."""
        page.goto(f"{self.stack.ehr}/open?patient=opal&order={self.order}")
        if path:
            page.goto(page.url + path)


SIGN = ("open", "ready", "settle", "sign")


def loading(stack: Stack, page: Page) -> None:
    Case(stack, {"crd": "slow", "slow_seconds": 20}).show(page)


def review(stack: Stack, page: Page) -> None:
    Case(stack, {}).to("open", "ready").show(page)


def ready(stack: Stack, page: Page) -> None:
    Case(stack, {}).to("open", "ready", "settle").show(page)


def payer_failed(stack: Stack, page: Page) -> None:
    Case(stack, {"crd": "500", "dtr": "500"}).to("open", "ready").show(page)


def no_authorization(stack: Stack, page: Page) -> None:
    Case(stack, {"crd": "no-auth"}).to("open", "ready").show(page)


def errors(stack: Stack, page: Page) -> None:
    Case(stack, {}).to("open", "ready").show(page)
    page.get_by_role("button", name="Sign and send").click()
    page.wait_for_selector("#summary")


def against(stack: Stack, page: Page) -> None:
    Case(stack, {}).to("open", "ready").show(page)
    page.locator("input[name=contra-present][value=true]").check()
    page.locator("article:has(input[name=contra-present]) [data-act=answer] button").click()
    page.get_by_text("Speaks against it").wait_for()


def below(path: str) -> Callable[[Stack, Page], None]:
    """Return a page below a case that is ready to be signed."""
    return lambda stack, page: Case(stack, {}).to("open", "ready", "settle").show(page, path)


def decided(state: str, path: str = "", **payer: Any) -> Callable[[Stack, Page], None]:
    """Return a page of a case that was sent and is in a state."""
    return lambda stack, page: Case(stack, payer).to(*SIGN, state=state).show(page, path)


def note(stack: Stack, page: Page) -> None:
    Case(stack, {}).to("open", "ready").show(page)
    page.get_by_role("link", name="Open the note").first.click()
    page.wait_for_url(re.compile(r"/note\?"))


def ended(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.app}/l/{'0' * 32}/case/none")


def cookies(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.app}/l/{'0' * 32}/go")


def no_patient(stack: Stack, page: Page) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"patient": ""})
    Case(stack, {}).show(page)
    ask(f"{stack.ehr}/sandbox/control", {"patient": None})


def chart_down(stack: Stack, page: Page) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"fail": {"Patient": 503}})
    Case(stack, {}).show(page)
    ask(f"{stack.ehr}/sandbox/control", {"fail": {}})


def orders_down(stack: Stack, page: Page) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"fail": {"ServiceRequest": 503}})
    Case(stack, {}).show(page)
    ask(f"{stack.ehr}/sandbox/control", {"fail": {}})


def told(stack: Stack, page: Page, *, order: str = "opal-esi", **settings: Any) -> None:
    """Open an order of the charts while the EHR behaves as told, then let it be itself again."""
    ask(f"{stack.ehr}/sandbox/control", settings)
    ask(f"{stack.payer}/control", NORMAL)
    patient = order.split("-")[0]
    page.goto(f"{stack.ehr}/open?patient={patient}&order={order}")
    ask(f"{stack.ehr}/sandbox/control", {"context": None, "fail": {}})


def choose(stack: Stack, page: Page) -> None:
    Case(stack, {})  # one order more than the chart's own
    told(stack, page, context=[])


def enter(stack: Stack, page: Page) -> None:
    told(stack, page, order="dora-skin", context=[], fail={"ServiceRequest": 403})


def enter_errors(stack: Stack, page: Page) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"context": [], "fail": {"ServiceRequest": 403}})
    page.goto(f"{stack.ehr}/open?patient=nell&order=nell-sns")
    page.locator("input[name=code]").fill("nerve")
    page.get_by_role("button", name="Go on with this order").click()
    page.get_by_text("Choose the billing code").wait_for()
    ask(f"{stack.ehr}/sandbox/control", {"context": None, "fail": {}})


def entered(stack: Stack, page: Page) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"context": [], "fail": {"ServiceRequest": 403}})
    page.goto(f"{stack.ehr}/open?patient=gus&order=gus-knee")
    page.locator("input[name=code]").fill("29877")
    page.locator("input[name=diagnosis]").first.check()
    page.locator("input[name=planned]").fill("2027-01-11")
    page.locator("input[name=place]").last.check()
    page.locator("input[name=requester]").first.check()
    page.get_by_role("button", name="Go on with this order").click()
    page.get_by_text("was entered here by").wait_for()
    ask(f"{stack.ehr}/sandbox/control", {"context": None, "fail": {}})


def rules(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.app}/rules")


def changed(stack: Stack, page: Page) -> None:
    case = Case(stack, {}).to("open", "ready")
    charts = people.charts(datetime.now().astimezone().date())
    score = next(one for one in charts if one["id"] == "opal-pain-now")
    lower = score | {"valueQuantity": score["valueQuantity"] | {"value": 3}}
    ask(f"{stack.ehr}/sandbox/control", {"chart": [lower]})
    case.show(page)
    while not page.get_by_text("Chart changed since").count():
        page.wait_for_timeout(200)  # the second look is on its way
        page.reload()
    ask(f"{stack.ehr}/sandbox/control", {"chart": [score]})


PAGES: dict[str, Callable[[Stack, Page], None]] = {
    "loading": loading,
    "review": review,
    "review-ready": ready,
    "review-payer-failed": payer_failed,
    "review-no-authorization": no_authorization,
    "review-errors": errors,
    "review-against": against,
    "preview": below("/preview"),
    "note": note,
    "affirmed": decided("affirmed", decision="affirm"),
    "claim-affirmed": decided("affirmed", "/claim", decision="affirm"),
    "number-awaited": decided(
        "affirmed_number_awaited", decision="affirm", utn="late", utn_seconds=600
    ),
    "claim-hold": decided("pended", "/claim", decision="pend", pend_seconds=None),
    "non-affirmed": decided("non_affirmed", decision="non-affirm"),
    "claim-non-affirmed": decided("non_affirmed", "/claim", decision="non-affirm"),
    "pended": decided("pended", decision="pend", pend_seconds=None),
    "dismissed": decided("dismissed", decision="dismiss"),
    "letter": decided("pended", "/letter", decision="pend", pend_seconds=None),
    "unknown": decided("unknown", misbehave="500", misbehave_on="both"),
    "session-ended": ended,
    "cookies-blocked": cookies,
    "no-patient": no_patient,
    "chart-unavailable": chart_down,
    "orders-unavailable": orders_down,
    "choose-order": choose,
    "enter-order": enter,
    "enter-order-errors": enter_errors,
    "review-entered": entered,
    "out-of-scope": lambda stack, page: told(stack, page, order="hattie-esi"),
    "coverage-unknown": lambda stack, page: told(stack, page, order="una-esi"),
    "rules": rules,
    "review-chart-changed": changed,
}


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
    for width in (1200, 420):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{wide} pixels too wide at {width}"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert violations(page) == [], f"{width} {scheme}"
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
