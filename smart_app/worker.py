"""The worker: claim a due task, do it, again."""

from __future__ import annotations

import logging
import signal
import threading

from smart_app.cases.tasks import LeaseLost
from smart_app.errors import IllegalMove, PreclearError, StaleRevision
from smart_app.follow import Follow
from smart_app.world import World

log = logging.getLogger("preclear.worker")


def run_due(world: World, follow: Follow) -> bool:
    """Do one due task; False when there is none."""
    task = world.tasks.claim()
    if task is None:
        return False
    try:
        follow.run(task)
        log.info("task", extra={"kind": task.kind, "case": task.case, "attempt": task.attempt})
    except LeaseLost:
        log.warning("lease lost", extra={"kind": task.kind, "case": task.case})
    except (StaleRevision, IllegalMove) as cause:
        # Somebody changed the case meanwhile: look again with the case as it is now.
        world.tasks.retry(task, cause.code, 0.2)
    except PreclearError as cause:
        world.tasks.retry(task, cause.code, 5.0)
        log.error("task failed", extra={"kind": task.kind, "case": task.case, "why": cause.code})
    return True


def serve(world: World) -> None:
    """Work until told to stop; a task in flight is finished first."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    follow = Follow(world)
    while not stop.is_set():
        if not run_due(world, follow):
            stop.wait(world.config.worker_idle_seconds)
