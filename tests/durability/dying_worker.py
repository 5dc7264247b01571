"""A worker that ends itself by SIGKILL at a point: ``dying_worker.py POINT --config FILE``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from smart_app import decide, sending
from smart_app.cases.store import Store
from smart_app.config import load_app
from smart_app.worker import serve
from smart_app.world import build


def die(*_: Any, **__: Any) -> None:
    """End this process at once, with nothing flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


POINTS = {
    "before_intent": (Store, "start_send"),
    "after_intent": (sending.channel, "send"),
    "recorded": (None, ""),
    "answered": (decide.Deciding, "received"),
}


def main() -> None:
    """Patch the point and serve."""
    owner, name = POINTS[sys.argv[1]]
    if owner is not None:
        setattr(owner, name, die)
    serve(build(load_app(Path(sys.argv[3])), engines=0))


main()
