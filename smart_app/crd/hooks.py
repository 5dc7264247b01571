"""The order-sign request.

https://hl7.org/fhir/us/davinci-crd/2.2.1/en/hooks.html#order-sign
"""

from __future__ import annotations

import uuid
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import refs

HOOK = "order-sign"


def context(
    fhir_base: str,
    user: str,
    patient_id: str,
    encounter_id: str | None,
    orders: tuple[Resource, ...],
) -> dict[str, Any]:
    """Return the hook's context: the orders as a draft Bundle, ids resolvable."""
    made: dict[str, Any] = {
        "userId": user,
        "patientId": patient_id,
        "draftOrders": {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"fullUrl": f"{fhir_base}/{refs.of(order)}", "resource": order} for order in orders
            ],
        },
    }
    if encounter_id:
        made["encounterId"] = encounter_id
    return made


def request(
    context_: dict[str, Any], prefetch: dict[str, Any], version: str | None
) -> dict[str, Any]:
    """Return the request envelope; ``hookInstance`` is new for every call.

    It carries no ``fhirServer`` and no ``fhirAuthorization``: the EHR's token goes to no payer,
    and what the payer may see is prefetched.
    """
    made: dict[str, Any] = {
        "hook": HOOK,
        "hookInstance": str(uuid.uuid4()),
        "context": context_,
        "prefetch": prefetch,
    }
    if version:
        made["extension"] = {"davinci-crd.requestedVersion": version}
    return made
