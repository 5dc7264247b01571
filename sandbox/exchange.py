"""What each server saw: every message, secrets removed, newest 2,000 kept."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Flask, Response, g, jsonify, request

GONE = "‹removed›"
LINKED = re.compile(r"\b((?:code|state|launch)=)[^&\"'<>\s]+")
"""What the links of a page carry: a redirect's page spells its address out."""
SECRET = {
    "code",
    "code_verifier",
    "code_challenge",
    "state",
    "nonce",
    "launch",
    "refresh_token",
    "access_token",
    "id_token",
    "client_secret",
    "client_assertion",
    "token",
    "header",
}
HEADERS = ("Content-Type", "Accept", "If-Match", "If-None-Exist", "Prefer", "ETag", "Location")
_numbers = iter(range(1, 1_000_000_000))
_lock = threading.Lock()


def _number() -> int:
    with _lock:
        return next(_numbers)


def _redact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: GONE if key in SECRET else _redact(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_redact(one) for one in value]
    return value


def _url(url: str) -> str:
    parts = urlsplit(url)
    query = [(key, GONE if key in SECRET else one) for key, one in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(query=urlencode(query, safe="‹›")))


def _headers(source: Any) -> dict[str, str]:
    found = {name: source[name] for name in HEADERS if name in source}
    if "Location" in found:
        found["Location"] = _url(found["Location"])
    if "Authorization" in source:
        found["Authorization"] = GONE
    return found


def _body(raw: bytes, kind: str) -> Any:
    if not raw:
        return None
    text = raw.decode("utf-8", "replace")
    if "json" in kind:
        try:
            found = json.loads(text)
        except ValueError:
            return text[:10_000]
        secret = isinstance(found, dict) and (
            "access_token" in found or found.get("resourceType") == "Subscription"
        )
        return _redact(found) if secret else found
    if "form-urlencoded" in kind:
        return _redact(dict(parse_qsl(text)))
    return LINKED.sub(rf"\1{GONE}", text[:10_000])


class ExchangeLog:
    """A ring of messages that one receiver saw."""

    def __init__(self, receiver: str, limit: int = 2000) -> None:
        self.receiver = receiver
        self.messages: deque[dict[str, Any]] = deque(maxlen=limit)

    def entries(self) -> list[dict[str, Any]]:
        """Return the messages, oldest first."""
        return list(self.messages)

    def wrap(self, app: Flask, skip_prefixes: tuple[str, ...]) -> None:
        """Record an app's requests but those below the prefixes; serve /sandbox/exchange."""

        @app.before_request
        def _begin() -> None:
            g.exchange_started = time.monotonic()

        @app.after_request
        def _record(response: Response) -> Response:
            if not request.path.startswith(skip_prefixes) and request.path != "/":
                self.messages.append(self._message(response))
            return response

        @app.get("/sandbox/exchange")
        def _exchange() -> Response:
            return jsonify(self.entries())

        @app.delete("/sandbox/exchange")
        def _clear() -> Response:
            self.messages.clear()
            return jsonify({})

    def sent(self, url: str, kind: str, body: Any, status: int | None, ms: float) -> None:
        """Record a message that the receiver itself sent to the app."""
        self.messages.append(
            {
                "seq": _number(),
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "from": self.receiver,
                "to": "app",
                "method": "POST",
                "url": _url(url),
                "request": {"headers": {"Content-Type": kind}, "body": body},
                "status": status or 0,
                "response": {"headers": {}, "body": None},
                "ms": round(ms, 1),
            }
        )

    def _message(self, response: Response) -> dict[str, Any]:
        sender = "browser" if "Mozilla" in request.headers.get("User-Agent", "") else "app"
        kind = request.headers.get("Content-Type", "")
        answer = b"" if response.direct_passthrough else response.get_data()
        return {
            "seq": _number(),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "from": sender,
            "to": self.receiver,
            "method": request.method,
            "url": _url(request.url),
            "request": {
                "headers": _headers(request.headers),
                "body": _body(request.get_data(cache=True), kind),
            },
            "status": response.status_code,
            "response": {
                "headers": _headers(response.headers),
                "body": _body(answer, response.headers.get("Content-Type", "")),
            },
            "ms": round((time.monotonic() - g.get("exchange_started", time.monotonic())) * 1000, 1),
        }
