"""The main job in Chromium, as people do it: by keyboard, in the EHR's frame, in two frames."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from sandbox.golden import ask
from sandbox.stack import ROOT, Stack

pytestmark = pytest.mark.browser
PICTURES = ROOT / "docs/pictures"
WAIT = 20_000  # milliseconds
CANARIES = ("Examplewood", "1S00EX0MP78", "1S00TE0ST81", "Testwell")


def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Save a picture for the docs, of the whole page or its window, when they are being renewed."""
    if os.environ.get("PRECLEAR_PICTURES"):
        page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Return a page and what its console complains about."""
    page, said = context.new_page(), []
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has focus carries the words."""
    for _ in range(80):
        page.keyboard.press("Tab")
        for frame in page.frames:
            held = frame.evaluate(
                "() => document.hasFocus() ? (document.activeElement.innerText ||"
                " document.activeElement.closest('label')?.innerText || '') : ''"
            )
            if words in held and "\n" not in held.strip():
                return
    raise AssertionError(f"no way to {words!r} by keyboard")


def chart_page(context: BrowserContext, stack: Stack, who: str) -> tuple[Page, FrameLocator]:
    """Open a chart and return it with the app's frame."""
    page, said = watched(context)
    page.goto(f"{stack.ehr}/patients/{who}")
    page.said = said  # type: ignore[attr-defined]
    return page, page.frame_locator("iframe[name=app]")


def test_by_keyboard_from_the_order_to_the_number_in_the_chart(
    chromium: Browser, stack: Stack
) -> None:
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page, app = chart_page(context, stack, "opal")
    tab_to(page, "Open Preclear on this order")
    page.keyboard.press("Enter")
    expect(app.get_by_text("8 of 9 criteria documented")).to_be_visible(timeout=WAIT)
    app.locator("h1").click()
    tab_to(page, "Yes")
    page.keyboard.press("ArrowDown")  # from Yes to No, as radios go
    tab_to(page, "Answer")
    page.keyboard.press("Enter")
    expect(app.get_by_text("9 of 9 criteria documented").first).to_be_visible(timeout=WAIT)
    tab_to(page, "Sign and send to Zyter")
    page.keyboard.press("Enter")
    expect(app.get_by_role("heading", name="Zyter affirmed 62323")).to_be_visible(timeout=WAIT)
    expect(app.get_by_text("Written to the chart and read back.").first).to_be_visible(timeout=WAIT)
    number = app.locator("code.number").inner_text()
    panel = page.locator("#panel")
    expect(panel.get_by_text(f"Authorization: affirmed, {number}")).to_be_visible(timeout=WAIT)
    expect(panel.get_by_text("Medicare prior authorization: affirmed")).to_be_visible(timeout=WAIT)
    listed = page.frame_locator("iframe[name=payer]").locator("#requests-now")
    expect(listed.get_by_text(number)).to_be_visible(timeout=WAIT)
    picture(page, "sandbox-1400", whole=False)
    assert page.said == []  # type: ignore[attr-defined]


def test_two_frames_with_two_patients_never_mix(chromium: Browser, stack: Stack) -> None:
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    first, opal = chart_page(context, stack, "opal")
    first.get_by_text("Open Preclear on this order").click()
    expect(opal.get_by_text("criteria documented").first).to_be_visible(timeout=WAIT)
    second, walter = chart_page(context, stack, "walter")
    second.get_by_text("Open Preclear on this order").first.click()
    expect(walter.get_by_text("criteria documented").first).to_be_visible(timeout=WAIT)
    opal.get_by_text("Show all").click()
    expect(opal.locator(".strip-name")).to_have_text("Opal Examplewood")
    walter.get_by_text("Show all").click()
    expect(walter.locator(".strip-name")).to_have_text("Walter Testwell")
    opal.get_by_text("Back to the request").click()
    expect(opal.locator("h1")).to_contain_text("62323")


