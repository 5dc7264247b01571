"""What a person waits for: a sandbox of its own, over HTTP."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from argparse import Namespace
from datetime import datetime
from functools import partial
from typing import Any

from sandbox.browser import Browser, Page
from sandbox.ehr import people
from sandbox.golden import Golden, ask
from sandbox.stack import Stack
from tools.bench.rows import Row, median, milliseconds, p95

DELAY = 200  # milliseconds that each call to chart or payer takes longer
ORDER = "opal-esi"
CLINICIANS, TAPS, PAUSE = 50, 4, 2.0
PENDED = ("62323", "AZ"), ("15275", "OH"), ("22514", "WA")
HANDSHAKE, LOOK = 3.0, 1000  # seconds until a payer tells; milliseconds between a page's looks


def _busy(messages: list[dict[str, Any]]) -> float:
    """Return for how long at least one call was under way, in milliseconds."""
    spans = []
    for one in messages:
        end = datetime.fromisoformat(one["at"]).timestamp() * 1000
        spans.append((end - one["ms"], end))
    total, reach = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reach))
        reach = max(reach, end)
    return total


def _exchange(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(f"{stack.ehr}/sandbox/exchange")
    found += ask(f"{stack.payer}/sandbox/exchange")
    return found


def launch(stack: Stack) -> Row:
    """Return what launch to usable page takes, over what chart and payer take of it."""
    ask(f"{stack.ehr}/sandbox/control", {"delay_ms": DELAY})
    ask(f"{stack.payer}/control", {"delay_ms": DELAY})
    ratios = []
    url = f"{stack.ehr}/open?patient=opal&order={ORDER}"
    for _ in range(3):
        before = len(_exchange(stack))
        taken = milliseconds(lambda: Browser().get(url))
        calls = sorted(_exchange(stack), key=lambda one: str(one["at"]))[before:]
        ratios.append(taken / _busy([one for one in calls if one["to"] == "ehr"]))
    ask(f"{stack.ehr}/sandbox/control", {"delay_ms": 0})
    ask(f"{stack.payer}/control", {"delay_ms": 0})
    note = f"each call {DELAY} ms longer"
    return Row("launch to usable page", round(statistics.median(ratios), 2), "×", 1.15, note)


def render(page: Page, browser: Browser) -> Row:
    """Return how long a page takes to come."""
    return Row("page, one at a time", median(lambda: browser.get(page.url)), "ms", 30, "over HTTP")


class Clinician(threading.Thread):
    """Tap, read, tap again."""

    def __init__(self, stack: Stack, order: str, begin: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.url, self.begin = f"{stack.ehr}/open?patient=opal&order={order}", begin
        self.taken: list[float] = []
        self.wrong = 0

    def run(self) -> None:
        """Open the order, wait for all others, and answer the same question again and again."""
        browser = Browser()
        page = browser.get(self.url)
        while page.form("/answer") is None and "could not" not in page.text:
            time.sleep(0.5)
            page = browser.get(page.url)
        self.begin.wait()
        for number in range(TAPS):
            time.sleep(PAUSE * (0.5 + (hash(self.url) % 100) / 100))
            found = [one for one in page.forms if "contra-present" in one.choices]
            said = "true" if number % 2 else "false"
            page = browser.submit(page, found[0], part=True, **{"contra-present": said})
            self.taken.append(browser.seen[-1]["ms"])  # what the server took, not our reading
            self.wrong += page.status != 200


def taps(stack: Stack) -> Row:
    """Return how long a tap takes while fifty clinicians are at work."""
    charts = people.charts(datetime.now().astimezone().date())
    held = next(one for one in charts if one["id"] == ORDER)
    orders = [{**held, "id": f"bench-{number}"} for number in range(CLINICIANS)]
    ask(f"{stack.ehr}/sandbox/control", {"chart": orders})
    begin = threading.Barrier(CLINICIANS)
    at_work = [Clinician(stack, one["id"], begin) for one in orders]
    for one in at_work:
        one.start()
    for one in at_work:
        one.join()
    taken = [ms for one in at_work for ms in one.taken]
    wrong = sum(one.wrong for one in at_work)
    note = f"{CLINICIANS} clinicians, p95 of {len(taken)} taps, {wrong} failed"
    return Row("tap to swap", p95(taken), "ms", 100, note)


def told(stack: Stack) -> Row:
    """Return how long after a payer's decision an open page shows it, at the worst.

    The page asks once a second, so that a second comes on top of what payer and app take.
    """
    ask(f"{stack.payer}/control", {"decision": "pend", "pend_seconds": None})
    taken = []
    for service, state in PENDED:
        asked = Namespace(service=service, state=state, decision="pended", json=True)
        playing = Golden(stack, asked)
        for step in (playing.open, playing.ready, playing.settle, playing.sign):
            step()
        _shows(playing, "pended")
        time.sleep(HANDSHAKE)
        taken.append(milliseconds(partial(_decided, playing)))
    note = f"worst of {len(taken)}, with the second between two looks"
    return Row("notification to decision shown", round(max(taken) + LOOK, 1), "ms", 2000, note)


def _decided(playing: Golden) -> None:
    """Have the payer decide its newest request, and wait until the page shows it."""
    request = ask(f"{playing.stack.payer}/sandbox/state")[-1]["id"]
    ask(f"{playing.stack.payer}/control/decide", {"request": request, "decision": "affirm"})
    _shows(playing, "affirmed")


def _shows(playing: Golden, state: str) -> None:
    """Wait until a case's page shows a state."""
    playing._until(lambda: playing.page.data.get("data-state") == state, state)


def golden() -> list[Row]:
    """Return what the whole affirmed case takes, from the order to the number in the chart."""
    command = [sys.executable, "-m", "sandbox.golden", "--json"]
    told = [
        json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    taken = statistics.median(one["ms"] for one in told)
    return [Row("golden case, affirmed", taken, "ms", 3000)]
