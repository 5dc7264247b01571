"""Kill -9 of worker and web at every point of a send: exactly one request, the right end.

The payer is in its non-idempotent mode: it records every POST as a request of its own.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import ROOT, Stack

pytestmark = pytest.mark.durability
DYING = str(ROOT / "tests/durability/dying_worker.py")
POINTS = ("before_intent", "after_intent", "recorded", "answered")
ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for a condition of another process."""
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def recorded(stack: Stack) -> int:
    """Return how many requests the payer has recorded."""
    return len(ask(f"{stack.payer}/sandbox/state"))


@pytest.mark.parametrize("run", (1, 2, 3))
@pytest.mark.parametrize("point", POINTS)
def test_killed_at(point: str, run: int, tmp_path: Path) -> None:
    stack = Stack(tmp_path, worker_lease_seconds=1.5)
    config = str(tmp_path / "app.toml")
    try:
        stack.start(("sandbox", "web"))
        ask(f"{stack.payer}/control", {"idempotent": False, "hold": point == "recorded"})
        golden = Golden(stack, ASKED)
        for step in (golden.open, golden.ready, golden.settle, golden.sign):
            step()
        stack.launch("worker", [DYING, point, "--config", config])
        if point == "recorded":
            until(lambda: recorded(stack) == 1, "the payer to record")
            stack.kill("worker")
            stack.kill("web")
            ask(f"{stack.payer}/control", {"hold": False})
            ask(f"{stack.payer}/control/release", {})
        else:
            until(lambda: stack.running["worker"].poll() is not None, "the worker to die")
            assert stack.running.pop("worker").wait() == -9
            stack.kill("web")
        stack.start(("web", "worker"))
        golden.page = golden.browser.get(golden.page.url)
        golden.decided()
        golden.chart()
        assert recorded(stack) == 1
        assert "affirmed" in golden.page.text
    finally:
        stack.stop()
