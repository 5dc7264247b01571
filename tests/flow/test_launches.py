"""Ways in that need a choice, and ways that lead nowhere."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

from sandbox.browser import Browser, Page
from sandbox.ehr import people
from sandbox.golden import ask
from sandbox.stack import Stack


def more_orders(stack: Stack, *codes: str) -> None:
    """Give Opal further orders, each on its own."""
    for code in codes:
        coding = [{"system": "http://www.ama-assn.org/go/cpt", "code": code}] if code else []
        order = {
            "resourceType": "ServiceRequest",
            "id": f"more-{code or 'none'}",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "Patient/opal"},
            "requester": {"reference": "Practitioner/dr-sampleton"},
            "authoredOn": "2026-11-01",
            "code": {"coding": coding, "text": "Walking aid"},
        }
        ask(f"{stack.ehr}/sandbox/control", {"chart": [order]})


def unnamed(stack: Stack) -> tuple[Browser, Page]:
    """Open the app from the chart with nothing selected."""
    ask(f"{stack.ehr}/sandbox/control", {"context": []})
    browser = Browser()
    page = browser.get(f"{stack.ehr}/open?patient=opal&order=opal-esi")
    ask(f"{stack.ehr}/sandbox/control", {"context": None})
    return browser, page


def test_without_an_order_the_person_chooses_one(stack: Stack) -> None:
    more_orders(stack, "99213", "")
    browser, page = unnamed(stack)
    assert "Which order is it about?" in page.text
    assert page.text.index("recommended for 62323") < page.text.index("outside WISeR")
    assert "carries no billing code" in page.text
    first = next(one for one in page.forms if one.act == "choose")
    opened = browser.submit(page, first)
    assert "/case/" in opened.url
    assert "62323" in opened.text


def test_orders_of_one_service_are_told_apart(stack: Stack) -> None:
    known = next(one for one in people.charts(date.today()) if one["id"] == "kit-knee")
    site = [
        {"coding": [{"system": "http://snomed.info/sct", "code": "6757004"}], "text": "Right knee"}
    ]
    right = {**known, "id": "kit-right", "bodySite": site, "authoredOn": "2026-11-02"}
    ask(f"{stack.ehr}/sandbox/control", {"chart": [right], "context": []})
    page = Browser().get(f"{stack.ehr}/open?patient=kit&order=kit-knee")
    ask(f"{stack.ehr}/sandbox/control", {"context": None})
    assert "Right knee. Diagnosis M17.12" in page.text
    assert "Ordered Mon 2 Nov 2026" in page.text


def test_an_order_of_another_chart_cannot_be_chosen(stack: Stack) -> None:
    more_orders(stack, "99213")
    browser, page = unnamed(stack)
    form = next(one for one in page.forms if one.act == "choose")
    refused = browser.submit(page, form, orders="ServiceRequest/walter-tfesi-1")
    assert refused.status == 409
    assert "another patient" in refused.text


def test_an_unlisted_issuer_opens_nothing(stack: Stack) -> None:
    page = Browser().get(f"{stack.app}/launch?iss=https://evil.example/fhir")
    assert page.status == 403
    assert "not registered" in page.text


def test_the_check_of_a_site_says_what_its_ehr_offers(stack: Stack) -> None:
    command = [sys.executable, "-m", "smart_app", "check"]
    site = stack.folder / "sites/sandbox.toml"
    done = subprocess.run([*command, str(site)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{stack.ehr}/fhir" in done.stdout
    assert "Filing the decision as a document will work" in done.stdout
    assert "Marking an affirmed order will work" in done.stdout
    assert "STOP" not in done.stdout
    site.with_suffix(".bad").write_text(site.read_text().replace("idle_minutes", "idle"))
    done = subprocess.run(
        [*command, str(site.with_suffix(".bad"))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "sandbox.bad:15: unknown key 'idle'" in done.stderr
