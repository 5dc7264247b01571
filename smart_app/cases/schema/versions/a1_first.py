"""The first tables: cases, their work and their record, and the door's launches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def _blob(name: str, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def _text(name: str, size: int, nullable: bool = False, **more: object) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=nullable, **more)  # type: ignore[arg-type]


def _time(name: str, nullable: bool = False, **more: object) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=nullable, **more)  # type: ignore[arg-type]


def _count(name: str, **more: object) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, **more)  # type: ignore[arg-type]


def upgrade() -> None:
    _cases()
    _work()
    _record()
    op.create_table(
        "launch_session",
        _text("id", 40, primary_key=True),
        _text("site", 80),
        _text("secret_sha256", 64),
        _text("state_sha256", 64, True, unique=True),
        _time("started_at"),
        _time("seen_at"),
        _time("ended_at", True),
        _text("kept_for", 40, True),
        _blob("request", True),
        _blob("context", True),
        _blob("token", True),
        _count("token_serial", server_default="0"),
        _time("lease_until", server_default="0"),
        _text("lease_owner", 40, True),
    )


def _cases() -> None:
    op.create_table(
        "pa_case",
        _text("id", 40, primary_key=True),
        _text("site", 80),
        _text("orders_key", 64),
        _text("patient_key", 64),
        _count("attempt"),
        _count("revision"),
        sa.Column("open", sa.Boolean, nullable=False),
        _text("submission", 20),
        _text("decision", 20),
        _text("chart", 30),
        _time("due_at", True),
        _time("created_at"),
        _blob("body"),
        sa.UniqueConstraint("orders_key", "attempt"),
    )
    op.create_index(
        "one_open_case",
        "pa_case",
        ["orders_key"],
        unique=True,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "stage_output",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _text("case_id", 40, index=True),
        _text("stage", 30),
        _time("at"),
        _text("sha256", 64),
        _blob("body"),
    )
    op.create_table(
        "utn",
        _text("member_hash", 64, primary_key=True),
        _text("number_hash", 64, primary_key=True),
        _text("program", 40),
        _text("case_id", 40, index=True),
        _time("recorded_at"),
        _blob("body"),
    )


def _work() -> None:
    op.create_table(
        "progress",
        _text("case_id", 40, primary_key=True),
        _text("stage", 30, primary_key=True),
        _text("state", 20),
        _text("why", 200, True),
        _time("at"),
    )
    op.create_table(
        "preparation",
        _text("case_id", 40, primary_key=True),
        _text("owner", 60, True),
        _time("lease_until"),
        sa.Column("done", sa.Boolean, nullable=False),
    )
    op.create_table(
        "submission",
        _text("identifier", 80, primary_key=True),
        _text("case_id", 40, index=True),
        _text("body_sha256", 64),
        _blob("payload"),
        _time("created_at"),
        _time("started_at", True),
        _time("ended_at", True),
        _count("sends", server_default="0"),
        _text("outcome", 20, True),
        _blob("body"),
    )
    op.create_table(
        "task",
        _text("key", 120, primary_key=True),
        _text("kind", 30),
        _text("case_id", 40, index=True),
        _time("run_at"),
        _time("lease_until", server_default="0"),
        _text("owner", 60, True),
        _count("attempt", server_default="0"),
        _count("max_attempts"),
        _text("state", 10),
        _text("last_error", 200, True),
    )
    op.create_index("task_due", "task", ["state", "run_at"])


def _record() -> None:
    op.create_table(
        "audit",
        _text("chain", 40, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        _time("at"),
        _text("kind", 40),
        _blob("body"),
        _text("previous", 64),
        _text("sha256", 64),
    )
    op.create_table(
        "kv",
        _text("namespace", 40, primary_key=True),
        _text("key", 200, primary_key=True),
        _time("expires_at"),
        _blob("body"),
    )


def downgrade() -> None:
    for table in (
        "kv",
        "audit",
        "task",
        "submission",
        "preparation",
        "progress",
        "utn",
        "stage_output",
        "pa_case",
        "launch_session",
    ):
        op.drop_table(table)
