"""Several machines at the same moment over one database, of either kind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa

from launch import LaunchContext, Vault
from launch.vault import Tokens
from sandbox.stack import ROOT
from smart_app.audit.chain import AuditChain
from smart_app.cases import states
from smart_app.cases.model import Case, Event, Submission, Task, Tracks
from smart_app.cases.schema import tables
from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from smart_app.errors import StaleRevision
from smart_app.seal import Seal
from tests.durability.machines import machines, together
from tests.unit.cases.test_store import a_number
from tests.unit.kit import ISS, KEY, NOW, FakeClock, FakePayer, Reply, a_case
from tests.unit.line import Line
from tests.unit.pas.test_decision import an_answer, an_answer_item
from tools.postgresql import Server

MACHINES, ROUNDS = 6, 5
UPGRADE = """
import sys
from smart_app.cases.database import connect
from smart_app.cases.schema.migrate import upgrade
upgrade(connect(sys.argv[1]))
"""


@pytest.fixture
def many(database_url: str, clock: FakeClock) -> Iterator[list[Store]]:
    with machines(database_url, MACHINES, clock) as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def on_postgresql(server: Server, clock: FakeClock) -> Iterator[list[Store]]:
    """Two machines where writers work side by side; SQLite has one at a time."""
    with machines(server.create(), 2, clock) as made:
        yield made


def insert(store: Store, case: Case) -> bool:
    with store.write() as db:
        return store.insert(db, case)


def test_processes_that_start_together_make_one_database(database_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, database_url]
    started = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)})
        for _ in range(4)
    ]
    assert [(one.wait(60), one.communicate()[1]) for one in started] == [(0, b"")] * 4


def test_each_task_is_claimed_by_one_worker(many: list[Store]) -> None:
    workers = [Tasks(one, 60.0) for one in many]
    with many[0].write() as db:
        for number in range(60):
            workers[0].add(db, "poll", f"case-{number}")

    def work(tasks: Tasks) -> list[Task]:
        return [task for _ in range(60) if (task := tasks.claim())]

    found = together([partial(work, one) for one in workers])
    claimed = [task.key for one in found if isinstance(one, list) for task in one]
    assert len(claimed) == 60
    assert len(set(claimed)) == 60


def test_a_claim_passes_over_what_another_is_just_claiming(
    on_postgresql: list[Store], clock: FakeClock
) -> None:
    one, other = on_postgresql
    first, second = Tasks(one, 60.0), Tasks(other, 60.0)
    with one.write() as db:
        first.add(db, "poll", "a")
        first.add(db, "poll", "b", delay=1)
    clock.pass_by(2)
    row = sa.select(tables.task.c.key).where(tables.task.c.case_id == "a").with_for_update()
    with one.step() as db:
        assert db.execute(row).scalar()
        task = second.claim()
        assert task and task.case == "b"
        assert second.claim() is None


def test_a_claim_waits_for_no_signature(on_postgresql: list[Store]) -> None:
    one, other = on_postgresql
    tasks = Tasks(other, 60.0)
    with one.write() as db:
        tasks.add(db, "poll", "a")
    with one.write():
        assert tasks.claim()


def test_workers_at_two_cases_do_not_wait_for_each_other(on_postgresql: list[Store]) -> None:
    one, other = on_postgresql
    for number in (1, 2):
        assert insert(one, a_case(f"case-{number}", order_refs=(f"ServiceRequest/{number}",)))
    with one.write("case-1"), other.write("case-2") as db:
        assert other.put(db, "case-2", "tracks", Tracks())


def test_a_dead_workers_task_is_taken_over_by_one(many: list[Store], clock: FakeClock) -> None:
    dead, *others = (Tasks(one, 60.0) for one in many)
    with many[0].write() as db:
        dead.add(db, "send", "a")
    assert dead.claim()
    clock.pass_by(61)
    found = together([one.claim for one in others])
    assert [one.attempt for one in found if isinstance(one, Task)] == [2]
    assert [one for one in found if isinstance(one, Exception)] == []


def test_a_send_is_started_by_one(many: list[Store]) -> None:
    entry = Submission("case-1", "id-1", "pas", "payer", "initial", "hash", NOW)
    with many[0].write() as db:
        many[0].add_submission(db, entry, b"bytes")

    def start(store: Store) -> bool:
        with store.write("case-1") as db:
            return store.start_send(db, "id-1")

    assert sorted(map(str, together([partial(start, one) for one in many]))) == [
        *["False"] * (MACHINES - 1),
        "True",
    ]


@pytest.mark.parametrize("run", range(ROUNDS))
def test_orders_have_one_open_case(many: list[Store], run: int) -> None:
    cases = [a_case(f"case-{number}") for number in range(MACHINES)]
    found = together([partial(insert, *one) for one in zip(many, cases, strict=True)])
    assert sorted(map(str, found)) == [*["False"] * (MACHINES - 1), "True"]
    assert len(many[0].of_patient("site", cases[0].iss, "Patient/p1")) == 1


@pytest.mark.parametrize("run", range(ROUNDS))
def test_a_value_that_all_write_is_one_of_theirs(many: list[Store], run: int) -> None:
    def write(number: int) -> None:
        many[number].kv("x").put("key", number, 60)
        many[number].mark("case-1", "ask", "done")
        with many[number].write("case-1") as db:
            many[number].kv("x").put("other", number, 60, db)
            many[number].end_preparation(db, "case-1")

    assert together([partial(write, one) for one in range(MACHINES)]) == [None] * MACHINES
    assert many[0].kv("x").get("key") in range(MACHINES)
    assert many[0].kv("x").get("other") in range(MACHINES)


def test_one_machine_prepares_a_case(many: list[Store]) -> None:
    def lease(number: int) -> bool:
        return many[number].lease_preparation("case-1", f"m{number}", 90)

    found = together([partial(lease, one) for one in range(MACHINES)])
    assert sorted(map(str, found)) == [*["False"] * (MACHINES - 1), "True"]


def test_a_record_that_all_write_is_whole(many: list[Store]) -> None:
    insert(many[0], a_case())
    chains = [AuditChain(one, Seal((KEY,))) for one in many]

    def write(number: int) -> None:
        for event in range(10):
            # in turn as a worker does, and as a person's act does
            with many[number].write("case-1" if (number + event) % 2 else None) as db:
                chains[number].append(db, "case-1", Event(f"{number}-{event}", NOW))

    assert together([partial(write, one) for one in range(MACHINES)]) == [None] * MACHINES
    record = chains[0].record("case-1")
    assert (len(record.events), record.broken_at) == (10 * MACHINES, None)


def test_nothing_changes_between_what_is_read_and_what_is_written(many: list[Store]) -> None:
    insert(many[0], a_case())

    def count(number: int) -> None:
        store = many[number]
        for step in range(10):
            with store.write("case-1" if (number + step) % 2 else None) as db:
                # read beside the transaction, as the stages do
                so_far = store.latest("case-1", "count", int) or 0
                store.put(db, "case-1", "count", so_far + 1)

    assert together([partial(count, one) for one in range(MACHINES)]) == [None] * MACHINES
    assert many[0].latest("case-1", "count", int) == 10 * MACHINES


@pytest.mark.parametrize("run", range(ROUNDS))
def test_a_service_is_sent_by_one_of_two_cases(many: list[Store], run: int) -> None:
    cases = [
        a_case(f"case-{one}", order_refs=("ServiceRequest/1", f"ServiceRequest/more-{one}"))
        for one in range(MACHINES)
    ]
    for one in cases:
        assert insert(many[0], one)

    def sign(number: int) -> bool:
        store, case = many[number], cases[number]
        with store.write() as db:
            if store.sent_elsewhere(db, case):
                return False
            tracks = Tracks(documentation="signed", submission="queued")
            store.save(db, replace(case, tracks=tracks))
            return True

    found = together([partial(sign, one) for one in range(MACHINES)])
    assert sorted(map(str, found)) == [*["False"] * (MACHINES - 1), "True"]


@pytest.mark.parametrize("run", range(ROUNDS))
def test_a_number_is_one_cases(many: list[Store], run: int) -> None:
    def record(number: int) -> bool:
        member = a_number(member_hash=f"member-{number}")
        with many[number].write(f"case-{number}") as db:
            return many[number].add_utn(db, f"case-{number}", member)

    found = together([partial(record, one) for one in range(MACHINES)])
    assert sorted(map(str, found)) == [*["False"] * (MACHINES - 1), "True"]


def test_a_case_that_two_save_is_stale_for_one(many: list[Store]) -> None:
    insert(many[0], a_case())
    case = many[0].case("case-1")

    def save(number: int) -> int:
        with many[number].write("case-1" if number % 2 else None) as db:
            return many[number].save(db, replace(case, expedited=True)).revision

    found = together([partial(save, one) for one in range(MACHINES)])
    assert [one for one in found if one == 2] == [2]
    assert sum(isinstance(one, StaleRevision) for one in found) == MACHINES - 1


def test_a_token_is_refreshed_by_one_and_kept_by_all(many: list[Store], clock: FakeClock) -> None:
    vaults = [Vault(one.engine, Seal((KEY,)), clock.now) for one in many]
    launch, _ = vaults[0].begin("site", ISS, "l1")
    context = LaunchContext(launch, "site", ISS, ISS, "p1", "Practitioner/1", ())
    vaults[0].admit(context, Tokens("access", "refresh", 9e9, ()))
    leased = together([partial(vaults[one].lease, launch, 0, f"m{one}") for one in range(MACHINES)])
    assert sorted(map(str, leased)) == [*["False"] * (MACHINES - 1), "True"]
    kept = together([partial(one.keep, launch, "case-1") for one in vaults])
    assert kept == [True] * MACHINES


@pytest.mark.parametrize("run", range(ROUNDS))
def test_a_letter_and_a_denial_that_come_at_once_are_no_approval(
    many: list[Store], clock: FakeClock, run: int
) -> None:
    pended, denied = (Reply(200, an_answer(an_answer_item(code))) for code in ("A4", "A3"))
    payer = FakePayer({"$submit": [pended], "$inquire": [denied]})
    here, there = (Line(one, clock, payer) for one in many[:2])
    here.signed()
    here.step()
    clock.pass_by(2)
    found = together([lambda: here.letter("affirmed"), there.step])
    assert all(isinstance(one, Case | bool | StaleRevision) for one in found), found
    here.pass_by(20)
    assert states.headline(here.case().tracks) == "non_affirmed"
    assert [one for one in here.store.utns("case-1") if one.status == "active"] == []
    assert here.world.audit.record("case-1").broken_at is None
