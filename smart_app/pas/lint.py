"""Refuse a bad Bundle before it is sent, in milliseconds.

``profiles-2.2.1.json`` holds the cardinalities of the PAS 2.2.1 snapshots (CC0); the rest are the
rules that payers refuse most. HL7's own validator is the oracle in the tests.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import check, codes, refs
from smart_app.pas.names import PAS

_URN = re.compile(r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
ITEM_EXTENSIONS = (
    "extension-itemTraceNumber",
    "extension-serviceItemRequestType",
    "extension-certificationType",
)


@cache
def _profiles() -> dict[str, list[tuple[str, int, str]]]:
    loaded: dict[str, list[tuple[str, int, str]]] = json.loads(
        (Path(__file__).parent / "profiles-2.2.1.json").read_text()
    )
    return loaded


def _parents(resource: Any, path: list[str]) -> Iterator[Any]:
    """Yield the elements that hold a path's last member."""
    if len(path) == 1:
        yield resource
        return
    inner = resource.get(path[0]) if isinstance(resource, dict) else None
    for one in inner if isinstance(inner, list) else [inner] if inner is not None else []:
        yield from _parents(one, path[1:])


def _cardinality(resource: Resource, profile: str) -> Iterator[str]:
    for path, least, most in _profiles().get(profile, []):
        steps = path.split(".")
        for parent in _parents(resource, steps):
            value = parent.get(steps[-1]) if isinstance(parent, dict) else None
            count = len(value) if isinstance(value, list) else int(value is not None)
            where = f"{resource['resourceType']}.{path}"
            if count < least:
                yield f"{where} is missing"
            elif most != "*" and count > int(most):
                yield f"{where} stands {count} times, at most {most} allowed"


def _graph(bundle: Resource) -> Iterator[str]:
    urls = [entry.get("fullUrl") for entry in bundle.get("entry") or []]
    if len(urls) != len(set(urls)):
        yield "Bundle.entry.fullUrl is not unique"
    for url in urls:
        if not _URN.match(str(url)):
            yield "Bundle.entry.fullUrl is not a random urn:uuid"
    for entry in bundle.get("entry") or []:
        for reference in refs.walk(entry.get("resource")):
            if reference["reference"] not in urls:
                yield f"{entry['resource']['resourceType']}: a reference resolves to no entry"


def _items(claim: Resource) -> Iterator[str]:
    diagnoses = {one.get("sequence") for one in claim.get("diagnosis") or []}
    traces = []
    for item in claim.get("item") or []:
        held = {one.get("url"): one for one in item.get("extension") or []}
        for name in ITEM_EXTENSIONS:
            if PAS + name not in held:
                yield f"Claim.item: {name} is missing"
        trace = held.get(PAS + ITEM_EXTENSIONS[0], {}).get("valueIdentifier", {}).get("value")
        traces.append(trace)
        if not item.get("locationCodeableConcept"):
            yield "Claim.item.location is missing"
        if not item.get("diagnosisSequence") or not set(item["diagnosisSequence"]) <= diagnoses:
            yield "Claim.item.diagnosisSequence does not point at a diagnosis"
    if len(traces) != len(set(traces)):
        yield "Claim.item: two items share a trace number"


def _identity(bundle: Resource) -> Iterator[str]:
    for entry in bundle.get("entry") or []:
        resource = entry["resource"]
        npi = codes.identifier(resource, codes.NPI)
        if npi is not None and not codes.npi_valid(npi):
            yield f"{resource['resourceType']}: the NPI's check digit is wrong"
        if resource["resourceType"] == "Coverage":
            kinds = [
                coding.get("code")
                for one in resource.get("identifier") or []
                for coding in (one.get("type") or {}).get("coding") or []
            ]
            if "MB" not in kinds:
                yield "Coverage: the member number is missing"


def faults(bundle: Resource) -> tuple[str, ...]:
    """Return everything that makes a request or inquiry Bundle unfit to be sent."""
    entries = bundle.get("entry") or []
    if not entries or entries[0]["resource"].get("resourceType") != "Claim":
        return ("Bundle: the first entry is not the Claim",)
    found = list(check.shape(bundle))
    for resource in [bundle, *(entry["resource"] for entry in entries)]:
        for url in (resource.get("meta") or {}).get("profile") or []:
            found += _cardinality(resource, str(url).removeprefix(PAS))
    found += [*_graph(bundle), *_identity(bundle)]
    claim = entries[0]["resource"]
    if PAS + "profile-claim" in claim["meta"]["profile"]:
        found += _items(claim)
    return tuple(dict.fromkeys(found))
