"""Nothing of a sandbox outlives the process that started it, however that one ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.stack import ROOT

PATIENCE = 20  # seconds
LEASH = [sys.executable, "-m", "sandbox.leash"]
STUBBORN = """
import os, signal
ready, told = os.pipe()
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(told, b"x")
    while True:
        signal.pause()
os.read(ready, 1)
print("up", flush=True)
signal.pause()
"""
STARTER = """
import os, signal, subprocess, sys
ours = os.pipe()
subprocess.Popen(sys.argv[1:], stdin=ours[0], start_new_session=True)
signal.pause()
"""
WHOLE = """
import signal, sys
from pathlib import Path
from sandbox.stack import Stack
stack = Stack(Path(sys.argv[1]))
stack.start()
print("up", flush=True)
signal.pause()
"""


@contextlib.contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python with arguments; wait until it has printed a line."""
    process = subprocess.Popen(
        [sys.executable, "-u", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def below(pid: int) -> list[int]:
    """Return every process that descends from one."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended while we looked
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found, left = [], [pid]
    while left:
        left += children.get(left[0], [])
        found.append(left.pop(0))
    return found[1:]


@contextlib.contextmanager
def watched(pids: list[int]) -> Iterator[list[int]]:
    """Hold processes by descriptors, which a number used again cannot deceive; end them at last."""
    held = [os.pidfd_open(one) for one in pids]
    try:
        yield held
    finally:
        for one in held:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(one, signal.SIGKILL)
            os.close(one)


def still_alive(held: list[int]) -> int:
    """Wait for all to end; return how many did not."""
    alive, patience = 0, PATIENCE * 1000
    for one in held:
        poll = select.poll()
        poll.register(one, select.POLLIN)
        if not poll.poll(patience):
            alive, patience = alive + 1, 0
    return alive


needs_linux = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="processes are counted as Linux lists them"
)


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    ],
)
def test_a_program_on_a_leash_ends_as_it_would_without(program: str, code: int) -> None:
    ours = os.pipe()
    done = subprocess.run([*LEASH, "-c", program], cwd=ROOT, stdin=ours[0], start_new_session=True)
    for one in ours:
        os.close(one)
    assert done.returncode == code


@needs_linux
def test_the_whole_group_ends_with_its_starter_even_what_will_not_listen() -> None:
    command = ["-c", STARTER, *LEASH, "-c", STUBBORN]
    with started(*command) as starter, watched(below(starter.pid)) as parts:
        assert len(parts) == 3
        starter.kill()
        assert still_alive(parts) == 0


@needs_linux
@pytest.mark.durability
def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    with started("-c", WHOLE, str(tmp_path)) as run, watched(below(run.pid)) as parts:
        assert len(parts) >= 6  # three leashes, and what runs on them
        run.kill()
        assert still_alive(parts) == 0


@needs_linux
@pytest.mark.durability
def test_golden_told_to_end_stops_everything_first() -> None:
    with started("-m", "sandbox.golden") as run, watched(below(run.pid)) as parts:
        assert len(parts) >= 6
        run.terminate()
        assert run.wait(PATIENCE) == 128 + signal.SIGTERM
        assert still_alive(parts) == 0
