"""A deploy with work in flight, and a worker that is gone: what was begun is ended, once."""

from __future__ import annotations

import signal
from argparse import Namespace
from pathlib import Path

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from smart_app.config import load_app
from smart_app.world import build
from tests.durability.house import until

pytestmark = pytest.mark.durability
ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)


def recorded(stack: Stack) -> int:
    """Return how many requests the payer has recorded."""
    return len(ask(f"{stack.payer}/sandbox/state"))


def signed(stack: Stack) -> Golden:
    """Sign a request that the payer records, and does not answer yet."""
    ask(f"{stack.payer}/control", {"idempotent": False, "hold": True})
    golden = Golden(stack, ASKED)
    for step in (golden.open, golden.ready, golden.settle, golden.sign):
        step()
    until(lambda: recorded(stack) == 1, "the payer to record")
    return golden


def test_a_worker_that_is_told_to_end_ends_its_task_first(
    tmp_path: Path, database_url: str
) -> None:
    with Stack(tmp_path / "stack", database=database_url) as stack:
        golden = signed(stack)
        worker = stack.running.pop("worker")
        worker.send_signal(signal.SIGTERM)
        stack.kill("web", signal.SIGTERM)
        stack.start(("web",))
        ask(f"{stack.payer}/control", {"hold": False})
        ask(f"{stack.payer}/control/release", {})
        assert worker.wait(60) == 0
        golden.page = golden.browser.get(golden.page.url)
        assert golden.page.data["data-state"] == "affirmed"
        assert golden.page.data["data-chart"] == "none"  # that is the next worker's
        stack.start(("worker",))
        golden.decided()
        golden.chart()
        assert recorded(stack) == 1


def test_a_slow_payer_keeps_its_worker_and_no_other_one_sends(
    tmp_path: Path, database_url: str
) -> None:
    stack = Stack(tmp_path / "stack", database=database_url, worker_lease_seconds=0.5)
    with stack:
        stack.launch("another", stack.command("worker"))
        golden = signed(stack)
        world = build(load_app(stack.folder / "app.toml"), engines=0)
        case_id, held = golden.page.url.rsplit("/", 1)[1], set()

        def renewed() -> bool:
            (task,) = world.tasks.of_case(case_id)
            held.add((task.attempt, task.lease_until))
            return len(held) > 10  # several leases long, and another worker looks on

        until(renewed, "the lease to be renewed")
        world.store.engine.dispose()
        assert {attempt for attempt, _ in held} == {1}
        ask(f"{stack.payer}/control", {"hold": False})
        ask(f"{stack.payer}/control/release", {})
        golden.decided()
        golden.chart()
        assert recorded(stack) == 1
