"""What payers remark beside their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a7"
down_revision = "a6"


def upgrade() -> None:
    """Add the table of remarks."""
    op.create_table(
        "remark",
        sa.Column("site", sa.String(80), primary_key=True),
        sa.Column("payer", sa.String(80), primary_key=True),
        sa.Column("code", sa.String(80), primary_key=True),
        sa.Column("place", sa.String(200), primary_key=True),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop it: remarks are gathered anew."""
    op.drop_table("remark")
