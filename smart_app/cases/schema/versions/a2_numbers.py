"""Find a number whoever holds it: one member's number is never recorded for another."""

from __future__ import annotations

from alembic import op

revision = "a2"
down_revision = "a1"


def upgrade() -> None:
    """Index numbers alone."""
    op.create_index("ix_utn_number_hash", "utn", ["number_hash"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_utn_number_hash", "utn")
