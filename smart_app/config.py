"""The file of one installation, schema-checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from smart_app.files.schema import WORDS, Key, Schema, address, check
from smart_app.files.tables import read, secret

IDLE_SECONDS = 0.25
"""How long a worker waits before it looks again whether something is due."""


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What one installation is."""

    database_url: str
    key_file: Path
    public_url: str
    sites: Path
    payers: Path
    programs: Path
    port: int
    production: bool
    worker_lease_seconds: float
    worker_idle_seconds: float
    sandbox_url: str | None


MAYBE_WORDS, SECONDS = Key(form="words", optional=True), Key(float, optional=True)
APP: Schema = {
    "database_url": WORDS,
    "key_file": WORDS,
    "public_url": WORDS,
    "sites": WORDS,
    "payers": WORDS,
    "programs": MAYBE_WORDS,
    "port": Key(int, optional=True),
    "worker_lease_seconds": SECONDS,
    "worker_idle_seconds": SECONDS,
    "sandbox_url": MAYBE_WORDS,
}


def load_app(path: Path) -> AppConfig:
    """Read the app's file; paths are relative to it. Raises ConfigError with file, line, rule."""
    found, here = read(path), path.parent
    check(found, APP)
    table, production = found.data, os.environ.get("PRECLEAR_ENV") == "production"
    address(found, ("public_url",), table["public_url"], production=production)
    return AppConfig(
        database_url=secret(table["database_url"], here, f"{path.name}: database_url"),
        key_file=here / table["key_file"],
        public_url=table["public_url"].rstrip("/"),
        sites=here / table["sites"],
        payers=here / table["payers"],
        programs=here / table.get("programs", Path(__file__).parent / "programs"),
        port=table.get("port", 8000),
        production=production,
        worker_lease_seconds=float(table.get("worker_lease_seconds", 60)),
        worker_idle_seconds=float(table.get("worker_idle_seconds", IDLE_SECONDS)),
        sandbox_url=table.get("sandbox_url"),
    )
