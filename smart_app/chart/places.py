"""Where the service will be done, as far as the chart says."""

from __future__ import annotations

from smart_app.cases.model import ChartSnapshot, ConflictOption, Evidence, Place, Resource
from smart_app.chart.orders import NOT_ACTIVE
from smart_app.fhir import codes, refs

FIELD = "place"


def options(
    orders: tuple[Resource, ...], snapshot: ChartSnapshot, facilities: tuple[Place, ...]
) -> tuple[ConflictOption, ...]:
    """Return each facility of the site that the orders or their appointments name.

    Two options are a conflict, none is a question, one is the place.
    """
    found: dict[str, ConflictOption] = {}
    for source in _sources(orders, snapshot):
        for location_ref in _locations(source):
            facility = _facility(location_ref, snapshot, facilities)
            if facility is None:
                continue
            evidence = Evidence(
                resource_ref=refs.of(source),
                kind=source["resourceType"],
                version=refs.version_of(source),
                date=_date(source),
                author=_author(source, snapshot),
            )
            before = found.get(facility.facility_id)
            found[facility.facility_id] = ConflictOption(
                key=facility.facility_id,
                words=facility.name,
                value=facility.pos,
                evidence=(*(before.evidence if before else ()), evidence),
            )
    return tuple(found.values())


def every(facilities: tuple[Place, ...]) -> tuple[ConflictOption, ...]:
    """Return all facilities of the site as options, when the chart names none."""
    return tuple(ConflictOption(one.facility_id, one.name, one.pos) for one in facilities)


def _sources(orders: tuple[Resource, ...], snapshot: ChartSnapshot) -> list[Resource]:
    ours = {refs.of(order) for order in orders}
    booked = [
        one
        for one in snapshot.of("Appointment")
        if one.get("status") in ("proposed", "pending", "booked")
        and ours & {refs.relative(reference) for reference in one.get("basedOn") or []}
    ]
    return [*booked, *(one for one in orders if one.get("status") not in NOT_ACTIVE)]


def _locations(source: Resource) -> list[str]:
    named = [*(source.get("locationReference") or [])]
    named += [one.get("actor") for one in source.get("participant") or []]
    found = (refs.relative(one) for one in named)
    return [one for one in found if one and one.startswith("Location/")]


def _facility(
    location_ref: str, snapshot: ChartSnapshot, facilities: tuple[Place, ...]
) -> Place | None:
    location = snapshot.by_reference(location_ref) or {}
    npi = codes.identifier(location, codes.NPI)
    for facility in facilities:
        if facility.location_ref == location_ref or (npi and facility.npi == npi):
            return facility
    return None


def _date(source: Resource) -> str | None:
    stamp = source.get("authoredOn") or source.get("created") or source.get("start")
    return str(stamp)[:10] if stamp else None


def _author(source: Resource, snapshot: ChartSnapshot) -> str | None:
    requester = refs.relative(source.get("requester"))
    person = snapshot.by_reference(requester) if requester else None
    return codes.human_name(person) or None if person else None
