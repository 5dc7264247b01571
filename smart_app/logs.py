"""One line an event, from an allow-list of fields: never PHI, tokens or URLs with queries."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

FIELDS = ("kind", "case", "attempt", "why", "reference", "launch", "user", "status")
QUIET = ("authlib", "fhirclient", "urllib3", "requests", "werkzeug", "alembic", "sqlalchemy")


class AllowedFields(logging.Formatter):
    """Write the message and the allowed fields; exception text is left out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        found = [
            f"{name}={getattr(record, name)}" for name in FIELDS if getattr(record, name, None)
        ]
        name = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        message = record.msg if record.name.startswith("preclear") else record.name
        when = f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%SZ}"
        parts = (when, record.levelname.lower(), str(message), name, *found)
        return " ".join(one for one in parts if one)


def configure() -> None:
    """Set up logging for a process."""
    handler = logging.StreamHandler()
    handler.setFormatter(AllowedFields())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("preclear").setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
