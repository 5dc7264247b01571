"""The PAS response Bundle, from what the office recorded.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-pas-response-bundle.html
"""

from __future__ import annotations

import uuid

from sandbox.payer import asking, items, participants, verdicts
from sandbox.payer.outcome import Fault, outcome
from sandbox.payer.r4 import PAS, X12, Json, mapping
from sandbox.payer.submission import Submission

TEST_DATA = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
BUNDLES = "urn:preclear:sandbox:payer:response"


def bundle(one: Submission, now: str, *, inquiry: bool = False) -> Json:
    """Return the answer to a submission, or one result of an inquiry about it."""
    response_url = f"urn:uuid:{uuid.uuid4()}"
    return {
        **_envelope(now, inquiry=inquiry),
        "entry": [
            {"fullUrl": response_url, "resource": _response(one, response_url, inquiry)},
            *_echoed(one),
            *([] if inquiry else [asking.entry(ask, one.request) for ask in one.open_asks]),
        ],
    }


def together(results: list[Json], now: str) -> Json:
    """Return the results of an inquiry as one Bundle, answers first; or one that says none."""
    entries = {entry["fullUrl"]: entry for one in results for entry in one["entry"]}
    firsts = [one["entry"][0] for one in results]
    rest = [entry for entry in entries.values() if entry not in firsts]
    if not results:
        none = outcome([Fault("not-found", "", "No request fits.")], "information")
        rest = [{"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": none}]
    return {**_envelope(now, inquiry=True), "entry": firsts + rest}


def _envelope(now: str, *, inquiry: bool) -> Json:
    kind = "pas-inquiry-response-bundle" if inquiry else "pas-response-bundle"
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{PAS}profile-{kind}"], "security": [TEST_DATA]},
        "identifier": {"system": BUNDLES, "value": str(uuid.uuid4())},
        "type": "collection",
        "timestamp": now,
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
    if not one.codes:
        return {**made, **_without_items(one)}
    found = set(one.codes.values())
    pended = one.decision == "pended"
    outcome = request.version.pended_outcome if pended else "complete"
    made |= {"outcome": outcome, "disposition": _disposition(one)}
    marks = [] if pended else [_reviewer(bool(found - set(verdicts.UNREVIEWED)))]
    if not request.version.items_referenced:
        marks += _references(one)
    if marks:
        made["extension"] = marks
    if one.window and one.utn:
        made |= _numbered(one, favourable=bool(found & set(verdicts.FAVOURABLE)))
    made |= items.said(one)
    if one.open_asks and not inquiry:
        made["communicationRequest"] = [{"reference": ask.url} for ask in one.open_asks]
    if one.reasons:
        made["processNote"] = _notes(one.reasons)
    return made


def _references(one: Submission) -> list[Json]:
    """Return the numbers of items that are not authorized, where the items do not carry them.

    https://hl7.org/fhir/us/davinci-pas/STU2/StructureDefinition-extension-administrationReferenceNumber.html
    """
    codes = set(one.codes.values())
    numbers = [one.reference] if "A4" in codes else []
    if "A3" in codes and one.utn:
        numbers.append(one.utn)
    return [items.reference(number) for number in numbers]


def _numbered(one: Submission, *, favourable: bool) -> Json:
    """Return the request's number; before 2.1.0 that of a refused one as well."""
    if favourable:
        return {"preAuthRef": one.utn, "preAuthPeriod": items.period(one)}
    return {} if one.request.version.items_referenced else {"preAuthRef": one.utn}


def _disposition(one: Submission) -> str:
    route = participants.route(one.request.state)
    who = f"{route.participant} for {route.mac}" if route else "the payer"
    return f"{one.decision} by pretend {who}"


def _notes(texts: tuple[str, ...]) -> list[Json]:
    return [
        {"number": number, "type": "display", "text": text}
        for number, text in enumerate(texts, start=1)
    ]


def _without_items(one: Submission) -> Json:
    """Nothing is decided: an error without items and without a number, said in words.

    Dismissed has no PAS code; a rejected request names codes of X12 901 and 889.
    """
    made: Json = {
        "outcome": "error",
        "disposition": f"{one.decision}: {'; '.join(one.reasons)}",
        "processNote": _notes(tuple(f"{one.decision}: {text}" for text in one.reasons)),
    }
    return made | ({"error": _errors(one)} if one.decision == "rejected" else {})


def _errors(one: Submission) -> list[Json]:
    insurer = str(mapping(one.request.claim.get("insurer")).get("reference"))
    at = one.request.index[insurer][0]
    element: Json = {"url": PAS + "extension-errorElement"}
    if one.request.version.error_parts:
        element["extension"] = [{"url": "error", "valueString": "2010A-NM103"}]
    else:
        element["valueString"] = "2010A-NM103"
    follow = {"coding": [{"system": X12 + "889", "code": "C"}]}
    return [
        {"code": {"coding": [{"system": X12 + "901", "code": "04"}]}},
        {
            "extension": [
                element,
                {"url": PAS + "extension-errorPath", "valueString": f"{at}.name"},
                {"url": PAS + "extension-errorFollowupAction", "valueCodeableConcept": follow},
            ],
            "code": {"coding": [{"system": X12 + "901", "code": "T4"}]},
        },
    ]


def _reviewer(human: bool) -> Json:
    return {
        "url": PAS + "extension-claimResponseReviewer",
        "extension": [{"url": "wasHumanReviewedFlag", "valueBoolean": human}],
    }
