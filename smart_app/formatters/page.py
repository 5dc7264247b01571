"""Small words of the pages: who a page is about, how far its stages are, where a case stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from smart_app.formatters.case import join
from smart_app.formatters.dates import moment

DECIDES = "Medicare"
NO_NAME = "Name missing"
COVERED = "Original Medicare"
SOME_MAC = "the MAC"
SOMEBODY = "the ordering clinician"
STAGES = {
    "chart": "Chart read",
    "rules": "Medicare rules",
    "ask": "Asking {payer}",
    "form": "{payer}'s form",
    "fill": "Answers from the chart",
}
ENDED = {
    ("form", "failed"): "{payer}'s form could not be had",
    ("chart", "failed"): "The chart could not be read",
    ("ask", "failed"): "{payer} did not answer",
    ("ask", "not_asked"): "{payer} was not asked",
    ("ask", "no_member"): "{payer} does not know this member",
}
STOPS = {
    "sent": "Sent",
    "sending": "Sending",
    "received": "Received",
    "due": "Decision due",
    "number": "Number",
    "chart": "In the chart",
    "by_hand": "Not in the chart",
}
"""The line of a sent case."""


def stage(key: str, state: str, why: str | None, payer: str) -> str:
    """Return a stage of the preparation, as far as it is."""
    if (key, why) == ("form", "local"):
        return "Medicare's own list"
    return ENDED.get((key, state), STAGES[key]).format(payer=payer)


def document_note(needed: bool, offered: bool, went: bool = False) -> str:
    """Return why a document is not ticked by itself; empty where it is.

    ``went``: it was sent with the request already.
    """
    if went:
        return "went with the request"
    if needed:
        return ""
    return "offered above for an open point" if offered else "no answer rests on it"


def due(at: datetime, zone: str) -> str:
    """Return by when a decision is due."""
    return f"by {moment(at, zone)}"


def giver(mac: str) -> str:
    """Return from whom the number comes."""
    return f"from {mac}"


LEFT_OUT = {
    "ServiceRequest": "{} of its orders",
    "Appointment": "{} of its appointments",
    "DocumentReference": "{} of its notes",
}


FOREIGN = {
    False: "The chart gave 1 entry that is not about this person: left out here.",
    True: "The chart gave {} entries that are not about this person: left out here.",
}


def left_out(unread: Iterable[str], foreign: Sequence[str] = ()) -> str:
    """Return what of a chart was left out; empty for nothing.

    ``unread`` names single resources of an odd shape, and types of which nothing could be read:
    those stand apart. ``foreign`` are resources of another person, or of nobody.
    """
    others = FOREIGN[len(foreign) > 1].format(len(foreign)) if foreign else ""
    return " ".join(filter(None, (_odd(unread), others)))


def _odd(unread: Iterable[str]) -> str:
    kinds = [kind for kind, single, _ in (one.partition("/") for one in unread) if single]
    told = [words.format(kinds.count(kind)) for kind, words in LEFT_OUT.items() if kind in kinds]
    if not told:
        return ""
    return f"The chart keeps {join(told)} in a form that Preclear cannot read: left out here."


def chart_read(when: str) -> str:
    """Return when the chart was read."""
    return f"chart read {when}"


def outside(sentence: str, when: str) -> str:
    """Return the sentence of a coverage that is outside, and when the chart was read."""
    read = f"Chart read {when}."
    return f"{sentence.rstrip('.')}. {read}" if sentence else read


def born(birthday: str) -> str:
    """Return a day of birth."""
    return f"born {birthday}"


def lasting(seconds: float | None) -> str:
    """Return how long something took, in the unit that people would say."""
    if seconds is None:
        return "None yet"
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size, 1)
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


TELLS = {"active": "It notifies Preclear", "asked": "Asked to notify Preclear"}


def told_by(pended: str, state: str | None) -> str:
    """Return how a payer's decisions become known here."""
    if pended == "inquire":
        return "Preclear asks it"
    if state is None:
        return "It notifies Preclear, while anything waits"
    return TELLS.get(state, "Preclear asks it: it does not notify now")
