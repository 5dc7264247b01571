"""What the payer that dies has beyond the sandbox's own: a memory on the disk, and a log."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
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
    (Office, ("_decide", "_number", "receive", "attach")),
    (Book, ("take", "renew", "drop")),
    (Courier, ("changed", "_conclude")),
)
"""After what something is to be remembered. What is on its way to a subscriber is forgotten."""
_members: dict[str, str] = {}
"""Of which member each event is, by its focus."""


def settings_of(member: str) -> Path:
    """Return where it stands how the payer decides on a member's request."""
    return plans() / f"as-{member}"


def _log(name: str, *words: str) -> None:
    with open(plans() / name, "a") as log:
        log.write(" ".join(words) + "\n")


class Memory:
    """All that a payer knows, in a file, before it is said."""

    def __init__(self) -> None:
        self.desk: Desk | None = None
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

    @property
    def file(self) -> Path:
        """Return where it is kept."""
        return plans() / "payer"

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
            newer = self.file.with_suffix(".newer")
            newer.write_bytes(pickle.dumps([[getattr(office, one) for one in KEPT], book._all]))
            newer.rename(self.file)

    def recall(self, desk: Desk) -> None:
        """Give a payer what the one before it knew."""
        self.desk = desk
        if self.file.exists():
            known, desk.book._all = pickle.loads(self.file.read_bytes())
            for name, value in zip(KEPT, known, strict=True):
                setattr(desk.office, name, value)
            desk.courier.start()


def _named(arrived: Any) -> tuple[str, str]:
    """Return the member of what arrived, and by what name it is counted."""
    if isinstance(arrived, Sent):
        return arrived.ids["MemberId"], arrived.ids["TrackingId"]
    return arrived.member, arrived.identifier["value"]


def _arriving(before: Callable[[Any], None]) -> None:
    """Do something with each thing that arrives, before the office has it; one at a time."""

    def marked(original: Any) -> Any:
        def called(self: Office, arrived: Any, *more: Any) -> Any:
            before(arrived)
            with self.lock:
                return original(self, arrived, *more)

        return called

    Office.receive = marked(Office.receive)  # type: ignore[method-assign]
    Office.attach = marked(Office.attach)  # type: ignore[method-assign]


def take_up() -> None:
    """Log what the office takes up: the same thing again as well, whatever it says of it then."""
    _arriving(lambda arrived: _log("recorded", _named(arrived)[1]))


def tell() -> None:
    """Tell of which member each thing is, and log each that came whole."""
    find, event, carry = Office.find, Courier._event, Courier._carry

    def came(arrived: Any) -> None:
        here.key, name = _named(arrived)
        _log("received", name, hashlib.sha256(http.get_data()).hexdigest())

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

    _arriving(came)
    Office.find = asked  # type: ignore[method-assign]
    Courier._event, Courier._carry = happened, carried  # type: ignore[method-assign]
