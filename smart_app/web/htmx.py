"""What ``htmx-flask`` lacks for htmx 4."""

from __future__ import annotations

from flask import Response, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse


def wanted() -> bool:
    """Tell whether htmx asked for a part of a page."""
    return bool(getattr(request, "htmx", False))


def part_or_page(part: str, url: str) -> BaseResponse:
    """Return the part to htmx, and to everyone else the page it belongs to."""
    if not wanted():
        return redirect(url, 303)
    response: Response = make_response(part)
    response.headers["Vary"] = "HX-Request"
    return response
