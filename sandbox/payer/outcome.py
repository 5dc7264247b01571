"""Faults found in what a client sent, and the OperationOutcome that names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Response, jsonify


@dataclass(frozen=True)
class Fault:
    """One thing wrong: an issue type of FHIR, where (FHIRPath), and words."""

    code: str
    expression: str
    text: str


@dataclass
class Faults:
    """A growing list of faults."""

    found: list[Fault] = field(default_factory=list)

    def add(self, expression: str, text: str, code: str = "invariant") -> None:
        """Note a fault."""
        self.found.append(Fault(code, expression, text))

    def need(self, holds: Any, expression: str, text: str, code: str = "invariant") -> bool:
        """Note a fault unless the condition holds; return whether it holds."""
        if not holds:
            self.add(expression, text, code)
        return bool(holds)


class Refused(Exception):
    """The request is answered by a single OperationOutcome."""

    def __init__(self, status: int, faults: list[Fault]) -> None:
        super().__init__(faults[0].text if faults else "refused")
        self.status = status
        self.faults = faults

    @classmethod
    def because(
        cls, status: int, text: str, expression: str = "", code: str = "invalid"
    ) -> Refused:
        """Return a refusal with one fault."""
        return cls(status, [Fault(code, expression, text)])


def outcome(faults: list[Fault], severity: str = "error") -> dict[str, Any]:
    """Return an OperationOutcome with one issue a fault."""
    issues = []
    for one in faults:
        issue: dict[str, Any] = {
            "severity": severity,
            "code": one.code,
            "details": {"text": one.text},
            "diagnostics": one.text,
        }
        if one.expression:
            issue["expression"] = [one.expression]
        issues.append(issue)
    return {"resourceType": "OperationOutcome", "issue": issues}


def fhir(body: dict[str, Any], status: int = 200) -> Response:
    """Return a FHIR answer."""
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/fhir+json"
    return response
