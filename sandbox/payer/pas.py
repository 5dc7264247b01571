"""The operations of PAS, at a base address a version: ``$submit``, ``$inquire``, attachments.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify
from flask import request as http

from sandbox.payer import attachments, discovery, misbehave, response, subscribing
from sandbox.payer import request as requests
from sandbox.payer.body import body_of
from sandbox.payer.control import Settings
from sandbox.payer.desk import Desk
from sandbox.payer.outcome import Fault, fhir, outcome
from sandbox.payer.r4 import Json
from sandbox.payer.submission import Submission
from sandbox.payer.versions import Version


def blueprint(version: Version, desk: Desk) -> Blueprint:
    """Return the endpoints of one version of PAS."""
    pas = Blueprint(f"pas_{version.name.replace('.', '_')}", __name__, url_prefix=version.path)

    @pas.post("/Claim/$submit")
    def submit() -> Response:
        return _answered(desk, "submit", lambda settings: _submit(version, desk, settings))

    @pas.post("/Claim/$inquire")
    def inquire() -> Response:
        return _answered(desk, "inquire", lambda settings: _inquire(version, desk))

    @pas.post("/$submit-attachment")
    def attach() -> Response:
        return _answered(desk, "attach", lambda settings: _attach(desk, settings))

    _about(pas, version, desk)
    subscribing.add(pas, version, desk.config, desk.book, desk.courier)
    return pas


def _about(pas: Blueprint, version: Version, desk: Desk) -> None:
    @pas.get("/metadata")
    def metadata() -> Response:
        return fhir(discovery.capability(desk.config, version))

    @pas.get("/.well-known/smart-configuration")
    def smart() -> Response:
        return jsonify(discovery.smart(desk.config, version))

    @pas.post("/auth/token")
    def token() -> tuple[Response, int]:
        url = str(discovery.smart(desk.config, version)["token_endpoint"])
        said, status = desk.tokens.give(http.form.to_dict(), url)
        return jsonify(said), status


def _answered(
    desk: Desk, operation: str, act: Callable[[Settings], Callable[[], Json]]
) -> Response:
    """Act as the switches and the call's own headers say, and answer or fail to."""
    settings = desk.control.for_call(http.headers.items())
    mode = desk.control.misbehaviour(operation, http.headers.items())
    failed = misbehave.early(mode)
    if failed is not None:
        return failed
    return misbehave.late(mode, desk.control, settings, act(settings))


def _submit(version: Version, desk: Desk, settings: Settings) -> Callable[[], Json]:
    request = requests.submitted(body_of(), version)
    one, _ = desk.office.receive(request, http.get_data(), settings)
    if settings.hold:
        desk.control.wait(None)
    return lambda: _stored(one, desk)


def _stored(one: Submission, desk: Desk) -> Json:
    """Return the first answer that was made for a submission, making it when there is none."""
    with desk.office.lock:
        if "submit" not in one.answers:
            one.answers["submit"] = response.bundle(one, desk.config.now())
        return dict(one.answers["submit"])


def _inquire(version: Version, desk: Desk) -> Callable[[], Json]:
    found = desk.office.find(requests.inquired(body_of(), version))
    now = desk.config.now()
    results = [response.bundle(one, now, inquiry=True) for one in found]
    return lambda: _results(results, version, now)


def _results(results: list[Json], version: Version, now: str) -> Json:
    """Return each result's Bundle in Parameters; before 2.2 all results in one Bundle."""
    if not version.inquiry_in_parameters:
        return response.together(results, now)
    answer: Json = {"resourceType": "Parameters"}
    if results:
        answer["parameter"] = [{"name": "return", "resource": one} for one in results]
    return answer


def _attach(desk: Desk, settings: Settings) -> Callable[[], Json]:
    desk.office.attach(attachments.read(body_of()), settings)
    taken = Fault("informational", "", "The attachment was taken.")
    return lambda: outcome([taken], "information")
