"""What a payer could not accept of a request: its words, what each is about, how it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from smart_app import formatters
from smart_app.cases.model import Case, Event, Receipt, Resource, entered_here
from smart_app.follow import Follow
from smart_app.pas import where
from smart_app.updating import may_be_changed

ABOUT_REQUEST = ("rejected", "unknown")
"""Submissions of which the last answer is about the request itself."""
About = Literal["request", "update", "cancel"]
LATER: dict[str, About | None] = {
    "update_asked": None,
    "update_refused": "update",
    "update_there": None,
    "updated": None,
    "cancel_asked": None,
    "cancel_refused": "cancel",
}
"""What is refused of what a person did with a sent request, by what people were told last."""
CHANGEABLE = ("units", "planned", "information")
"""Elements that the page of a change has."""
SHOWN = 5
"""How many places of one fault are shown: a payer may name any number."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a fault is about in words, or as the payer wrote it, and how a person mends it."""

    about: str
    mend: str = ""
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a payer could not accept."""

    words: str
    places: tuple[Place, ...]


def about(case: Case, events: Sequence[Event]) -> About | None:
    """Return what the payer refused last, if that still stands."""
    if case.tracks.submission in ABOUT_REQUEST:
        return "request"
    told = [one.kind for one in events if one.kind in LATER]
    return LATER[told[-1]] if told else None


def faults(follow: Follow, case: Case, refused: About | None) -> tuple[Fault, ...]:
    """Return what the payer complained about last; of a withdrawal it says no more than words."""
    receipt = follow.store.latest(case.id, "receipt", Receipt)
    if receipt is None or refused is None:
        return ()
    request: Resource = {}
    if refused != "cancel":
        updates = follow.deciding.submitted(case, refused)[-1:]
        request = follow.deciding.bundle((updates or [follow.deciding.submission(case)])[0])
    named = dict(zip(receipt.faults, receipt.places, strict=False)) if request else {}
    return tuple(
        Fault(
            formatters.fault(words),
            tuple(_place(one, request, case) for one in named.get(words, ())[:SHOWN]),
        )
        for words in receipt.faults
    )


def _place(path: str, request: Resource, case: Case) -> Place:
    found = where.part(path, request)
    if found is None:
        return Place(path, raw=True)
    ordered = {one.sequence: one.order_ref for one in case.items}
    one = ordered.get(found.number or 0) if found.subject == "item" else None
    asked = [one] if one else case.order_refs
    mend = formatters.mended(found, entered=all(map(entered_here, asked)))
    begins = case.tracks.submission == "rejected" and not case.closed
    if may_be_changed(case) and found.element in CHANGEABLE:
        return Place(formatters.part(found), formatters.MENDS["change"])
    return Place(formatters.part(found), formatters.MENDS[mend] if begins else "")
