"""The tracks of a case and every move between their states (design 4).

One table; an illegal move raises ``IllegalMove``. ``headline`` turns the tracks into the one
thing that a person reads.
"""

from __future__ import annotations

from dataclasses import replace

from smart_app.cases.model import FAVOURABLE, UNCOUNTED, Tracks
from smart_app.errors import IllegalMove

DECIDED = (
    "affirmed",
    "affirmed_modified",
    "partial",
    "non_affirmed",
    "dismissed",
    "cancelled",
    "contact_payer",
    "not_required",
    "unreadable",
)

MOVES: dict[str, dict[str, tuple[str, ...]]] = {
    "documentation": {
        "none": ("draft",),
        # back to none when another form is to be fetched: place or coverage lead elsewhere
        "draft": ("ready", "signed", "draft", "none"),
        "ready": ("draft", "signed"),
        "signed": ("reopened",),
        "reopened": ("signed", "draft"),
    },
    "submission": {
        "none": ("queued", "received", "cancelled"),
        # received when the answer to an earlier sending came while the next one was queued
        "queued": ("sending", "received", "rejected", "cancelled", "parked"),
        # back to queued only when the connection was never made: no byte can have arrived
        "sending": ("received", "rejected", "unknown", "queued"),
        "unknown": ("received", "queued", "parked", "rejected"),
        "received": ("pended", "updating", "cancelling", "received"),
        "pended": ("received", "updating", "cancelling", "pended"),
        "rejected": ("queued", "received", "cancelled"),
        "updating": ("received",),
        "cancelling": ("cancelled", "pended", "received"),
        "cancelled": (),
        "parked": ("queued", "received", "rejected", "cancelled"),
    },
    "decision": {word: ("pended", *DECIDED) for word in ("none", "pended", *DECIDED)},
    "utn": {
        "none": ("awaited", "recorded"),
        "awaited": ("recorded", "none"),
        "recorded": ("superseded", "expired", "recorded", "awaited"),
        "superseded": ("recorded", "awaited"),
        "expired": ("superseded", "recorded", "awaited"),
    },
    "chart": {
        "none": ("awaiting_launch", "writing", "manual_pending"),
        "awaiting_launch": ("writing", "manual_confirmed"),
        "writing": (
            "filed_and_read_back",
            "accepted_unverified",
            "draft_awaiting_signature",
            "notified_only",
            "refused",
            "unknown",
            "manual_pending",
            "awaiting_launch",
        ),
        "filed_and_read_back": ("writing",),
        "accepted_unverified": ("writing", "filed_and_read_back"),
        "draft_awaiting_signature": ("writing", "filed_and_read_back"),
        "notified_only": ("writing", "manual_confirmed"),
        "refused": ("writing", "manual_pending", "manual_confirmed"),
        "unknown": ("writing", "filed_and_read_back", "manual_pending", "manual_confirmed"),
        "manual_pending": ("manual_confirmed", "writing"),
        "manual_confirmed": ("writing",),
    },
    "claim": {
        "hold": ("ready", "review_expected", "hold"),
        "ready": ("hold", "review_expected", "ready"),
        "review_expected": ("hold", "ready", "review_expected"),
    },
}


def move(tracks: Tracks, **to: str) -> Tracks:
    """Return the tracks after moves such as ``submission="queued"``; raises IllegalMove."""
    for track, state in to.items():
        here = getattr(tracks, track)
        if state not in MOVES[track].get(here, ()):
            raise IllegalMove(f"{track}: {here} to {state}")
    return replace(tracks, **to)


def headline(tracks: Tracks) -> str:
    """Return the one state that a person reads; ``formatters`` has a sentence for each.

    A decision outranks the way it came; an unknown sending outranks everything before it. While a
    request is being changed or withdrawn, and after it was withdrawn, nothing of it counts.
    """
    if tracks.submission in UNCOUNTED:
        return tracks.submission
    if tracks.decision not in ("none", "pended"):
        if tracks.decision in FAVOURABLE and tracks.utn == "awaited":
            return f"{tracks.decision}_number_awaited"
        return tracks.decision
    if tracks.submission == "none":
        return "review"
    if tracks.submission == "received":
        return "pended"
    return tracks.submission
