"""What a payer told by itself: whose it is, and what it makes of the decision that stands.

Notifications are repeated, late and out of order. One that is surely newer than what stands is
taken as if the payer had been asked; of one that contradicts it, and may be older, only the payer
can tell: it is asked, and until then nothing counts on which they differ.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#subscription
"""

from __future__ import annotations

import logging
import uuid

from smart_app.amending import held
from smart_app.answers import ANSWER, digest
from smart_app.cases.inbox import Mail
from smart_app.cases.model import Case, Decision, Receipt, Resource, Task
from smart_app.decide import PASSING, Deciding
from smart_app.errors import PayerUnknown, StaleRevision
from smart_app.pas import subscription
from smart_app.steps import Steps
from smart_app.updating import Updating
from smart_app.world import World

ANSWERED = ("received", "pended", "cancelling")
"""Submissions that the payer has answered already, so that a notification is about what follows."""
TAKEN, REMEMBERED = "taken", 7 * 86_400
"""Where it is remembered which results of a notification were taken, and for how many seconds."""

log = logging.getLogger("preclear.decide")


class Hearing(Steps):
    """Notifications, each taken to the case that it is about."""

    def __init__(self, world: World, deciding: Deciding, updating: Updating) -> None:
        super().__init__(world)
        self.deciding, self.updating = deciding, updating

    def heard(self, task: Task) -> None:
        """Look at one notification; raises PayerUnknown while its request is just being sent."""
        name = task.key.rpartition(":")[2]
        mail, here = self.world.inbox.mail(name), self.world.inbox.listener(task.case)
        if mail is None or mail.state != "new":
            with self.world.tasks.finish(task):
                return
        state = self._told(mail, here.payer, here.site) if here else "unread"
        with self.world.tasks.finish(task) as db:
            self.world.inbox.done(db, mail.id, state)

    def _told(self, mail: Mail, payer: str, site: str) -> str:
        """Take what a notification brings; return what became of it."""
        found = subscription.read(mail.body)
        if found is None:
            return "unread"
        stray, later = False, None
        for result in found.results:
            known = self.world.inbox.known(subscription.names(result))
            cases = [self.store.case(one) for one in sorted(known)]
            ours = [one for one in cases if (one.payer_id, one.site) == (payer, site)]
            if len(cases) == 1 and ours:
                later = self._once(mail, ours[0], result) or later
            else:
                stray = True
                self._quarantined(ours)
        if later is not None:  # what can be taken is; this one is looked at again
            raise later
        if stray or not found.results:  # it is about some case of this site, and nothing was taken
            self.ask_about(payer, site)
        return "stray" if stray else "taken"

    def _once(self, mail: Mail, case: Case, result: Resource) -> Exception | None:
        """Take one result of a notification, each once; return why it is to be tried again."""
        taken = self.store.kv(TAKEN)
        key = f"{mail.id}:{digest(result)[:16]}"
        if taken.get(key):
            return None
        try:
            self._take(case, result)
        except (PayerUnknown, *PASSING) as cause:
            return cause
        except Exception as cause:  # of whatever shape: what stands beside it is taken
            self.deciding.unread(case, cause)
            return cause
        taken.put(key, True, REMEMBERED)
        return None

    def _quarantined(self, cases: list[Case]) -> None:
        """Ask the payer about each case that an answer names which names another one as well."""
        log.error("notification of nobody", extra={"why": f"{len(cases)} cases"})
        for case in cases:
            with self.store.write() as db:
                self.note(db, case, "quarantined", why="another request")
                self.hear(db, case.id)
                self.deciding.ask_now(db, case)

    def _take(self, case: Case, result: Resource) -> None:
        """Take an answer that is about a case."""
        if case.closed or case.tracks.submission == "cancelled":
            self._too_late(case)
            return
        if case.tracks.submission == "sending":
            raise PayerUnknown("the answer itself is still awaited")
        changing = case.tracks.submission == "updating"
        if (changing or held(case)) and self.updating.names(case, result):
            with self.store.write() as db:
                if self.store.case(case.id, db).revision != case.revision:
                    raise StaleRevision
                self.deciding.there(db, case, result)
            return
        if changing:
            raise PayerUnknown("which version it is about is not known yet")
        row = self.submission(case)
        if case.tracks.submission not in ANSWERED:  # it is the first that is heard of the sending
            with self.store.write() as db:
                stage = f"{ANSWER}:{row.identifier}"
                self.store.put(db, case.id, stage, Receipt("received", 200, result))
                self.world.tasks.add(db, "recover", case.id, tag=f"told-{uuid.uuid4()}")
            return

        def take(read: Decision | None) -> None:
            with self.store.write() as db:
                if self.store.case(case.id, db).revision != case.revision:
                    raise StaleRevision
                self.hear(db, case.id)
                if read is None:
                    self.deciding.ask_now(db, case)
                else:
                    self.note(db, case, "notified")
                    before = self.store.latest(case.id, "decision", Decision)
                    self.deciding.told(db, case, before, read, digest(result))

        self.deciding.understood(case, lambda: self.deciding.listed(case, result), take)

    def _too_late(self, case: Case) -> None:
        """Say that what is told of a request that is over is not used."""
        with self.store.write(case.id) as db:
            self.note(db, case, "told_too_late")
