"""``./run golden``: the main job without a screen, over HTTP only, in a sandbox of its own."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox import acts, options
from sandbox.browser import Browser, Page
from sandbox.options import CASES, DECISIONS, THEN
from sandbox.stack import Stack

END = {
    "affirmed": "affirmed",
    "non-affirmed": "non_affirmed",
    "partial": "partial",
    "dismissed": "dismissed",
    "pended": "affirmed",
    "more-info": "affirmed",
    "updated": "affirmed",
    "more-info-form": "affirmed",
    "cancelled": "cancelled",
}
NUMBERLESS = {"dismissed", "cancelled"}
ACTS = {
    "more-info": ("more sent", acts.send_more),
    "updated": ("changed", acts.change),
    "more-info-form": ("form signed", acts.answer_forms),
    "cancelled": ("withdrawn", acts.withdraw),
}
"""What a person does while the request waits."""
GREEN = {"affirmed", "affirmed_modified"}
PATIENCE = 45.0  # seconds


class Failed(Exception):
    """The case did not end as it should."""


def ask(url: str, body: Any = None) -> Any:
    """GET, or POST JSON, at a stand-in's control."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.loads(response.read() or b"null")


class Golden:
    """One case, stage by stage."""

    def __init__(self, stack: Stack, asked: argparse.Namespace) -> None:
        self.stack, self.asked = stack, asked
        self.browser = Browser()
        self.stages: list[dict[str, Any]] = []
        self.patient, self.order = CASES[(asked.service, asked.state)]
        self.page = Page("", 0, "", [], {}, "")

    def stage(self, name: str, work: Callable[[], str]) -> None:
        """Do one stage and print its line."""
        started = time.monotonic()
        result = work()
        taken = round((time.monotonic() - started) * 1000)
        self.stages.append({"name": name, "ms": taken, "result": result})
        if not self.asked.json:
            print(f"{name:<22}{taken:>7} ms   {result}")

    def play(self) -> None:
        """Play the case; raises Failed."""
        settings = dict(DECISIONS[self.asked.decision])
        if self.asked.late_utn:
            settings |= {"utn": "late", "utn_seconds": 1}
        ask(f"{self.stack.payer}/control", settings)
        self.stage("open from the order", self.open)
        self.stage("form answered", self.ready)
        self.stage("open points settled", self.settle)
        self.stage("signed", self.sign)
        if self.asked.decision in ACTS:
            name, act = ACTS[self.asked.decision]
            self.stage(name, lambda: self.acted(act))
        self.stage("decided", self.decided)
        self.stage("in the chart", self.chart)

    def open(self) -> str:
        """Launch as the EHR would."""
        url = f"{self.stack.ehr}/open?patient={self.patient}&order={self.order}"
        return self.opened(self.browser.get(url))

    def opened(self, page: Page) -> str:
        """Go on from the page that a launch has led to."""
        self.page = page
        if self.page.status != 200:
            raise Failed(f"{self.page.status}: {self.page.text[:300]}")
        return self.title()

    def title(self) -> str:
        """Return the page's first words."""
        start = self.page.html.find("<h1>")
        return self.page.html[start + 4 : self.page.html.find("</h1>")].strip()

    def _again(self) -> None:
        time.sleep(0.05)
        self.page = self.browser.get(self.page.url)

    def _until(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                raise Failed(f"waited in vain for {what}: {self.page.text[:400]}")
            self._again()

    def ready(self) -> str:
        """Wait for the payer's form to be answered."""
        self._until(lambda: self.page.form("/sign") is not None, "the form")
        start = self.page.text.find(" criteria documented")
        return self.page.text[start - 8 : start + 20].strip(" .")

    def settle(self) -> str:
        """Close every open point as a clinician would: yes, a document, the first place."""
        try:
            self.page, closed = acts.settled(self.browser, self.page)
        except acts.Stuck as cause:
            raise Failed(str(cause)) from cause
        return ", ".join(closed) or "nothing open"

    def sign(self) -> str:
        """Sign and send."""
        form = self.page.form("/sign")
        if form is None:
            raise Failed("no button to sign")
        self.page = self.browser.submit(self.page, form)
        if self.page.status != 200 or self.page.form("/sign"):
            raise Failed(f"{self.page.status}: {self.page.text[:600]}")
        return self.title()

    def acted(self, act: Callable[[Browser, Page], Page]) -> str:
        """Do what a person does while the request waits."""
        self._until(lambda: self.page.data.get("data-state") == "pended", "the payer's receipt")
        if told := THEN.get(self.asked.decision):
            ask(f"{self.stack.payer}/control", told)
        try:
            self.page = act(self.browser, self.page)
        except acts.Stuck as cause:
            raise Failed(str(cause)) from cause
        if self.page.status != 200:
            raise Failed(f"{self.page.status}: {self.page.text[:400]}")
        return self.title()

    def decided(self) -> str:
        """Wait for the decision, and for the number where one comes."""
        self._until(
            lambda: self.page.data.get("data-state") == END[self.asked.decision], "the decision"
        )
        if (
            self.page.data["data-state"] not in GREEN
            and 'status ok"' in self.page.html.split("</h1>")[0]
        ):
            raise Failed("a decision that is not affirmed is green")
        if "pproved" in self.page.text:
            raise Failed("somebody wrote 'approved'")
        return self.title()

    def chart(self) -> str:
        """Read the chart back: number in a document, and on the order only when affirmed."""
        end = END[self.asked.decision]
        if end in NUMBERLESS:
            self._no_number()
            return "no number anywhere"
        self._until(lambda: self.page.data.get("data-chart") == "filed_and_read_back", "the chart")
        panel = self.browser.get(f"{self.stack.ehr}/patients/{self.patient}/panel").html
        numbers = [one["utn"] for one in ask(f"{self.stack.payer}/sandbox/state") if one["utn"]]
        if len(set(numbers)) != 1 or f"(UTN): {numbers[0]}" not in self._documents():
            raise Failed("the number is not in the chart's documents")
        on_order = f"affirmed, {numbers[0]}" in panel
        if on_order is not (end in GREEN or end == "partial"):
            raise Failed("the order says something else than the decision")
        self.number = numbers[0]
        return f"{numbers[0]} in a document" + (" and on the order" if on_order else "")

    number = ""

    def _documents(self) -> str:
        panel = self.browser.get(f"{self.stack.ehr}/patients/{self.patient}/panel").html
        found = [part.split('"')[0] for part in panel.split('href="/documents/')[1:]]
        return "\n".join(
            self.browser.get(f"{self.stack.ehr}/documents/{one}").html for one in found
        )

    def _no_number(self) -> None:
        if "UTN" in self._documents() or "(UTN)" in self.page.text:
            raise Failed("a request without a decision has a number")

    def exchange(self) -> list[dict[str, Any]]:
        """Return every message, in the order of time, numbered."""
        messages = ask(f"{self.stack.ehr}/sandbox/exchange")
        messages += ask(f"{self.stack.payer}/sandbox/exchange")
        return sorted(messages, key=lambda one: str(one["at"]))


def write(golden: Golden, folder: Path, result: dict[str, Any]) -> None:
    """Write every message and the result."""
    (folder / "exchange").mkdir(parents=True, exist_ok=True)
    for number, message in enumerate(golden.exchange(), start=1):
        who = f"{message['from']}-{message['to']}"
        what = message["url"].split("?")[0].rstrip("/").rsplit("/", 2)[-2:]
        name = "-".join(what).replace("$", "").replace(":", "")
        (folder / "exchange" / f"{number:03}-{who}-{name}.json").write_text(
            json.dumps(message | {"seq": number}, indent=1)
        )
    for number, page in enumerate(golden.browser.seen, start=1):
        (folder / "exchange" / f"page-{number:03}-browser-app.json").write_text(json.dumps(page))
    (folder / "case.json").write_text(json.dumps({"schema": 1} | result, indent=1))


def main() -> int:
    """Play one case; 0 when the expected end holds, 2 for an option that names nothing."""
    asked = options.read()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ended)
    with tempfile.TemporaryDirectory(prefix="preclear-golden-") as folder:
        stack = Stack(Path(folder), pas=asked.pas)
        try:
            return _play(stack, asked)
        finally:
            stack.stop()


