"""An order-sign call, checked and read.

https://hl7.org/fhir/us/davinci-crd/2.2.1/en/hooks.html and https://cds-hooks.org/specification/2.0/
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from sandbox.payer import r4
from sandbox.payer.outcome import Refused
from sandbox.payer.r4 import Json, mapping, objects

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
USER = re.compile(r"(Practitioner|PractitionerRole)/[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True)
class OrderSign:
    """What an order-sign call is about."""

    instance: str
    orders: tuple[Json, ...]
    patient: Json
    coverage: Json
    prefetch: Json
    configuration: Json

    @property
    def member(self) -> str:
        """Return the member number of the coverage."""
        found = [one.get("value") for one in r4.member_identifiers(self.coverage)]
        return str((found or [self.coverage.get("subscriberId")])[0])


def need(holds: Any, text: str, expression: str = "", status: int = 400) -> None:
    """Raise Refused unless the condition holds."""
    if not holds:
        raise Refused.because(status, text, expression)


def read(body: Any) -> OrderSign:
    """Return the call; raises Refused (400, 412) saying what is wrong."""
    need(isinstance(body, dict), "the body is no JSON object")
    need(body.get("hook") == "order-sign", "hook must be order-sign", "hook")
    instance = str(body.get("hookInstance"))
    need(_is_uuid(instance), "hookInstance must be a uuid", "hookInstance")
    context = mapping(body.get("context"))
    _context(context)
    prefetch = mapping(body.get("prefetch"))
    need(prefetch, "prefetch is missing, and this payer does not query", "prefetch", 412)
    patient = mapping(prefetch.get("patient"))
    need(
        patient.get("resourceType") == "Patient",
        "prefetch lacks the patient",
        "prefetch.patient",
        412,
    )
    need(
        patient.get("id") == context["patientId"],
        "prefetch.patient is another patient than context.patientId",
        "prefetch.patient.id",
    )
    return OrderSign(
        instance=instance,
        orders=tuple(resources(context["draftOrders"])),
        patient=patient,
        coverage=_coverage(prefetch, str(context["patientId"])),
        prefetch=prefetch,
        configuration=mapping(mapping(body.get("extension")).get("davinci-crd.configuration")),
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _context(context: Json) -> None:
    user, patient = str(context.get("userId")), str(context.get("patientId"))
    need(USER.fullmatch(user), "userId must be Practitioner/id or PractitionerRole/id",
         "context.userId")  # fmt: skip
    need(ID.fullmatch(patient), "patientId must be a plain id", "context.patientId")
    if "encounterId" in context:
        encounter = str(context["encounterId"])
        need(ID.fullmatch(encounter), "encounterId must be a plain id", "context.encounterId")
    orders = mapping(context.get("draftOrders"))
    need(orders.get("resourceType") == "Bundle", "draftOrders must be a Bundle",
         "context.draftOrders")  # fmt: skip
    found = resources(orders)
    need(found, "draftOrders holds no order", "context.draftOrders.entry")
    for number, order in enumerate(found):
        at = f"context.draftOrders.entry[{number}].resource"
        need(order.get("id"), "an order needs an id", f"{at}.id")
        subject = str(mapping(order.get("subject")).get("reference"))
        need(
            subject.split("/")[-1] == patient,
            "the order's subject is another patient than context.patientId",
            f"{at}.subject",
        )


def resources(bundle: Any) -> list[Json]:
    """Return the resources of a Bundle."""
    entries = objects(mapping(bundle).get("entry"))
    return [one["resource"] for one in entries if isinstance(one.get("resource"), dict)]


def _coverage(prefetch: Json, patient: str) -> Json:
    at = "prefetch.coverage"
    need("coverage" in prefetch, "prefetch lacks the coverage", at, 412)
    active = [one for one in resources(prefetch["coverage"]) if one.get("status") == "active"]
    need(len(active) == 1, f"exactly one active Coverage is needed, found {len(active)}", at)
    coverage = active[0]
    beneficiary = str(mapping(coverage.get("beneficiary")).get("reference"))
    need(
        beneficiary.split("/")[-1] == patient,
        "the coverage's beneficiary is another patient",
        f"{at}.beneficiary",
    )
    payors = objects(coverage.get("payor"))
    identifiers = [mapping(one.get("identifier")).get("value") for one in payors]
    need(any(identifiers), "the coverage's payor has no identifier", f"{at}.payor.identifier")
    return coverage
