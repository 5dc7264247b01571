"""A real FHIR R4 store (sekmet-fhir) behind a thin interface of ours.

One lock around all writes: the store's own conditional create races. Only declared types and
verbs get through, and none of its ``$`` operations.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from sekmet.config import Settings
from sekmet.context import AppContext
from sekmet.fhir.common import FhirError

Resource = dict[str, Any]

READ, SEARCH, CREATE, UPDATE = "read", "search", "create", "update"
TYPES: dict[str, tuple[str, ...]] = {
    "Patient": (READ, SEARCH),
    "Coverage": (READ, SEARCH),
    "ServiceRequest": (READ, SEARCH, UPDATE),
    "Condition": (READ, SEARCH),
    "Observation": (READ, SEARCH),
    "DiagnosticReport": (READ, SEARCH),
    "DocumentReference": (READ, SEARCH, CREATE),
    "Procedure": (READ, SEARCH),
    "MedicationRequest": (READ, SEARCH),
    "Encounter": (READ, SEARCH),
    "Appointment": (READ, SEARCH),
    "AllergyIntolerance": (READ, SEARCH),
    "CarePlan": (READ, SEARCH),
    "Practitioner": (READ, SEARCH),
    "PractitionerRole": (READ, SEARCH),
    "Organization": (READ, SEARCH),
    "Location": (READ, SEARCH),
}


@dataclass
class Answer:
    """Status, body and headers of one interaction."""

    status: int
    body: Resource | None
    headers: dict[str, str] = field(default_factory=dict)


def outcome(status: int, code: str, words: str) -> Answer:
    """Return a refusal as an OperationOutcome."""
    issue = {"severity": "error", "code": code, "diagnostics": words}
    return Answer(status, {"resourceType": "OperationOutcome", "issue": [issue]})


class Store:
    """Resources of all people."""

    def __init__(self, issuer: str, path: str) -> None:
        logging.getLogger("sekmet").setLevel(logging.ERROR)
        settings = Settings(base_url=issuer, db_path=path, simulator={"enabled": False})
        self._service = AppContext(settings).service
        self._lock = threading.Lock()

    @staticmethod
    def _answer(result: Any) -> Answer:
        return Answer(result.status, result.body, dict(result.headers))

    def _try(self, call: Any) -> Answer:
        try:
            return self._answer(call())
        except FhirError as cause:
            return Answer(cause.status, cause.outcome(), dict(cause.headers))

    def read(self, kind: str, identifier: str) -> Answer:
        """Return one resource."""
        return self._try(lambda: self._service.read(kind, identifier))

    def vread(self, kind: str, identifier: str, version: str) -> Answer:
        """Return one version of a resource."""
        return self._try(lambda: self._service.vread(kind, identifier, version))

    def search(self, kind: str, params: list[tuple[str, str]]) -> Answer:
        """Return a searchset with paging links."""
        return self._try(lambda: self._service.search(kind, params, strict=False))

    def create(self, kind: str, body: Resource, if_none_exist: str | None) -> Answer:
        """Create a resource, or find the one that the condition names."""
        with self._lock:
            return self._try(
                lambda: self._service.create(
                    kind, body, if_none_exist=if_none_exist, prefer="return=representation"
                )
            )

    def update(self, kind: str, identifier: str, body: Resource, if_match: str | None) -> Answer:
        """Replace a resource, of the version named."""
        with self._lock:
            return self._try(
                lambda: self._service.update(
                    kind, identifier, body, if_match=if_match, prefer="return=representation"
                )
            )

    def all(self, kind: str, **params: str) -> list[Resource]:
        """Return resources of a type for the EHR's own pages."""
        found = self.search(kind, [*params.items(), ("_count", "500")]).body or {}
        return [entry["resource"] for entry in found.get("entry") or []]


def capability(issuer: str) -> Resource:
    """Return the CapabilityStatement: exactly what is offered."""
    codes = {
        READ: ["read", "vread"],
        SEARCH: ["search-type"],
        CREATE: ["create"],
        UPDATE: ["update"],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-24",
        "kind": "instance",
        "software": {"name": "Pretend EHR (sandbox)"},
        "implementation": {"description": "Pretend EHR: invented people", "url": issuer},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": kind,
                        "versioning": "versioned",
                        "conditionalCreate": CREATE in verbs,
                        "searchParam": [{"name": "identifier", "type": "token"}],
                        "interaction": [{"code": code} for verb in verbs for code in codes[verb]],
                    }
                    for kind, verbs in TYPES.items()
                ],
            }
        ],
    }
