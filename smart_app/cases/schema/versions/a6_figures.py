"""What every call to a payer took and came to, and when each request was decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a6"
down_revision = "a5"


def upgrade() -> None:
    """Add the two tables of figures."""
    op.create_table(
        "exchange",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("payer", sa.String(80), nullable=False),
        sa.Column("site", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("outcome", sa.String(40), nullable=False),
    )
    op.create_index("exchange_of", "exchange", ["site", "payer", "kind"])
    op.create_table(
        "decided",
        sa.Column("case_id", sa.String(40), primary_key=True),
        sa.Column("payer", sa.String(80), nullable=False),
        sa.Column("site", sa.String(80), nullable=False),
        sa.Column("pended", sa.Boolean, nullable=False),
        sa.Column("at", sa.Float),
        sa.Column("word", sa.String(20), nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
    )
    op.create_index("decided_of", "decided", ["site", "payer"])


def downgrade() -> None:
    """Drop them: figures begin anew."""
    for table in ("decided", "exchange"):
        op.drop_table(table)
