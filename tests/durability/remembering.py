"""What the payer that dies has beyond the sandbox's own: a memory on the disk, and a log."""

from __future__ import annotations

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import request as http

from sandbox.payer import Desk
from sandbox.payer.attachments import Sent
from sandbox.payer.courier import Courier, Delivery
from sandbox.payer.mac import Office
from sandbox.payer.submission import Submission
from sandbox.payer.subscriptions import Book, Event
from tests.durability.points import here, plans

KEPT = ("_all", "_numbers", "_sequence")
CHANGES = (
    (Office, ("_decide", "_number")),
    (Book, ("take", "renew", "drop")),
    (Courier, ("changed", "_conclude")),
)
"""After what something is to be remembered. What is on its way to a subscriber is forgotten."""
_members: dict[str, str] = {}
"""Of which member each event is, by its focus."""


def memory() -> Path:
    """Return where it is kept what a payer knows."""
    return plans() / "payer"


def taken_up() -> list[str]:
    """Return the names of all that the payer has taken up."""
    found: list[str] = pickle.loads(memory().read_bytes())[0]
    return found


def settings_of(member: str) -> Path:
    """Return where it stands how the payer decides on a member's request."""
    return plans() / f"as-{member}"


def _named(arrived: Any) -> tuple[str, str]:
    """Return the member of what arrived, and by what name it is counted."""
    if isinstance(arrived, Sent):
        return arrived.ids["MemberId"], arrived.ids["TrackingId"]
    return arrived.member, arrived.identifier["value"]


class Memory:
    """All that a payer knows, in a file, before it is said.

    ``taken`` are the names of all that the office took up: what came a second time as well,
    whatever the office says of it then.
    """

    def __init__(self) -> None:
        self.desk: Desk | None = None
        self.taken: list[str] = []
        enter = Office._enter

        def by_member(self: Any, made: Any, old: Any, sequences: Any, settings: Any) -> None:
            told = settings_of(made.request.member)
            if told.exists():
                settings = replace(settings, **json.loads(told.read_text()))
            enter(self, made, old, sequences, settings)

        Office._enter = by_member  # type: ignore[method-assign]
        for owner, names in CHANGES:
            for name in names:
                self._kept(owner, name)
        Office.receive = self._taking(Office.receive)  # type: ignore[method-assign]
        Office.attach = self._taking(Office.attach)  # type: ignore[method-assign]

    def _taking(self, original: Any) -> Any:
        def taken(office: Office, arrived: Any, *more: Any) -> Any:
            with office.lock:  # whoever dies meanwhile has taken up nothing
                self.taken.append(_named(arrived)[1])
                try:
                    return original(office, arrived, *more)
                finally:
                    self.save()

        return taken

    def _kept(self, owner: type, name: str) -> None:
        original = getattr(owner, name)

        def changed(one: Any, *args: Any, **more: Any) -> Any:
            result = original(one, *args, **more)
            self.save()
            return result

        setattr(owner, name, changed)

    def save(self) -> None:
        """Write all that is known to the disk."""
        assert self.desk
        office, book = self.desk.office, self.desk.book
        with office.lock, book.lock:
            known = [getattr(office, one) for one in KEPT]
            newer = memory().with_suffix(".newer")
            newer.write_bytes(pickle.dumps((self.taken, known, book._all)))
            newer.rename(memory())

    def recall(self, desk: Desk) -> None:
        """Give a payer what the one before it knew."""
        self.desk = desk
        if memory().exists():
            self.taken, known, desk.book._all = pickle.loads(memory().read_bytes())
            for name, value in zip(KEPT, known, strict=True):
                setattr(desk.office, name, value)
            desk.courier.start()


def tell() -> None:
    """Tell of which member each thing is, one at a time, and log each that came whole."""
    find, event, carry = Office.find, Courier._event, Courier._carry

    def came(original: Any) -> Any:
        def told(self: Office, arrived: Any, *more: Any) -> Any:
            here.key, name = _named(arrived)
            with open(plans() / "received", "a") as log:
                log.write(f"{name} {hashlib.sha256(http.get_data()).hexdigest()}\n")
            with self.lock:
                return original(self, arrived, *more)

        return told

    def asked(self: Office, inquiry: Any) -> Any:
        here.key = inquiry.member
        with self.lock:
            return find(self, inquiry)

    def happened(self: Courier, one: Any, submission: Submission) -> Event:
        made = event(self, one, submission)
        _members[made.focus] = submission.request.member
        return made

    def carried(self: Courier, one: Delivery) -> Any:
        here.key = next((_members.get(event.focus, "") for event in one.events), "")
        return carry(self, one)

    Office.receive = came(Office.receive)  # type: ignore[method-assign]
    Office.attach = came(Office.attach)  # type: ignore[method-assign]
    Office.find = asked  # type: ignore[method-assign]
    Courier._event, Courier._carry = happened, carried  # type: ignore[method-assign]
