"""A database of an older version goes on with what it holds."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from launch import metadata
from sandbox.stack import free_port
from smart_app.audit.chain import AuditChain
from smart_app.cases.database import connect
from smart_app.cases.model import Event, Tracks
from smart_app.cases.schema import tables
from smart_app.cases.schema.migrate import downgrade, upgrade
from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from smart_app.errors import ConfigError
from smart_app.seal import Seal
from tests.conftest import require
from tests.unit.cases.test_store import a_number, a_submission
from tests.unit.kit import KEY, NOW, FakeClock, a_case
from tools import postgresql
from tools.postgresql import Server

LAUNCH = "INSERT INTO launch_session (id, site, secret_sha256, started_at, seen_at, {}) VALUES {}"


def test_a_launch_that_was_kept_for_a_case_still_is(database_url: str) -> None:
    engine = connect(database_url)
    upgrade(engine, "a2")
    rows = "('L1', 's', 'x', 5.0, 6.0, 'case-1', 'one'), ('L2', 's', 'x', 5.0, 6.0, NULL, 'two')"
    with engine.begin() as db:
        db.execute(sa.text(LAUNCH.format("kept_for, state_sha256", rows)))
    upgrade(engine)
    with engine.begin() as db:
        kept = db.execute(sa.text("SELECT launch_id, case_id, kept_at FROM launch_kept")).all()
        left = db.execute(sa.text("SELECT id, seen_at FROM launch_session ORDER BY id")).all()
    assert [tuple(one) for one in kept] == [("L1", "case-1", 5.0)]
    assert [tuple(one) for one in left] == [("L1", 6.0), ("L2", 6.0)]
    again = "('L3', 's', 'x', 5.0, 6.0, 'one')"
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as db:
        db.execute(sa.text(LAUNCH.format("state_sha256", again)))
    engine.dispose()


def test_the_versions_lead_to_the_tables_of_the_code(database_url: str) -> None:
    engine = connect(database_url)
    upgrade(engine)
    found = sa.inspect(engine)
    for table in (*tables.metadata.sorted_tables, *metadata.sorted_tables):
        columns = {one["name"] for one in found.get_columns(table.name)}
        assert columns == {one.name for one in table.columns}, table.name
        indexes = {one["name"] for one in found.get_indexes(table.name)}
        assert {one.name for one in table.indexes} <= indexes, table.name
    engine.dispose()


def full(store: Store) -> None:
    """Put a case with all that hangs on it into a database, under names as long as they come."""
    tag = "late-" + "-".join(["f" * 36] * 3)
    with store.write() as db:
        assert store.insert(db, a_case())
        store.put(db, "case-1", f"answer:{'i' * 80}", Tracks(claim="ready"))
        store.add_submission(db, a_submission(), b"exact bytes")
        assert store.start_send(db, "id-1")
        assert store.add_utn(db, "case-1", a_number())
        Tasks(store, 60.0).add(db, "recover", "case-1", tag=tag)
        AuditChain(store, Seal((KEY,))).append(db, "case-1", Event("signed", NOW))
    store.mark("case-1", "fill", "failed", "odd \0 words")
    store.kv("crd").put("https://payer.example/" + "x" * 300, "services", 60)


def seen(store: Store) -> tuple[object, ...]:
    """Return what is found of that."""
    return (
        store.case("case-1"),
        store.latest("case-1", f"answer:{'i' * 80}", Tracks),
        [(store.payload(one), one.sends) for one in store.submissions("case-1")],
        store.utns("case-1"),
        Tasks(store, 60.0).of_case("case-1"),
        AuditChain(store, Seal((KEY,))).record("case-1"),
        store.stages("case-1"),
        store.kv("crd").get("https://payer.example/" + "x" * 300),
    )


@pytest.mark.parametrize("to", ["a3", "a2", "a1"])
def test_cases_survive_the_way_down_and_up_again(database_url: str, to: str) -> None:
    engine = connect(database_url)
    upgrade(engine)
    store = Store(engine, Seal((KEY,)), FakeClock())
    full(store)
    before = seen(store)
    downgrade(engine, to)
    upgrade(engine)
    assert seen(store) == before
    assert Tasks(store, 60.0).claim()
    engine.dispose()


def test_of_the_cases_that_a_launch_is_kept_for_the_first_version_knows_one(
    database_url: str,
) -> None:
    engine = connect(database_url)
    upgrade(engine)
    with engine.begin() as db:
        db.execute(sa.text(LAUNCH.format("state_sha256", "('L1', 's', 'x', 5.0, 6.0, 'one')")))
        kept = "INSERT INTO launch_kept (launch_id, case_id, kept_at) VALUES ('L1', '{}', 5.0)"
        for case_id in ("case-1", "case-2"):
            db.execute(sa.text(kept.format(case_id)))
    downgrade(engine, "a1")
    upgrade(engine)
    with engine.begin() as db:
        left = db.execute(sa.text("SELECT launch_id, case_id FROM launch_kept")).all()
    assert [tuple(one) for one in left] == [("L1", "case-1")]
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://u:secret@h/d", "sqlite:////no/such/folder/x", "postgresql://h:x/d"],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="^database_url: ") as told:
        upgrade(connect(url))
    assert "secret" not in str(told.value)


def test_a_server_that_is_not_there_is_told(server: Server) -> None:
    address = server.create().replace(str(server.port), str(free_port()))
    with pytest.raises(ConfigError, match="cannot be opened or reached"):
        upgrade(connect(address))


def test_a_server_that_was_started_again_is_found_again() -> None:
    require("postgresql", postgresql.missing())
    with Server(*postgresql.NOT_DURABLE) as own:
        engine = connect(own.create())
        upgrade(engine)
        store = Store(engine, Seal((KEY,)), FakeClock())
        full(store)
        own.stop()
        with pytest.raises(sa.exc.OperationalError):
            store.case("case-1")
        own.start()
        assert store.case("case-1") == a_case()
        engine.dispose()
