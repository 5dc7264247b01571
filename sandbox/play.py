"""``./run sandbox``: everything, one URL, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from sandbox.golden import logs
from sandbox.launcher import Launcher
from sandbox.stack import LAUNCHER, Stack

LOOK_SECONDS = 1.0


def port(spelled: str) -> int:
    """Return a port of which the next two exist as well."""
    number = int(spelled)
    if not 0 <= number <= 65_533:
        raise argparse.ArgumentTypeError(f"{number} is no port: 1 to 65533")
    return number


def address(spelled: str) -> str:
    """Return the address of a launcher."""
    if not spelled.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise argparse.ArgumentTypeError(
            f"{spelled!r}: write it with https://, or http://127.0.0.1 for one on this machine"
        )
    return spelled.rstrip("/")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run sandbox",
        description="Opens a pretend EHR and payer with Preclear beside them, until Ctrl-C.",
    )
    parser.add_argument(
        "--port",
        type=port,
        default=0,
        metavar="NUMBER",
        help="The EHR's port; the payer takes the next and the app the one after. A port that "
        "is taken is told and another one used; none given means free ones.",
    )
    parser.add_argument(
        "--smart-launcher",
        type=address,
        metavar="ADDRESS",
        help="Let a SMART Health IT launcher open the app as well, such as " + LAUNCHER,
    )
    return parser.parse_args()


def moved(wanted: int, stack: Stack) -> Iterator[str]:
    """Yield a line for each part that is not on the port that it was to have; 0 wants none."""
    names = {"ehr": "the EHR", "payer": "the payer", "app": "the app"}
    for port, part in enumerate(names, start=wanted):
        if wanted and stack.ports[part] != port:
            yield f"Port {port} is taken: {names[part]} is on {stack.ports[part]}.\n"


def lines(wanted: int, stack: Stack, launcher: Launcher) -> Iterator[str]:
    """Yield what a started sandbox says of itself."""
    yield from moved(wanted, stack)
    yield f"Open {stack.ehr}/   (Ctrl-C stops everything)\n"
    yield f"Payer {stack.payer}   rules {stack.app}/rules   logs {stack.folder}/logs\n"
    if not launcher.url:
        return
    yield f"App launch URL for the launcher: {stack.app}/launch\n"
    if not launcher.answers():
        yield (
            f"Nothing answers at {launcher.url} yet: start the launcher, "
            "then open the line below.\n"
        )
    link = launcher.ehr_launch("opal", "dr-sampleton")
    yield f"Opal's chart, by that launcher: {link}\n"


def main() -> int:
    """Start the sandbox and wait."""
    asked = _asked()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="preclear-") as folder:
        stack = None
        try:
            stack = Stack(Path(folder), asked.port)
            launcher = Launcher(asked.smart_launcher or "", stack)
            if launcher.url:
                launcher.register()
            stack.start()
            sys.stdout.write("".join(lines(asked.port, stack, launcher)))
            sys.stdout.flush()
            while not stop.wait(LOOK_SECONDS):
                stack.all_run()
        except RuntimeError as cause:
            sys.stderr.write(f"sandbox: {cause}\n{logs(Path(folder))}")
            return 1
        finally:
            if stack is not None:
                stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
