"""Every page in every state, by name: how to come to each of them."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page

from sandbox import acts, zones
from sandbox.browser import Browser
from sandbox.browser import Page as Answer
from sandbox.ehr import people
from sandbox.golden import Golden, ask
from sandbox.stack import Stack

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)
NORMAL = {
    "duplicates": "accept",
    "misbehave": "none",
    "crd": "normal",
    "dtr": "normal",
    "utn": "now",
    "hold": False,
}


class Case:
    """Orders of its own, driven to a state without a screen, then opened in the browser."""

    made = 0

    def __init__(
        self, stack: Stack, payer: dict[str, Any], orders: tuple[str, ...] = ("opal-esi",)
    ) -> None:
        Case.made += 1
        self.stack, self.order = stack, f"axe-{Case.made}-1"
        self.patient = orders[0].split("-")[0]
        charts = people.charts(datetime.now().astimezone().date())
        held = [next(one for one in charts if one["id"] == name) for name in orders]
        together = {"requisition": {"system": "urn:x:axe", "value": f"axe-{Case.made}"}}
        copies = [
            {**one, **(together if len(held) > 1 else {}), "id": f"axe-{Case.made}-{number}"}
            for number, one in enumerate(held, start=1)
        ]
        ask(f"{stack.ehr}/sandbox/control", {"chart": copies})
        ask(f"{stack.payer}/control", NORMAL | payer)
        self.golden = Golden(stack, ASKED)
        self.golden.patient, self.golden.order = self.patient, self.order

    def to(self, *steps: str, state: str = "") -> Case:
        """Play steps of the case, and wait for a state."""
        for one in steps:
            getattr(self.golden, one)()
        if state:
            self.golden._until(lambda: self.golden.page.data.get("data-state") == state, state)
        return self

    def show(self, page: Page, path: str = "") -> None:
        """Open the case's page, or one below it."""
        page.goto(f"{self.stack.ehr}/open?patient={self.patient}&order={self.order}")
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


def partial(path: str = "", **payer: Any) -> Callable[[Stack, Page], None]:
    """Return a page of two items of which one was affirmed."""
    state = "partial_number_awaited" if payer else "partial"

    def show(stack: Stack, page: Page) -> None:
        case = Case(stack, {"decision": "partial"} | payer, PAIR)
        case.to(*SIGN, state=state).show(page, path)

    return show


def sending(stack: Stack, page: Page) -> None:
    Case(stack, {"hold": True}).to(*SIGN, state="sending").show(page)


def filing_refused(stack: Stack, page: Page) -> None:
    ask(f"{stack.ehr}/sandbox/control", {"refuse_writes": True})
    case = Case(stack, {"decision": "affirm"}).to(*SIGN, state="affirmed")
    case.golden._until(lambda: case.golden.page.data.get("data-chart") == "refused", "it")
    case.show(page)
    ask(f"{stack.ehr}/sandbox/control", {"refuse_writes": False})


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
    page.locator("input[name=code]").fill("broken heart")
    page.get_by_role("button", name="Go on with this order").click()
    page.get_by_text("No code that Medicare asks about").wait_for()
    page.locator("input[name=code]").fill("nerve")
    page.get_by_role("button", name="Go on with this order").click()
    page.get_by_text("Which code is").wait_for()
    assert page.evaluate("document.activeElement.id") == "found"
    assert page.locator("[role=alert]").count() == 0
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


def number_differs(stack: Stack, page: Page) -> None:
    """Open a case whose number a letter gives otherwise than the payer did."""
    case = Case(stack, {"decision": "affirm"}).to(*SIGN, state="affirmed")
    case.show(page, "/letter")
    page.locator("input[type=radio][value=affirmed]").check()
    page.locator("input[name=number]").fill("JFA99900004419")
    page.locator("input[name=decided_on]").fill(
        zones.day(datetime.now(UTC), zones.CLINIC).isoformat()
    )
    page.get_by_role("button", name="Record this decision").click()
    page.get_by_text("gives another number than the letter that was entered").wait_for()


def more(stack: Stack, page: Page) -> None:
    decided("pended", decision="more-info")(stack, page)
    page.get_by_role("link", name="Choose documents to send").click()
    page.get_by_role("button", name="Send these").wait_for()


