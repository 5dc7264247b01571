"""What the left panel of a chart says: orders and documents, in words and in the clinic's time."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from typing import Any

from sandbox import zones
from sandbox.ehr.store import Store

Resource = dict[str, Any]
COVERAGE_INFORMATION = (
    "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
)
NUMBER = "(UTN)"
PREVIEW = 90
OPEN = ("active", "draft")


def authorization(order: Resource) -> str:
    """Return an order's authorization line, from its coverage information."""
    for extension in order.get("extension") or []:
        if extension.get("url") != COVERAGE_INFORMATION:
            continue
        parts = {one["url"]: one for one in extension.get("extension") or []}
        number = parts.get("satisfied-pa-id", {}).get("valueString")
        if number:
            return f"Authorization: affirmed, {number}"
        return f"Authorization: {parts.get('pa-needed', {}).get('valueCode', 'unknown')}"
    return "No authorization is recorded on this order"


def text(document: Resource) -> str:
    """Return a document's words."""
    attachment = (document.get("content") or [{}])[0].get("attachment") or {}
    if not attachment.get("contentType", "").startswith("text/plain"):
        return "(a scan: no text)"
    return base64.b64decode(attachment.get("data", "")).decode("utf-8", "replace")


def preview(document: Resource) -> str:
    """Return a document's line with the number, or else its first."""
    lines = [line.strip() for line in text(document).splitlines() if line.strip()]
    return next((line for line in lines if NUMBER in line), lines[0] if lines else "")[:PREVIEW]


def when(value: str, now: datetime) -> str:
    """Return a FHIR date or dateTime in words, by the clinic's clocks; the year if not this one."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:  # a month, a year, or nothing
        return value
    timed = "T" in value
    moment = zones.local(moment, zones.CLINIC) if timed else moment
    said = zones.words(moment)
    if moment.year != zones.local(now, zones.CLINIC).year:
        said += f" {moment.year}"
    return f"{said}, {moment:%H:%M}" if timed else said


def born(patient: Resource) -> str:
    """Return a date of birth in words."""
    try:
        day = date.fromisoformat(patient.get("birthDate", ""))
    except ValueError:
        return "at an unknown date"
    return f"{day.day} {day:%b %Y}"


def code(order: Resource) -> str:
    """Return what is ordered, as a code."""
    return str(order["code"]["coding"][0]["code"])


def words(order: Resource) -> str:
    """Return what is ordered, in the chart's own words."""
    return str(order["code"].get("text", ""))


def home(patient: Resource) -> str:
    """Return the state in which a person lives."""
    return str((patient.get("address") or [{}])[0].get("state", ""))


def state(store: Store, orders: list[Resource]) -> str | None:
    """Return the state of the first place at which an order is to be done."""
    for order in orders:
        for place in order.get("locationReference") or []:
            found = store.read(*place["reference"].split("/")).body or {}
            if found.get("address", {}).get("state"):
                return str(found["address"]["state"])
    return None


def lists(store: Store, patient: str, authored: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Return a patient's orders by code, and documents: what is new first, then the latest."""
    found, now = store.all("ServiceRequest", patient=patient), datetime.now(UTC)
    orders = [
        {
            "id": one["id"],
            "code": code(one),
            "words": words(one),
            "when": when(one.get("authoredOn", ""), now),
            "authorization": authorization(one),
        }
        for one in found
    ]
    documents = [
        {
            "id": one["id"],
            "title": one.get("description") or one.get("type", {}).get("text", "Document"),
            "date": one.get("date", ""),
            "when": when(one.get("date", ""), now),
            "new": f"DocumentReference/{one['id']}" not in authored,
            "preview": preview(one),
        }
        for one in store.all("DocumentReference", patient=patient)
    ]
    return {
        "orders": sorted(orders, key=lambda one: str(one["code"])),
        "documents": sorted(documents, key=lambda one: (one["new"], one["date"]), reverse=True),
    }
