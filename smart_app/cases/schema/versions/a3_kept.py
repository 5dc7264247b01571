"""Keep one launch's token for several cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a3"
down_revision = "a2"


def upgrade() -> None:
    """Move what launches are kept for to a table of its own."""
    op.create_table(
        "launch_kept",
        sa.Column("launch_id", sa.String(40), primary_key=True),
        sa.Column("case_id", sa.String(40), primary_key=True, index=True),
        sa.Column("kept_at", sa.Float, nullable=False),
    )
    op.execute(
        "INSERT INTO launch_kept (launch_id, case_id, kept_at) "
        "SELECT id, kept_for, started_at FROM launch_session WHERE kept_for IS NOT NULL"
    )
    with op.batch_alter_table("launch_session") as table:
        table.drop_column("kept_for")


def downgrade() -> None:
    """Move one case of each launch back."""
    with op.batch_alter_table("launch_session") as table:
        table.add_column(sa.Column("kept_for", sa.String(40)))
    op.execute(
        "UPDATE launch_session SET kept_for = (SELECT min(case_id) FROM launch_kept "
        "WHERE launch_kept.launch_id = launch_session.id)"
    )
    op.drop_table("launch_kept")
