"""The app's two processes, side by side: one that ends by itself is started again.

A worker that is gone sends, asks and files nothing, and no page would tell.
"""

from __future__ import annotations

import logging
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable

SHORTEST = 10.0
"""Seconds that a process must have run; one that ends before cannot start at all."""

log = logging.getLogger("preclear.app")


class Supervisor:
    """Processes by name; ``run`` returns when they were told to stop, or one cannot start."""

    def __init__(
        self, commands: dict[str, list[str]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._commands = commands
        self._now = now
        self._since: dict[str, float] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._told = threading.Event()

    def run(self) -> int:
        """Keep every process running; return 0 when told to stop, else the failed one's code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        code = 0
        try:
            for name in self._commands:
                self._start(name)
            while self._running and not self._told.is_set():
                code = self._again(self._ended.get())
        finally:  # whatever happens here, neither is left alone
            self._stop()
            while self._running:
                self._running.pop(self._ended.get())
        return code

    def _again(self, name: str) -> int:
        """Start a process again that ended by itself; else stop all, and return its code."""
        status = self._running.pop(name).returncode
        if self._told.is_set():
            return 0
        log.error("process ended", extra={"kind": name, "status": status})
        if self._now() - self._since[name] >= SHORTEST:
            self._start(name)
            return 0
        self._stop()
        return max(status, 1)

    def _start(self, name: str) -> None:
        self._since[name] = self._now()
        process = self._running[name] = subprocess.Popen(self._commands[name])
        threading.Thread(target=self._watch, args=(name, process), daemon=True).start()
        if self._told.is_set():  # told between the last look and the start
            process.terminate()

    def _watch(self, name: str, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._ended.put(name)

    def _stop(self) -> None:
        self._told.set()
        for process in list(self._running.values()):
            process.terminate()
