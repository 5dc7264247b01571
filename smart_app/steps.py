"""What the stages after the signature share: the case's payer, its request, moves and events."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from smart_app.cases import states
from smart_app.cases.model import Case, Event, Receipt
from smart_app.errors import PayerError, StaleRevision
from smart_app.pas import remarks
from smart_app.payers.registry import Payer
from smart_app.world import World

R = TypeVar("R")
HEARD, LONG = "heard", 86_400
"""Where it is marked that something was heard of a case, and for how many seconds: any question
that was under way then is over by the end."""
ONCE = "once-"
"""How the task is called that asks about what is decided."""
DAILY, PAUSE, SPREAD = 86_400.0, 900.0, 5.0  # seconds
SWEPT = "swept"
"""Where it is kept that a payer was asked just now about all that it decided for a site."""
MOST_ONCE = 150
"""How often that is tried before it is asked once a day: about a day long."""
REQUESTS = ("initial", "resubmission", "update")
"""Kinds of submissions that ask for a decision."""


def growing(payer: Payer, polls: int, longest: float) -> float:
    """Return the seconds until a payer is asked again, which grow with each question."""
    return min(longest, payer.poll_first_seconds * 1.5 ** min(polls, 40))


class Steps:
    """Base of the stages that the worker does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    def payer(self, case: Case) -> Payer:
        """Return the payer that a case goes to."""
        return self.world.payers.of_id(case.payer_id or "")

    def versions(self, case: Case) -> list[sa.Row[Any]]:
        """Return the rows of a case's request, oldest first: the first, and each change taken."""
        several = self.submitted(case, *REQUESTS)
        return [one for one in several if one.kind != "update" or one.outcome == "received"]

    def submission(self, case: Case) -> sa.Row[Any]:
        """Return the row of a case's request as the payer has it, or is to have it."""
        return self.versions(case)[-1]

    def submitted(self, case: Case, *kinds: str) -> list[sa.Row[Any]]:
        """Return the rows of what was submitted for a case, of some kinds, oldest first."""
        return [one for one in self.store.submissions(case.id) if one.kind in kinds]

    def exchanged(self, case: Case, kind: str, call: Callable[[], R]) -> R:
        """Do one call to a payer and keep its figures; raises what the call raises."""
        began = self.world.clock.now()
        try:
            answer = call()
        except PayerError as cause:
            self.world.metrics.exchanged(case, kind, began, None, cause.code)
            raise
        body = answer.body if isinstance(answer, Receipt) else answer
        self.world.metrics.remarked(case, remarks.read(body))
        told = answer if isinstance(answer, Receipt) else Receipt("received", 200)
        self.world.metrics.exchanged(case, kind, began, told.status, told.outcome)
        return answer

    # what was heard ------------------------------------------------------------------------------

    def last_heard(self, case: Case) -> str:
        """Return the mark of what was heard last, to be held against it once an answer is here."""
        return str(self.store.kv(HEARD).get(case.id) or "")

    def hear(self, db: sa.Connection, case_id: str) -> None:
        """Mark that something was heard: the answer to a question under way may be older."""
        self.store.kv(HEARD).put(case_id, str(uuid.uuid4()), LONG, db)

    def unheard(self, db: sa.Connection, case: Case, since: str) -> None:
        """Raise StaleRevision when something was heard since a question was asked."""
        if (self.store.kv(HEARD).get(case.id, db) or "") != since:
            raise StaleRevision

    def ask_about(self, payer: str, site: str) -> None:
        """Have a payer asked about the cases of a site that count, also where that is under way.

        Those that wait at once; what is decided one after another, and each once in a while. In a
        transaction of its own, which may write of several cases.
        """
        swept, here = self.store.kv(SWEPT), f"{payer}:{site}"
        with self.store.write() as db:
            self.world.inbox.ask_about(db, site, ONCE)
            for case_id in self.world.inbox.asked_about(db, site):
                self.hear(db, case_id)
            begin = PAUSE if swept.get(here, db) else 0.0
            numbered = self.world.inbox.numbered(db, site, self.usable_since())
            several = [self.store.case(one, db) for one in numbered]
            theirs = [one for one in several if one.payer_id == payer]
            for at, case in enumerate(theirs):
                self.ask_once(db, case, delay=begin + at * SPREAD)
            swept.put(here, True, int(PAUSE), db)

    def usable_since(self) -> datetime:
        """Return from when on a number that was recorded may still be used."""
        days = self.world.program.number.window_days
        return self.world.clock.now() - timedelta(days=days)

    def ask_once(
        self, db: sa.Connection, case: Case, polls: int = -1, *, delay: float = 0.0
    ) -> None:
        """Queue a question to the payer, even if all is decided: what it said is not known.

        At once or after a ``delay``, or with a pause that grows to a day after so many ``polls``;
        one at a time waits.
        """
        pause = growing(self.payer(case), polls, DAILY) if polls >= 0 else delay
        if self.world.tasks.sooner(db, "poll", case.id, pause, ONCE):
            return
        tag = f"{polls + 1}-{ONCE}{uuid.uuid4()}"
        self.world.tasks.add(db, "poll", case.id, tag=tag, delay=pause, max_attempts=MOST_ONCE)

    def move(self, db: sa.Connection, case: Case, **to: str) -> Case:
        """Save a case after moves of its tracks; raises IllegalMove and StaleRevision."""
        return self.store.save(db, replace(case, tracks=states.move(case.tracks, **to)))

    def note(
        self, db: sa.Connection, case: Case, kind: str, who: str | None = None, **facts: Any
    ) -> None:
        """Add an event to a case's history."""
        self.world.audit.append(db, case.id, Event(kind, self.world.clock.now(), who, facts))
