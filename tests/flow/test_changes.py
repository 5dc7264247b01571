"""A request that is changed while it waits, over HTTP: what a payer does, what a person reads."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest

from sandbox import acts
from sandbox.golden import Golden, ask

PENDED = {"decision": "pend", "pend_seconds": None}


def changed(golden: Golden, **payer: Any) -> str:
    """Change the day of a request that waits; return the day that was planned before."""
    ask(f"{golden.stack.payer}/control", PENDED)
    for step in (golden.open, golden.ready, golden.settle, golden.sign):
        step()
    golden._until(lambda: golden.page.data.get("data-state") == "pended", "pended")
    before = planned(golden)
    ask(f"{golden.stack.payer}/control", payer)
    golden.page = acts.change(golden.browser, golden.page)
    return before


def planned(golden: Golden) -> str:
    """Return the planned day as the case's page shows it."""
    return unescape(golden.page.html).partition("<dt>Planned</dt><dd>")[2].partition("</dd>")[0]


@pytest.mark.parametrize(
    ("payer", "state", "words"),
    [
        ({"decision": "affirm"}, "affirmed", "Do it by"),
        ({"decision": "non-affirm"}, "non_affirmed", "did not affirm"),
        (PENDED, "pended", "Decision due by"),
        ({"decision": "more-info"}, "pended", "waits for what it asks for"),
        ({"decision": "affirm", "misbehave": "500_after"}, "affirmed", "Do it by"),
        ({"decision": "affirm", "misbehave": "cut_after"}, "affirmed", "Do it by"),
    ],
    ids=["affirmed", "non-affirmed", "pended", "more", "lost answer", "cut"],
)
def test_a_change_that_is_taken(
    golden: Golden, payer: dict[str, Any], state: str, words: str
) -> None:
    before = changed(golden, **payer)
    golden._until(lambda: planned(golden) != before, "the change")
    golden._until(lambda: golden.page.data.get("data-state") == state, state)
    assert words in unescape(golden.page.html)
    assert "has the change" in unescape(golden.page.html)
    assert len(ask(f"{golden.stack.payer}/sandbox/state")) == 2  # the request, and its change


def test_a_change_that_is_refused(golden: Golden) -> None:
    before = changed(golden, misbehave="refuse")
    golden._until(lambda: "did not take the change" in golden.page.html, "the refusal")
    assert (planned(golden), golden.page.data["data-state"]) == (before, "pended")
    assert "Why Zyter did not take the change" in golden.page.html
    assert "Change this request" in golden.page.html


@pytest.mark.parametrize("how", ["500", "html", "malformed", "wrong_type"])
def test_a_change_of_which_nobody_knows(golden: Golden, how: str) -> None:
    before = changed(golden, misbehave=how, misbehave_on="both")
    golden._until(lambda: sent(golden) == 2, "the sending")
    head = unescape(golden.page.html).partition("</header>")[0]
    assert (planned(golden), golden.page.data["data-state"]) == (before, "updating")
    assert "Do not rely on this request" in head
    assert "We wait until" in head
    ask(f"{golden.stack.payer}/control", {"misbehave": "none"})
    golden._until(lambda: planned(golden) != before, "the change")
    assert golden.page.data["data-state"] == "pended"
    assert len(ask(f"{golden.stack.payer}/sandbox/state")) == 2  # recorded once


def sent(golden: Golden) -> int:
    """Return how many requests and changes have reached the payer."""
    said = ask(f"{golden.stack.payer}/sandbox/exchange")
    return sum(one["url"].endswith("/Claim/$submit") for one in said)


def test_a_change_from_an_older_page_is_not_sent_and_keeps_what_was_typed(golden: Golden) -> None:
    ask(f"{golden.stack.payer}/control", PENDED)
    for step in (golden.open, golden.ready, golden.settle, golden.sign):
        step()
    golden._until(lambda: golden.page.data.get("data-state") == "pended", "pended")
    asked = golden.browser.get(f"{golden.page.url}/change")
    form = asked.form("/change")
    assert form is not None
    day = (date.today() + timedelta(days=9)).isoformat()
    parts = {name: "1.5" for name, _ in form.fields if name.startswith("units-")}
    halved = golden.browser.submit(asked, form, **parts)
    assert (halved.status, "units as a whole number" in halved.text) == (422, True)
    assert 'value="1.5"' in halved.html
    refused = golden.browser.submit(asked, form, revision="1", planned=day)
    assert (refused.status, "older than the case" in refused.text) == (409, True)
    assert f'value="{day}"' in refused.html
    assert len(ask(f"{golden.stack.payer}/sandbox/state")) == 1
