"""How a payer fails: the ways that a client must survive."""

from __future__ import annotations

import contextlib
import copy
import socket

from flask import Response, request

from sandbox.payer.outcome import Refused
from sandbox.payer.r4 import Json

HTML = "<!doctype html><title>Sign in</title><h1>Pretend payer: please sign in</h1>"
SILENCE = 120.0


def cut() -> Response:
    """Close the connection without an answer.

    The server's later write fails as on any dropped connection. Where there is no socket (a test
    client) the failure is raised here. The body is read first, for the exchange log.
    """
    request.get_data()
    connection = request.environ.get("werkzeug.socket")
    if connection is None:
        raise ConnectionAbortedError("cut by the pretend payer")
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
    return Response(status=500)


def server_error() -> Response:
    """Answer 500 without FHIR."""
    return Response("pretend payer: internal error", 500, mimetype="text/plain")


def html_page() -> Response:
    """Answer 200 with a page, as a proxy that wants a sign-in does."""
    return Response(HTML, 200, mimetype="text/html")


def malformed(answer: Response) -> Response:
    """Answer half of the JSON."""
    body = answer.get_data()
    return Response(body[: len(body) // 2], answer.status_code, mimetype=answer.mimetype)


def without_decision(answer: Json) -> Json:
    """Take out of an answer, or of every result of an inquiry, what was decided of its items."""
    made: Json = copy.deepcopy(answer)
    bundles = [one["resource"] for one in made.get("parameter") or []] or [made]
    for entry in (entry for bundle in bundles for entry in bundle.get("entry") or []):
        for item in entry["resource"].get("item") or []:
            item.pop("adjudication", None)
    return made


def early(mode: str) -> Response | None:
    """Return the failure that comes before anything is recorded, or None."""
    if mode == "cut_before":
        return cut()
    if mode == "refuse":
        raise Refused.because(400, "the pretend payer was told to refuse", code="business-rule")
    if mode == "500":
        return server_error()
    return html_page() if mode == "html" else None
