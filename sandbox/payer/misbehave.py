"""How a payer fails: the ways that a client must survive."""

from __future__ import annotations

import contextlib
import copy
import socket
import uuid
from collections.abc import Callable

from flask import Response, request

from sandbox.payer.control import Control, Settings
from sandbox.payer.outcome import Refused, fhir
from sandbox.payer.r4 import PAS, Json, mapping, objects

HTML = "<!doctype html><title>Sign in</title><h1>Pretend payer: please sign in</h1>"
SILENCE = 120.0
OTHERS_NUMBER = "9SZ9ZZ9ZZ99"


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


def truncated(answer: Response) -> Response:
    """Answer half of the bytes that the header promises, then end the connection."""
    made = malformed(answer)
    made.automatically_set_content_length = False
    made.headers["Content-Length"] = str(len(answer.get_data()))
    made.headers["Connection"] = "close"
    return made


def empty(answer: Response) -> Response:
    """Answer without a body."""
    return Response(b"", answer.status_code, mimetype=answer.mimetype)


def early(mode: str) -> Response | None:
    """Return the failure that comes before anything is recorded, or None."""
    if mode == "cut_before":
        return cut()
    if mode == "refuse":
        at = "Bundle.entry[0].resource.item[0].productOrService"
        text = "the pretend payer was told to refuse"
        raise Refused.because(400, text, at, code="business-rule")
    if mode == "500":
        return server_error()
    return html_page() if mode == "html" else None


def late(mode: str, control: Control, settings: Settings, answer: Callable[[], Json]) -> Response:
    """Return the answer, or the failure that comes after the request was recorded."""
    if mode == "slow":
        control.wait(settings.slow_seconds)
    said = answer()
    if mode == "timeout":
        control.wait(SILENCE)
    if mode in ("cut_after", "timeout"):
        return cut()
    if mode == "500_after":
        return server_error()
    made = fhir(CONTENTS[mode](said) if mode in CONTENTS else said)
    return BYTES[mode](made) if mode in BYTES else made


def _bundles(answer: Json) -> list[Json]:
    """Return the answer's Bundle, or those of every result of an inquiry."""
    return [one["resource"] for one in objects(answer.get("parameter"))] or [answer]


def _without_decision(answer: Json) -> Json:
    """Take out what was decided of the items."""
    made: Json = copy.deepcopy(answer)
    for entry in (entry for bundle in _bundles(made) for entry in objects(bundle.get("entry"))):
        for item in objects(entry["resource"].get("item")):
            item.pop("adjudication", None)
    return made


def _wrong_type(answer: Json) -> Json:
    """Answer with another kind of resource."""
    return {"resourceType": "Basic", "code": {"text": "pretend payer"}}


def _other_patient(answer: Json) -> Json:
    """Answer about another person: other number, name and birth date, as another entry."""
    made: Json = copy.deepcopy(answer)
    for bundle in _bundles(made):
        for response in _responses(bundle):
            old, new = str(response["patient"]["reference"]), f"urn:uuid:{uuid.uuid4()}"
            response["patient"] = {"reference": new}
            for entry in objects(bundle.get("entry")):
                if entry["fullUrl"] == old:
                    entry["fullUrl"] = new
                    _somebody_else(entry["resource"])
    return made


def _somebody_else(patient: Json) -> None:
    for one in objects(patient.get("identifier")):
        one["value"] = OTHERS_NUMBER
    patient |= {"name": [{"family": "Else", "given": ["Someone"]}], "birthDate": "1940-01-01"}


def _other_claim(answer: Json) -> Json:
    """Answer another request: its identifier, its Claim, the traces of its items."""
    made: Json = copy.deepcopy(answer)
    for response in (one for bundle in _bundles(made) for one in _responses(bundle)):
        response["identifier"] = [{"system": "urn:trnorg:9999999999", "value": "other"}]
        response["request"] = {"reference": f"urn:uuid:{uuid.uuid4()}"}
        for item in objects(response.get("item")):
            for mark in objects(item.get("extension")):
                if mark["url"] == PAS + "extension-itemTraceNumber":
                    mark["valueIdentifier"] = {**mapping(mark["valueIdentifier"]), "value": "other"}
    return made


def _responses(bundle: Json) -> list[Json]:
    found = [mapping(one.get("resource")) for one in objects(bundle.get("entry"))]
    return [one for one in found if one.get("resourceType") == "ClaimResponse"]


CONTENTS: dict[str, Callable[[Json], Json]] = {
    "no_decision": _without_decision,
    "wrong_type": _wrong_type,
    "other_patient": _other_patient,
    "other_claim": _other_claim,
}
BYTES: dict[str, Callable[[Response], Response]] = {
    "malformed": malformed,
    "truncated": truncated,
    "empty": empty,
}
