"""Room for long names on PostgreSQL, which counts, and an index of the work that is not done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a5"
down_revision = "a4"

WIDER = (("stage_output", "stage"), ("progress", "stage"), ("task", "key"), ("kv", "key"))


def upgrade() -> None:
    """Let names be of any length, and find due work without looking at what is done."""
    if op.get_bind().dialect.name == "postgresql":  # SQLite counts no letters
        for table, column in WIDER:
            op.alter_column(table, column, type_=sa.Text)
    op.drop_index("task_due", "task")
    undone = sa.text("state IN ('due', 'leased')")
    op.create_index("task_open", "task", ["run_at"], sqlite_where=undone, postgresql_where=undone)


def downgrade() -> None:
    """Take the index back; the columns stay wide, since what is in them may be."""
    op.drop_index("task_open", "task")
    op.create_index("task_due", "task", ["state", "run_at"])