def test_nothing_personal_in_url_cookie_or_storage(chromium: Browser, stack: Stack) -> None:
    context = chromium.new_context()
    page, said = watched(context)
    page.goto(f"{stack.ehr}/open?patient=opal&order=opal-esi")
    expect(page.get_by_text("8 of 9 criteria documented")).to_be_visible(timeout=WAIT)
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    cookies = [one for one in context.cookies() if one["name"].startswith("__Host-s_")]
    assert kept == "[{},{}]"
    assert len(cookies) == 1
    assert cookies[0]["httpOnly"]
    assert cookies[0]["secure"]
    held = page.url + str(context.cookies())
    assert not [one for one in CANARIES if one in held]
    logs = "".join(path.read_text() for path in (stack.folder / "logs").glob("w*.log"))
    assert "launched" in logs
    assert not [one for one in (*CANARIES, "Bearer", "code=") if one in logs]
    assert said == []


@pytest.mark.parametrize(
    ("decision", "name"),
    [
        ("affirm", "affirmed"),
        ("non-affirm", "nonaffirmed"),
        ("pend", "pended"),
        ("more-info", "wanted"),
    ],
)
def test_pages_of_a_decision(chromium: Browser, stack: Stack, decision: str, name: str) -> None:
    ask(f"{stack.payer}/control", {"decision": decision, "pend_seconds": None})
    page, said = watched(chromium.new_context(viewport={"width": 1200, "height": 900}))
    page.goto(f"{stack.ehr}/open?patient=walter&order=walter-tfesi-1")
    expect(page.get_by_text("8 of 10 criteria documented")).to_be_visible(timeout=WAIT)
    if name == "affirmed":
        page.set_viewport_size({"width": 1200, "height": 1500})
        picture(page, "review-1200", whole=False)
        page.set_viewport_size({"width": 420, "height": 900})
        picture(page, "review-420")
        page.set_viewport_size({"width": 1200, "height": 900})
        page.emulate_media(color_scheme="dark")
        picture(page, "review-dark-1200", whole=False)
        page.emulate_media(color_scheme="light")
    page.locator("[data-act=settle] input[name=key]").last.check()
    page.locator("[data-act=settle] button").click()
    expect(page.locator("[data-act=settle]")).to_have_count(0, timeout=WAIT)
    for _ in range(2):
        open_points = page.locator("[data-act=without]")
        left = open_points.count()
        open_points.first.locator("button").click()
        expect(open_points).to_have_count(left - 1, timeout=WAIT)
    page.get_by_role("button", name="Sign and send to Cohere Health").click()
    state = {"affirm": "affirmed", "non-affirm": "non_affirmed"}.get(decision, "pended")
    expect(page.locator(f"[data-state={state}]")).to_be_visible(timeout=WAIT)
    if state != "pended":
        filed = page.locator("[data-chart=filed_and_read_back]")
        expect(filed).to_be_visible(timeout=WAIT)
    expect(page).to_have_title(page.get_by_role("heading", level=1).inner_text())
    green = page.locator("header .status.ok").count()
    assert bool(green) is (decision == "affirm")
    picture(page, f"case-{name}-1200")
    if decision == "affirm":
        page.get_by_text("Open the claim card").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Put the number on")
        picture(page, "claim-1200")
    assert said == []


def test_an_order_that_the_chart_does_not_give_is_entered(chromium: Browser, stack: Stack) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"context": [], "fail": {"ServiceRequest": 403}})
    page, said = watched(chromium.new_context(viewport={"width": 1200, "height": 900}))
    page.goto(f"{stack.ehr}/open?patient=opal&order=opal-esi")
    page.locator("input[name=code]").fill("62323")
    page.locator("input[name=diagnosis][value='M51.16']").check()
    page.locator("input[name=planned]").fill("2027-01-11")
    page.locator("input[name=place]").first.check()
    expect(page.get_by_label("Dr. Ines Sampleton")).to_be_checked()
    picture(page, "enter-1200")
    page.get_by_role("button", name="Go on with this order").click()
    expect(page.get_by_role("button", name="Sign and send to Zyter")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("was entered here by").first).to_be_visible()
    assert said == []


def test_pictures_are_small() -> None:
    large = [path for path in Path(PICTURES).glob("*.png") if path.stat().st_size > 400_000]
    assert large == []
