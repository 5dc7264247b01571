"""``Claim/$submit``, ``Claim/$inquire`` and ``Subscription``, at a base address a version of PAS.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask import request as http

from sandbox.payer import misbehave, response, subscribing
from sandbox.payer import request as requests
from sandbox.payer.body import body_of
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control
from sandbox.payer.desk import Desk
from sandbox.payer.mac import Office
from sandbox.payer.outcome import fhir
from sandbox.payer.r4 import Json
from sandbox.payer.versions import Version


def blueprint(version: Version, desk: Desk) -> Blueprint:
    """Return the endpoints of one version of PAS."""
    config, control, office = desk.config, desk.control, desk.office
    pas = Blueprint(f"pas_{version.name.replace('.', '_')}", __name__, url_prefix=version.path)

    @pas.post("/Claim/$submit")
    def submit() -> Response:
        mode = control.misbehaviour("submit")
        failed = misbehave.early(mode)
        if failed is not None:
            return failed
        request = requests.submitted(body_of(), version)
        one, _ = office.receive(request, http.get_data(), control.now())
        if control.now().hold:
            control.wait(None)
        return _late(mode, control, lambda: _stored(one, config, office))

    @pas.post("/Claim/$inquire")
    def inquire() -> Response:
        mode = control.misbehaviour("inquire")
        failed = misbehave.early(mode)
        if failed is not None:
            return failed
        found = office.find(requests.inquired(body_of(), version))
        now = config.now()
        results = [response.bundle(one, now, inquiry=True) for one in found]
        answer: Json = {"resourceType": "Parameters"}
        if results:
            answer["parameter"] = [{"name": "return", "resource": one} for one in results]
        return _late(mode, control, lambda: answer)

    @pas.get("/metadata")
    def metadata() -> Response:
        return fhir(_capability(config, version))

    subscribing.add(pas, version, config, desk.book, desk.courier)

    return pas


def _stored(one: Any, config: PayerConfig, office: Office) -> Json:
    """Return the first answer that was made for a submission, making it when there is none."""
    with office.lock:
        if "submit" not in one.answers:
            one.answers["submit"] = response.bundle(one, config.now())
        return dict(one.answers["submit"])


def _late(mode: str, control: Control, answer: Any) -> Response:
    """Return the answer, or the failure that comes after the request was recorded."""
    if mode == "cut_after":
        answer()
        return misbehave.cut()
    if mode == "timeout":
        answer()
        control.wait(misbehave.SILENCE)
        return misbehave.cut()
    if mode == "slow":
        control.wait(control.now().slow_seconds)
    said = answer()
    made = fhir(misbehave.without_decision(said) if mode == "no_decision" else said)
    return misbehave.malformed(made) if mode == "malformed" else made


def _capability(config: PayerConfig, version: Version) -> Json:
    operations = "http://hl7.org/fhir/us/davinci-pas/OperationDefinition/Claim-"
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": config.now(),
        "kind": "instance",
        "implementation": {
            "description": "Pretend payer of the Preclear sandbox. It decides nothing real.",
            "url": config.base_url + version.path,
        },
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": "Claim",
                        "operation": [
                            {"name": name, "definition": operations + name}
                            for name in ("submit", "inquiry")
                        ],
                    }
                ],
            }
        ],
    }
