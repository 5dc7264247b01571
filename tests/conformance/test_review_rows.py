"""A person may look at all that is sent and keep any of it back, and need not."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.golden import Golden


def sent(golden: Golden) -> list[str]:
    """Return the types of what the payer got with the request."""
    [message] = [one for one in golden.exchange() if str(one["url"]).endswith("/Claim/$submit")]
    body: dict[str, Any] = message["request"]["body"]
    return [one["resource"]["resourceType"] for one in body["entry"]]


@pytest.mark.req("pas-2.2.1@use-5", "pas-2.2.1@priv-1", "pas-2.0.1@11", "pas-2.0.1@187")
def test_what_is_shown_before_and_kept_back_does_not_leave(golden: Golden) -> None:
    golden.open()
    golden.ready()
    golden.settle()
    form = golden.page.form("/sign")
    assert form is not None
    shown = golden.browser.get(golden.page.url + "/preview")
    assert "What will be sent to Zyter" in shown.text
    assert "Visit note" in shown.text
    golden.page = golden.browser.submit(golden.page, form, document="")
    golden.decided()
    assert "QuestionnaireResponse" in sent(golden)
    assert "DocumentReference" not in sent(golden)


@pytest.mark.req("pas-2.0.1@9")
def test_what_was_gathered_for_the_request_is_kept_in_the_chart(golden: Golden) -> None:
    for step in (golden.open, golden.ready, golden.settle, golden.sign, golden.decided):
        step()
    golden.chart()
    told = golden._documents()
    assert "What was answered: Epidural steroid injection" in told
    assert "Reason for the injection: Radicular pain from a disc herniation or bone spur" in told
    assert "cauda equina syndrome?: No (answered by hand)" in told


@pytest.mark.req("pas-2.2.1@priv-1", "pas-2.0.1@188")
def test_nobody_must_open_what_will_be_sent_to_sign(golden: Golden) -> None:
    for step in (golden.open, golden.ready, golden.settle, golden.sign, golden.decided):
        step()
    assert "DocumentReference" in sent(golden)
    assert not [one for one in golden.exchange() if str(one["url"]).endswith("/preview")]
