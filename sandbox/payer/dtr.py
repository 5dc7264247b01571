"""``$questionnaire-package`` in the shape of DTR 2.0.1.

https://hl7.org/fhir/us/davinci-dtr/STU2/OperationDefinition-questionnaire-package.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from sandbox.payer import forms, hostile, misbehave, participants, r4
from sandbox.payer.body import body_of
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control
from sandbox.payer.crd import Assertions
from sandbox.payer.mac import Office
from sandbox.payer.outcome import Fault, Faults, Refused, fhir, outcome
from sandbox.payer.r4 import Json, mapping, objects

ORDERS = (
    "Appointment", "Encounter", "CommunicationRequest", "DeviceRequest", "MedicationRequest",
    "NutritionOrder", "ServiceRequest", "SupplyRequest", "VisionPrescription",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a caller asks a package for."""

    coverages: tuple[Json, ...]
    orders: tuple[Json, ...]
    canonicals: tuple[str, ...]
    context: str | None


def blueprint(
    config: PayerConfig, control: Control, assertions: Assertions, office: Office
) -> Blueprint:
    """Return the DTR operation, at the two addresses that the guide writes."""
    dtr = Blueprint("dtr", __name__, url_prefix="/dtr")

    @dtr.post("/Questionnaire/$questionnaire-package")
    @dtr.post("/$questionnaire-package")
    def package() -> Response:
        mode = control.for_call(request.headers.items()).dtr
        failed = misbehave.early(mode)
        if failed is not None:
            return failed
        asked = read(body_of())
        if mode == "none":
            return fhir(
                _parameters([], [Fault("informational", "", "No documentation is needed.")])
            )
        wanted, warnings = _services(asked, config, assertions, office)
        found = [forms.package(config.forms_dir, one) for one in wanted]
        bundles = [hostile.spoil(one, mode) for one in found if one]
        return fhir(_parameters(bundles, warnings))

    return dtr


def read(body: Any) -> Asked:
    """Return what is asked for; raises Refused (400) naming every fault."""
    faults = Faults()
    parameters = mapping(body)
    faults.need(
        parameters.get("resourceType") == "Parameters", "", "the body is no Parameters", "structure"
    )
    by_name: dict[str, list[Json]] = {}
    for one in objects(parameters.get("parameter")):
        by_name.setdefault(str(one.get("name")), []).append(one)
    coverages = _resources(by_name, "coverage", ("Coverage",), faults)
    orders = _resources(by_name, "order", ORDERS, faults)
    canonicals = _strings(by_name, "questionnaire", "valueCanonical", faults)
    contexts = _strings(by_name, "context", "valueString", faults)
    faults.need(coverages, "Parameters.parameter", "coverage is required", "required")
    faults.need(len(contexts) <= 1, "Parameters.parameter", "context stands more than once")
    faults.need(
        orders or canonicals or contexts,
        "Parameters.parameter",
        "one of order, questionnaire or context is required (dtr-1)",
    )
    if faults.found:
        raise Refused(400, faults.found)
    context = contexts[0] if contexts else None
    return Asked(tuple(coverages), tuple(orders), tuple(canonicals), context)


def _resources(
    by_name: dict[str, list[Json]], name: str, kinds: tuple[str, ...], faults: Faults
) -> list[Json]:
    found = [mapping(one.get("resource")) for one in by_name.get(name, [])]
    for one in found:
        faults.need(
            one.get("resourceType") in kinds,
            f"Parameters.parameter.where(name='{name}')",
            f"{name} must be a resource: {' or '.join(kinds)}",
            "structure",
        )
    return found


def _strings(by_name: dict[str, list[Json]], name: str, key: str, faults: Faults) -> list[str]:
    found = [one.get(key) for one in by_name.get(name, [])]
    whole = all(isinstance(one, str) and one for one in found)
    faults.need(
        whole, f"Parameters.parameter.where(name='{name}')", f"{name} needs {key}", "structure"
    )
    return [one for one in found if isinstance(one, str)]


def _services(
    asked: Asked, config: PayerConfig, assertions: Assertions, office: Office
) -> tuple[list[str], list[Fault]]:
    """Return the services whose packages are meant, and what could not be found.

    Canonicals limit the answer; without them the context decides, then the orders. A context is
    an assertion of CRD, or the trace of an item whose form was asked for after it was sent.
    """
    code = office.asked_form(asked.context or "")
    if asked.context and code is None and not assertions.knows(asked.context):
        raise Refused.because(400, f"unknown context {asked.context}", code="not-found")
    if asked.canonicals:
        return _by_canonical(asked.canonicals, config)
    if asked.context:
        service = participants.service(code) or assertions.service(asked.context)
        wanted = [service] if service else []
    else:
        codes = [r4.code_in(one.get("code"), r4.CPT, r4.HCPCS) for one in asked.orders]
        wanted = sorted({one for code in codes if (one := participants.service(code))})
    present = [one for one in wanted if one in forms.services(config.forms_dir)]
    missing = [Fault("not-found", "", "No form is needed or known for this request.")]
    return present, ([] if present else missing)


def _by_canonical(
    canonicals: tuple[str, ...], config: PayerConfig
) -> tuple[list[str], list[Fault]]:
    known: dict[str, str] = {}
    for service in forms.services(config.forms_dir):
        canonical = str(forms.canonical(config.forms_dir, service))
        known |= {canonical: service, canonical.split("|")[0]: service}
    wanted = [known[one] for one in canonicals if one in known]
    warnings = [
        Fault("not-found", "", f"unknown questionnaire {one}")
        for one in canonicals
        if one not in known
    ]
    return list(dict.fromkeys(wanted)), warnings


def _parameters(bundles: list[Json], notes: list[Fault]) -> Json:
    parts = [{"name": "PackageBundle", "resource": one} for one in bundles]
    if notes:
        informational = notes[0].code == "informational"
        severity = "information" if informational else "warning"
        parts.append({"name": "operationOutcome", "resource": outcome(notes, severity)})
    return {"resourceType": "Parameters", "parameter": parts}
