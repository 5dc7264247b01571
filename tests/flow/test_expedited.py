"""A request that cannot wait, over HTTP: its reason reaches the payer, and the page says so."""

from __future__ import annotations

from html import unescape

from sandbox.golden import Golden, ask

WHY = "Waiting may damage the cord."


def test_the_reason_reaches_the_payer(golden: Golden) -> None:
    ask(f"{golden.stack.payer}/control", {"decision": "pend", "pend_seconds": None})
    for step in (golden.open, golden.ready, golden.settle):
        step()
    form = golden.page.form("/expedite")
    assert form
    golden.page = golden.browser.submit(golden.page, form, reason=WHY)
    assert f"“{WHY}”" in unescape(golden.page.html)
    assert "First request, expedited." in golden.page.html
    golden.sign()
    golden._until(lambda: golden.page.data.get("data-state") == "pended", "pended")
    assert "Expedited request: 2 calendar days" in golden.page.html
    (claim,) = [
        one["request"]["body"]["entry"][0]["resource"]
        for one in ask(f"{golden.stack.payer}/sandbox/exchange")
        if one["url"].endswith("/Claim/$submit")
    ]
    assert claim["priority"]["coding"][0]["code"] == "stat"
    assert WHY in {row.get("valueString") for row in claim["supportingInfo"]}
