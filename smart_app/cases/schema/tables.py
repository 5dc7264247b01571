"""The app's tables. Columns in clear are what work is found by; the rest is sealed.

Times are POSIX seconds, UTC. ``launch`` owns its own table.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
UNDONE = sa.text("state IN ('due', 'leased')")
"""Tasks that are still to be done, spelled as in their index, so that it is used."""

pa_case = sa.Table(
    "pa_case",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("site", sa.String(80), nullable=False),
    sa.Column("orders_key", sa.String(64), nullable=False),
    sa.Column("patient_key", sa.String(64), nullable=False, index=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("submission", sa.String(20), nullable=False),
    sa.Column("decision", sa.String(20), nullable=False),
    sa.Column("chart", sa.String(30), nullable=False),
    sa.Column("due_at", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("orders_key", "attempt"),
    sa.Index(
        "one_open_case",
        "orders_key",
        unique=True,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    ),
)

stage_output = sa.Table(
    "stage_output",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.String(40), nullable=False, index=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

progress = sa.Table(
    "progress",
    metadata,
    sa.Column("case_id", sa.String(40), primary_key=True),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("why", sa.String(200)),
    sa.Column("at", sa.Float, nullable=False),
)

preparation = sa.Table(
    "preparation",
    metadata,
    sa.Column("case_id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(60)),
    sa.Column("lease_until", sa.Float, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
)

submission = sa.Table(
    "submission",
    metadata,
    sa.Column("identifier", sa.String(80), primary_key=True),
    sa.Column("case_id", sa.String(40), nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False, server_default="initial"),
    sa.Column("body_sha256", sa.String(64), nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("ended_at", sa.Float),
    sa.Column("sends", sa.Integer, nullable=False, server_default="0"),
    sa.Column("outcome", sa.String(20)),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

utn = sa.Table(
    "utn",
    metadata,
    sa.Column("member_hash", sa.String(64), primary_key=True),
    sa.Column("number_hash", sa.String(64), primary_key=True, index=True),
    sa.Column("program", sa.String(40), nullable=False),
    sa.Column("case_id", sa.String(40), nullable=False, index=True),
    sa.Column("recorded_at", sa.Float, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

task = sa.Table(
    "task",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("kind", sa.String(30), nullable=False),
    sa.Column("case_id", sa.String(40), nullable=False, index=True),
    sa.Column("run_at", sa.Float, nullable=False),
    sa.Column("lease_until", sa.Float, nullable=False, server_default="0"),
    sa.Column("owner", sa.String(60)),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("last_error", sa.String(200)),
    sa.Index("task_open", "run_at", sqlite_where=UNDONE, postgresql_where=UNDONE),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("chain", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)

kv = sa.Table(
    "kv",
    metadata,
    sa.Column("namespace", sa.String(40), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

subscription = sa.Table(
    "subscription",
    metadata,
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

notification = sa.Table(
    "notification",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("subscription", sa.String(40), nullable=False),
    sa.Column("site", sa.String(80), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("subscription", "name"),
)

known_name = sa.Table(
    "known_name",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("case_id", sa.String(40), nullable=False, index=True),
)

exchange = sa.Table(
    "exchange",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("payer", sa.String(80), nullable=False),
    sa.Column("site", sa.String(80), nullable=False),
    sa.Column("case_id", sa.String(40), nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Index("exchange_of", "site", "payer", "kind"),
)

decided = sa.Table(
    "decided",
    metadata,
    sa.Column("case_id", sa.String(40), primary_key=True),
    sa.Column("payer", sa.String(80), nullable=False),
    sa.Column("site", sa.String(80), nullable=False),
    sa.Column("pended", sa.Boolean, nullable=False),
    sa.Column("at", sa.Float),
    sa.Column("word", sa.String(20), nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
    sa.Index("decided_of", "site", "payer"),
)

remark = sa.Table(
    "remark",
    metadata,
    sa.Column("site", sa.String(80), primary_key=True),
    sa.Column("payer", sa.String(80), primary_key=True),
    sa.Column("code", sa.String(80), primary_key=True),
    sa.Column("place", sa.String(200), primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
