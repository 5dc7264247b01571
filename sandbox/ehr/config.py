"""How a pretend EHR is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox import zones


@dataclass(frozen=True)
class EhrConfig:
    """Base addresses, where the store's file lies (None = memory), and today (None = real).

    ``with_reset`` is what else starts over when the charts do.
    """

    base_url: str
    payer_url: str
    app_url: str
    data_dir: Path | None = None
    today: date | None = None
    with_reset: Callable[[], None] = lambda: None

    @property
    def issuer(self) -> str:
        """The FHIR base, which is also the issuer."""
        return f"{self.base_url}/fhir"

    def day(self) -> date:
        """Return the day around which the charts are dated: today in Arizona.

        It is the clinic farthest west, so that no chart holds what has not happened yet.
        """
        return self.today or zones.day(datetime.now(UTC), zones.CLINIC)
