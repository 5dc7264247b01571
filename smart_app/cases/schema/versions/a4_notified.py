"""What payers tell by themselves: subscriptions, notifications, and by what a case is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a4"
down_revision = "a3"


def upgrade() -> None:
    """Add the three tables; requests that were sent before are asked for, as they were."""
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


def downgrade() -> None:
    """Drop the three tables: payers are asked instead."""
    for table in ("known_name", "notification", "subscription"):
        op.drop_table(table)
