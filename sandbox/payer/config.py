"""How a pretend payer is set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from sandbox import zones


@dataclass(frozen=True)
class PayerConfig:
    """Base address, form packages, the day it takes for today (None = real), and its clocks.

    With ``by_hand`` notifications leave when told to, else by themselves; one that is not taken is
    tried again after each of the pauses (seconds). A handshake lets the client read its
    subscription's id first.
    """

    base_url: str
    forms_dir: Path | str
    today: date | None = None
    seconds: Callable[[], float] = time.monotonic
    instant: Callable[[], datetime] = partial(datetime.now, UTC)
    by_hand: bool = False
    handshake_pause: float = 0.1
    notify_pauses: tuple[float, ...] = (1, 2, 4, 8)

    def day(self, state: str | None) -> date:
        """Return the day of a decision made now on a service that is delivered in a state.

        A decision of the evening belongs to that day there, whatever the server's calendar says.
        """
        return self.today or zones.day(self.instant(), state)

    def now(self) -> str:
        """Return the present instant, in the day that the payer takes for today."""
        return self.moment().isoformat(timespec="milliseconds")

    def moment(self) -> datetime:
        """Return the present instant, as ``now``."""
        moment = self.instant()
        if self.today:
            moment = moment.replace(
                year=self.today.year, month=self.today.month, day=self.today.day
            )
        return moment
