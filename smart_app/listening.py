"""Be told of decisions: one Subscription for each payer and site, kept alive while it is needed.

It is asked for when a request is sent to a payer that tells by itself, looked at now and then,
renewed, asked for anew when the payer gave it up, and ended when nothing is awaited. Events that
were lost are fetched, or their cases asked about.
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/components.html
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from smart_app.cases.inbox import Inbox, Listener
from smart_app.cases.model import Case, Task
from smart_app.errors import Forbidden, PayerError
from smart_app.pas import client, subscription
from smart_app.payers.registry import Payer
from smart_app.steps import Steps
from smart_app.world import World

KINDS = ("listen", "heard")
"""Tasks that are about a subscription, not about a case."""
LASTS = timedelta(days=7)
"""For how long a Subscription is asked for: what is forgotten ends by itself."""
RENEWED = timedelta(days=1)
"""How long before its end it is asked for anew."""
STATES = {"handshake": "active", "heartbeat": ""}
"""What a notification makes of its Subscription; one that beats says it itself."""
ANEW = ("error", "off")
"""FHIR's words for a Subscription that tells nothing until it is asked for again."""
WORDS = ("requested", "active", *ANEW)
"""FHIR's words for how a Subscription is."""
FETCHED = 1000
"""How many events are fetched that were lost; of what is older the cases are asked about."""
SOON = 1.0  # seconds until it is looked again whether a Subscription may end


class UnknownSender(Forbidden):
    """A notification without the secret of its subscription."""

    code = "unknown-sender"
    http_status = 401
    say = "This address takes notifications of payers alone."
    do = "Send the authorization that the Subscription names."


def address(public_url: str, name: str) -> str:
    """Return where a payer tells of a subscription."""
    return f"{public_url}/notify/{name}"


