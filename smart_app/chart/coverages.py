"""Who covers the patient, as far as the chart says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from smart_app.cases.model import ChartSnapshot, Conflict, ConflictOption, Resource
from smart_app.fhir import codes, refs

FIELD = "coverage"
_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?(?=T|$)")


@dataclass(frozen=True, slots=True)
class Payor:
    """What the chart says of who pays: names, and whether an entry could not be read."""

    names: str
    unread: bool


def active(snapshot: ChartSnapshot, on: date) -> tuple[Resource, ...]:
    """Return the coverages that are active on a day: an ended one often keeps its status."""
    return tuple(
        one
        for one in snapshot.of("Coverage")
        if one.get("status") == "active" and _covers(one.get("period"), on)
    )


def _covers(period: Any, on: date) -> bool:
    """Tell whether a day lies in a period; of a partial date all days count.

    https://hl7.org/fhir/R4/datatypes.html#Period: an open end goes on, and both ends belong to it.
    """
    first, last = (_day(period, one) for one in ("start", "end"))
    day = on.isoformat()
    return day[: len(first)] >= first and (not last or day[: len(last)] <= last)


def _day(period: Any, end: str) -> str:
    """Return an end of a period as its day, month or year, or nothing when it says none."""
    stated = period.get(end) if isinstance(period, dict) else None
    found = _DAY.match(stated) if isinstance(stated, str) else None
    return found[0] if found else ""


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
