"""``$inquire``: what has the payer of ours?

A result counts only when it carries our own trace: ``Claim.identifier`` is no search key.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/OperationDefinition-Claim-inquiry.html
"""

from __future__ import annotations

import copy
import uuid
from datetime import datetime
from typing import Any

from smart_app.cases.model import Case, Resource
from smart_app.pas import decision, names
from smart_app.pas.names import profile

KEPT = ("Organization", "Coverage", "Patient", "PractitionerRole", "Practitioner")
CLAIM_KEPT = (
    "resourceType",
    "id",
    "status",
    "type",
    "use",
    "patient",
    "insurer",
    "provider",
    "priority",
    "insurance",
    "careTeam",
)
ITEM_EXTENSIONS = (
    "extension-serviceItemRequestType",
    "extension-certificationType",
    "extension-itemTraceNumber",
)


def build(request: Resource, at: datetime) -> Resource:
    """Return an inquiry Bundle about a request Bundle that was, or may have been, sent."""
    entries = copy.deepcopy(request["entry"])
    claim = entries[0]["resource"]
    made = {key: claim[key] for key in CLAIM_KEPT if key in claim}
    made |= {
        "meta": profile("profile-claim-inquiry"),
        "identifier": [
            {"system": claim["identifier"][0]["system"], "value": f"inq-{uuid.uuid4()}"}
        ],
        "created": at.isoformat(timespec="seconds"),
        "item": [_item(item) for item in claim["item"]],
    }
    team = {one["provider"]["reference"] for one in made.get("careTeam", [])}
    kept = [{"fullUrl": entries[0]["fullUrl"], "resource": made}]
    for entry in entries[1:]:
        if entry["resource"]["resourceType"] in KEPT:
            kept.append(entry)
    linked = team | {entry["fullUrl"] for entry in kept}
    return {
        "resourceType": "Bundle",
        "meta": profile("profile-pas-inquiry-request-bundle"),
        "identifier": {"system": names.TRANSACTION, "value": str(uuid.uuid4())},
        "type": "collection",
        "timestamp": at.isoformat(timespec="seconds"),
        "entry": [entry for entry in kept if entry["fullUrl"] in linked],
    }


def _item(item: dict[str, Any]) -> dict[str, Any]:
    wanted = {names.PAS + name for name in ITEM_EXTENSIONS}
    return {
        "extension": [one for one in item["extension"] if one["url"] in wanted],
        "sequence": item["sequence"],
        "productOrService": item["productOrService"],
    }


def results(body: Any) -> list[Resource]:
    """Return the Bundles of an answer, whatever its version calls them."""
    if not isinstance(body, dict):
        return []
    if body.get("resourceType") == "Bundle":
        return [body]
    return [
        part["resource"]
        for part in body.get("parameter") or []
        if part.get("name") in ("return", "responseBundle")
        and isinstance(part.get("resource"), dict)
    ]


def ours(case: Case, body: Any, identifier: str) -> Resource | None:
    """Return the newest result that is about this request, or None.

    Ours is one whose every trace is one of the case's items, or, where it has no items (a
    dismissal), one that echoes our Claim's identifier.
    """
    traces = {item.trace for item in case.items}
    found = []
    for bundle in results(body):
        response = decision.claim_response(bundle)
        named = {decision.trace_of(item) for item in (response or {}).get("item") or []}
        echoed = {one.get("value") for one in (response or {}).get("identifier") or []}
        if response and ((named and named <= traces) or (not named and identifier in echoed)):
            found.append((str(response.get("created") or ""), bundle))
    return max(found, key=lambda one: one[0])[1] if found else None
