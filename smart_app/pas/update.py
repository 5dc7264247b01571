"""Change or cancel a request: a new Claim that names the one before, and tells what is otherwise.

All rows of earlier versions stay under their numbers; what was added, changed or cancelled since is
marked. A payer of 2.1.0 and later gets the Claim before along, one of 2.0.1 only its name.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import refs
from smart_app.pas import bundle, names, rows, same
from smart_app.pas.graph import entry, fresh
from smart_app.pas.names import link, profile
from smart_app.pas.versions import VERSIONS


def cancel(prior: Resource, *, identifier: str, at: datetime, version: str) -> Resource:
    """Return the Bundle that cancels a whole request, as it was sent last.

    ``Claim.status`` stays ``active``: each item is cancelled, and the Claim says so.
    """
    claim = copy.deepcopy(same.head(prior))
    claim["item"] = [rows.cancelled(one) for one in claim["item"]]
    claim["supportingInfo"] = [rows.unmarked(one) for one in claim["supportingInfo"]]
    kept = [one for one in claim.get("extension") or [] if one["url"] != names.CERTIFICATION]
    claim["extension"] = [*kept, rows.certified("3")]
    return _sent(prior, claim, same.entries(prior), identifier, at, version)


def update(
    prior: Resource, new: Resource, *, identifier: str, at: datetime, version: str
) -> Resource:
    """Return the Bundle that changes a request into another, freshly built of the changed case.

    Items are the same by their trace, papers by what they hold, people and places by who they are;
    what is the same keeps its number and its entry.
    """
    named = same.renamed(copy.deepcopy(new), same.pairs(prior, new))
    before, claim = same.head(prior), same.head(named)
    kept = same.entries(prior)
    known = kept | {
        url: one
        for url, one in same.entries(named).items()
        if url not in kept or one["resourceType"] not in same.PAPERS
    }
    numbers: dict[str, rows.Numbers] = {}
    for member, key in (("careTeam", rows.member), ("diagnosis", rows.diagnosis)):
        found = rows.renumber(before[member], claim[member], key)
        numbers[f"{member}Sequence"], claim[member] = found
    told = rows.information(before["supportingInfo"], claim["supportingInfo"], known)
    numbers["informationSequence"], claim["supportingInfo"] = told
    traces = same.ordered(claim)
    differ = frozenset(traces[url] for url in traces if url in kept and known[url] != kept[url])
    claim["item"] = rows.items(before["item"], claim["item"], differ, numbers)
    for member in ("careTeam", "diagnosis"):
        claim[member] = rows.used(claim[member], claim["item"], f"{member}Sequence")
    return _sent(prior, claim, _numbered(known, kept, claim), identifier, at, version)


def _numbered(
    known: Mapping[str, Resource], kept: Mapping[str, Resource], claim: Resource
) -> dict[str, Resource]:
    """Return the entries; each document that is new bears the number of its row."""
    made = dict(known)
    for row in claim["supportingInfo"]:
        url = row.get("valueReference", {}).get("reference", "")
        if url not in kept and made.get(url, {}).get("resourceType") == "DocumentReference":
            named = made[url]["identifier"][0]
            number = rows.control(named["value"], row["sequence"])
            made[url] = {**made[url], "identifier": [{**named, "value": number}]}
    return made


def _sent(
    prior: Resource,
    claim: Resource,
    known: Mapping[str, Resource],
    identifier: str,
    at: datetime,
    version: str,
) -> Resource:
    """Return the Bundle of a changed Claim, with what it and the one before it refer to."""
    knows, first = VERSIONS[version], prior["entry"][0]
    before = first["resource"]["identifier"][0]
    reference: dict[str, Any] = {"identifier": before}
    if knows.prior_included:
        reference = link(first["fullUrl"])
    claim |= {
        "meta": profile("profile-claim-update"),
        "identifier": [{**before, "value": identifier}],
        "created": at.isoformat(timespec="seconds"),
        "related": rows.related(reference, knows.relationship),
    }
    claims = [entry(fresh(), claim), *([first] if knows.prior_included else [])]
    wanted = {url for one in claims for url in _reached(one["resource"], known)}
    others = [{"fullUrl": url, "resource": known[url]} for url in known if url in wanted]
    return bundle.bundle([*claims, *others], identifier, at)


def _reached(resource: Resource, known: Mapping[str, Resource]) -> Iterator[str]:
    """Yield the entries that a resource refers to, and those that they do."""
    for reference in refs.walk(resource):
        if reference["reference"] in known:
            yield reference["reference"]
            yield from _reached(known[reference["reference"]], known)
