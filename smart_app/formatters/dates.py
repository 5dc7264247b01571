"""Days and times, as people here write them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def day(value: date | datetime | str | None, zone: str = "UTC", *, year: bool = False) -> str:
    """Return a day as ``Thu 26 Nov``, with the year when asked."""
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            return day(date.fromisoformat(value[:10]), zone, year=year)
        except ValueError:
            return value
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(zone)).date()
    return f"{value:%a} {value.day} {value:%b %Y}" if year else f"{value:%a} {value.day} {value:%b}"


def birth(value: str | None) -> str:
    """Return a birth date as ``2 Mar 1948``; a partial one as it stands."""
    return short_day(value) or "date unknown"


def short_day(value: str | None) -> str:
    """Return a chart's date as ``18 Nov 2026``; what is no full date as it stands.

    Charts are old: a day without its year reads as this year's.
    """
    if not value:
        return ""
    try:
        found = date.fromisoformat(value[:10])
    except ValueError:
        return value
    return f"{found.day} {found:%b %Y}"


def moment(value: datetime | None, zone: str, *, named: bool = False) -> str:
    """Return a time as ``Mon 23 Nov, 09:52`` in the site's zone, which is ``named`` when asked."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone))
    said = f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"
    return f"{said} {local:%Z}" if named else said


def lately(value: datetime, zone: str, today: date) -> str:
    """Return a time as ``today 09:52``, or with its day when that was earlier."""
    local = value.astimezone(ZoneInfo(zone))
    return f"today {local:%H:%M}" if local.date() == today else moment(value, zone)


def age(born: str | None, today: date) -> str:
    """Return an age in full years, or an empty string for a partial birth date."""
    try:
        birth = date.fromisoformat(born or "")
    except ValueError:
        return ""
    return str(today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)))


def days_left(left: int) -> str:
    """Return how many days a number still holds."""
    if left < 0:
        return "over"
    return "today is the last day" if left == 0 else f"{left} day{'s' if left > 1 else ''} left"
