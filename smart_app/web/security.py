"""What every request and reply must carry.

Only ``/launch`` may be reached from elsewhere; unsafe methods need the launch's own token and the
browser's word that the request comes from our own page.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import Request, Response, g

from smart_app.errors import Forbidden

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors {ancestors}"
)


class ForeignRequest(Forbidden):
    """The request does not come from this launch's own page."""

    code = "foreign-request"
    say = "That did not come from this Preclear page, so nothing was done."
    do = "Open Preclear again from the order."


def check_unsafe(request: Request, expected_token: str, public_url: str) -> None:
    """Raise ForeignRequest unless token and origin are this launch's own."""
    token = request.form.get("csrf") or request.headers.get("X-CSRF-Token") or ""
    if not hmac.compare_digest(token.encode(), expected_token.encode()):
        raise ForeignRequest("token")
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site != "same-origin":
            raise ForeignRequest("Sec-Fetch-Site")
        return
    origin = request.headers.get("Origin")
    ours = urlsplit(public_url)
    if origin is None or urlsplit(origin)[:2] != (ours.scheme, ours.netloc):
        raise ForeignRequest("Origin")


def ancestors(everyone: tuple[str, ...]) -> tuple[str, ...]:
    """Return who may frame this reply: the session's own site, else any site, or nobody."""
    if g.get("unframed"):
        return ()
    site = g.get("site")
    return (site.registration.frame_ancestors if site else ()) or everyone


def harden(response: Response, ancestors: tuple[str, ...]) -> Response:
    """Add the headers that every reply carries; ``ancestors`` may frame it."""
    allowed = " ".join(ancestors) or "'none'"
    response.headers["Content-Security-Policy"] = CSP.format(ancestors=allowed)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if ancestors and ancestors[0].startswith("https://"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
