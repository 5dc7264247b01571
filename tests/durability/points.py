"""Where a process is killed: every marked point of a request's way, by what is called there.

A plan, written before, says at which points a process dies over a case: each once, in order.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Told = Callable[..., bool]
FOLDER = "PRECLEAR_TEST_PLANS"


class Here(threading.local):
    """What this thread works at."""

    key = ""  # a case, or at the payer a member
    doing = ""
    method = ""


here = Here()


def plans() -> Path:
    """Return the folder of the plans."""
    return Path(os.environ[FOLDER])


def die() -> None:
    """End this process at once, and those that it started: nothing is flushed or said."""
    os.killpg(0, signal.SIGKILL)


def reached(point: str) -> None:
    """Die when the plan of what is worked at says so; each entry of a plan counts once."""
    plan = plans() / here.key
    if not here.key or not plan.exists():
        return
    first, *rest = json.loads(plan.read_text())
    if first != point:
        return
    if rest:
        plan.write_text(json.dumps(rest))
    else:
        plan.unlink()
    with open(plans() / "killed", "a") as log:
        log.write(f"{point} {here.key}\n")
    die()


@dataclass(frozen=True)
class Point:
    """A point: before or after a call; ``when`` looks at the call's arguments."""

    name: str
    owner: Any
    call: str
    after: bool = False
    doing: str = ""
    when: Told = lambda *_, **__: True

    def mark(self) -> None:
        """Let the call tell when the point is reached."""
        original = getattr(self.owner, self.call)

        def called(*args: Any, **more: Any) -> Any:
            there = here.doing.startswith(self.doing) and self.when(*args, **more)
            if there and not self.after:
                reached(self.name)
            result = original(*args, **more)
            if there and self.after:
                reached(self.name)
            return result

        setattr(self.owner, self.call, called)
