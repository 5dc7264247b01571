"""A database that another process is just opening is waited for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from smart_app.cases import database


class Refusing:
    """A connection whose switch to WAL is refused for a while, as SQLite does at once."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.said: list[str] = []

    def execute(self, sql: str) -> None:
        self.said.append(sql)
        if self.left:
            self.left -= 1
            raise sqlite3.OperationalError("database is locked")


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "STEP", 0)


def test_a_refused_switch_is_tried_again() -> None:
    connection = Refusing(3)
    database._to_wal(connection)
    assert connection.said == ["PRAGMA journal_mode=WAL"] * 4


def test_one_that_is_refused_for_good_is_told() -> None:
    with pytest.raises(sqlite3.OperationalError):
        database._to_wal(Refusing(database.ATTEMPTS + 1))


def test_a_database_is_in_wal(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path}/x.sqlite")
    with engine.connect() as db:
        assert db.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert db.execute(sa.text("PRAGMA busy_timeout")).scalar() == 15000
    engine.dispose()
