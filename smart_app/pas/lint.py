"""Refuse a bad Bundle before it is sent, in milliseconds.

``profiles-*.json`` hold the cardinalities of the PAS snapshots (CC0), one file a version; the one
of 2.1.0 is our own, since no package of it is at hand (``tools/pas_profiles.py`` prints them). The
rest are the rules that payers refuse most. HL7's own validator is the oracle in the tests.
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
from smart_app.pas.names import INFORMATION, PAS
from smart_app.pas.usable import TRACE
from smart_app.pas.versions import VERSIONS

_URN = re.compile(r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


@cache
def _profiles(version: str) -> dict[str, list[tuple[str, int, str]]]:
    path = Path(__file__).parent / f"profiles-{version}.json"
    loaded: dict[str, list[tuple[str, int, str]]] = json.loads(path.read_text())
    return loaded


def _parents(resource: Any, path: list[str]) -> list[Any]:
    """Return the elements that hold a path's last member."""
    found = [resource]
    for step in path:
        held = [one.get(step) for one in found if isinstance(one, dict)]
        found = [one for each in held for one in (each if isinstance(each, list) else [each])]
        found = [one for one in found if one is not None]
    return found


def _count(parent: Any, member: str) -> int:
    """Return how often a member stands in an element: plain, ``value[x]`` or ``extension:URL``."""
    if not isinstance(parent, dict):
        return 0
    if member.startswith("extension:"):
        url = member.partition(":")[2]
        return sum(one.get("url") == url for one in codes.objects(parent.get("extension")))
    stem = member.removesuffix("[x]")
    if stem != member:
        return sum(one.startswith(stem) and one[len(stem) :][:1].isupper() for one in parent)
    value = parent.get(member)
    return len(value) if isinstance(value, list) else int(value is not None)


@cache
def _steps(path: str) -> tuple[list[str], str]:
    """Return the elements on the way to a path's last member, and that member."""
    plain, colon, url = path.partition(":")
    *holders, last = plain.split(".")
    return holders, last + colon + url


def _cardinality(resource: Resource, rows: list[tuple[str, int, str]]) -> Iterator[str]:
    for path, least, most in rows:
        holders, member = _steps(path)
        for parent in _parents(resource, holders):
            count, where = _count(parent, member), f"{resource['resourceType']}.{path}"
            if count < least:
                yield f"{where} is missing"
            elif most != "*" and count > int(most):
                yield f"{where} stands {count} times, at most {most} allowed"


def _graph(bundle: Resource) -> Iterator[str]:
    urls = [entry.get("fullUrl") for entry in bundle.get("entry") or []]
    known = set(urls)
    if len(urls) != len(known):
        yield "Bundle.entry.fullUrl is not unique"
    for url in urls:
        if not _URN.match(str(url)):
            yield "Bundle.entry.fullUrl is not a random urn:uuid"
    for number, entry in enumerate(bundle.get("entry") or []):
        for reference in refs.walk(_own(entry.get("resource"), first=number == 0)):
            if reference["reference"] not in known:
                yield f"{entry['resource']['resourceType']}: a reference resolves to no entry"


def _own(resource: Any, *, first: bool) -> Any:
    """Return an entry less what need not be there: which Claim the one before an update updated."""
    if first or not isinstance(resource, dict) or resource.get("resourceType") != "Claim":
        return resource
    return {key: value for key, value in resource.items() if key != "related"}


def _items(claim: Resource) -> Iterator[str]:
    diagnoses = {one.get("sequence") for one in claim.get("diagnosis") or []}
    traces = []
    for item in claim.get("item") or []:
        held = [one for one in item.get("extension") or [] if one.get("url") == TRACE]
        if not held:
            yield "Claim.item: extension-itemTraceNumber is missing"
        traces += [one.get("valueIdentifier", {}).get("value") for one in held]
        if not item.get("diagnosisSequence") or not set(item["diagnosisSequence"]) <= diagnoses:
            yield "Claim.item.diagnosisSequence does not point at a diagnosis"
    if len(traces) != len(set(traces)):
        yield "Claim.item: two items share a trace number"


def _papers(claim: Resource) -> Iterator[str]:
    """Yield which papers are not told apart: by extension-documentInformation in 2.2.1."""
    numbers = []
    for row in claim.get("supportingInfo") or []:
        told = [one for one in row.get("extension") or [] if one.get("url") == INFORMATION]
        if "valueReference" in row and len(told) != 1:
            yield "Claim.supportingInfo: extension-documentInformation is missing"
        parts = [part for one in told for part in one.get("extension") or []]
        numbers += [one.get("valueString") for one in parts if one.get("url") == "controlNumber"]
    if len(numbers) != len(set(numbers)):
        yield "Claim.supportingInfo: two papers share a control number"


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


def faults(bundle: Resource, version: str) -> tuple[str, ...]:
    """Return everything that makes a Bundle unfit to be sent to a payer of a PAS version."""
    entries = bundle.get("entry") or []
    if not entries or entries[0]["resource"].get("resourceType") != "Claim":
        return ("Bundle: the first entry is not the Claim",)
    known, found = _profiles(version), list(check.shape(bundle))
    for resource in [bundle, *(entry["resource"] for entry in entries)]:
        for url in (resource.get("meta") or {}).get("profile") or []:
            name = str(url).removeprefix(PAS)
            if name in known:
                found += _cardinality(resource, known[name])
            elif name != url:
                found.append(f"{resource['resourceType']}: PAS {version} has no {name}")
    found += [*_graph(bundle), *_identity(bundle)]
    claim = entries[0]["resource"]
    if PAS + "profile-claim-inquiry" not in claim["meta"]["profile"]:
        found += _items(claim)
        if VERSIONS[version].described:
            found += _papers(claim)
    return tuple(dict.fromkeys(found))


def task(made: Resource, version: str) -> tuple[str, ...]:
    """Return everything that makes a Task none of a PAS version."""
    return (*check.shape(made), *_cardinality(made, _profiles(version)["profile-task"]))
