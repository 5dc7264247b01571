"""What flow tests of a payer's answers have in common: to sign, to wait, to read the page."""

from __future__ import annotations

from argparse import Namespace
from html import unescape
from typing import Any

from sandbox.golden import Golden, ask
from sandbox.stack import Stack

GREEN = ("affirmed", "affirmed_number_awaited")
LETTER = "Enter a decision from a letter"


def player(stack: Stack, service: str, state: str) -> Golden:
    """Return the player of another case of the sandbox."""
    asked = Namespace(service=service, state=state, decision="", late_utn=False, json=True)
    return Golden(stack, asked)


def control(stack: Stack, **settings: Any) -> None:
    """Tell the payer how to behave."""
    ask(f"{stack.payer}/control", settings)


def act(stack: Stack, what: str, **wanted: Any) -> Any:
    """Have the payer do something now, such as ``decide``."""
    return ask(f"{stack.payer}/control/{what}", wanted)


def signed(golden: Golden, state: str, **settings: Any) -> None:
    """Tell the payer how to behave, sign and send, and wait for a state."""
    control(golden.stack, **settings)
    for step in (golden.open, golden.ready, golden.settle, golden.sign):
        step()
    until(golden, state)


def until(golden: Golden, state: str) -> None:
    """Wait for a state of the case."""
    golden._until(lambda: golden.page.data.get("data-state") == state, state)


def until_told(golden: Golden, words: str) -> None:
    """Wait for words on the case's page."""
    golden._until(lambda: words in golden.page.text, words)


def reads(golden: Golden, state: str, words: str, then: str, way: str = LETTER) -> None:
    """Check what a person reads, that only an affirmation is green, and that there is a way on.

    ``way`` is where a form of the page goes, or words beside which a person goes on.
    """
    head, _, rest = unescape(golden.page.html).partition("</header>")
    assert golden.page.data.get("data-state") == state
    assert words in head.split("<h1>")[1].split("</h1>")[0]
    assert then in head
    assert ('status ok"' in head) is (state in GREEN)
    if way.startswith("/"):
        assert golden.page.form(way) is not None
    else:
        assert way in rest


def press(golden: Golden, way: str, **chosen: str) -> None:
    """Use a form of the case's page, and come back to the page."""
    form = golden.page.form(way)
    assert form is not None, golden.page.text
    case = golden.page.url
    after = golden.browser.submit(golden.page, form, **chosen)
    assert after.status < 400, after.text
    golden.page = golden.browser.get(case)


def requests(stack: Stack) -> list[dict[str, Any]]:
    """Return what the payer has recorded."""
    found: list[dict[str, Any]] = ask(f"{stack.payer}/sandbox/state")
    return found
