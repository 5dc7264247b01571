"""Send to a PAS server: ``$submit`` and ``$inquire``.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import Receipt
from smart_app.errors import PayerUnknown
from smart_app.ports import PayerHttp

FHIR_JSON = "application/fhir+json"


def faults(body: Any) -> tuple[str, ...]:
    """Return what an OperationOutcome complains about, in the payer's words; never raises."""
    if not isinstance(body, dict) or body.get("resourceType") != "OperationOutcome":
        return ()
    issues = body.get("issue")
    several = issues if isinstance(issues, list) else []
    found = (_issue(one) for one in several if isinstance(one, dict))
    return tuple(one for one in found if one)


def _issue(issue: dict[str, Any]) -> str:
    details, where = issue.get("details"), issue.get("expression")
    text = details.get("text") if isinstance(details, dict) else None
    words = next((one for one in (text, issue.get("diagnostics"), issue.get("code")) if one), "")
    places = ", ".join(str(one) for one in where) if isinstance(where, list) else ""
    return ": ".join(one for one in (str(words), places) if one)


def submit(http: PayerHttp, base: str, payload: bytes) -> Receipt:
    """POST a request Bundle's exact bytes.

    2xx with a FHIR body is received; a 4xx is a refusal, nothing was decided; everything else
    leaves the outcome unknown. Raises PayerUnreachable and PayerUnknown.
    """
    answer = http.post(base.rstrip("/") + "/Claim/$submit", payload, FHIR_JSON)
    if 200 <= answer.status < 300 and isinstance(answer.body, dict):
        if answer.body.get("resourceType") in ("Bundle", "ClaimResponse"):
            return Receipt("received", answer.status, answer.body)
        raise PayerUnknown(f"{answer.status} without a ClaimResponse")
    if 400 <= answer.status < 500 and answer.status not in (408, 429):
        named = faults(answer.body)
        return Receipt("rejected", answer.status, None, named or (f"status {answer.status}",))
    raise PayerUnknown(f"status {answer.status}")


def inquire(http: PayerHttp, base: str, payload: bytes) -> Any:
    """POST an inquiry Bundle and return the answer's body; raises PayerUnknown."""
    answer = http.post(base.rstrip("/") + "/Claim/$inquire", payload, FHIR_JSON)
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise PayerUnknown(f"status {answer.status}")
    return answer.body
