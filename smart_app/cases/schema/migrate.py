"""Bring a database to the version of the code, or back to an older one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from smart_app.cases import database
from smart_app.errors import ConfigError


def upgrade(engine: sa.Engine, to: str = "head") -> None:
    """Migrate up to a revision; processes that start together take turns.

    Raises ConfigError when the database cannot be reached, or was made by a newer version.
    """
    _moved(engine, command.upgrade, to)


def downgrade(engine: sa.Engine, to: str) -> None:
    """Migrate down to a revision: what an older version of the code can read."""
    _moved(engine, command.downgrade, to)


def _moved(engine: sa.Engine, move: Callable[[Config, str], None], to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    with _opened(engine) as connection, connection.begin():
        database.alone(connection, for_ever=True)
        config.attributes["connection"] = connection
        move(config, to)


def _opened(engine: sa.Engine) -> sa.Connection:
    try:
        return engine.execution_options(write=True).connect()
    except sa.exc.OperationalError as cause:  # never shown: it may hold a user's name
        raise ConfigError("database_url: the database cannot be opened or reached") from cause
