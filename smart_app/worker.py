"""The worker: claim a due task, do it, again."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from smart_app.cases.model import Task
from smart_app.cases.tasks import LeaseLost, Tasks
from smart_app.follow import Follow
from smart_app.world import World

LONGEST = 7200.0
"""Seconds for which a task is held: no search of forty pages at their bounds takes longer."""

log = logging.getLogger("preclear.worker")


@contextmanager
def held(tasks: Tasks, task: Task) -> Iterator[None]:
    """Renew a task's lease while it is worked on, longer than any payer or chart may take.

    A worker that lives keeps what it has: no other one sends the same again meanwhile. One that
    hangs beyond every bound loses it, as one that died does.
    """
    over = threading.Event()

    def beat() -> None:
        for _ in range(int(LONGEST / tasks.beat_seconds)):
            if over.wait(tasks.beat_seconds):
                return
            try:
                tasks.renew(task)
            except LeaseLost:
                return
            except Exception as cause:  # the next beat may find the database again
                log.error("worker", extra={"case": task.case, "why": type(cause).__name__})

    heart = threading.Thread(target=beat, name="lease", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()


def run_due(world: World, follow: Follow) -> bool:
    """Do one due task; False when there is none, or when the database cannot be used now."""
    about: dict[str, object] = {}
    try:
        task = world.tasks.claim()
        if task is None:
            return False
        about = {"kind": task.kind, "case": task.case}
        with held(world.tasks, task):
            why = follow.run(task)
        if why:
            log.error("task failed", extra={**about, "why": why})
        else:
            log.info("task", extra={**about, "attempt": task.attempt})
    except LeaseLost:
        log.warning("lease lost", extra=about)
    except Exception as cause:  # the lease runs out, and the task is claimed again
        log.error("worker", extra={**about, "why": type(cause).__name__})
        return False
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
