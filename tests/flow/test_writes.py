"""EHRs that take documents each in their own way: one document, or the truth about none."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)
TO_DECISION = ("open", "ready", "settle", "sign", "decided")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Return a sandbox that is not started yet."""
    made = Stack(tmp_path)
    yield made
    made.stop()


def played(stack: Stack, **ehr: Any) -> Golden:
    """Start, tell the EHR how to behave, and play a case until it is decided."""
    stack.start()
    ask(f"{stack.ehr}/sandbox/control", ehr)
    golden = Golden(stack, ASKED)
    for step in TO_DECISION:
        getattr(golden, step)()
    return golden


def ours(golden: Golden) -> int:
    """Return how many documents of the chart carry a number."""
    return golden._documents().count("(UTN): ")


def creations(golden: Golden) -> list[dict[str, Any]]:
    """Return every document that the EHR was given."""
    return [
        one
        for one in ask(f"{golden.stack.ehr}/sandbox/exchange")
        if one["method"] == "POST" and one["url"].endswith("/DocumentReference")
    ]


def test_an_ehr_that_refuses_documents_is_told_truly(stack: Stack) -> None:
    golden = played(stack, refuse_writes=True)
    golden._until(lambda: golden.page.data.get("data-chart") == "refused", "the refusal")
    assert "The chart refused it" in golden.page.text
    assert "Not in the chart" in golden.page.text
    assert "Nothing for you to do" not in golden.page.text
    assert ours(golden) == 0


def test_an_ehr_that_answers_without_a_body_is_read_back_by_the_address(stack: Stack) -> None:
    golden = played(stack, accept_without_body=True)
    golden.chart()
    assert ours(golden) == 1


@pytest.mark.parametrize("site_knows", [True, False], ids=["site knows", "site does not"])
def test_an_ehr_that_does_not_search_by_identifier_gets_one_document(
    stack: Stack, site_knows: bool
) -> None:
    site = stack.folder / "sites/sandbox.toml"
    if site_knows:
        can = re.compile("^(search_by_identifier|if_none_exist) = true", re.MULTILINE)
        site.write_text(can.sub(r"\1 = false", site.read_text()))
    golden = played(stack, ignore_identifiers=True)
    golden.chart()
    assert ours(golden) == 1
    sent = creations(golden)
    assert len(sent) == 1
    asked = "If-None-Exist" in {name.title() for name in sent[0]["request"]["headers"]}
    assert asked is not site_knows
