"""How a pretend payer is set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path


@dataclass(frozen=True)
class PayerConfig:
    """Base address, folder of form packages, and the day it takes for today (None = real)."""

    base_url: str
    forms_dir: Path | str
    today: date | None = None
    seconds: Callable[[], float] = time.monotonic

    def day(self) -> date:
        """Return the day of a decision that is made now."""
        return self.today or datetime.now().astimezone().date()

    def now(self) -> str:
        """Return the present instant, in the day that the payer takes for today."""
        moment = datetime.now(UTC).replace(microsecond=0)
        if self.today:
            moment = moment.replace(
                year=self.today.year, month=self.today.month, day=self.today.day
            )
        return moment.isoformat()
