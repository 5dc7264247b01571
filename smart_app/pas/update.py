"""Withdraw a request: the whole Claim once more, each item marked as cancelled.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#updating-authorization-requests
"""

from __future__ import annotations

import copy
import uuid
from datetime import datetime
from typing import Any

from smart_app.cases.model import Resource
from smart_app.pas import names
from smart_app.pas.names import concept, extension, profile, x12

RELATED = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"
CANCELLED = names.PAS + "modifierextension-infoCancelled"
CERTIFICATION = names.PAS + "extension-certificationType"
RELATIONSHIPS = {"2.0.1": "replaces"}
"""What each version calls the Claim that another one is about, where it is not *prior*."""


def cancel(prior: Resource, *, identifier: str, at: datetime, version: str) -> Resource:
    """Return the Bundle that withdraws the request of a Bundle, as that was sent.

    The prior Claim goes along; ``status`` stays active, since it tells of this Claim alone.
    """
    made, name = copy.deepcopy(prior), f"urn:uuid:{uuid.uuid4()}"
    before = made["entry"][0]
    claim: Resource = {
        **copy.deepcopy(before["resource"]),
        "id": name.removeprefix("urn:uuid:"),
        "meta": profile("profile-claim-update"),
        "created": at.isoformat(timespec="seconds"),
    }
    claim["identifier"] = [{**claim["identifier"][0], "value": identifier}]
    claim["extension"] = [
        *(one for one in claim.get("extension") or [] if one["url"] != CERTIFICATION),
        _certified("3"),
    ]
    relationship = RELATIONSHIPS.get(version, "prior")
    claim["related"] = [
        {
            "claim": {"reference": before["fullUrl"]},
            "relationship": concept(RELATED, relationship),
        }
    ]
    claim["item"] = [_cancelled(one) for one in claim["item"]]
    made["entry"] = [{"fullUrl": name, "resource": claim}, *made["entry"][1:], before]
    made["identifier"] = {"system": names.TRANSACTION, "value": identifier}
    made["timestamp"] = at.isoformat(timespec="seconds")
    return made


def _certified(code: str) -> dict[str, Any]:
    return extension("extension-certificationType", valueCodeableConcept=x12("1322", code))


def _cancelled(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item that is asked for no more."""
    kept = [one for one in item["extension"] if one["url"] != CERTIFICATION]
    changed = extension("extension-infoChanged", valueCode="changed")
    return {
        **item,
        "extension": [*kept, _certified("3"), changed],
        "modifierExtension": [{"url": CANCELLED, "valueBoolean": True}],
    }
