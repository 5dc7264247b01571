"""``python -m smart_app web|worker|both --config FILE``: the app, its worker, or the two.

``python -m smart_app check SITE.toml`` asks an EHR what it offers to a site's registration.
"""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from launch import Discovery
from smart_app import create_app, formatters, sitecheck
from smart_app.clock import SystemClock
from smart_app.config import load_app
from smart_app.errors import ConfigError
from smart_app.logs import configure
from smart_app.programs import base
from smart_app.sites import load_site
from smart_app.supervise import Supervisor
from smart_app.worker import serve
from smart_app.world import World, build

THREADS = 32
LINE_BYTES = 8190  # an EHR's launch and code parameters may be long
HEADER_BYTES = 16_384  # our cookies take 600 at most; on localhost those of other ports come along


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, with settings in code: one process of threads, no access log (URLs may tell)."""

    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn would read from its own files."""
        settings: dict[str, Any] = {
            "bind": f"127.0.0.1:{self._world.config.port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "keepalive": 5,
            "limit_request_line": LINE_BYTES,
            "limit_request_field_size": HEADER_BYTES,
            "errorlog": "-",
            "loglevel": "warning",
            "graceful_timeout": 10,
        }
        for key, value in settings.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        """Return the application; threads start after the fork."""
        made = create_app(build(self._world.config))
        # What lives as long as the process is never looked through again: a full look takes as
        # long as five pages, and one tap in a hundred would pay for it.
        gc.collect()
        gc.freeze()
        return made


def both(config: Path) -> int:
    """Run the web app and the worker as two processes until told to stop."""
    command = [sys.executable, "-m", "smart_app"]
    parts = ("web", "worker")
    return Supervisor({one: [*command, one, "--config", str(config)] for one in parts}).run()


def check(path: Path) -> int:
    """Print what a site's EHR offers to its registration; 1 when a launch cannot work."""
    clock = SystemClock()
    program = base.load(Path(__file__).parent / "programs/wiser")
    site = load_site(path, program.ccn_pos)
    levels: set[str] = set()
    prefix = site.registration.issuer_prefix
    for iss in site.registration.issuers or (prefix,):
        print(iss)
        for found in sitecheck.look(site, iss, Discovery(clock.now)):
            levels.add(str(found.level))
            print("  " + formatters.site_finding(found.level, found.kind, found.facts))
    print(formatters.site_verdict(levels))
    return 1 if "stop" in levels else 0


def there(spelled: str) -> Path:
    """Return the file that an argument names, or say where it was looked for."""
    path = Path(spelled).absolute()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{path} is no file")
    return path


def main() -> int:
    """Run the web app or the worker until told to stop, or check a site's file."""
    parser = argparse.ArgumentParser(prog="./run app, or ./run check")
    parts = parser.add_subparsers(dest="part", required=True)
    for part in ("web", "worker", "both"):
        parts.add_parser(part, prog="./run app").add_argument("--config", required=True, type=there)
    checked = parts.add_parser(
        "check",
        prog="./run check",
        description="Asks an EHR what it offers to a site's registration; changes nothing there.",
    )
    checked.add_argument("site", type=there, help="the registration file of a site (SITE.toml)")
    arguments = parser.parse_args()
    configure()
    try:
        if arguments.part == "check":
            return check(arguments.site)
        config = load_app(arguments.config)
        world = build(config, engines=0)
        if arguments.part == "worker":
            serve(world)
        elif arguments.part == "web":
            Server(world).run()
        else:  # what the two are made of was just checked, once
            print(f"Preclear: 127.0.0.1:{config.port}, for browsers {config.public_url}")
            return both(arguments.config)
    except ConfigError as cause:
        print(f"preclear: {cause}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    logging.captureWarnings(True)
    sys.exit(main())
