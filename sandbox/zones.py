"""The time zone of each state in which the pretend clinics and payers work."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONES = {
    "AZ": "America/Phoenix",
    "NJ": "America/New_York",
    "OH": "America/New_York",
    "OK": "America/Chicago",
    "TX": "America/Chicago",
    "WA": "America/Los_Angeles",
}
CLINIC = "AZ"
"""The state by whose clocks the pretend clinic lives: one site has one time zone, as its file."""
ELSEWHERE = "America/New_York"  # CMS itself, where nobody's clinic says otherwise


def local(moment: datetime, state: str | None) -> datetime:
    """Return an instant by the clocks of a state."""
    return moment.astimezone(ZoneInfo(ZONES.get(state or "", ELSEWHERE)))


def words(when: date) -> str:
    """Return a day in words, as every page of the sandbox writes it."""
    return f"{when:%a} {when.day} {when:%b}"


def day(moment: datetime, state: str | None) -> date:
    """Return the day that an instant belongs to in a state."""
    return local(moment, state).date()
