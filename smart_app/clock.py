"""The only module that asks what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


class SystemClock:
    """Tell the machine's time; dates are local to a site's time zone."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        return datetime.now(UTC)

    def today(self, zone: str) -> date:
        """Return the present date in an IANA time zone."""
        return self.now().astimezone(ZoneInfo(zone)).date()
