"""SMART scopes and the patient compartment, as this EHR enforces them."""

from __future__ import annotations

import re
from typing import Any

OPEN_TYPES = ("Practitioner", "PractitionerRole", "Organization", "Location")
"""Types outside the patient compartment: they need a user/ scope."""

_SCOPE = re.compile(r"^(patient|user)/(\w+|\*)\.(read|write|\*|(?=\w)c?r?u?d?s?)$")
_OLD = {"read": "rs", "write": "cud", "*": "cruds"}


def offered(asked: str, known: frozenset[str]) -> str:
    """Return the scopes of a request that this EHR grants."""
    plain = {"launch", "launch/patient", "openid", "fhirUser", "offline_access", "online_access"}
    granted = [
        one
        for one in asked.split()
        if one in plain or ((match := _SCOPE.match(one)) and (match[2] in known or match[2] == "*"))
    ]
    return " ".join(dict.fromkeys(granted))


def level(scope: str, kind: str, letter: str) -> str | None:
    """Return ``user`` or ``patient``, whichever allows a verb on a type, or None."""
    found = set()
    for one in scope.split():
        match = _SCOPE.match(one)
        if match and match[2] in (kind, "*") and letter in _OLD.get(match[3], match[3]):
            found.add(match[1])
    if "user" in found:
        return "user"
    return "patient" if "patient" in found and kind not in OPEN_TYPES else None


def about(resource: dict[str, Any]) -> str | None:
    """Return the patient a resource is about, as ``Patient/id``."""
    if resource.get("resourceType") == "Patient":
        return f"Patient/{resource.get('id')}"
    for member in ("subject", "patient", "beneficiary"):
        reference = (resource.get(member) or {}).get("reference")
        if reference:
            return str(reference)
    for participant in resource.get("participant") or []:
        reference = (participant.get("actor") or {}).get("reference", "")
        if reference.startswith("Patient/"):
            return str(reference)
    return None
