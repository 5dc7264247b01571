"""CRD: discovery and the order-sign service.

https://hl7.org/fhir/us/davinci-crd/2.2.1/en/hooks.html#order-sign
"""

from __future__ import annotations

import json
import threading
import uuid
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.payer import coverage_information, crd_request, forms, misbehave, participants, r4
from sandbox.payer.body import body_of
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control
from sandbox.payer.crd_request import OrderSign
from sandbox.payer.outcome import Refused
from sandbox.payer.r4 import Json

SERVICE = "order-sign-wiser"
CARD_TYPES = "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"
GUIDE = "https://www.cms.gov/priorities/innovation/innovation-models/wiser"


class Assertions:
    """What the payer asserted by CRD, for DTR to look up, and the hook instances seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._services: dict[str, str | None] = {}
        self._instances: set[str] = set()

    def use(self, instance: str) -> None:
        """Note a hookInstance; raises Refused (400) when it was used before."""
        with self._lock:
            if instance in self._instances:
                raise Refused.because(400, "hookInstance was used before", "hookInstance")
            self._instances.add(instance)

    def keep(self, assertion: str, service: str | None) -> None:
        """Remember an assertion and the service whose form it asks for, if any."""
        with self._lock:
            self._services[assertion] = service

    def knows(self, assertion: str) -> bool:
        """Tell whether the assertion was made here."""
        with self._lock:
            return assertion in self._services

    def service(self, assertion: str) -> str | None:
        """Return the service whose form an assertion asks for, or None."""
        with self._lock:
            return self._services.get(assertion)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._services.clear()
            self._instances.clear()


def blueprint(config: PayerConfig, control: Control, assertions: Assertions) -> Blueprint:
    """Return the CDS services."""
    crd = Blueprint("crd", __name__, url_prefix="/crd")

    @crd.get("/cds-services")
    def discovery() -> Response:
        text = Path(__file__).with_name("cds-services.json").read_text(encoding="utf-8")
        return jsonify(json.loads(text))

    @crd.post(f"/cds-services/{SERVICE}")
    def order_sign() -> Response:
        settings = control.for_call(request.headers.items())
        mode = settings.crd
        failed = misbehave.early(mode)
        if failed is not None:
            return failed
        call = crd_request.read(body_of(("application/json",)))
        assertions.use(call.instance)
        if mode == "slow":
            control.wait(settings.slow_seconds)
        answer = jsonify(_answer(call, mode, config, assertions))
        return misbehave.malformed(answer) if mode == "malformed" else answer

    return crd


def _answer(call: OrderSign, mode: str, config: PayerConfig, assertions: Assertions) -> Json:
    actions: list[Json] = []
    cards: list[Json] = []
    for order in call.orders:
        coding = coverage_information.procedure(order)
        if order.get("resourceType") != "ServiceRequest" or coding is None:
            continue
        service = participants.service(coding.get("code"))
        form = _form(config, service)
        parts = coverage_information.judge(call, order, mode, form)
        assertion = coverage_information.assertion_id(call, order, parts)
        asks = "auth-needed" in parts.get("pa-needed", [])
        assertions.keep(assertion, service if asks else None)
        day = config.day(coverage_information.state_of(call, order))
        actions += _action(call, order, parts, str(day))
        if asks and not cards:
            cards.append(_card(order))
    if call.configuration.get("coverage-info") is False:
        actions = []
    if call.configuration.get("guideline") is False or call.configuration.get("max-cards") == 0:
        cards = []
    return {"cards": cards, "systemActions": actions}


def _form(config: PayerConfig, service: str | None) -> str | None:
    return forms.canonical(config.forms_dir, service) if service else None


def _action(call: OrderSign, order: Json, parts: dict[str, Any], day: str) -> list[Json]:
    """Return the update of an order, or nothing when it already carries the same assertion."""
    new = coverage_information.extension(call, order, parts, day)
    carried = r4.extensions(order, coverage_information.URL)
    ours = [one for one in carried if coverage_information.about(one, call.coverage)]
    if len(ours) == 1 and coverage_information.same(ours[0], new):
        return []
    kept = [one for one in r4.objects(order.get("extension")) if one not in ours]
    return [
        {
            "type": "update",
            "description": "Adds the payer's coverage information to the order.",
            "resource": {**order, "extension": [*kept, new]},
        }
    ]


def _card(order: Json) -> Json:
    return {
        "uuid": str(uuid.uuid4()),
        "summary": "Pretend payer: the rules of the WISeR model",
        "detail": "What CMS publishes about prior authorization under the WISeR model.",
        "indicator": "info",
        "source": {
            "label": "Pretend payer of the Preclear sandbox",
            "topic": {"system": CARD_TYPES, "code": "guideline", "display": "Guideline"},
        },
        "links": [{"label": "WISeR model at CMS", "url": GUIDE, "type": "absolute"}],
        "extension": {
            "davinci-crd.associated-resource": [
                {"reference": f"{order['resourceType']}/{order['id']}"}
            ]
        },
    }
