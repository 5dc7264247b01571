"""The main job can be played again in the same sandbox, from the first page on."""

from __future__ import annotations

import urllib.request
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Return a running sandbox."""
    with Stack(tmp_path) as made:
        yield made


def test_after_start_over_the_same_link_opens_a_new_case(stack: Stack) -> None:
    ask(f"{stack.payer}/control", {"decision": "pend", "pend_seconds": None})
    first = Golden(stack, ASKED)
    for step in (first.open, first.ready, first.settle, first.sign):
        step()
    first._until(lambda: first.page.data.get("data-state") == "pended", "pended")
    with urllib.request.urlopen(f"{stack.ehr}/sandbox/reset", b"", timeout=20) as page:
        assert page.status == 200
    assert ask(f"{stack.payer}/sandbox/state") == []
    second = Golden(stack, ASKED)
    second.play()
    assert second.page.url.split("/case/")[1] != first.page.url.split("/case/")[1]
    assert [one["decision"] for one in ask(f"{stack.payer}/sandbox/state")] == ["affirmed"]
    assert first.browser.get(first.page.url).data["data-state"] == "pended"
