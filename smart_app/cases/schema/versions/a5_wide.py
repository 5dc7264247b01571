"""Room for long names on PostgreSQL, and what is looked for among 100,000 cases has an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a5"
down_revision = "a4"

WIDER = (("stage_output", "stage"), ("progress", "stage"), ("task", "key"), ("kv", "key"))


def upgrade() -> None:
    """Let names be of any length; find due work, and a patient's cases, without a look at all."""
    if op.get_bind().dialect.name == "postgresql":  # SQLite counts no letters
        for table, column in WIDER:
            op.alter_column(table, column, type_=sa.Text)
    op.drop_index("task_due", "task")
    op.create_index("ix_pa_case_patient_key", "pa_case", ["patient_key"])
    undone = sa.text("state IN ('due', 'leased')")
    op.create_index("task_open", "task", ["run_at"], sqlite_where=undone, postgresql_where=undone)


def downgrade() -> None:
    """Take the indexes back; the columns stay wide, since what is in them may be."""
    op.drop_index("ix_pa_case_patient_key", "pa_case")
    op.drop_index("task_open", "task")
    op.create_index("task_due", "task", ["state", "run_at"])
