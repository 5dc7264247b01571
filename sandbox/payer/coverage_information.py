"""The payer's answer about one order, as the coverage-information extension.

Elements are chosen so that the recommending answer is valid by CRD 2.0.1 and 2.2 alike. No
*doc-purpose* is sent: as published, crd-ci-q4 of 2.2.1 fails for ``withpa`` beside ``auth-needed``
(its left side is an empty collection), and so would a PAS request that carries the order.
https://hl7.org/fhir/us/davinci-crd/2.2.1/en/StructureDefinition-ext-coverage-information.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sandbox.payer import participants, r4
from sandbox.payer.crd_request import OrderSign, resources
from sandbox.payer.r4 import Json, mapping, objects

URL = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
REASONS = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"
CODES = ("covered", "pa-needed", "doc-needed", "info-needed")


def procedure(order: Json) -> Json | None:
    """Return the order's billing Coding, or None."""
    for coding in r4.codings(order.get("code")):
        if coding.get("system") in (r4.CPT, r4.HCPCS, r4.HCPCS.replace("http:", "https:")):
            return coding
    return None


def state_of(call: OrderSign, order: Json) -> str | None:
    """Return the state where the order's service is delivered, as far as prefetch tells."""
    wanted = {
        str(one.get("reference")).split("/")[-1] for one in objects(order.get("locationReference"))
    }
    places = [
        *[one for one in resources(call.prefetch.get("locations")) if one.get("id") in wanted],
        *resources(call.prefetch.get("organizations")),
    ]
    for place in places:
        address = place.get("address")
        for one in address if isinstance(address, list) else [address]:
            if mapping(one).get("state"):
                return str(mapping(one)["state"])
    return None


def judge(call: OrderSign, order: Json, mode: str, form: str | None) -> dict[str, Any]:
    """Return the answer's parts: code elements, reason and questionnaire."""
    coding = procedure(order)
    service = participants.service(coding.get("code") if coding else None)
    state = state_of(call, order)
    if mode == "no-member":
        return _without("not-covered", "no-member-found", "No member was found for this number.")
    if mode == "not-covered":
        return {"covered": ["not-covered"], "reason": {"text": "Not a benefit of this coverage."}}
    if mode == "indeterminate":
        return _without("indeterminate", "technical", "The member system cannot be reached.")
    if mode == "no-auth" or service is None:
        return {"covered": ["covered"], "pa-needed": ["no-auth"]}
    if state is None:
        why = "Whether prior authorization applies depends on the state of the service."
        return {
            "covered": ["covered"],
            "pa-needed": ["conditional"],
            "info-needed": ["location"],
            "reason": {"text": why},
        }
    route = participants.route(state)
    if route is None or not participants.reviewed(service, state):
        return {"covered": ["covered"], "pa-needed": ["no-auth"]}
    why = f"CMS WISeR model, {state}: reviewed by {route.participant} for {route.mac}."
    return {
        "covered": ["covered"],
        "pa-needed": ["auth-needed"],
        "doc-needed": ["clinical"],
        "reason": {"text": why},
        "questionnaire": form,
    }


def _without(covered: str, code: str, why: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "covered": [covered],
        "reason": {"coding": [{"system": REASONS, "code": code}], "text": why},
    }
    if covered == "indeterminate":
        made["pa-needed"] = ["indeterminate"]
    return made


def assertion_id(call: OrderSign, order: Json, parts: dict[str, Any]) -> str:
    """Return the same id for the same member, coverage, order, code and answer."""
    coding = procedure(order) or {}
    words = [
        call.member, str(call.coverage.get("id")), str(order.get("id")), str(coding.get("code")),
        *(str(parts.get(name)) for name in (*CODES, "reason", "questionnaire")),
    ]  # fmt: skip
    return "CAI-" + hashlib.sha256("|".join(words).encode()).hexdigest()[:20]


def extension(call: OrderSign, order: Json, parts: dict[str, Any], day: str) -> Json:
    """Return the extension."""
    coding = procedure(order)
    inner: list[Json] = [
        {
            "url": "coverage",
            "valueReference": {"reference": f"Coverage/{call.coverage.get('id')}"},
        }
    ]
    for name in CODES:
        inner += [{"url": name, "valueCode": one} for one in parts.get(name, [])]
    if coding:
        billing = {"system": coding["system"], "code": coding["code"]}
        inner.append({"url": "billingCode", "valueCoding": billing})
    if parts.get("reason"):
        inner.append({"url": "reason", "valueCodeableConcept": parts["reason"]})
    if parts.get("questionnaire"):
        inner.append({"url": "questionnaire", "valueCanonical": parts["questionnaire"]})
    inner.append({"url": "date", "valueDate": day})
    inner.append({"url": "coverage-assertion-id", "valueString": assertion_id(call, order, parts)})
    return {"url": URL, "extension": inner}


def same(one: Json, other: Json) -> bool:
    """Tell whether two repetitions on one coverage assert the same, whatever their dates."""
    return _facts(one) == _facts(other)


def _facts(repetition: Json) -> list[str]:
    inner = objects(repetition.get("extension"))
    told = [one for one in inner if one.get("url") not in ("date", "coverage")]
    return sorted(json.dumps(one, sort_keys=True) for one in told)


def about(repetition: Json, coverage: Json) -> bool:
    """Tell whether a repetition speaks of a coverage."""
    reference = mapping(r4.extension_value(repetition, "coverage")).get("reference")
    return str(reference).split("/")[-1] == coverage.get("id")
