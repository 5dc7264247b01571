"""The worker process: payer logic is hostile input, so it runs here and nowhere else.

Started with ``-I`` by path; imports the standard library and quickjs alone. Reads one JSON object a
line on stdin, writes one on stdout. Exits at the end of its input.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import quickjs

SHIMS = """
globalThis.window = globalThis; globalThis.self = globalThis;
globalThis.console = {log() {}, warn() {}, error() {}, info() {}, debug() {}};
globalThis.Intl = {DateTimeFormat: function () {
  return {resolvedOptions: () => ({timeZone: "UTC", locale: "en-US"}), format: () => "",
          formatToParts: () => []};
}, NumberFormat: function () { return {format: (n) => String(n)}; }};
globalThis.crypto = {getRandomValues: (a) => a.map(() => Math.floor(Math.random() * 256))};
globalThis.setTimeout = (f) => { Promise.resolve().then(f); return 0; };
globalThis.clearTimeout = () => {};
"""


def confine(memory: int, seconds: int) -> None:
    """Take away what the worker never needs: files, processes, endless memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (memory * 4, memory * 4))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds * 4, seconds * 4 + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))


def context(memory: int, seconds: int, source: str) -> quickjs.Context:
    """Return a JavaScript context with the bundle loaded and its limits set."""
    made = quickjs.Context()
    made.set_memory_limit(memory)
    made.set_max_stack_size(4_000_000)
    made.set_time_limit(seconds)
    made.eval(SHIMS)
    made.eval(source)
    return made


def pump(made: quickjs.Context, slot: str) -> Any:
    """Run all pending jobs, and return what a slot has then."""
    while made.execute_pending_job():
        continue
    found = json.loads(made.eval(f"result({json.dumps(slot)})"))
    return found if found["done"] else {"error": "Stalled"}


def answer(made: quickjs.Context, asked: dict[str, Any], number: int) -> dict[str, Any]:
    """Do one thing; a limit is reported as such, everything else by the error's class name."""
    try:
        if asked["do"] == "load":
            made.get("load")(json.dumps(asked["given"]))
            return {"ok": True}
        if asked["do"] == "define":
            slot = f"s{number}"
            made.get("define")(slot, asked["library"], asked["name"])
            found = pump(made, slot)
            if "error" in found:
                limit = found["error"] == "InternalError"
                return {"error": found["error"], "limit": limit}
            return {"ok": True, "value": found.get("value")}
        return {"ok": True, "value": json.loads(made.get("path")(json.dumps(asked["given"])))}
    except quickjs.JSException as cause:
        # The text of the exception may quote the chart: only its class leaves this process.
        words = str(cause)
        limit = "InternalError" in words or "out of memory" in words or "interrupted" in words
        return {"error": "Limit" if limit else "Error", "limit": limit}


def main() -> None:
    """Serve until the input ends."""
    memory, seconds, output = (int(one) for one in sys.argv[1:4])
    source = (Path(__file__).parent / "engine.bundle.js").read_text()
    made = context(memory, seconds, source)
    confine(memory, seconds)
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    for number, line in enumerate(sys.stdin):
        told = json.dumps(answer(made, json.loads(line), number))
        if len(told) > output:  # one result is too large; the others may still be had
            told = json.dumps({"error": "Output"})
        sys.stdout.write(told + "\n")
        sys.stdout.flush()


main()