def asked_form(stack: Stack, page: Page) -> None:
    """Open the form that the payer asks for, as the chart answers it."""
    decided("pended", decision="more-info-form")(stack, page)
    page.get_by_role("link", name="Answer the form").click()
    page.get_by_role("button", name="Sign and send to").wait_for()


def form_errors(stack: Stack, page: Page) -> None:
    asked_form(stack, page)
    page.get_by_role("button", name="Sign and send to").click()
    page.wait_for_selector("#summary")


def form_preview(stack: Stack, page: Page) -> None:
    asked_form(stack, page)
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("heading", name="What will be sent to").wait_for()


def form_failed(stack: Stack, page: Page) -> None:
    decided("pended", decision="more-info-form")(stack, page)
    ask(f"{stack.payer}/control", {"dtr": "500"})
    page.get_by_role("link", name="Answer the form").click()
    page.get_by_role("button", name="Try again").wait_for()
    ask(f"{stack.payer}/control", {"dtr": "normal"})


def declined(stack: Stack, page: Page) -> None:
    more(stack, page)
    page.get_by_text("We cannot provide this").click()
    page.get_by_label("Why it cannot be provided").fill("The note was never written.")
    page.get_by_role("button", name="Note that we cannot").click()
    page.get_by_text("does not see this").wait_for()


PENDED = {"decision": "pend", "pend_seconds": None}
PAIR = ("walter-tfesi-1", "walter-tfesi-2")
Act = Callable[[Browser, Answer], Answer]


def acted(act: Act, state: str, **payer: Any) -> Callable[[Stack, Page], None]:
    """Return the page of a request with which a person did something while it waited."""

    def show(stack: Stack, page: Page) -> None:
        case = Case(stack, PENDED).to(*SIGN, state="pended")
        ask(f"{stack.payer}/control", payer)
        case.golden.page = act(case.golden.browser, case.golden.page)
        case.to(state=state).show(page)

    return show


def withdrawn_claim(stack: Stack, page: Page) -> None:
    acted(acts.withdraw, "cancelled")(stack, page)
    page.get_by_role("link", name="Open the claim card").click()
    page.get_by_role("heading", name="Expect a review before payment").wait_for()


def change(stack: Stack, page: Page) -> None:
    Case(stack, PENDED, PAIR).to(*SIGN, state="pended").show(page, "/change")


def operations(stack: Stack, page: Page) -> None:
    decided("pended", decision="pend", pend_seconds=None)(stack, page)
    page.get_by_role("link", name="How requests fare here").click()
    page.get_by_role("heading", name="How requests fare at this clinic").wait_for()


def conflict(stack: Stack, page: Page) -> None:
    Case(stack, {}, ("walter-tfesi-1", "walter-tfesi-2")).to("open", "ready").show(page)


PAGES: dict[str, Callable[[Stack, Page], None]] = {
    "loading": loading,
    "review": review,
    "review-ready": ready,
    "review-conflict": conflict,
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
    "asked-for-more": decided("pended", decision="more-info"),
    "more": more,
    "asked-for-a-form": decided("pended", decision="more-info-form"),
    "change": change,
    "changing": acted(acts.change, "updating", misbehave="500", misbehave_on="both"),
    "withdrawing": acted(acts.withdraw, "cancelling", misbehave="500", misbehave_on="both"),
    "withdrawn": acted(acts.withdraw, "cancelled"),
    "claim-withdrawn": withdrawn_claim,
    "form": asked_form,
    "form-errors": form_errors,
    "form-preview": form_preview,
    "form-failed": form_failed,
    "cannot-be-provided": declined,
    "modified": decided("affirmed_modified", decision="modify"),
    "operations": operations,
    "dismissed": decided("dismissed", decision="dismiss"),
    "letter": decided("pended", "/letter", decision="pend", pend_seconds=None),
    "number-differs": number_differs,
    "unknown": decided("unknown", misbehave="500", misbehave_on="both"),
    "sending": sending,
    "not-accepted": decided("rejected", misbehave="refuse"),
    "unreadable": decided("unreadable", misbehave="no_decision", misbehave_on="both"),
    "partial": partial(),
    "partial-number-awaited": partial(utn="late", utn_seconds=600),
    "claim-partial": partial("/claim"),
    "affirmed-not-filed": filing_refused,
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
