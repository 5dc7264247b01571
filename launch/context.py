"""What a launch gives: stage 1's output."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """Who opened Preclear, in which chart, on which orders.

    https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
    """

    launch_id: str
    site: str
    iss: str
    fhir_base: str
    patient_id: str | None
    fhir_user: str
    granted_scopes: tuple[str, ...]
    encounter_id: str | None = None
    roles: tuple[str, ...] = ()
    order_refs: tuple[str, ...] = ()
    coverage_ref: str | None = None
    task_ref: str | None = None
    response_ref: str | None = None
    need_patient_banner: bool = True
    style_url: str | None = None
    intent: str | None = None
    user_name: str = ""


ORDER_TYPES = ("ServiceRequest", "DeviceRequest", "MedicationRequest")


def references(token: dict[str, object]) -> dict[str, list[str]]:
    """Group the references of ``fhirContext`` by resource type.

    Items are ``{"reference": "Type/id"}`` (SMART 2) or bare strings; anything else is passed over.
    """
    grouped: dict[str, list[str]] = {}
    items = token.get("fhirContext")
    for item in items if isinstance(items, list) else []:
        reference = item.get("reference") if isinstance(item, dict) else item
        if isinstance(reference, str) and reference.count("/") == 1:
            grouped.setdefault(reference.split("/")[0], []).append(reference)
    return grouped
