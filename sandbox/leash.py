"""``python -m sandbox.leash ARGUMENTS``: run Python with these, as long as the starter lives.

The starter keeps the writing end of the pipe that is standard input here and writes nothing; the
system closes it when the starter ends, however it ends. What runs is one group of processes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 5.0


def main() -> int:
    """Run the program, pass signals on, and end as it ends."""
    program = subprocess.Popen([sys.executable, *sys.argv[1:]], stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: program.send_signal(number))
    alone = threading.Event()
    watch = threading.Thread(target=_watch, args=(program, alone), daemon=True)
    watch.start()
    code = program.wait()
    if alone.is_set():
        watch.join()
    if code < 0:  # the starter shall see the signal, not a number that stands for it
        with contextlib.suppress(OSError):  # SIGKILL has no handler to restore
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def _watch(program: subprocess.Popen[bytes], alone: threading.Event) -> None:
    """Wait for the starter's end; then end the group, first with a word, then without."""
    os.read(0, 1)
    alone.set()
    os.killpg(0, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
