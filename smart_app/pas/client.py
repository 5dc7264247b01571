"""Speak to a PAS server: its operations, and the Subscription that it tells by.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from smart_app.cases.model import Receipt, Resource
from smart_app.errors import PayerUnknown
from smart_app.fhir import codes
from smart_app.pas import listing
from smart_app.pas.subscription import last
from smart_app.ports import PayerHttp

FHIR_JSON = "application/fhir+json"


def faults(body: Any) -> dict[str, tuple[str, ...]]:
    """Return what an OperationOutcome complains about, in the payer's words, each with its places.

    Never raises. ``location`` is where older FHIR has the places.
    https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
    """
    if not isinstance(body, dict) or body.get("resourceType") != "OperationOutcome":
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for issue in codes.objects(body.get("issue")):
        text = codes.member(issue.get("details"), "text")
        words = next(
            (one for one in (text, issue.get("diagnostics"), issue.get("code")) if one), ""
        )
        named = issue.get("expression") or issue.get("location")
        places = [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
        if words or places:
            said = str(words or "no reason given")
            found[said] = tuple(dict.fromkeys((*found.get(said, ()), *places)))
    return found


def submit(http: PayerHttp, base: str, payload: bytes) -> Receipt:
    """POST a request Bundle's exact bytes.

    2xx with a FHIR body is received; a 4xx is a refusal, nothing was decided; everything else
    leaves the outcome unknown. Raises PayerUnreachable and PayerUnknown.
    """
    receipt = _posted(http, base, "Claim/$submit", payload)
    kind = receipt.body.get("resourceType") if receipt.body else None
    if receipt.outcome == "received" and kind not in ("Bundle", "ClaimResponse"):
        raise PayerUnknown(f"{receipt.status} without a ClaimResponse")
    return receipt


def attach(http: PayerHttp, base: str, payload: bytes) -> Receipt:
    """POST the exact bytes of documents that were asked for; raises as ``submit`` does."""
    receipt = _posted(http, base, "$submit-attachment", payload)
    if receipt.outcome == "received" and receipt.body and listing.complains(receipt.body):
        raise PayerUnknown("a warning or an error with success")
    return receipt


def _posted(http: PayerHttp, base: str, operation: str, payload: bytes) -> Receipt:
    answer = http.post(f"{base.rstrip('/')}/{operation}", payload, FHIR_JSON)
    if 200 <= answer.status < 300:
        body = answer.body if isinstance(answer.body, dict) else None
        return Receipt("received", answer.status, body)
    if 400 <= answer.status < 500 and answer.status not in (408, 429):
        named = faults(answer.body) or {f"status {answer.status}": ()}
        return Receipt("rejected", answer.status, None, tuple(named), tuple(named.values()))
    raise PayerUnknown(f"status {answer.status}")


def inquire(http: PayerHttp, base: str, payload: bytes) -> Any:
    """POST an inquiry Bundle and return the answer's body; raises PayerUnknown."""
    answer = http.post(base.rstrip("/") + "/Claim/$inquire", payload, FHIR_JSON)
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise PayerUnknown(f"status {answer.status}")
    return answer.body


GONE = (404, 410)


def _subscription(base: str, name: str = "", ending: str = "") -> str:
    return "/".join(filter(None, [base.rstrip("/"), "Subscription", quote(name), ending]))


def subscribe(http: PayerHttp, base: str, wanted: Resource) -> str:
    """Ask for a Subscription and return the payer's id of it; raises PayerUnknown."""
    answer = http.post(_subscription(base), json.dumps(wanted).encode(), FHIR_JSON)
    made = answer.body.get("id") if isinstance(answer.body, dict) else None
    name = last(made or answer.location)
    if answer.status not in (200, 201) or not name:
        raise PayerUnknown(f"status {answer.status}")
    return name


def renew(http: PayerHttp, base: str, name: str, wanted: Resource) -> bool:
    """Ask for a Subscription anew, until a later end; False when the payer has it no more."""
    body = json.dumps({**wanted, "id": name}).encode()
    answer = http.put(_subscription(base, name), body, FHIR_JSON)
    if answer.status not in (200, 201, *GONE):
        raise PayerUnknown(f"status {answer.status}")
    return answer.status not in GONE


def unsubscribe(http: PayerHttp, base: str, name: str) -> None:
    """End a Subscription; one that is gone is ended. Raises PayerUnknown."""
    answer = http.delete(_subscription(base, name))
    if answer.status not in (200, 202, 204, *GONE):
        raise PayerUnknown(f"status {answer.status}")


def subscription(http: PayerHttp, base: str, name: str) -> str:
    """Return the status of a Subscription, ``gone`` when the payer has it no more."""
    answer = http.get(_subscription(base, name))
    if answer.status in GONE:
        return "gone"
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise PayerUnknown(f"status {answer.status}")
    return str(answer.body.get("status") or "")


def told(http: PayerHttp, base: str, name: str, since: int | None = None) -> Any:
    """Return a Subscription's ``$status``, or its ``$events`` since a number; None for neither."""
    ending = "$status" if since is None else f"$events?eventsSinceNumber={since}"
    answer = http.get(_subscription(base, name, ending))
    return answer.body if answer.status == 200 else None
