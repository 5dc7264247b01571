"""What a payer could not accept of a request: its words, what each is about, how it is mended."""

from __future__ import annotations

from dataclasses import dataclass

from smart_app import formatters
from smart_app.cases.model import Case, Receipt, Resource, entered_here
from smart_app.follow import Follow
from smart_app.pas import where

ABOUT_REQUEST = ("rejected", "unknown")
"""Submissions of which the last answer is about the request itself."""
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


def faults(follow: Follow, case: Case) -> tuple[Fault, ...]:
    """Return what the payer complained about last; of a withdrawal it says no more than words."""
    receipt = follow.store.latest(case.id, "receipt", Receipt)
    if receipt is None or not receipt.faults:
        return ()
    of_request = case.tracks.submission in ABOUT_REQUEST
    request = follow.deciding.request(case) if of_request else {}
    named = dict(zip(receipt.faults, receipt.places, strict=False)) if of_request else {}
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
    asked = [ordered[found.number]] if found.subject == "item" and found.number else case.order_refs
    mend = formatters.mended(found, entered=all(entered_here(one) for one in asked))
    begins = case.tracks.submission == "rejected" and not case.closed
    return Place(formatters.part(found), formatters.MENDS[mend] if begins else "")
