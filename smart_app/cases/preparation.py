"""Begin a case's preparation anew: stages 4 to 6 as if they had never run."""

from __future__ import annotations

import sqlalchemy as sa

from smart_app.cases.schema import tables


def forget(db: sa.Connection, case_id: str) -> None:
    """Drop a preparation, done or running, and its progress; what it stored stays in history."""
    for table in (tables.preparation, tables.progress):
        db.execute(table.delete().where(table.c.case_id == case_id))
