"""The program in force, read anew when its files change; a bad version is refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock

from smart_app.errors import ConfigError
from smart_app.ports import Clock
from smart_app.programs import base, check
from smart_app.programs.model import Program

log = logging.getLogger("preclear.programs")
LOOK = timedelta(seconds=3)
"""How long a look at the files holds."""

Stamp = tuple[tuple[str, tuple[int, int] | None], ...]


@dataclass(frozen=True, slots=True)
class InForce:
    """Which version is in force since when, and which one was refused after it.

    ``files`` is the beginning of its files' SHA-256: what is edited is told from what was shipped.
    """

    program: Program
    since: datetime
    files: str
    refusal: str | None = None
    refused_at: datetime | None = None


class Holder:
    """Hold one program; raises ConfigError when its first version cannot be used."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock, self._lock = folder, clock, Lock()
        self._looked, self._stamp = clock.now(), self._files()
        self._now = InForce(base.load(folder), self._looked, self._digest())

    @property
    def program(self) -> Program:
        """Return the program in force."""
        return self.state().program

    def state(self) -> InForce:
        """Return what is in force, after a look at the files if the last one is old."""
        now = self._clock.now()
        with self._lock:
            # a clock that was set back must not stop the looks
            if not timedelta(0) <= now - self._looked < LOOK:
                self._look(now)
            return self._now

    def _look(self, now: datetime) -> None:
        self._looked, before, self._stamp = now, self._stamp, self._files()
        if self._stamp == before:
            return
        try:
            self._now = InForce(base.load(self._folder), now, self._digest())
        except ConfigError as cause:
            self._refuse(cause.detail, now)
        except Exception as cause:  # whatever a file holds, the version in force stays
            self._refuse(f"the files cannot be used: {type(cause).__name__}", now)
        else:
            log.info("program read", extra={"why": self._now.program.version})

    def _refuse(self, why: str, now: datetime) -> None:
        self._now = replace(self._now, refusal=why, refused_at=now)
        log.warning("program refused", extra={"why": why})

    def _paths(self) -> tuple[Path, ...]:
        rules = [self._folder / f"{name}.toml" for name in check.FILES]
        return (*rules, *sorted((self._folder / "forms").glob("*.package.json")))

    def _files(self) -> Stamp:
        return tuple((path.name, _stamp(path)) for path in self._paths())

    def _digest(self) -> str:
        texts = (f"{path.name}\n".encode() + path.read_bytes() for path in self._paths())
        return sha256(b"\n".join(texts)).hexdigest()[:8]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
