"""What a payer asks for more: a document by its LOINC code, or a form.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-communicationrequest.html
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from sandbox.payer.r4 import PAS, X12, Json
from sandbox.payer.request import Item, Request

TRACKING = "urn:preclear:sandbox:payer:attachment"
HISTORY, PROGRESS, FORM = "34117-2", "11506-3", "102089-0"


@dataclass(slots=True)
class Ask:
    """One thing asked for of one item; ``tracking`` is its Attachment Control Number."""

    tracking: str
    code: str
    item: Item
    done: bool = False
    url: str = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")

    def view(self) -> Json:
        """Return the ask as the sandbox's state shows it."""
        return {
            "tracking_id": self.tracking,
            "code": self.code,
            "item": self.item.sequence,
            "done": self.done,
        }


def asks(verb: str, request: Request, reference: str, sequences: list[int]) -> list[Ask]:
    """Return what is asked for: a form, or history and progress notes by turns."""
    items = [one for one in request.items if one.sequence in sequences]
    codes = [FORM] if verb == "more-info-form" else [HISTORY, PROGRESS]
    return [
        Ask(f"{reference.replace('PEND', 'ACN')}-{place + 1}", codes[place % len(codes)], item)
        for place, item in enumerate(items)
    ]


def entry(ask: Ask, request: Request) -> Json:
    """Return the CommunicationRequest's entry of the response Bundle."""
    line = [{"url": PAS + "extension-serviceLineNumber", "valuePositiveInt": ask.item.sequence}]
    payload: Json = {"contentString": ask.code}
    made: Json = {
        "resourceType": "CommunicationRequest",
        "id": ask.url.removeprefix("urn:uuid:"),
        "meta": {"profile": [PAS + "profile-communicationrequest"]},
        "identifier": [{"system": TRACKING, "value": ask.tracking}],
        "status": "active",
        "category": [{"coding": [{"system": X12 + "755", "code": "PY"}]}],
        "requester": request.claim["insurer"],
        "payload": [payload],
    }
    if request.index[request.claim["provider"]["reference"]][1]["resourceType"] == "Organization":
        made["sender"] = request.claim["provider"]
    (made if request.version.line_on_request else payload)["extension"] = line
    return {"fullUrl": ask.url, "resource": made}
