"""A pool of started, never used workers; each serves one case and package, then dies."""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smart_app.cases.model import Resource
from smart_app.dtr.engine import Load, Outcome
from smart_app.errors import EngineError, EngineLimit

WORKER = Path(__file__).parent / "worker.py"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker may use: bytes of memory and of a result, seconds of CPU and wall clock."""

    memory: int = 256_000_000
    cpu_seconds: int = 5
    wall_seconds: float = 10.0
    output: int = 256_000


class Worker:
    """One confined process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        given = (limits.memory, limits.cpu_seconds, limits.output)
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(WORKER), *map(str, given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )

    def ready(self) -> None:
        """Wait until the bundle is loaded; raises EngineError."""
        self._line(time.monotonic() + self._limits.wall_seconds)

    def _line(self, deadline: float) -> dict[str, Any]:
        out = self._process.stdout
        assert out
        collected = b""
        while not collected.endswith(b"\n"):
            left = deadline - time.monotonic()
            readable = left > 0 and select.select([out], [], [], left)[0]
            chunk = os.read(out.fileno(), 65_536) if readable else b""
            if not chunk:
                self.kill()
                raise EngineLimit("stopped" if readable else "wall clock")
            collected += chunk
            if len(collected) > self._limits.output + 1:  # the worker itself would have cut it
                self.kill()
                raise EngineLimit("output")
        answer: dict[str, Any] = json.loads(collected)
        return answer

    def ask(self, what: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its answer; raises EngineLimit after killing the worker."""
        pipe = self._process.stdin
        assert pipe
        try:
            pipe.write(json.dumps(what).encode() + b"\n")
            pipe.flush()
        except OSError as cause:
            self.kill()
            raise EngineError("worker is gone") from cause
        answer = self._line(time.monotonic() + self._limits.wall_seconds)
        if answer.get("limit"):
            self.kill()
            raise EngineLimit(str(answer["error"]))
        return answer

    def define(self, library: str, name: str) -> Outcome:
        """Evaluate one define."""
        answer = self.ask({"do": "define", "library": library, "name": name})
        return Outcome(answer.get("value"), answer.get("error"))

    def path(self, expression: str, resource: Resource, variables: dict[str, Any]) -> Outcome:
        """Evaluate a FHIRPath expression."""
        given = {"expression": expression, "resource": resource, "variables": variables}
        answer = self.ask({"do": "path", "given": given})
        return Outcome(answer.get("value"), answer.get("error"))

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    continue
        self._process.wait()


class EnginePool:
    """Keep workers warm; ``size`` 0 starts each when it is needed."""

    def __init__(self, size: int = 1, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._size = size
        self._warm: queue.Queue[Worker] = queue.Queue()
        for _ in range(size):
            self._warm.put(Worker(self._limits))

    def _take(self) -> Worker:
        try:
            worker = self._warm.get_nowait()
        except queue.Empty:
            return Worker(self._limits)
        threading.Thread(target=self._refill, daemon=True).start()
        return worker

    def _refill(self) -> None:
        if self._warm.qsize() < self._size:
            self._warm.put(Worker(self._limits))

    @contextmanager
    def session(self, load: Load) -> Iterator[Worker]:
        """Return a worker with libraries and chart loaded; it dies afterwards."""
        worker = self._take()
        try:
            worker.ready()
            bundle = {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": one} for one in load.resources],
            }
            given = {
                "libraries": load.libraries,
                "bundle": bundle,
                "parameters": load.parameters,
                "now": load.now,
                "valueSets": load.value_sets,
            }
            answer = worker.ask({"do": "load", "given": given})
            if "error" in answer:
                raise EngineError(str(answer["error"]))
            yield worker
        finally:
            worker.kill()

    def close(self) -> None:
        """End all warm workers."""
        self._size = 0
        while True:
            try:
                self._warm.get_nowait().kill()
            except queue.Empty:
                return
