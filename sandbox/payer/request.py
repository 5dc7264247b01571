"""A PAS request or inquiry, checked and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.payer import bundle_rules, claim_rules, members, party_rules, r4, update_rules
from sandbox.payer.bundle_rules import Index
from sandbox.payer.claim_rules import target
from sandbox.payer.outcome import Fault, Faults, Refused
from sandbox.payer.r4 import PAS, Json, mapping, objects
from sandbox.payer.update_rules import Prior
from sandbox.payer.versions import Version

HOSPITAL_OUTPATIENT = ("19", "22")


@dataclass(frozen=True)
class Item:
    """One requested service; ``trace`` is the itemTraceNumber Identifier as sent."""

    sequence: int
    code: str
    trace: Json
    previous: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """What the payer needs to know of a request or an inquiry."""

    version: Version
    bundle: Json
    index: Index
    claim_url: str
    claim: Json
    identifier: Json
    member: str
    npis: frozenset[str]
    organizations: frozenset[str]
    items: tuple[Item, ...]
    state: str | None
    part_a: bool
    insurer: Json
    ptans: tuple[str, ...]
    prior: Prior | None


def submitted(bundle: Any, version: Version) -> Request:
    """Return a request Bundle, checked; raises Refused naming every fault."""
    faults, prior = Faults(), None
    index = bundle_rules.check(bundle, faults)
    at, claim = next(iter(index.values()), ("", {}))
    if claim.get("resourceType") == "Claim":
        claim_rules.check(claim, at, index, version, faults)
        party_rules.check(claim, index, version, faults)
        prior = update_rules.read(claim, at, index, version, faults)
    return _read(bundle, index, version, faults.found, prior)


def inquired(bundle: Any, version: Version) -> Request:
    """Return an inquiry Bundle, checked; raises Refused naming every fault."""
    faults = Faults()
    index = bundle_rules.check(bundle, faults)
    at, claim = next(iter(index.values()), ("", {}))
    if claim.get("resourceType") == "Claim":
        claim_rules.head(claim, at, index, version, faults)
        party_rules.check(claim, index, version, faults)
    return _read(bundle, index, version, faults.found)


def _read(
    bundle: Json,
    index: Index,
    version: Version,
    faults: list[Fault],
    prior: Prior | None = None,
) -> Request:
    if faults:
        raise Refused(422, faults)
    url, (_, claim) = next(iter(index.items()))
    coverage = target(index, objects(claim.get("insurance"))[0].get("coverage"))
    return Request(
        version=version,
        bundle=bundle,
        index=index,
        claim_url=url,
        claim=claim,
        identifier=objects(claim.get("identifier"))[0],
        member=members.number(target(index, claim.get("patient")), coverage, index, version) or "",
        npis=_npis(claim, index),
        organizations=_organizations(claim, index),
        items=tuple(_item(one) for one in objects(claim.get("item"))),
        state=_state(claim, index),
        part_a=_part_a(claim),
        insurer=target(index, claim.get("insurer")),
        ptans=_ptans(index),
        prior=prior,
    )


def _item(item: Json) -> Item:
    numbers = [
        r4.extension_value(item, PAS + f"extension-{name}")
        for name in ("authorizationNumber", "administrationReferenceNumber")
    ]
    return Item(
        sequence=int(item.get("sequence") or 0),
        code=r4.code_in(item.get("productOrService"), r4.CPT, r4.HCPCS) or "",
        trace=mapping(r4.extension_value(item, PAS + "extension-itemTraceNumber")),
        previous=tuple(str(one) for one in numbers if one),
    )


def _npis(claim: Json, index: Index) -> frozenset[str]:
    found: list[str | None] = [r4.identifier(target(index, claim.get("provider")), r4.NPI)]
    for _, resource in index.values():
        if resource.get("resourceType") == "Practitioner":
            found.append(r4.identifier(resource, r4.NPI))
    return frozenset(one for one in found if one)


def _organizations(claim: Json, index: Index) -> frozenset[str]:
    """Return what a subscription may call the sender: the requestor's identifiers, its system's."""
    provider = target(index, claim.get("provider"))
    if provider.get("resourceType") == "PractitionerRole":
        provider = target(index, provider.get("organization"))
    found = [one.get("value") for one in objects(provider.get("identifier"))]
    for sent in r4.extensions(claim, PAS + "extension-TransmissionIdentifiers"):
        found += [
            r4.extension_value(sent, name)
            for name in ("applicationSenderCode", "interchangeSenderID")
        ]
    return frozenset(str(one) for one in found if one)


def _ptans(index: Index) -> tuple[str, ...]:
    """PAS has no element for the PTAN; an identifier whose system speaks of it is noted."""
    return tuple(
        str(one.get("value"))
        for _, resource in index.values()
        for one in objects(resource.get("identifier"))
        if "ptan" in str(one.get("system")).lower() and one.get("value")
    )


def _state(claim: Json, index: Index) -> str | None:
    """Return the state where the service is delivered.

    A Location comes first, then a facility of the care team, then the requestor itself.
    """
    places = [one for _, one in index.values() if one.get("resourceType") == "Location"]
    team = [target(index, one.get("provider")) for one in objects(claim.get("careTeam"))]
    places += [one for one in team if one.get("resourceType") == "Organization"]
    places.append(target(index, claim.get("provider")))
    for place in places:
        address = place.get("address")
        for one in address if isinstance(address, list) else [address]:
            state = mapping(one).get("state")
            if isinstance(state, str) and state:
                return state
    return None


def _part_a(claim: Json) -> bool:
    """Tell whether the claim will be a hospital's, which goes to the MAC's Part A side."""
    for item in objects(claim.get("item")):
        place = item.get("locationCodeableConcept")
        if r4.code_in(place, r4.POS) in HOSPITAL_OUTPATIENT or r4.code_in(place, r4.TOB):
            return True
    return False
