"""A sandbox of which a part has died says so; it does not look alive."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

import pytest

from sandbox import play
from sandbox.launcher import Launcher
from sandbox.stack import Stack, free_port


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


@pytest.fixture
def first_of_three() -> int:
    """A port that is free with the two after it."""
    while True:
        port = free_port()
        if [free_port(port + after) for after in (1, 2)] == [port + 1, port + 2]:
            return port


def test_each_port_that_is_taken_is_told(tmp_path: Path, first_of_three: int) -> None:
    with socket.create_server(("127.0.0.1", first_of_three + 2)):
        stack = Stack(tmp_path, first_of_three)
    told = "".join(play.lines(first_of_three, stack, Launcher("", stack)))
    app = stack.app.rpartition(":")[2]
    assert f"Port {first_of_three + 2} is taken: the app is on {app}." in told
    assert told.count("is taken") == 1
    assert f"Open http://127.0.0.1:{first_of_three}/" in told


def test_without_a_wish_no_port_is_taken(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    assert "is taken" not in "".join(play.lines(0, stack, Launcher("", stack)))


def test_a_connection_that_lingers_keeps_no_port_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as caller:
            server.accept()[0].close()  # who closes first is the one that lingers
            assert caller.recv(1) == b""
    assert free_port(port) == port


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 404 No\r\n\r\n", None])
def test_a_launcher_that_does_not_answer_is_told(tmp_path: Path, answer: bytes | None) -> None:
    stack = Stack(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def say() -> None:
            with server.accept()[0] as caller:
                caller.sendall(answer or b"")

        if answer is None:
            server.close()
        else:
            threading.Thread(target=say, daemon=True).start()
        told = "".join(play.lines(0, stack, Launcher(url, stack)))
    assert (f"Nothing answers at {url} yet" in told) is (answer is None)
    assert "Opal's chart, by that launcher" in told
