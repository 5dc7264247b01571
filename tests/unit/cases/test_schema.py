"""A database of an older version goes on with what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from launch import metadata
from smart_app.cases.database import connect
from smart_app.cases.schema import tables
from smart_app.cases.schema.migrate import upgrade

LAUNCH = "INSERT INTO launch_session (id, site, secret_sha256, started_at, seen_at, {}) VALUES {}"


def test_a_launch_that_was_kept_for_a_case_still_is(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/old.sqlite")
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


def test_the_versions_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/new.sqlite")
    upgrade(engine)
    found = sa.inspect(engine)
    for table in (*tables.metadata.sorted_tables, *metadata.sorted_tables):
        columns = {one["name"] for one in found.get_columns(table.name)}
        assert columns == {one.name for one in table.columns}, table.name
    engine.dispose()
