"""A process that ends by itself is started again; one that cannot start ends everything."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from smart_app.supervise import SHORTEST, Supervisor

HALT = "import signal; signal.pause()"


@pytest.fixture(autouse=True)
def handlers() -> object:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def marking(file: Path, then: str) -> list[str]:
    """Return a program that marks each of its starts, then does something."""
    return python(f"with open({str(file)!r}, 'a') as file: file.write('x')\n{then}")


def test_a_worker_that_dies_is_started_again_until_told_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    starts = tmp_path / "starts"
    third = f"len(open({str(starts)!r}).read()) == 3"
    worker = marking(
        starts,
        f"import os, signal\nos.kill(os.getppid() if {third} else os.getpid(), signal.SIGTERM)\n"
        "signal.pause()",
    )
    hours = count(step=int(SHORTEST) * 2)
    supervisor = Supervisor({"web": python(HALT), "worker": worker}, lambda: float(next(hours)))
    assert supervisor.run() == 0
    assert starts.read_text() == "xxx"
    assert [one.kind for one in caplog.records] == ["worker", "worker"]  # type: ignore[attr-defined]


def test_one_that_cannot_start_ends_everything_with_its_code(tmp_path: Path) -> None:
    web = tmp_path / "web"
    supervisor = Supervisor(
        {
            "web": marking(web, HALT),
            "worker": python(
                f"import os, sys\nwhile not os.path.exists({str(web)!r}): pass\nsys.exit(3)"
            ),
        },
        lambda: 0.0,
    )
    assert supervisor.run() == 3
    assert web.read_text() == "x"


def test_one_that_ends_in_peace_unasked_is_a_failure(tmp_path: Path) -> None:
    assert Supervisor({"worker": python("")}, lambda: 0.0).run() == 1


def test_a_process_that_cannot_be_started_again_leaves_no_other_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(command: list[str]) -> subprocess.Popen[bytes]:
        if len(started) == 2:
            raise BlockingIOError("no process can be made")
        started.append(real(command))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    hours = count(step=int(SHORTEST) * 2)
    supervisor = Supervisor({"web": python(HALT), "worker": python("")}, lambda: float(next(hours)))
    with pytest.raises(BlockingIOError):
        supervisor.run()
    assert [one.poll() is None for one in started] == [False, False]
