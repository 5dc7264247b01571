"""References, as ``Type/id`` relative to the chart.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import codes

_TAIL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?$")


def relative(reference: Any) -> str | None:
    """Return ``Type/id`` of a Reference or reference string, or None."""
    value = reference.get("reference") if isinstance(reference, dict) else reference
    match = _TAIL.search(value) if isinstance(value, str) else None
    return f"{match[1]}/{match[2]}" if match else None


def of(resource: Resource) -> str:
    """Return the reference that names a resource."""
    return f"{resource['resourceType']}/{resource['id']}"


def names(resource: Resource, reference: str) -> bool:
    """Tell whether a reference names a resource; none names what has no id."""
    return f"{resource.get('resourceType')}/{resource.get('id')}" == reference


def base(iss: str) -> str:
    """Return a FHIR base as it is compared: EHRs state the same one with and without a slash."""
    return iss.rstrip("/")


def version_of(resource: Resource) -> str | None:
    """Return the resource's version id, if the EHR states one."""
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return str(version) if version is not None else None


def content(resource: Resource | None) -> Resource | None:
    """Return a resource without what every server changes by itself, to compare two readings."""
    if resource is None:
        return None
    return {key: value for key, value in resource.items() if key not in ("meta", "text")}


SUBJECTS = ("subject", "patient", "beneficiary", "for")


def subject_of(resource: Resource) -> str | None:
    """Return whom a resource is about, as ``Patient/id``, or None when it says nothing.

    An Appointment is about the patient among its participants.
    """
    if resource.get("resourceType") == "Patient":
        return of(resource)
    for member in SUBJECTS:
        if found := relative(resource.get(member)):
            return found
    for participant in codes.objects(resource.get("participant")):
        found = relative(participant.get("actor"))
        if found and found.startswith("Patient/"):
            return found
    return None


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every Reference in a resource, in the order in which they stand."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("reference"), str):
                yield one
            waiting += [one[key] for key in reversed(one) if isinstance(one[key], dict | list)]
        elif isinstance(one, list):
            waiting += reversed(one)
