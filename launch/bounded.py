"""Answers of other servers, read as far as size and time allow.

A timeout of the socket alone would let an answer trickle, or grow, for ever.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextvars import ContextVar, Token
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

MAX_BYTES = 1_000_000
LONGEST = 20.0  # seconds for a whole answer
CHUNK = 16_384


class Watch:
    """Cut the connection of one exchange when its time is over.

    A header, a chunk's size and a trailer are read whole before anybody could look at the time.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Watch:
        self._token: Token[Watch | None] = _WATCH.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _WATCH.reset(self._token)
        self.let_go()

    def check(self) -> None:
        """Raise requests.ReadTimeout when the time is over."""
        if time.monotonic() > self._until:
            raise requests.ReadTimeout("the answer takes too long")

    def over(self, connection: socket.socket | None) -> None:
        """Watch over a connection; raises requests.ReadTimeout when it is too late already."""
        with self._lock:
            self._socket = connection
        self.check()

    def let_go(self) -> None:
        """Watch over no connection any more: another exchange may have it at once."""
        with self._lock:
            self._socket = None

    def _cut(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._socket is not None:  # TLS has no part in it: its state is another thread's
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


class _Plain(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        if watch := _WATCH.get():
            watch.over(self.sock)
        return super().getresponse()


class _Tls(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        if watch := _WATCH.get():
            watch.over(self.sock)
        return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain

    def _put_conn(self, conn: Any) -> None:
        if watch := _WATCH.get():
            watch.let_go()
        super()._put_conn(conn)


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls

    def _put_conn(self, conn: Any) -> None:
        if watch := _WATCH.get():
            watch.let_go()
        super()._put_conn(conn)


class Watched(HTTPAdapter):
    """Let a ``Watch`` cut the connections that are opened here."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Open connections that can be watched."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


class Bounded(Watched):
    """Raise requests.RequestException for an answer that is too large, too slow, or breaks off."""

    def send(self, request: Any, *args: Any, **more: Any) -> requests.Response:
        """Send a request and read its answer."""
        with Watch(LONGEST) as watch:
            response = super().send(request, *args, **more | {"stream": True})
            content = bytearray()
            try:
                watch.check()
                while part := response.raw.read1(CHUNK, decode_content=True):
                    content += part
                    if len(content) > MAX_BYTES:
                        raise requests.exceptions.ContentDecodingError("the answer is too large")
                    watch.check()
                watch.check()
            except HTTPError as cause:
                raise requests.exceptions.ChunkedEncodingError(type(cause).__name__) from cause
            finally:
                response.close()
        response._content = bytes(content)
        return response


def bound(session: requests.Session) -> requests.Session:
    """Let a session read bounded answers alone, and nothing of the environment."""
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, Bounded())
    return session
