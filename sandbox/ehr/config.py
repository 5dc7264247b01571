"""How a pretend EHR is set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path


@dataclass(frozen=True)
class EhrConfig:
    """Base addresses, where the store's file lies (None = memory), and today (None = real)."""

    base_url: str
    payer_url: str
    app_url: str
    data_dir: Path | None = None
    today: date | None = None

    @property
    def issuer(self) -> str:
        """The FHIR base, which is also the issuer."""
        return f"{self.base_url}/fhir"

    def day(self) -> date:
        """Return the day around which the charts are dated."""
        return self.today or datetime.now().astimezone().date()
