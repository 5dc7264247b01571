"""Stages 10 to 13, as tasks of the worker, and what people ask of them.

Each task ends in one transaction together with its effect.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from launch import LaunchError, SignInUnavailable
from smart_app.adding import Adding
from smart_app.cases.model import AMENDING, Case, Decision, Event, Person, Task
from smart_app.cases.tasks import LeaseLost
from smart_app.decide import Deciding
from smart_app.errors import (
    CaseClosed,
    ChartUnavailable,
    IllegalMove,
    PayerError,
    PreclearError,
    StaleRevision,
)
from smart_app.filing import Filing
from smart_app.hearing import Hearing
from smart_app.keeping import let_go
from smart_app.letters import Letters
from smart_app.listening import KINDS, Listening
from smart_app.sending import Sending
from smart_app.steps import DAILY, ONCE, Steps
from smart_app.updating import Updating
from smart_app.withdrawing import Withdrawing
from smart_app.world import World

RETRY_FIRST, RETRY_LONGEST = 2.0, 600.0  # seconds
SOON, LATER = 0.2, 5.0  # seconds
AMENDS = ("withdraw", "update")
ENDLESS = {"poll", "recover", *AMENDS, "listen", SignInUnavailable.code}
"""A payer or a chart's sign-in that is down for a day must not end the waiting."""


class Follow(Steps):
    """What is done for a case after it was signed."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.deciding = Deciding(world)
        self.letters = Letters(world, self.deciding)
        self.listening = Listening(world)
        self.sending = Sending(world, self.deciding, self.listening)
        self.withdrawing = Withdrawing(world, self.deciding)
        self.updating = Updating(world, self.deciding)
        self.adding = Adding(world, self.deciding)
        self.filing = Filing(world)
        self.handlers = {
            "send": self.sending.send,
            "recover": self.sending.recover,
            "poll": self.deciding.poll,
            "withdraw": self.withdrawing.amend,
            "update": self.updating.amend,
            "attach": self.adding.attach,
            "file": self.filing.file,
            "listen": self.listening.listen,
            "heard": Hearing(world, self.deciding, self.updating).heard,
        }

    def run(self, task: Task) -> str:
        """Do one task; return why it failed, or an empty string. Raises LeaseLost.

        A task that failed, for whatever cause, is done again later; the last attempt parks it and
        says so on the case.
        """
        code: str = ""
        try:
            self.handlers[task.kind](task)
        except LeaseLost:
            raise
        except Exception as cause:
            known = isinstance(cause, PreclearError | LaunchError)
            code = getattr(cause, "code", "") if known else type(cause).__name__
            self._failed(task, code, self._pause(task, cause))
        if task.kind not in KINDS:
            let_go(self.world, task.case)
        return code

    @staticmethod
    def _pause(task: Task, cause: Exception) -> float:
        """Return the seconds until the next try."""
        if isinstance(cause, PayerError | LaunchError | ChartUnavailable):
            return min(RETRY_LONGEST, RETRY_FIRST * 2.0**task.attempt)
        if isinstance(cause, StaleRevision | IllegalMove):
            return SOON  # somebody changed the case meanwhile: look again
        return LATER

    def _failed(self, task: Task, code: str, pause: float) -> None:
        tasks = self.world.tasks
        if task.kind == "heard" and task.attempt >= task.max_attempts:
            self.listening.ask_instead(task)
        with tasks.during(task) as db:
            if task.attempt < task.max_attempts:
                looked = task.kind in AMENDS and code == StaleRevision.code
                tasks.later(db, task, code, pause, counts=not looked)
            elif self._decided(task):
                tasks.later(db, task, code, DAILY)
                if task.attempt == task.max_attempts:
                    self._given_up(db, task, code)
            elif {task.kind, code} & ENDLESS:
                tasks.later(db, task, code, RETRY_LONGEST, afresh=True)
                if task.kind in ("recover", *AMENDS):
                    self._in_vain(db, task)
            elif task.kind == "heard":
                tasks.park(db, task, code)
                self.world.inbox.done(db, task.key.rpartition(":")[2], "unread")
            else:
                tasks.park(db, task, code)
                self._given_up(db, task, code)

    def _decided(self, task: Task) -> bool:
        """Tell whether a question is about what is decided: it is not asked often for ever."""
        return ONCE in task.key and not self.deciding.awaits(self.store.case(task.case))

    def _in_vain(self, db: sa.Connection, task: Task) -> None:
        """Let a person clear up what the payer does not tell for a long time; asking goes on."""
        case = self.store.case(task.case, db)
        amends = {one.task: one for one in (self.withdrawing, self.updating)}
        if task.kind in amends:
            amends[task.kind].given_up(db, case)
        elif case.tracks.submission == "unknown":
            self.note(db, case, "person_needed")

    def _given_up(self, db: sa.Connection, task: Task, code: str) -> None:
        """Say on the case that a person is needed."""
        case = self.store.case(task.case, db)
        self.note(db, case, "parked", task=task.kind, why=code)
        if task.kind == "send" and case.tracks.submission == "queued":
            self.move(db, case, submission="parked")
        elif task.kind == "send" and case.tracks.submission == "sending":
            case = self.move(db, case, submission="unknown")
            self.note(db, case, "person_needed")
        elif task.kind == "attach":
            self.adding.given_up(db, case, task)
        elif task.kind == "file" and case.tracks.chart == "writing":
            self.filing.given_up(db, case)
        elif task.kind == "file":
            writing = case if case.tracks.chart == "none" else self.move(db, case, chart="writing")
            self.move(db, writing, chart="manual_pending")

    # what people ask -----------------------------------------------------------------------------

    def ask_now(self, case: Case, person: Person) -> None:
        """Make the next question to the payer, or a send that was given up, due at once."""
        if case.closed:
            raise CaseClosed
        tasks = self.world.tasks
        with self.store.write() as db:
            if case.tracks.submission == "parked":
                case = self.move(db, case, submission="queued")
                if not tasks.wake(db, "send", case.id):
                    tasks.add(db, "send", case.id, tag=f"again-{uuid.uuid4()}")
            elif case.tracks.submission == "unknown":
                tasks.wake(db, "recover", case.id)
            elif case.tracks.submission in AMENDING:
                one = self.updating if case.tracks.submission == "updating" else self.withdrawing
                tasks.wake(db, one.task, case.id)
            elif case.tracks.submission in ("received", "pended"):
                self.deciding.plan_poll(db, case, 0)
                tasks.wake(db, "poll", case.id)
            else:
                return
            self.note(db, case, "asked", person.name)

    def not_there(self, case: Case, revision: int, person: Person) -> Case:
        """Take a person's word that the payer has no such request."""
        return self.sending.not_there(case, revision, person)

    def not_accepted(self, case: Case, revision: int, person: Person) -> Case:
        """Take a person's word that the payer did not accept the request."""
        case = self.sending.not_accepted(case, revision, person)
        let_go(self.world, case.id)
        return case

    def take_letter(self, case: Case, seen: str, found: Decision, event: Event) -> Case:
        """Take a decision that a person typed in from a letter or portal."""
        case = self.letters.take(case, seen, found, event)
        let_go(self.world, case.id)
        return case
