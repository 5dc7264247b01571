"""What the payer that dies has beyond the sandbox's own: a memory on the disk, and a log."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.payer.mac import Office
from tests.durability.points import here, plans

KEPT = ("_all", "_numbers", "_sequence")
PEND = 1.0  # seconds


def _memory() -> Path:
    return plans() / "payer"


def _kept(name: str) -> None:
    """Let a method of the office write all that it knows to the disk before it returns."""
    original = getattr(Office, name)

    def changed(self: Any, *args: Any, **more: Any) -> Any:
        result = original(self, *args, **more)
        newer = _memory().with_suffix(".newer")
        newer.write_bytes(pickle.dumps([getattr(self, one) for one in KEPT]))
        newer.rename(_memory())
        return result

    setattr(Office, name, changed)


def remember() -> None:
    """Let the office keep what it records, and pend what a plan says."""
    enter = Office._enter

    def by_member(self: Any, made: Any, old: Any, sequences: Any, settings: Any) -> None:
        if (plans() / f"pend-{made.request.member}").exists():
            settings = replace(settings, decision="pend", pend_seconds=PEND)
        enter(self, made, old, sequences, settings)

    Office._enter = by_member  # type: ignore[method-assign]
    for name in ("_decide", "_number", "receive"):
        _kept(name)


def tell() -> None:
    """Tell of which member a request is, one at a time, and log each that came whole."""

    def asked(original: Any) -> Any:
        def told(self: Any, request: Any, *body: bytes) -> Any:
            here.key = request.member
            if body:
                name, sha256 = request.identifier["value"], hashlib.sha256(body[0]).hexdigest()
                with open(plans() / "received", "a") as log:
                    log.write(f"{name} {sha256}\n")
            with self.lock:
                return original(self, request, *body)

        return told

    Office.receive = asked(Office.receive)  # type: ignore[method-assign]
    Office.find = asked(Office.find)  # type: ignore[method-assign]


def recall(office: Office) -> None:
    """Give an office what the one before it knew."""
    if _memory().exists():
        for name, value in zip(KEPT, pickle.loads(_memory().read_bytes()), strict=True):
            setattr(office, name, value)
