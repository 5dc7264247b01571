"""The worker: claim a due task, do it, again."""

from __future__ import annotations

import logging
import signal
import threading

from smart_app.cases.model import Task
from smart_app.cases.tasks import LeaseLost
from smart_app.errors import IllegalMove, PreclearError, StaleRevision
from smart_app.follow import Follow
from smart_app.world import World

log = logging.getLogger("preclear.worker")
SOON, LATER = 0.2, 5.0  # seconds until the next try


def run_due(world: World, follow: Follow) -> bool:
    """Do one due task; False when there is none."""
    task = world.tasks.claim()
    if task is None:
        return False
    code, pause = "", 0.0
    try:
        follow.run(task)
        log.info("task", extra={"kind": task.kind, "case": task.case, "attempt": task.attempt})
    except LeaseLost:
        log.warning("lease lost", extra={"kind": task.kind, "case": task.case})
    except (StaleRevision, IllegalMove) as cause:
        code, pause = cause.code, SOON  # somebody changed the case meanwhile: look again
    except PreclearError as cause:
        code, pause = cause.code, LATER
    except Exception as cause:
        code, pause = type(cause).__name__, LATER  # one bad case must not end the worker
    if code:
        log.error("task failed", extra={"kind": task.kind, "case": task.case, "why": code})
        _give_back(world, task, code, pause)
    return True


def _give_back(world: World, task: Task, code: str, pause: float) -> None:
    """Plan a task's next try, unless another worker has taken it over."""
    try:
        world.tasks.retry(task, code, pause)
    except LeaseLost:
        log.warning("lease lost", extra={"kind": task.kind, "case": task.case})


def serve(world: World) -> None:
    """Work until told to stop; a task in flight is finished first."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    follow = Follow(world)
    while not stop.is_set():
        if not run_due(world, follow):
            stop.wait(world.config.worker_idle_seconds)
