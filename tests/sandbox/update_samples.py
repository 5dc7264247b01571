"""Updates and cancellations of the known-good request."""

from __future__ import annotations

import copy
import uuid
from typing import Any

from flask.testing import FlaskClient
from payer_samples import PAS, Json, claim, post
from werkzeug.test import TestResponse

RELATION = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"
CHANGED = PAS + "extension-infoChanged"
CANCELLED = PAS + "modifierextension-infoCancelled"
CERTIFICATION = PAS + "extension-certificationType"


def update(sent: Json, relationship: str = "prior") -> Json:
    """Return an update of a request that changes nothing yet; the prior Claim is in it."""
    made = copy.deepcopy(sent)
    made["identifier"]["value"] = str(uuid.uuid4())
    prior, own = copy.deepcopy(made["entry"][0]), claim(made)
    made["entry"][0]["fullUrl"] = f"urn:uuid:{uuid.uuid4()}"
    own["id"] = made["entry"][0]["fullUrl"].removeprefix("urn:uuid:")
    own["identifier"][0]["value"] = f"update-{uuid.uuid4()}"
    own["meta"] = {"profile": [PAS + "profile-claim-update"]}
    own["related"] = [
        {
            "claim": {"reference": prior["fullUrl"]},
            "relationship": {"coding": [{"system": RELATION, "code": relationship}]},
        }
    ]
    for kind in ("item", "supportingInfo"):
        for row in own[kind]:
            unmark(row)
    made["entry"] = [made["entry"][0], prior] + [
        one for one in made["entry"][1:] if one["resource"]["resourceType"] != "Claim"
    ]
    return made


def unmark(row: Json) -> None:
    """Take away what an earlier update said of a row."""
    if "extension" in row:
        row["extension"] = [one for one in row["extension"] if one["url"] != CHANGED]
        if not row["extension"]:
            del row["extension"]


def rows(bundle: Json, kind: str = "item") -> list[Json]:
    """Return the rows of the updated Claim."""
    return list(claim(bundle)[kind])


def mark(row: Json, how: str) -> None:
    """Say that a row was added or changed."""
    row.setdefault("extension", []).append({"url": CHANGED, "valueCode": how})


def add(bundle: Json, code: str) -> Json:
    """Add an item for another service and return it."""
    items = claim(bundle)["item"]
    made: Json = copy.deepcopy(items[0])
    unmark(made)
    made["sequence"] = len(items) + 1
    made["productOrService"]["coding"][0]["code"] = code
    made["extension"][0]["valueIdentifier"]["value"] = f"sample-0001-{made['sequence']}"
    mark(made, "added")
    items.append(made)
    return made


def certify(element: Json, code: str) -> None:
    """Set an element's certification type."""
    kept = [one for one in element.get("extension", []) if one["url"] != CERTIFICATION]
    coding = {"system": "https://codesystem.x12.org/005010/1322", "code": code}
    kept.append({"url": CERTIFICATION, "valueCodeableConcept": {"coding": [coding]}})
    element["extension"] = kept


def cancel(row: Json) -> None:
    """Cancel an item."""
    row["modifierExtension"] = [{"url": CANCELLED, "valueBoolean": True}]
    certify(row, "3")
    mark(row, "changed")


def cancel_all(sent: Json) -> Json:
    """Return an update that cancels the whole request."""
    made = update(sent)
    for row in rows(made):
        cancel(row)
    certify(claim(made), "3")
    return made


def send(client: FlaskClient, bundle: Json, version: str = "2.2.1") -> TestResponse:
    """Submit to one of the base addresses."""
    return post(client, f"/pas/{version}/Claim/$submit", bundle)


def places(answer: TestResponse) -> list[Any]:
    """Return where the faults of a refusal are."""
    body = answer.get_json(force=True)
    assert body["resourceType"] == "OperationOutcome", body
    return [place for one in body["issue"] for place in one.get("expression", [])]
