"""Who covers the patient, as far as the chart says."""

from __future__ import annotations

from dataclasses import dataclass

from smart_app.cases.model import ChartSnapshot, Conflict, ConflictOption, Resource
from smart_app.fhir import codes, refs

FIELD = "coverage"


@dataclass(frozen=True, slots=True)
class Payor:
    """What the chart says of who pays: names, and whether an entry could not be read."""

    names: str
    unread: bool


def active(snapshot: ChartSnapshot) -> tuple[Resource, ...]:
    """Return the active coverages."""
    return tuple(one for one in snapshot.of("Coverage") if one.get("status") == "active")


def payor(coverage: Resource, snapshot: ChartSnapshot) -> Payor:
    """Return who pays: the payors' own names, and what the coverage calls them.

    The two may differ, and either may be the one that names a special program.
    """
    inner = {f"#{one.get('id')}": one for one in coverage.get("contained") or []}
    names: list[str] = []
    unread = False
    for one in coverage.get("payor") or []:
        called, reference = one.get("display"), one.get("reference")
        relative = refs.relative(one)
        found = inner.get(reference) or snapshot.by_reference(relative)
        unread = unread or (found is None and bool(reference or not called))
        name = (found or {}).get("name")
        names += [str(word) for word in (name, called) if isinstance(word, str)]
    return Payor(" ".join(dict.fromkeys(names)), unread)


def said(coverage: Resource, snapshot: ChartSnapshot) -> tuple[Resource | None, str]:
    """Return what a coverage says, to compare two readings; an unread payor says nothing new."""
    paid = payor(coverage, snapshot)
    return refs.content(coverage), "" if paid.unread else paid.names


def conflict(coverages: tuple[Resource, ...], snapshot: ChartSnapshot) -> Conflict:
    """Return the question which of several coverages counts."""
    options = tuple(
        ConflictOption(refs.of(one), _words(one, snapshot), refs.of(one)) for one in coverages
    )
    return Conflict(FIELD, FIELD, "several", options)


def _words(coverage: Resource, snapshot: ChartSnapshot) -> str:
    """Return a coverage as a person tells it from the others."""
    kind = coverage.get("type") or {}
    coded = [one.get("display") for one in codes.codings(kind)]
    plans = [one.get("name") for one in coverage.get("class") or []]
    said = [kind.get("text"), *coded, payor(coverage, snapshot).names, *plans]
    named = ", ".join(dict.fromkeys(str(one) for one in said if one)) or "Coverage without a name"
    member = str(coverage.get("subscriberId") or "")
    return f"{named} (number ending {member[-4:]})" if member else named
