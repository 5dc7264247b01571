"""``./run sandbox``: everything, one URL, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path

from sandbox.stack import Stack


def main() -> int:
    """Start the sandbox and wait."""
    parser = argparse.ArgumentParser(
        prog="./run sandbox",
        description="Opens a pretend EHR and payer with Preclear beside them, until Ctrl-C.",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="NUMBER",
        help="The EHR's port; the payer takes the next and the app the one after. A port that "
        "is taken, or none given, means any free one.",
    )
    asked = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="preclear-") as folder:
        stack = None
        try:
            stack = Stack(Path(folder), asked.port)
            stack.start()
            sys.stdout.write(f"Open {stack.ehr}/   (Ctrl-C stops everything)\n")
            sys.stdout.flush()
            stop.wait()
        except RuntimeError as cause:
            sys.stderr.write(f"sandbox: {cause}\n")
            return 1
        finally:
            if stack is not None:
                stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
