"""Everything of ``./run sandbox`` on free ports: EHR and payer, the app, its worker.

The app is started as a program from its own settings; nothing of it is imported. Every part is on
a leash: it ends when the process that holds the stack ends.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from joserfc.jwk import ECKey

from sandbox.ehr.clients import KEY, PASSWORD, PUBLIC, SECRET

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 40.0


PAS = "2.2.1"
"""The version of PAS in the payers' files."""
LAUNCHER = "https://launch.smarthealthit.org"
BELOW = range(20_000, 32_000)
"""Ports that the system gives to nobody by itself, so that none is taken before we serve on it."""
_next = itertools.count(os.getpid() * 101)


def free_port(wanted: int = 0) -> int:
    """Return a free loopback port, the wanted one if it is free.

    Sandboxes that start side by side look in different places.
    """
    tried = (BELOW[number % len(BELOW)] for number in _next)
    for port in itertools.chain([wanted] if wanted else [], tried):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # as servers do: connections that linger after a stop keep no port taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError  # the count has no end


class Stack:
    """One sandbox in one folder; ``start`` and ``stop`` its parts, or ``with`` it."""

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        client: str = "public",
        database: str = "",
        pas: str = PAS,
        **settings: float,
    ) -> None:
        """``database`` is a PostgreSQL URL; without one the app has a file in the folder."""
        if os.environ.get("PRECLEAR_ENV") == "production":
            raise RuntimeError("The sandbox is a stand-in: it does not start in production.")
        self.folder = folder
        self.ports = {"ehr": free_port(port)}
        self.ports["payer"] = free_port(port + 1 if port else 0)
        self.ports["app"] = free_port(port + 2 if port else 0)
        self.ehr = f"http://127.0.0.1:{self.ports['ehr']}"
        self.payer = f"http://127.0.0.1:{self.ports['payer']}"
        self.app = f"http://localhost:{self.ports['app']}"
        self.pas = pas
        self.database = database or f"sqlite:///{folder}/preclear.sqlite"
        self.settings = {"worker_idle_seconds": 0.1, "worker_lease_seconds": 60.0} | settings
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._leash: tuple[int, int] | None = None
        self._configure(client)

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _client(self, kind: str) -> str:
        """Return the client of a site file, and write its secret or key where the file says."""
        if kind == "secret":
            (self.folder / "sites/client-secret").write_text(PASSWORD)
            return f'id = "{SECRET}"\nauth = "client_secret_basic"\nsecret = "file:client-secret"'
        if kind == "key":
            file = self.folder / "sites/client-key"
            if not file.exists():
                key = ECKey.generate_key("P-384", {"kid": secrets.token_hex(8)})
                file.write_text(json.dumps(key.as_dict(private=True)))
            return f'id = "{KEY}"\nauth = "private_key_jwt"\nkey = "file:client-key"'
        return f'id = "{PUBLIC}"'

    def _configure(self, client: str) -> None:
        for name in ("sites", "payers", "logs"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        registrations = ROOT / "launch/registrations"
        self.add_site("sandbox", (registrations / "sandbox.toml").read_text(), client)
        for path in (ROOT / "sandbox/config").glob("payer-*.toml"):
            text = path.read_text().replace("{payer}", self.payer).replace(PAS, self.pas)
            (self.folder / "payers" / path.name).write_text(text)
        key = self.folder / "key"
        if not key.exists():
            key.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
            key.chmod(0o600)
        lines = [
            f'database_url = "{self.database}"',
            'key_file = "key"',
            f'public_url = "{self.app}"',
            'sites = "sites"',
            'payers = "payers"',
            f"port = {self.ports['app']}",
            f'sandbox_url = "{self.ehr}"',
            *(f"{name} = {value}" for name, value in self.settings.items()),
        ]
        (self.folder / "app.toml").write_text("\n".join(lines) + "\n")

    def add_site(self, name: str, text: str, client: str = "public") -> None:
        """Register the app, as one kind of client, at one more EHR."""
        site = text.replace("{ehr}", self.ehr).replace(f'id = "{PUBLIC}"', self._client(client))
        (self.folder / f"sites/{name}.toml").write_text(site)

    def add_launcher(self, url: str, client: str = "public") -> None:
        """Register the app at a SMART Health IT launcher."""
        text = (ROOT / "launch/registrations/smart-launcher.toml").read_text()
        self.add_site("smart-launcher", text.replace(LAUNCHER, url.rstrip("/")), client)

    def command(self, part: str) -> list[str]:
        """Return the command of a part: ``sandbox``, ``web`` or ``worker``."""
        if part == "sandbox":
            ports = ["--ehr-port", str(self.ports["ehr"]), "--payer-port", str(self.ports["payer"])]
            forms = str(ROOT / "smart_app/programs/wiser/forms")
            return ["-m", "sandbox", *ports, "--app-url", self.app, "--forms", forms]
        return ["-m", "smart_app", part, "--config", str(self.folder / "app.toml")]

    def launch(self, part: str, command: list[str] | None = None) -> None:
        """Start one part; its log goes to ``logs/PART.log``."""
        self._leash = self._leash or os.pipe()
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with open(self.folder / f"logs/{part}.log", "ab") as log:
            self.running[part] = subprocess.Popen(
                [sys.executable, "-m", "sandbox.leash", *(command or self.command(part))],
                stdin=self._leash[0],
                stdout=log,
                stderr=log,
                env=environment,
                cwd=ROOT,
                start_new_session=True,
            )

    def start(self, parts: tuple[str, ...] = ("sandbox", "web", "worker")) -> None:
        """Start parts and wait until they answer; raises RuntimeError when one does not."""
        for part in parts:
            self.launch(part)
        for part, url in (
            ("sandbox", f"{self.ehr}/"),
            ("sandbox", f"{self.payer}/sandbox/state"),
            ("web", f"{self.app}/healthz"),
        ):
            if part in parts:
                self.wait_for(part, url)

    def all_run(self) -> None:
        """Raise RuntimeError when a part has ended by itself."""
        for part, process in self.running.items():
            if process.poll() is not None:
                raise RuntimeError(f"{part} ended by itself: see {self.folder}/logs/{part}.log")

    def wait_for(self, part: str, url: str) -> None:
        """Wait until a part answers; raises RuntimeError when any part ends."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.all_run()
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"{part} did not answer within {START_SECONDS:.0f} seconds")

    def kill(self, part: str, how: int = signal.SIGKILL) -> None:
        """End a part at once, with every process that it started."""
        process = self.running.pop(part, None)
        if process is not None:
            os.killpg(process.pid, how)
            process.wait()

    def stop(self) -> None:
        """End everything."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with contextlib.suppress(ProcessLookupError):  # what the part left of its group
                os.killpg(process.pid, signal.SIGKILL)
        self.running.clear()
        if self._leash:
            for end in self._leash:
                os.close(end)
            self._leash = None
