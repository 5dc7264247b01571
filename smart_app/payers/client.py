"""Talk to one payer over HTTP; never with an EHR's token.

Which failure means "nothing was processed" and which "nobody knows" is decided here, since a
request that may have been taken must not be sent again blindly.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import SSLError as TlsError

from smart_app.errors import PayerUnknown, PayerUnreachable
from smart_app.fhir.client import exchange, http_session


@dataclass(frozen=True, slots=True)
class PayerReply:
    """Status, JSON body (None when it was not JSON), and where what was created lies."""

    status: int
    body: Any
    location: str = ""


def _nothing_left(cause: requests.RequestException) -> bool:
    """Tell whether the connection was never made, so that no byte can have arrived.

    A TLS failure may come after the request was read; only a refused certificate comes before.
    """
    if isinstance(cause, requests.ConnectTimeout):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause.args else None
    if isinstance(cause, requests.exceptions.SSLError):
        inner = reason.args[0] if isinstance(reason, TlsError) and reason.args else None
        return isinstance(inner, ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)


def _typed(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Accept": content_type}


class PayerClient:
    """One payer's HTTP, with that payer's timeouts in seconds."""

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self._timeout = (connect_seconds, read_seconds)
        self._session = http_session(pool=4)

    def _send(self, method: str, url: str, **more: Any) -> PayerReply:
        try:
            answer = exchange(
                self._session,
                method,
                url,
                timeout=self._timeout,
                longest=sum(self._timeout),
                **more,
            )
        except requests.RequestException as cause:
            if _nothing_left(cause):
                raise PayerUnreachable(type(cause).__name__) from cause
            raise PayerUnknown(type(cause).__name__) from cause
        try:
            body = answer.json()
        except ValueError:
            body = None
        return PayerReply(answer.status, body, answer.headers.get("Location", ""))

    def get(self, url: str) -> PayerReply:
        """GET JSON."""
        return self._send("GET", url, headers={"Accept": "application/json"})

    def post(self, url: str, body: bytes, content_type: str) -> PayerReply:
        """POST bytes as they are."""
        return self._send("POST", url, data=body, headers=_typed(content_type))

    def put(self, url: str, body: bytes, content_type: str) -> PayerReply:
        """PUT bytes as they are."""
        return self._send("PUT", url, data=body, headers=_typed(content_type))

    def delete(self, url: str) -> PayerReply:
        """DELETE what a URL names."""
        return self._send("DELETE", url)
