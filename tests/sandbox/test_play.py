"""A sandbox of which a part has died says so; it does not look alive."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sandbox import play
from sandbox.stack import Stack


def test_a_sandbox_whose_worker_dies_ends_and_says_which_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def start(stack: Stack) -> None:
        stack.launch("worker", ["-c", "print('why it died'); raise SystemExit(1)"])
        stack.running["worker"].wait()

    monkeypatch.setattr(Stack, "start", start)
    monkeypatch.setattr(sys, "argv", ["play"])
    monkeypatch.setattr(play, "LOOK_SECONDS", 0)
    monkeypatch.setattr(play.signal, "signal", lambda *_: None)
    assert play.main() == 1
    told = capsys.readouterr().err
    assert "worker ended by itself" in told and "why it died" in told


def test_a_start_waits_no_longer_once_a_part_has_ended(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.launch("sandbox", ["-c", "import signal; signal.pause()"])
    stack.launch("worker", ["-c", ""])
    try:
        stack.running["worker"].wait()
        with pytest.raises(RuntimeError, match="worker ended by itself"):
            stack.wait_for("sandbox", f"{stack.ehr}/")
    finally:
        stack.stop()
