"""Answers of sign-in servers, read as far as size and time allow.

A timeout of the socket alone would let an answer trickle, or grow, for ever.
"""

from __future__ import annotations

import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

MAX_BYTES = 1_000_000
LONGEST = 20.0  # seconds for a whole answer
CHUNK = 16_384


class Bounded(HTTPAdapter):
    """Raise requests.RequestException for an answer that is too large, too slow, or breaks off."""

    def send(self, request: Any, *args: Any, **more: Any) -> requests.Response:
        """Send a request and read its answer."""
        until = time.monotonic() + LONGEST
        response = super().send(request, *args, **more | {"stream": True})
        content = bytearray()
        try:
            while part := response.raw.read1(CHUNK, decode_content=True):
                content += part
                if len(content) > MAX_BYTES:
                    raise requests.exceptions.ContentDecodingError("the answer is too large")
                if time.monotonic() > until:
                    raise requests.ReadTimeout("the answer takes too long")
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
