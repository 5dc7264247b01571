"""The door's own tables: launches, and the cases that their tokens are kept for."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
launch_session = sa.Table(
    "launch_session",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("site", sa.String(80), nullable=False),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("state_sha256", sa.String(64), unique=True),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
    sa.Column("request", sa.LargeBinary),
    sa.Column("context", sa.LargeBinary),
    sa.Column("token", sa.LargeBinary),
    sa.Column("token_serial", sa.Integer, nullable=False, server_default="0"),
    sa.Column("lease_until", sa.Float, nullable=False, server_default="0"),
    sa.Column("lease_owner", sa.String(40)),
)
launch_kept = sa.Table(
    "launch_kept",
    metadata,
    sa.Column("launch_id", sa.String(40), primary_key=True),
    sa.Column("case_id", sa.String(40), primary_key=True, index=True),
    sa.Column("kept_at", sa.Float, nullable=False),
)
KEPT = sa.exists().where(launch_kept.c.launch_id == launch_session.c.id)
"""Whether a launch's token is kept for any case."""
