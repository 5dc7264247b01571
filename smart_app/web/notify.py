"""Where payers tell of decisions: kept first, then acknowledged; looked at by the worker.

Nothing of a notification is answered but that it was kept. No session belongs to this address: the
secret of its subscription opens it.
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, request

from smart_app.fhir.client import FHIR_JSON, parsed
from smart_app.listening import Listening, UnknownSender
from smart_app.world import World


def blueprint(world: World) -> Blueprint:
    """Return the route of notifications."""
    pages = Blueprint("notify", __name__)
    listening = Listening(world)

    @pages.post("/notify/<name>")
    def notify(name: str) -> Response:
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        try:
            body = parsed(request.get_data())
        except ValueError:
            body = None
        try:
            kept = listening.receive(name, secret, body)
        except UnknownSender as cause:
            return _told(401, "login", cause.say)
        return make_response("", 204) if kept else _told(400, "structure", "No notification.")

    return pages


def _told(status: int, code: str, words: str) -> Response:
    """Return a refusal in the words of FHIR: software reads it."""
    issue = {"severity": "error", "code": code, "details": {"text": words}}
    response = make_response({"resourceType": "OperationOutcome", "issue": [issue]}, status)
    response.headers["Content-Type"] = FHIR_JSON
    return response