class Listening(Steps):
    """The Subscriptions of an installation."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.inbox: Inbox = world.inbox

    def begin(self, db: sa.Connection, case: Case, payer: Payer) -> None:
        """Have a payer tell of a case's site, when it does so and is not asked to yet."""
        if payer.pended != "subscription":
            return
        name = self.inbox.of(payer.id, case.site, db)
        if name is None:
            name = self.inbox.add(db, payer.id, case.site, secrets.token_urlsafe(32))
        if name is not None and not self.world.tasks.waiting(db, "listen", name):
            self.world.tasks.add(db, "listen", name, tag=str(uuid.uuid4()))

    def listen(self, task: Task) -> None:
        """Look after one Subscription, and plan the next look; raises PayerError."""
        here = self.inbox.listener(task.case)
        payer = self.world.payers.find(here.payer) if here else None
        if here is None or payer is None or payer.pas_base is None:
            with self.world.tasks.finish(task) as db:
                self.inbox.drop(db, task.case)
            return
        if payer.pended != "subscription" or not self.inbox.awaited(here.site, self.usable_since()):
            self._end(task, here, payer)
            return
        changed = self._kept(here, payer)
        if changed.get("remote") and here.ends_at:  # until now nobody was there to tell
            self.ask_about(here.payer, here.site)
        with self.world.tasks.during(task) as db:
            self.inbox.change(db, here.id, **changed)
            self.world.tasks.later(db, task, "", payer.listen_seconds, afresh=True)
        if "remote" not in changed:
            self._catch_up(here, payer)

    def _end(self, task: Task, here: Listener, payer: Payer) -> None:
        """End a Subscription that nobody waits for; one that is begun meanwhile stays."""
        if here.remote:
            client.unsubscribe(self.world.payer_http(payer), payer.pas_base or "", here.remote)
        with self.world.tasks.during(task) as db:
            self.inbox.listener(here.id, db)
            unheard = self.world.tasks.waiting(db, "heard", here.id)
            if unheard or self.inbox.awaited(here.site, self.usable_since(), db):
                self.inbox.change(db, here.id, remote=None)
            else:
                self.inbox.drop(db, here.id)
            self.world.tasks.later(db, task, "", SOON, afresh=True)

    def _kept(self, here: Listener, payer: Payer) -> dict[str, Any]:
        """Ask for a Subscription, or again, where it is needed; return what changed of it."""
        http, base, now = self.world.payer_http(payer), payer.pas_base or "", self.world.clock.now()
        end = now + LASTS
        site = self.world.sites.of_id(here.site)
        to = subscription.Address(
            endpoint=address(self.world.config.public_url, here.id),
            secret=here.secret,
            filter_key=payer.filter_key,
            organization=site.clinic.npi,
        )
        wanted = subscription.build(to, end, payer.pas_version)
        asked = {"ends_at": end.timestamp()}
        status = client.subscription(http, base, here.remote) if here.remote else "gone"
        if status == "gone" or not here.remote:
            made = client.subscribe(http, base, wanted)
            return asked | {"remote": made, "counted": 0, "missed": 0}
        if status in ANEW or here.ends_at is None or here.ends_at - now < RENEWED:
            there = client.renew(http, base, here.remote, wanted)
            return asked if there else {"remote": None}
        return {} if status == here.state or status not in WORDS else {"state": status}

    def _missing(self, here: Listener) -> list[int]:
        """Return the numbers of events that the payer has had and we have not, the newest of them.

        A payer may count whatever it likes.
        """
        first = max(here.missed, here.counted - FETCHED) + 1
        seen = self.inbox.numbers(here.id, f"{here.remote}:")
        return [one for one in range(first, here.counted + 1) if one not in seen]

    def _catch_up(self, here: Listener, payer: Payer) -> None:
        """Fetch events that were lost on the way, or ask about the cases of their site."""
        http, base, remote = self.world.payer_http(payer), payer.pas_base or "", here.remote or ""
        try:
            status = subscription.read(client.told(http, base, remote))
            here = replace(here, counted=max(here.counted, (status and status.count) or 0))
            missing = self._missing(here)
            events = client.told(http, base, remote, missing[0] - 1) if missing else None
        except PayerError:
            events = None
        if events is not None:
            self.take(here, events)
        if self._missing(here):
            self.ask_about(here.payer, here.site)
            with self.store.write() as db:
                self.inbox.change(db, here.id, counted=here.counted, missed=here.counted)

    # what comes ----------------------------------------------------------------------------------

    def receive(self, name: str, secret: str, body: Any) -> bool:
        """Keep what a payer tells, before it is acknowledged; False for what is no notification.

        Raises UnknownSender.
        """
        here = self.inbox.listener(name)
        expected = here.secret if here else secrets.token_urlsafe(32)
        if not hmac.compare_digest(expected.encode(), secret.encode()) or here is None:
            raise UnknownSender
        taken = self.take(here, body)
        here = self.inbox.listener(name) or here
        if self._missing(here):  # one was lost, or overtaken
            with self.store.write() as db:
                self.world.tasks.wake(db, "listen", here.id)
        return taken

    def take(self, here: Listener, body: Any) -> bool:
        """Keep a notification once, and have it looked at; False for what is none."""
        found = subscription.read(body)
        if found is None:
            return False
        now = self.world.clock.now().timestamp()
        with self.store.write() as db:
            current = self.inbox.listener(here.id, db)
            if current is None:  # it ended meanwhile: nothing is acknowledged
                raise UnknownSender
            here = replace(current, counted=max(here.counted, current.counted))
            remote = found.subscription or here.remote or ""
            told: dict[str, Any] = {"heard_at": now}
            if found.count is not None and remote == here.remote:
                told["counted"] = max(here.counted, found.count)
            state = STATES.get(found.kind, "") or found.status
            if found.kind in STATES and state in WORDS:
                told["state"] = state
            self.inbox.change(db, here.id, **told)
            if not (found.results or found.focus or found.numbers):
                return True
            numbers = [f"{remote}:{number}" for number in found.numbers]
            for one in numbers or [f"sha256:{_digest(body)}"]:
                kept = self.inbox.keep(db, here, one, body)
                if kept:
                    self.world.tasks.add(db, "heard", here.id, tag=kept)
        return True

    def ask_instead(self, task: Task) -> None:
        """Have the cases of a site asked about, since what was told of one could not be taken."""
        here = self.inbox.listener(task.case)
        if here is not None:
            self.ask_about(here.payer, here.site)


def _digest(body: Any) -> str:
    """Return by what a notification without a number is known again."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
