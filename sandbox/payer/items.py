"""What a ClaimResponse says of each item, and of the request as a whole.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-extension-reviewAction.html
"""

from __future__ import annotations

from typing import Any

from sandbox.payer import verdicts
from sandbox.payer.r4 import PAS, X12, Json, mapping, objects
from sandbox.payer.request import Item
from sandbox.payer.submission import Submission

ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"
COPIED = ("productOrService", "modifier", "servicedDate", "servicedPeriod",
          "locationCodeableConcept", "unitPrice")  # fmt: skip


def said(one: Submission) -> Json:
    """Return the elements of the answer that decide: item, addItem, adjudication."""
    made: Json = {"item": [_item(one, item) for item in one.request.items]}
    if one.whole:
        code = one.codes[one.request.items[0].sequence]
        made["adjudication"] = [_adjudication(_review(code, one))]
    replaced = [item for item in one.request.items if one.code(item) == "A6"]
    if replaced and one.request.version.added_items:
        made["addItem"] = [_added(one, item) for item in replaced]
    return made


def period(one: Submission) -> dict[str, str]:
    """Return the window as a Period."""
    first, last = one.window or (None, None)
    return {"start": str(first), "end": str(last)}


def _item(one: Submission, item: Item) -> Json:
    code = one.code(item) or ""
    made: Json = {
        "extension": _marks(one, item, code),
        "itemSequence": item.sequence,
        "adjudication": [_adjudication(None if one.whole else _review(code, one))],
    }
    if code in ("A2", "A3") and one.reasons:
        made["noteNumber"] = list(range(1, len(one.reasons) + 1))
    return made


def _marks(one: Submission, item: Item, code: str) -> list[Any]:
    marks: list[Any] = [
        {"url": PAS + "extension-itemTraceNumber", "valueIdentifier": item.trace}
    ] if item.trace else []  # fmt: skip
    if code == "A4" and one.request.version.items_referenced:
        marks.append(reference(one.reference))
    elif code != "A4" and one.decided_on is not None:
        issued = PAS + "extension-itemPreAuthIssueDate"
        marks.append({"url": issued, "valueDate": str(one.decided_on)})
    if code in verdicts.FAVOURABLE:
        marks.append({"url": PAS + "extension-itemPreAuthPeriod", "valuePeriod": period(one)})
    if code == "A3" and one.utn and one.request.version.items_referenced:
        marks.append(reference(one.utn))
    if code == "A6" and not one.request.version.added_items:
        detail = [{"url": "quantity", "valueQuantity": _quantity(one, item)}]
        marks.append({"url": PAS + "extension-itemAuthorizedDetail", "extension": detail})
    return marks


def _added(one: Submission, item: Item) -> Json:
    """Return the line that stands in the place of a modified one: another quantity."""
    sent = _sent(one, item)
    return {
        "itemSequence": [item.sequence],
        **{name: sent[name] for name in COPIED if name in sent},
        "quantity": _quantity(one, item),
        "adjudication": [_adjudication(_review("A1", one))],
    }


def _sent(one: Submission, item: Item) -> Json:
    items = objects(one.request.claim.get("item"))
    return next(row for row in items if row.get("sequence") == item.sequence)


def _quantity(one: Submission, item: Item) -> Json:
    """Return one less than was asked for, or two in the place of one."""
    asked = {"value": 1, "unit": "unit", **mapping(_sent(one, item).get("quantity"))}
    return {**asked, "value": asked["value"] - 1 if asked["value"] > 1 else 2}


def reference(number: str) -> Json:
    """Return the number of what is not authorized as an extension."""
    return {"url": PAS + "extension-administrationReferenceNumber", "valueString": number}


def _adjudication(review: Json | None) -> Json:
    made: Json = {"category": {"coding": [{"system": ADJUDICATION, "code": "submitted"}]}}
    return {"extension": [review], **made} if review else made


def _review(code: str, one: Submission) -> Json:
    """Return reviewAction: the number under a relative URL, the code under the absolute one."""
    numbered = code in verdicts.FAVOURABLE or (
        code == "A3" and one.request.version.items_referenced
    )
    parts: list[Json] = []
    if numbered and one.utn:
        parts.append({"url": "number", "valueString": one.utn})
    coding = {"system": X12 + "306", "code": code, "display": verdicts.DISPLAYS[code]}
    concept = {"coding": [coding]}
    parts.append({"url": PAS + "extension-reviewActionCode", "valueCodeableConcept": concept})
    return {"url": PAS + "extension-reviewAction", "extension": parts}
