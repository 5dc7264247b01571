"""Who orders and who performs: the clinicians and facilities of a request's care team.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claim.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import Case, CaseItem, ChartSnapshot, Resource
from smart_app.errors import MissingFact
from smart_app.fhir import codes, refs
from smart_app.pas import entries
from smart_app.pas.entries import Clinic
from smart_app.pas.graph import Graph
from smart_app.pas.names import concept, extension, link, profile, x12

ORDERS, PERFORMS, PLACE = "DK", "SJ", "FA"
"""X12 98: who ordered, who performs, and the facility."""


@dataclass(frozen=True, slots=True)
class Clinician:
    """A clinician of a request; ``order_refs`` is what they perform, of all orders if empty."""

    practitioner: Resource
    ptan: str | None
    taxonomy: str | None = None
    order_refs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the care team: the entry, its part, and for which items, all if empty."""

    url: str
    role: str
    taxonomy: str | None = None
    order_refs: frozenset[str] = frozenset()

    def has_part_in(self, item: CaseItem) -> bool:
        """Tell whether this member takes part in an item."""
        return not self.order_refs or item.order_ref in self.order_refs


def _resolved(chart: ChartSnapshot, reference: Any) -> Resource | None:
    """Return the Practitioner that a reference names, by itself or by a role."""
    found = chart.by_reference(refs.relative(reference))
    if found is not None and found["resourceType"] == "PractitionerRole":
        found = chart.by_reference(refs.relative(found.get("practitioner")))
    return found if found is not None and found["resourceType"] == "Practitioner" else None


def _taxonomy(chart: ChartSnapshot, practitioner: Resource) -> str | None:
    """Return a clinician's NUCC taxonomy code where the chart gives it."""
    roles = [
        one
        for one in chart.of("PractitionerRole")
        if refs.relative(one.get("practitioner")) == refs.of(practitioner)
    ]
    concepts = [one.get("code") for one in codes.objects(practitioner.get("qualification"))]
    concepts += [concept for one in roles for concept in codes.objects(one.get("specialty"))]
    return next((code for one in concepts if (code := codes.code_in(one, [codes.NUCC]))), None)


def _clinician(
    chart: ChartSnapshot, who: Resource, ptans: Mapping[str, str], order_refs: frozenset[str]
) -> Clinician:
    npi = codes.identifier(who, codes.NPI) or ""
    return Clinician(who, ptans.get(npi), _taxonomy(chart, who), order_refs)


def ordering(
    chart: ChartSnapshot, orders: tuple[Resource, ...], signer: Resource, ptans: Mapping[str, str]
) -> Clinician:
    """Return who placed the orders, or who signs where the chart names no one clinician."""
    placed = [_resolved(chart, one.get("requester")) for one in orders]
    several = {refs.of(one): one for one in placed if one}
    who = next(iter(several.values())) if len(several) == 1 and all(placed) else signer
    return _clinician(chart, who, ptans, frozenset())


def performing(
    chart: ChartSnapshot, orders: tuple[Resource, ...], ptans: Mapping[str, str]
) -> tuple[Clinician, ...]:
    """Return who performs the orders, as far as the chart names clinicians with an NPI."""
    found: dict[str, tuple[Resource, set[str]]] = {}
    for order in orders:
        several = order.get("performer") or []
        for reference in several if isinstance(several, list) else [several]:
            who = _resolved(chart, reference)
            if who and codes.npi_valid(codes.identifier(who, codes.NPI) or ""):
                found.setdefault(refs.of(who), (who, set()))[1].add(refs.of(order))
    every = {refs.of(one) for one in orders}
    return tuple(
        _clinician(chart, who, ptans, frozenset() if about == every else frozenset(about))
        for who, about in found.values()
    )


def members(
    case: Case,
    graph: Graph,
    clinic: tuple[str, Clinic],
    orders: Clinician,
    perform: tuple[Clinician, ...],
) -> list[Row]:
    """Add the care team's entries; return its rows, who ordered first.

    ``clinic`` is who asks, by entry and as such. Raises MissingFact for numbers that Medicare asks
    of who ordered.
    """
    url, asks = clinic
    _numbered(orders)
    rows = [Row(_role(graph, orders, asks, url), ORDERS, orders.taxonomy)]
    for one in perform:
        npi = codes.identifier(one.practitioner, codes.NPI)
        if npi != codes.identifier(orders.practitioner, codes.NPI):
            role = _role(graph, one, asks, None)
            rows.append(Row(role, PERFORMS, one.taxonomy, one.order_refs))
    return rows + list(_places(case, graph, asks))


def _numbered(orders: Clinician) -> None:
    npi = codes.identifier(orders.practitioner, codes.NPI)
    if not npi or not codes.npi_valid(npi):
        raise MissingFact(
            "no valid NPI",
            say="The ordering clinician has no valid NPI in the chart.",
            do="Add the NPI to the clinician's record in the chart, then open Preclear again.",
        )
    if not orders.ptan:
        raise MissingFact(
            "no PTAN",
            say="The ordering clinician's Medicare PTAN is not in Preclear's settings.",
            do="Ask the person who runs Preclear to add it to the site's file, then sign again.",
        )


def _role(graph: Graph, one: Clinician, asks: Clinic, organization: str | None) -> str:
    """Add a clinician and the role in which they act; return the role's entry."""
    who = one.practitioner
    practitioner = graph.add(
        refs.of(who),
        {
            "resourceType": "Practitioner",
            "meta": profile("profile-practitioner"),
            "identifier": entries.numbers(codes.identifier(who, codes.NPI), one.ptan),
            "name": [
                codes.only(name, "family", "given", "prefix")
                for name in codes.objects(who.get("name"))
            ][:1],
        },
    )
    made: Resource = {
        "resourceType": "PractitionerRole",
        "meta": profile("profile-practitionerrole"),
        "practitioner": link(practitioner),
        "telecom": entries.phone(asks)[:1],
    }
    if organization:
        made["organization"] = link(organization)
    if one.taxonomy:
        made["specialty"] = [concept(codes.NUCC, one.taxonomy)]
    return graph.add(f"role:{refs.of(who)}", made)


def _places(case: Case, graph: Graph, asks: Clinic) -> Iterator[Row]:
    """Yield the facilities other than the clinic itself, whose office is its own place."""
    places = {item.place.facility_id: item.place for item in case.items if item.place}
    for place in places.values():
        if place.npi and place.npi != asks.npi:
            there = {
                item.order_ref
                for item in case.items
                if item.place and item.place.facility_id == place.facility_id
            }
            about = frozenset() if len(places) == 1 else frozenset(there)
            url = graph.add(f"facility:{place.facility_id}", entries.facility(place))
            yield Row(url, PLACE, None, about)


def rows(members: list[Row]) -> list[dict[str, Any]]:
    """Return the rows of ``careTeam``; one that not all items share is of item scope."""
    made = []
    for number, one in enumerate(members, start=1):
        overall = extension("extension-careTeamClaimScope", valueBoolean=not one.order_refs)
        row = {
            "extension": [overall],
            "sequence": number,
            "provider": link(one.url),
            "role": x12("98", one.role),
        }
        if one.taxonomy:
            row["qualification"] = concept(codes.NUCC, one.taxonomy)
        made.append(row)
    return made