def _ended(number: int, _: object) -> None:
    """Leave by way of every ``finally``, with the code that shells give to a signal."""
    raise SystemExit(128 + number)


def _play(stack: Stack, asked: argparse.Namespace) -> int:
    golden, why = None, ""
    try:
        stack.start()
        golden = Golden(stack, asked)
        golden.play()
    except (Failed, RuntimeError) as cause:
        why = str(cause)
    if golden is None:
        sys.stderr.write(f"golden: {why}\n")
        return 1
    result = _result(golden, why)
    if asked.out:
        write(golden, asked.out, result)
    stack.stop()  # a part says its last words as it ends
    if asked.json:
        print(json.dumps(result))
    else:
        print(f"{'FAILED' if why else 'ok'} in {result['ms']} ms" + (f": {why}" if why else ""))
    if why:
        sys.stderr.write(logs(stack.folder))
    return 1 if why else 0


def _result(golden: Golden, why: str) -> dict[str, Any]:
    asked = golden.asked
    return {
        "ok": not why,
        "stages": golden.stages,
        "decision": asked.decision,
        "items": asked.service.split(","),
        "utn": golden.number or None,
        "chart": golden.page.data.get("data-chart"),
        "versions": {"pas": asked.pas},
        "ms": sum(one["ms"] for one in golden.stages),
    }


def logs(folder: Path) -> str:
    """Return the last words of every part."""
    return "".join(
        f"--- {path.name}\n{path.read_text()[-2000:]}"
        for path in sorted((folder / "logs").glob("*"))
    )


if __name__ == "__main__":
    sys.exit(main())
