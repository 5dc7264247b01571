"""Leases, fencing and retries of the task table, by a clock that the test sets."""

from __future__ import annotations

import pytest

from smart_app.cases.store import Store
from smart_app.cases.tasks import LeaseLost, Tasks
from tests.unit.kit import FakeClock

LEASE = 60.0


@pytest.fixture
def tasks(store: Store) -> Tasks:
    return Tasks(store, LEASE)


def add(tasks: Tasks, store: Store, *, delay: float = 0.0, **more: int) -> None:
    with store.write() as db:
        tasks.add(db, "send", "case-1", delay=delay, **more)


def test_the_same_key_twice_is_queued_once(tasks: Tasks, store: Store) -> None:
    add(tasks, store)
    add(tasks, store)
    assert [one.key for one in tasks.of_case("case-1")] == ["send:case-1:"]


def test_nothing_is_claimed_before_its_time(tasks: Tasks, store: Store, clock: FakeClock) -> None:
    add(tasks, store, delay=10)
    assert tasks.claim() is None
    clock.pass_by(10)
    claimed = tasks.claim()
    assert claimed and (claimed.kind, claimed.attempt, claimed.owner) == ("send", 1, tasks.owner)


def test_a_leased_task_is_nobody_elses(tasks: Tasks, store: Store) -> None:
    add(tasks, store)
    assert tasks.claim()
    assert Tasks(store, LEASE).claim() is None


def test_the_earliest_is_claimed_first(tasks: Tasks, store: Store, clock: FakeClock) -> None:
    with store.write() as db:
        tasks.add(db, "poll", "later", delay=2)
        tasks.add(db, "poll", "sooner", delay=1)
    clock.pass_by(5)
    first = tasks.claim()
    assert first and first.case == "sooner"


def test_a_dead_workers_task_is_taken_over_and_its_result_refused(
    tasks: Tasks, store: Store, clock: FakeClock
) -> None:
    add(tasks, store)
    dead = tasks.claim()
    assert dead
    clock.pass_by(LEASE + 1)
    other = Tasks(store, LEASE)
    taken = other.claim()
    assert taken and taken.attempt == 2
    with pytest.raises(LeaseLost), tasks.finish(dead):
        pytest.fail("the body of a lost lease ran")
    with pytest.raises(LeaseLost), tasks.during(dead):
        pytest.fail("the body of a lost lease ran")
    with other.finish(taken):
        pass
    assert other.of_case("case-1")[0].state == "done"


def test_the_same_owner_is_fenced_by_the_attempt(
    tasks: Tasks, store: Store, clock: FakeClock
) -> None:
    add(tasks, store)
    first = tasks.claim()
    clock.pass_by(LEASE + 1)
    assert first and tasks.claim()
    with pytest.raises(LeaseLost), tasks.finish(first):
        pytest.fail("the body of a lost lease ran")


def test_work_in_the_middle_renews_the_lease(tasks: Tasks, store: Store, clock: FakeClock) -> None:
    add(tasks, store)
    task = tasks.claim()
    assert task
    clock.pass_by(LEASE - 1)
    with tasks.during(task):
        pass
    clock.pass_by(LEASE - 1)
    assert Tasks(store, LEASE).claim() is None


def test_a_task_ends_only_together_with_its_effect(tasks: Tasks, store: Store) -> None:
    add(tasks, store)
    task = tasks.claim()
    assert task
    with pytest.raises(RuntimeError), tasks.finish(task) as db:
        tasks.add(db, "poll", "case-1")
        raise RuntimeError
    assert [one.state for one in tasks.of_case("case-1")] == ["leased"]
    with tasks.finish(task) as db:
        tasks.add(db, "poll", "case-1")
    assert sorted(one.state for one in tasks.of_case("case-1")) == ["done", "due"]


def test_a_task_is_given_back_until_it_is_parked(
    tasks: Tasks, store: Store, clock: FakeClock
) -> None:
    add(tasks, store)
    first = tasks.claim()
    assert first
    with tasks.during(first) as db:
        tasks.later(db, first, "payer-unreachable", 5)
    assert tasks.claim() is None
    clock.pass_by(5)
    second = tasks.claim()
    assert second and second.attempt == 2
    with tasks.during(second) as db:
        tasks.park(db, second, "payer-unreachable")
    found = tasks.of_case("case-1")[0]
    assert (found.state, found.last_error) == ("parked", "payer-unreachable")
    clock.pass_by(3600)
    assert tasks.claim() is None


def test_attempts_begin_afresh(tasks: Tasks, store: Store, clock: FakeClock) -> None:
    add(tasks, store)
    task = tasks.claim()
    assert task
    with tasks.during(task) as db:
        tasks.later(db, task, "down", 5, afresh=True)
    clock.pass_by(5)
    again = tasks.claim()
    assert again and again.attempt == 1


def test_a_kind_waits_while_it_is_queued_or_in_work(tasks: Tasks, store: Store) -> None:
    add(tasks, store)
    with store.read() as db:
        assert tasks.waiting(db, "send", "case-1")
        assert not tasks.waiting(db, "poll", "case-1")
        assert not tasks.waiting(db, "send", "case-2")
    task = tasks.claim()
    assert task
    with store.read() as db:
        assert tasks.waiting(db, "send", "case-1")
    with tasks.finish(task) as db:
        assert not tasks.waiting(db, "send", "case-1")


def test_a_parked_task_is_woken_by_a_person(tasks: Tasks, store: Store) -> None:
    add(tasks, store)
    task = tasks.claim()
    assert task
    with tasks.during(task) as db:
        tasks.park(db, task, "x")
    with store.write() as db:
        assert tasks.wake(db, "send", "case-1")
    again = tasks.claim()
    assert again and again.attempt == 1
    with store.write() as db:
        assert not tasks.wake(db, "send", "case-1")  # leased: somebody is at it
        assert not tasks.wake(db, "send", "case-2")
