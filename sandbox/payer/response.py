"""The PAS response Bundle, from what the office recorded.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-pas-response-bundle.html
"""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.payer import participants
from sandbox.payer.mac import Submission
from sandbox.payer.r4 import PAS, X12, Json, mapping
from sandbox.payer.request import Item

DISPLAYS = {"A1": "Certified in total", "A3": "Not Certified", "A4": "Pending"}
ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"
TEST_DATA = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
BUNDLES = "urn:preclear:sandbox:payer:response"


def bundle(one: Submission, now: str, *, inquiry: bool = False) -> Json:
    """Return the answer to a submission, or one result of an inquiry about it."""
    kind = "pas-inquiry-response-bundle" if inquiry else "pas-response-bundle"
    response_url = f"urn:uuid:{uuid.uuid4()}"
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{PAS}profile-{kind}"], "security": [TEST_DATA]},
        "identifier": {"system": BUNDLES, "value": str(uuid.uuid4())},
        "type": "collection",
        "timestamp": now,
        "entry": [
            {"fullUrl": response_url, "resource": _response(one, response_url, inquiry)},
            *_echoed(one),
        ],
    }


def _echoed(one: Submission) -> list[Json]:
    """Return what the ClaimResponse refers to, as it was sent; the Claim need not travel."""
    request = one.request
    entries = []
    pending = [
        str(mapping(request.claim.get(name)).get("reference"))
        for name in ("patient", "insurer", "provider")
    ]
    seen: set[str] = set()
    while pending:
        url = pending.pop(0)
        if url in seen or url not in request.index:
            continue
        seen.add(url)
        resource = request.index[url][1]
        entries.append({"fullUrl": url, "resource": resource})
        if resource.get("resourceType") == "PractitionerRole":
            pending += [
                str(mapping(resource.get(name)).get("reference"))
                for name in ("practitioner", "organization")
            ]
    return entries


def _response(one: Submission, url: str, inquiry: bool) -> Json:
    request = one.request
    profile = "profile-claiminquiryresponse" if inquiry else "profile-claimresponse"
    made: Json = {
        "resourceType": "ClaimResponse",
        "id": url.removeprefix("urn:uuid:"),
        "meta": {"profile": [PAS + profile]},
        "identifier": [request.identifier],
        "status": "active",
        "type": request.claim["type"],
        "use": "preauthorization",
        "patient": request.claim["patient"],
        "created": one.changed_at or one.received_at,
        "insurer": request.claim["insurer"],
        "requestor": request.claim["provider"],
        "request": {"reference": request.claim_url},
    }
    if one.decision == "dismissed":
        return {**made, **_dismissal(one)}
    made |= {"outcome": "complete", "disposition": _disposition(one)}
    if one.decision != "pended":
        made["extension"] = [_reviewer(one.decision != "affirmed")]
    if one.window and one.utn and _affirms(one):
        made["preAuthRef"] = one.utn
        made["preAuthPeriod"] = _period(one)
    made["item"] = [_item(one, item) for item in request.items]
    if one.reasons:
        made["processNote"] = [
            {"number": number, "type": "display", "text": text}
            for number, text in enumerate(one.reasons, start=1)
        ]
    return made


def _affirms(one: Submission) -> bool:
    return one.decision in ("affirmed", "partial")


def _disposition(one: Submission) -> str:
    route = participants.route(one.request.state)
    who = f"{route.participant} for {route.mac}" if route else "the payer"
    return f"{one.decision} by pretend {who}"


def _dismissal(one: Submission) -> Json:
    """Dismissed has no PAS code: an error without items, said in words, without a number."""
    reason = "; ".join(one.reasons)
    return {
        "outcome": "error",
        "disposition": f"dismissed: {reason}",
        "processNote": [
            {"number": number, "type": "display", "text": f"dismissed: {text}"}
            for number, text in enumerate(one.reasons, start=1)
        ],
    }


def _reviewer(human: bool) -> Json:
    """A non-affirmation needs a human clinician (WISeR guide 4)."""
    return {
        "url": PAS + "extension-claimResponseReviewer",
        "extension": [{"url": "wasHumanReviewedFlag", "valueBoolean": human}],
    }


def _period(one: Submission) -> dict[str, str]:
    first, last = one.window or (None, None)
    return {"start": str(first), "end": str(last)}


def _item(one: Submission, item: Item) -> Json:
    code = one.code(item) or ""
    marks: list[Any] = [
        {"url": PAS + "extension-itemTraceNumber", "valueIdentifier": item.trace}
    ] if item.trace else []  # fmt: skip
    if code == "A4":
        marks.append(_string("extension-administrationReferenceNumber", one.reference))
    else:
        issued = PAS + "extension-itemPreAuthIssueDate"
        marks.append({"url": issued, "valueDate": str(one.decided_on)})
    if code == "A1":
        marks.append({"url": PAS + "extension-itemPreAuthPeriod", "valuePeriod": _period(one)})
    if code == "A3" and one.utn:
        marks.append(_string("extension-administrationReferenceNumber", one.utn))
    made: Json = {
        "extension": marks,
        "itemSequence": item.sequence,
        "adjudication": [{"extension": [_review(code, one)], "category": _submitted()}],
    }
    if code == "A3" and one.reasons:
        made["noteNumber"] = list(range(1, len(one.reasons) + 1))
    return made


def _string(name: str, value: str) -> Json:
    return {"url": PAS + name, "valueString": value}


def _submitted() -> Json:
    return {"coding": [{"system": ADJUDICATION, "code": "submitted"}]}


def _review(code: str, one: Submission) -> Json:
    """Return reviewAction: the number under a relative URL, the code under the absolute one."""
    parts: list[Json] = []
    if code in ("A1", "A3") and one.utn:
        parts.append({"url": "number", "valueString": one.utn})
    coding = {"system": X12 + "306", "code": code, "display": DISPLAYS[code]}
    concept = {"coding": [coding]}
    parts.append({"url": PAS + "extension-reviewActionCode", "valueCodeableConcept": concept})
    return {"url": PAS + "extension-reviewAction", "extension": parts}
