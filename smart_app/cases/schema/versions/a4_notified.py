"""What payers tell by themselves, by what a case is known, and what each submission is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a4"
down_revision = "a3"


def upgrade() -> None:
    """Add three tables and a column; cases that were sent before are asked about, as they were."""
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("payer", sa.String(80), nullable=False),
        sa.Column("site", sa.String(80), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("remote", sa.String(80)),
        sa.Column("ends_at", sa.Float),
        sa.Column("heard_at", sa.Float),
        sa.Column("counted", sa.Integer, nullable=False, server_default="0"),
        sa.Column("missed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("payer", "site"),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("subscription", sa.String(40), nullable=False),
        sa.Column("site", sa.String(80), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("subscription", "name"),
    )
    op.create_table(
        "known_name",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("case_id", sa.String(40), nullable=False, index=True),
    )
    kind = sa.Column("kind", sa.String(20), nullable=False, server_default="initial")
    op.add_column("submission", kind)


def downgrade() -> None:
    """Drop them: payers are asked instead."""
    for table in ("known_name", "notification", "subscription"):
        op.drop_table(table)
    with op.batch_alter_table("submission") as submission:
        submission.drop_column("kind")
