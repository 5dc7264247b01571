"""What every PAS Bundle owes: a collection, the Claim first, a closed graph of references.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.payer.outcome import Faults
from sandbox.payer.r4 import Json, mapping, objects, references

UUID4 = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DATE = re.compile(r"\d{4}-\d\d-\d\d")

Index = dict[str, tuple[str, Json]]


def check(bundle: Any, faults: Faults) -> Index:
    """Note the bundle's faults; return its entries as fullUrl -> (FHIRPath, resource)."""
    if not faults.need(
        mapping(bundle).get("resourceType") == "Bundle", "", "the body is no Bundle", "structure"
    ):
        return {}
    faults.need(bundle.get("type") == "collection", "Bundle.type", "type must be collection")
    identifier = mapping(bundle.get("identifier"))
    faults.need(identifier.get("value"), "Bundle.identifier", "identifier with a value is required")
    faults.need(
        INSTANT.fullmatch(str(bundle.get("timestamp"))),
        "Bundle.timestamp",
        "timestamp must be an instant with seconds and zone",
    )
    index = _entries(objects(bundle.get("entry")), faults)
    _closed(index, faults)
    return index


def _entries(entries: list[Json], faults: Faults) -> Index:
    index: Index = {}
    faults.need(entries, "Bundle.entry", "the bundle has no entry", "required")
    for number, entry in enumerate(entries):
        at = f"Bundle.entry[{number}]"
        resource, url = mapping(entry.get("resource")), str(entry.get("fullUrl"))
        faults.need(resource.get("resourceType"), f"{at}.resource", "no resource", "required")
        faults.need(
            UUID4.fullmatch(url), f"{at}.fullUrl", "fullUrl must be urn:uuid: with a version 4 uuid"
        )
        faults.need(
            url not in index, f"{at}.fullUrl", f"{url} stands twice in the bundle", "duplicate"
        )
        for key in ("search", "request", "response"):
            faults.need(key not in entry, f"{at}.{key}", f"entry.{key} is not allowed")
        index.setdefault(url, (f"{at}.resource", resource))
    first = mapping(entries[0].get("resource")) if entries else {}
    faults.need(
        first.get("resourceType") == "Claim", "Bundle.entry[0]", "the first entry must be the Claim"
    )
    claims = [one for _, one in index.values() if one.get("resourceType") == "Claim"]
    faults.need(len(claims) <= 2, "Bundle.entry", "more than two Claims", "not-supported")
    return index


def _closed(index: Index, faults: Faults) -> None:
    """Every literal reference of every entry names exactly one entry (spec-13 to spec-15).

    The Claim that an update's prior Claim was itself an update of need not be there (spec-66);
    whether the prior Claim must be is for the update's own rules.
    """
    for path, resource in index.values():
        for at, reference in references(resource, path):
            if resource.get("resourceType") == "Claim" and at.startswith(f"{path}.related["):
                continue
            faults.need(
                reference in index,
                at,
                f"{reference} resolves to no entry of the bundle",
                "not-found",
            )
