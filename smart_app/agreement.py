"""What was doubted counts again when its payer agrees: the same, in a row, and apart.

Of two answers that differ nobody but the payer can tell which holds, and one list of it may lag.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from smart_app.cases import codec
from smart_app.cases.model import OPEN, Case, Decision
from smart_app.pas import verdicts
from smart_app.steps import DAILY
from smart_app.taking import Taking

AGREED = 3
"""How often a payer has to say the same before that counts where it was doubted."""
APART = 3
"""How far apart: so many of the longest pauses between two questions, and a day at most."""
SAME = "agreement"
"""Where it is kept what a payer said last of what is doubted, and how often."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a payer ``said`` so many ``times`` in a row; ``at`` is when the last of them counted."""

    said: str
    times: int
    at: datetime

    def again(self, said: str, now: datetime, pause: float) -> Agreement:
        """Return it with one more answer; the same counts once in a ``pause``, in seconds."""
        if said != self.said:
            return Agreement(said, 1, now)
        if now < self.at + timedelta(seconds=pause):
            return self
        return replace(self, times=self.times + 1, at=now)

    @property
    def enough(self) -> bool:
        """Tell whether it was said often enough."""
        return self.times >= AGREED


def word(read: Decision) -> str:
    """Return by what is known that an answer says the same: its verdicts and numbers."""
    several = sorted(f"{one.trace} {one.decision} {one.number}" for one in read.items)
    return codec.sha256("\n".join(several).encode())


class Agreeing(Taking):
    """What a payer says of what is doubted, counted."""

    def doubts(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Tell whether an answer has to be said again before it counts.

        So has an approval, or that all waits, where nothing stands but what may be a denial, and an
        approval where what stands came upon it and only waits, or was made long after it; unless it
        is surely newer than all that was said.
        """
        waits = all(one.decision in OPEN for one in read.items)
        if not (waits or verdicts.frees(read)) or self.order(db, case, before, read) == "newer":
            return False
        if verdicts.doubtful(before):
            return True
        raises = verdicts.freed(read, before) and self.long_before(db, case, before, read)
        return bool(raises) or self.overtaken(db, case, before, read)

    def counts(self, db: sa.Connection, case: Case, before: Decision, read: Decision) -> bool:
        """Tell whether an answer may be taken, and count it where it is doubted."""
        if self.doubts(db, case, before, read):
            return self.agreed(db, case, read)
        self.unless_the_same(db, case, None)
        return True

    def agreed(self, db: sa.Connection, case: Case, read: Decision) -> bool:
        """Count an answer; tell whether that was often enough."""
        now, pause = self.world.clock.now(), self._pause(case)
        found = (self._kept(db, case) or Agreement("", 0, now)).again(word(read), now, pause)
        if found.enough:
            self.unless_the_same(db, case, None)
            return True
        self.store.kv(SAME).put(case.id, {**asdict(found), "at": found.at.isoformat()}, None, db)
        return False

    def unless_the_same(self, db: sa.Connection, case: Case, read: Decision | None) -> None:
        """Begin to count anew where a payer said anything else, or nothing."""
        kept = self._kept(db, case)
        if kept is not None and (read is None or word(read) != kept.said):
            self.store.kv(SAME).put(case.id, None, None, db)

    def _kept(self, db: sa.Connection, case: Case) -> Agreement | None:
        kept = self.store.kv(SAME).get(case.id, db)
        return Agreement(**{**kept, "at": datetime.fromisoformat(kept["at"])}) if kept else None

    def _pause(self, case: Case) -> float:
        """Return for how many seconds the same does not count again: far longer than lists lag."""
        return min(DAILY, APART * self.payer(case).poll_longest_seconds)
