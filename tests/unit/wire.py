"""A server that answers once, byte by byte as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nConnection: close\r\n"
BOTTOMLESS = b'{"resourceType":"Bundle","x":' + b"[" * 300 + b"]" * 300 + b"}"
"""Not too deep for a parser, but for all that works on it."""


def plain(body: bytes) -> bytes:
    """Return a whole answer."""
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


BROKEN = {
    "cut": HEAD + b'Content-Length: 900\r\n\r\n{"resourceType":',
    "cut chunk": HEAD + b'Transfer-Encoding: chunked\r\n\r\n100\r\n{"resour',
    "no gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    "deep": plain(BOTTOMLESS),
    "deeper": plain(b"[" * 200_000),
}
"""Answers that nobody can read, with status 200."""


@contextlib.contextmanager
def serving(answer: Iterable[bytes]) -> Iterator[tuple[str, list[int]]]:
    """Serve one answer, part by part until the client has gone; yield its URL and what went out."""
    sent: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def work() -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    asked = b""
                    while b"\r\n\r\n" not in asked:
                        asked += connection.recv(65_536)
                    for part in answer:
                        connection.sendall(part)
                        sent.append(len(part))

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", sent
        thread.join(10)


def endless(parts: int) -> Iterator[bytes]:
    """Yield an answer that goes on and on, as far as a test can wait."""
    yield HEAD + b"\r\n["
    for _ in range(parts):
        yield b"1," * 32_768


def trickling(begin: bytes, over: threading.Event) -> Iterator[bytes]:
    """Yield the beginning of an answer, then a byte now and then until a test is over."""
    yield begin
    while not over.wait(0.05):
        yield b"1"


ENDLESS = {
    "header": b"HTTP/1.1 200 OK\r\nX: ",
    "status": b"HTTP/1.1 2",
    "chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0000",
    "trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: ",
}
"""Beginnings of answers that are read whole before anybody could look at the time."""
