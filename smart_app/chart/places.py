"""Where the service will be done, as far as the chart says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import (
    ChartSnapshot,
    Conflict,
    ConflictOption,
    Evidence,
    Place,
    Resource,
)
from smart_app.chart.orders import counts
from smart_app.fhir import codes, refs

FIELD = "place"


@dataclass(frozen=True, slots=True)
class Found:
    """What the chart says of the place.

    ``options`` are the site's facilities that it names, ``others`` the names of what else it
    names; ``unread`` tells that a source, or a place that it names, could not be read.
    """

    options: tuple[ConflictOption, ...]
    others: tuple[str, ...]
    unread: bool
    unlisted: bool


def find(
    orders: tuple[Resource, ...], snapshot: ChartSnapshot, facilities: tuple[Place, ...]
) -> Found:
    """Return the places that the orders or their appointments name."""
    found: dict[str, ConflictOption] = {}
    others: list[str] = []
    unread = "Appointment" in snapshot.unavailable or bool(snapshot.unread("Appointment"))
    unlisted = False
    for source in _sources(orders, snapshot):
        for reference in _locations(source):
            name = refs.relative(reference) or ""
            facility = _facility(name, snapshot, facilities)
            if facility is not None:
                _add(found, facility, _evidence(source, snapshot))
                continue
            location = snapshot.by_reference(name)
            called = (location or {}).get("name") or reference.get("display")
            others += [str(called)] if called else []
            # a place that is only called by a name was read, as far as it can be
            read = location is not None or bool(called and not name)
            unread, unlisted = unread or not read, unlisted or read
    return Found(tuple(found.values()), tuple(dict.fromkeys(others)), unread, unlisted)


def conflict(found: Found, facilities: tuple[Place, ...]) -> Conflict | None:
    """Return what a person must settle, or None when the chart names one place and no other.

    Where something was not read, or names a place that the site does not list, the one place that
    is known is no more than an option among the site's.
    """
    if found.unread or found.unlisted:
        why = "unread" if found.unread else "unlisted"
        options = _every(found.options, facilities)
    elif len(found.options) == 1:
        return None
    else:
        why = "disagree" if found.options else "unknown"
        options = found.options or _every((), facilities)
    return Conflict(FIELD, FIELD, why, options, named=found.others)


def _every(
    found: tuple[ConflictOption, ...], facilities: tuple[Place, ...]
) -> tuple[ConflictOption, ...]:
    """Return all facilities of the site, those that the chart names first."""
    known = {one.key for one in found}
    more = (one for one in facilities if one.facility_id not in known)
    return (*found, *(ConflictOption(one.facility_id, one.name, one.pos) for one in more))


def _add(found: dict[str, ConflictOption], facility: Place, evidence: Evidence) -> None:
    before = found.get(facility.facility_id)
    found[facility.facility_id] = ConflictOption(
        key=facility.facility_id,
        words=facility.name,
        value=facility.pos,
        evidence=(*(before.evidence if before else ()), evidence),
    )


def _sources(orders: tuple[Resource, ...], snapshot: ChartSnapshot) -> list[Resource]:
    ours = {refs.of(order) for order in orders}
    booked = [
        one
        for one in snapshot.of("Appointment")
        if one.get("status") in ("proposed", "pending", "booked")
        and ours & {refs.relative(reference) for reference in one.get("basedOn") or []}
    ]
    return [*booked, *(one for one in orders if counts(one))]


def _locations(source: Resource) -> Iterator[dict[str, Any]]:
    """Yield each reference to a place: an order's, or an appointment's among its participants."""
    yield from source.get("locationReference") or []
    for one in source.get("participant") or []:
        actor = one.get("actor") or {}
        if actor.get("type") == "Location" or (refs.relative(actor) or "").startswith("Location/"):
            yield actor


def _facility(name: str, snapshot: ChartSnapshot, facilities: tuple[Place, ...]) -> Place | None:
    npi = codes.identifier(snapshot.by_reference(name), codes.NPI)
    for facility in facilities:
        if (name and facility.location_ref == name) or (npi and facility.npi == npi):
            return facility
    return None


def _evidence(source: Resource, snapshot: ChartSnapshot) -> Evidence:
    return Evidence(
        resource_ref=refs.of(source),
        kind=source["resourceType"],
        version=refs.version_of(source),
        date=_date(source),
        author=_author(source, snapshot),
    )


def _date(source: Resource) -> str | None:
    stamp = source.get("authoredOn") or source.get("start") or source.get("created")
    return str(stamp)[:10] if stamp else None


def _author(source: Resource, snapshot: ChartSnapshot) -> str | None:
    requester = refs.relative(source.get("requester"))
    person = snapshot.by_reference(requester)
    return codes.human_name(person) or None if person else None
