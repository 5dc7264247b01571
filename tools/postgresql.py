"""A PostgreSQL server of one's own on a free loopback port: for tests and the benchmark."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from sandbox.stack import free_port

MISSING = "PostgreSQL's server is not installed here (Debian: apt-get install postgresql)"
DEBIANS = "usr/lib/postgresql/*/bin/initdb"  # not in the PATH
START_SECONDS = 60.0
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""What a server that holds nothing of worth may leave out."""


def programs() -> Path | None:
    """Return the folder of the server's programs, or None."""
    found = sorted(Path("/").glob(DEBIANS))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).resolve().parent if named else None


def missing() -> str | None:
    """Return why no server can be started here, or None."""
    return None if programs() else MISSING


class Server:
    """One server in a folder of its own, run by a user that is not root."""

    def __init__(self, *settings: str) -> None:
        """``settings`` are as in postgresql.conf, such as ``fsync=off``."""
        self._settings = settings
        self._folder = tempfile.TemporaryDirectory(prefix="preclear-postgresql-")
        self.port = free_port()
        self._password = secrets.token_urlsafe(12)
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        # PostgreSQL refuses root; Debian's package makes this user
        self._as = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}

    def __enter__(self) -> Server:
        folder, found = Path(self._folder.name), programs()
        if found is None:
            raise RuntimeError(MISSING)
        secret = folder / "password"
        secret.write_text(self._password)
        if self._as:
            for one in (folder, secret):
                shutil.chown(one, **self._as)
        self._data = folder / "data"
        made = [found / "initdb", "-D", self._data, "-U", "preclear", "-E", "UTF8", "--no-sync"]
        ways = ["--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}"]
        quiet = {"stdout": subprocess.DEVNULL, "cwd": folder}
        subprocess.run([*made, *ways], check=True, **quiet, **self._as)  # type: ignore[call-overload]
        self._program = found / "postgres"
        self.start()
        return self

    def start(self) -> None:
        """Start the server, or start it again, and wait until it answers."""
        listen = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        switches = [one for setting in (*listen, *self._settings) for one in ("-c", setting)]
        with open(Path(self._folder.name) / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-D", self._data, *switches],
                stdout=log,
                stderr=log,
                cwd=self._folder.name,
                **self._as,  # type: ignore[arg-type]
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once: open transactions are rolled back."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": a SIGTERM waits for the others
            self._process.wait()
            self._process = None

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def address(self, database: str) -> str:
        """Return a database's address, as PostgreSQL's own programs take it."""
        return f"postgresql://preclear:{self._password}@127.0.0.1:{self.port}/{database}"

    def create(self) -> str:
        """Make an empty database; return its URL for the app's file."""
        self._count += 1
        name = f"d{self._count}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return self.address(name).replace("postgresql:", "postgresql+psycopg:", 1)
