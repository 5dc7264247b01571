"""The worker outlives whatever a task does: retried, given up, or left to who has it now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from smart_app import worker
from smart_app.audit.chain import AuditChain
from smart_app.cases.inbox import Inbox
from smart_app.cases.model import Tracks
from smart_app.cases.store import Store
from smart_app.cases.tasks import LeaseLost, Tasks
from smart_app.errors import ConfigError, IllegalMove, PayerError, StaleRevision
from smart_app.follow import Follow
from smart_app.seal import Seal
from smart_app.worker import run_due
from tests.unit.kit import KEY, FakeClock, a_case

LEASE = 60.0


@pytest.fixture
def tasks(store: Store) -> Tasks:
    made = Tasks(store, LEASE)
    queued = Tracks(documentation="signed", submission="queued")
    with store.write() as db:
        store.insert(db, a_case(tracks=queued))
        made.add(db, "send", "case-1", max_attempts=3)
    return made


def run(tasks: Tasks, store: Store, clock: FakeClock, handler: Callable[[Any], None]) -> bool:
    """Do one due task by a handler."""
    follow = Follow(a_world(tasks, store, clock))
    follow.handlers = {"send": handler}
    return run_due(follow.world, follow)


def a_world(tasks: Tasks, store: Store, clock: FakeClock) -> Any:
    """Return what the worker reaches of a world."""
    audit = AuditChain(store, Seal((KEY,)))
    inbox = Inbox(store, Seal((KEY,)))
    return SimpleNamespace(tasks=tasks, store=store, clock=clock, audit=audit, inbox=inbox)


def raising(error: Exception) -> Callable[[Any], None]:
    def handler(_task: Any) -> None:
        raise error

    return handler


def test_nothing_due_is_nothing_done(tasks: Tasks, store: Store, clock: FakeClock) -> None:
    seen: list[Any] = []
    assert run(tasks, store, clock, seen.append)
    assert not run(tasks, store, clock, seen.append)
    assert [one.kind for one in seen] == ["send"]


@pytest.mark.parametrize(
    "error", [StaleRevision(), IllegalMove(), ConfigError("x"), PayerError("x")], ids=repr
)
def test_a_failed_task_is_given_back(
    tasks: Tasks, store: Store, clock: FakeClock, error: Any
) -> None:
    assert run(tasks, store, clock, raising(error))
    task = tasks.of_case("case-1")[0]
    assert (task.state, task.last_error) == ("due", error.code)
    assert task.run_at > clock.now()


def test_a_payers_failure_is_retried_with_growing_pauses(
    tasks: Tasks, store: Store, clock: FakeClock
) -> None:
    pauses = []
    for _ in range(2):
        run(tasks, store, clock, raising(PayerError("x")))
        pauses.append((tasks.of_case("case-1")[0].run_at - clock.now()).total_seconds())
        clock.pass_by(pauses[-1])
    assert pauses[0] < pauses[1]


def take_over(tasks: Tasks, store: Store, clock: FakeClock) -> None:
    """Let the lease run out and another worker claim the task."""
    clock.pass_by(LEASE + 1)
    assert Tasks(store, LEASE).claim()


def test_a_worker_that_lost_its_lease_stays_alive(
    tasks: Tasks, store: Store, clock: FakeClock
) -> None:
    def handler(task: Any) -> None:
        take_over(tasks, store, clock)
        with tasks.finish(task):
            pytest.fail("the body of a lost lease ran")

    assert run(tasks, store, clock, handler)


@pytest.mark.parametrize("error", [StaleRevision(), ConfigError("x")], ids=repr)
def test_a_worker_that_fails_after_it_lost_its_lease_stays_alive(
    tasks: Tasks, store: Store, clock: FakeClock, error: Exception
) -> None:
    def handler(_task: Any) -> None:
        take_over(tasks, store, clock)
        raise error

    assert run(tasks, store, clock, handler)


def test_a_task_that_nobody_foresaw_is_parked_at_last(
    tasks: Tasks, store: Store, clock: FakeClock
) -> None:
    for _ in range(4):
        run(tasks, store, clock, raising(AttributeError("'str' object has no attribute 'get'")))
        clock.pass_by(3600)
    assert tasks.of_case("case-1")[0].state == "parked"
    assert store.case("case-1").tracks.submission == "parked"
    told = AuditChain(store, Seal((KEY,))).events("case-1")[-1]
    assert (told.kind, told.facts) == ("parked", {"task": "send", "why": "AttributeError"})


def test_a_database_that_is_locked_does_not_end_the_worker(
    tasks: Tasks, store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    with monkeypatch.context() as locked:
        locked.setattr(tasks, "claim", raising_now(OperationalError("x", {}, Exception("locked"))))
        assert not run(tasks, store, clock, seen.append)
    assert run(tasks, store, clock, seen.append)
    assert len(seen) == 1


def raising_now(error: Exception) -> Callable[[], None]:
    def claim() -> None:
        raise error

    return claim


@pytest.mark.parametrize("kind", ["poll", "recover"])
def test_a_payer_that_is_down_for_days_is_still_asked(
    store: Store, clock: FakeClock, kind: str
) -> None:
    tasks = Tasks(store, LEASE)
    with store.write() as db:
        store.insert(db, a_case(tracks=Tracks(documentation="signed", submission="unknown")))
        tasks.add(db, kind, "case-1", max_attempts=3)
    follow = Follow(a_world(tasks, store, clock))
    follow.handlers = {kind: raising(PayerError("down"))}
    for _ in range(50):
        assert run_due(follow.world, follow)
        assert tasks.of_case("case-1")[0].state == "due"
        clock.pass_by(3600)
    told = [one.kind for one in AuditChain(store, Seal((KEY,))).events("case-1")]
    assert ("person_needed" in told) is (kind == "recover")


@pytest.mark.parametrize("broken", [False, True])
def test_a_lease_shorter_than_an_answer_is_renewed_until_it_comes(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """No second worker takes what a living one is waiting for."""
    short = Tasks(store, 0.03)
    renewed, renew = threading.Semaphore(0), short.renew
    failures = [OperationalError("", {}, Exception())] if broken else []

    def telling(task: Any) -> None:
        if failures:
            raise failures.pop()
        renew(task)
        renewed.release()

    monkeypatch.setattr(short, "renew", telling)
    with store.write() as db:
        store.insert(db, a_case(tracks=Tracks(documentation="signed", submission="queued")))
        short.add(db, "send", "case-1")

    taken = []

    def slow_payer(_task: Any) -> None:
        for _ in range(3):
            clock.pass_by(0.02)
            while renewed.acquire(blocking=False):
                continue
            for _ in range(2):  # one may have begun before the time passed
                if not renewed.acquire(timeout=20):
                    return
            taken.append(Tasks(store, 0.03).claim())

    assert run(short, store, clock, slow_payer)
    assert taken == [None, None, None]


def test_what_another_worker_has_taken_over_is_not_renewed(
    tasks: Tasks, store: Store, clock: FakeClock
) -> None:
    task, other = tasks.claim(), Tasks(store, LEASE)
    assert task
    clock.pass_by(LEASE + 1)
    assert other.claim()
    with pytest.raises(LeaseLost):
        tasks.renew(task)


def test_a_worker_that_hangs_beyond_every_bound_loses_its_task(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Tasks(store, 0.03)
    monkeypatch.setattr(worker, "LONGEST", 0.1)
    with store.write() as db:
        store.insert(db, a_case(tracks=Tracks(documentation="signed", submission="queued")))
        short.add(db, "send", "case-1")
    taken = []

    def hanging(_task: Any) -> None:
        for heart in [one for one in threading.enumerate() if one.name == "lease"]:
            heart.join(20)
        clock.pass_by(1)
        taken.append(Tasks(store, 0.03).claim())

    assert run(short, store, clock, hanging)
    assert [one.kind for one in taken if one] == ["send"]
