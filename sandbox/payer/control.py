"""What the tester wants the payer to do next, and how it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from sandbox.payer import verdicts
from sandbox.payer.outcome import Refused

CHOICES: dict[str, tuple[str, ...]] = {
    "decision": verdicts.DECISIONS,
    "then": verdicts.FINAL,
    "after": verdicts.FINAL,
    "utn": ("now", "late", "never", "foreign"),
    "misbehave": (
        "none", "slow", "500", "html", "refuse", "no_decision",
        "malformed", "cut_before", "cut_after", "timeout", "500_after", "empty", "truncated",
        "wrong_type", "other_patient", "other_claim",
    ),
    "misbehave_on": ("submit", "inquire", "both", "attach"),
    "duplicates": ("dismiss", "accept"),
    "notify": ("on", "duplicate", "lost", "reordered", "bare", "off"),
    "crd": (
        "normal", "no-auth", "not-covered", "indeterminate", "no-member",
        "500", "html", "slow", "malformed",
    ),
    "dtr": ("normal", "no-elm", "loop", "memory", "500", "html", "none"),
}  # fmt: skip


@dataclass
class Settings:
    """The switches; ``None`` as a number of seconds or times means *until told otherwise*."""

    decision: str = "affirm"
    then: str = "affirm"
    after: str = "affirm"
    pend_seconds: float | None = None
    utn: str = "now"
    utn_seconds: float | None = 120
    misbehave: str = "none"
    misbehave_on: str = "submit"
    misbehave_times: int | None = None
    slow_seconds: float = 20
    delay_ms: float = 0
    idempotent: bool = False
    duplicates: str = "dismiss"
    hold: bool = False
    notify: str = "on"
    crd: str = "normal"
    dtr: str = "normal"
    reason: str | None = None


HEADER = "x-sandbox-"
WAITING = ("slow", "timeout")
NUMBERS = ("pend_seconds", "utn_seconds", "misbehave_times", "slow_seconds", "delay_ms")
FLAGS = ("idempotent", "hold")
NULLABLE = ("pend_seconds", "utn_seconds", "misbehave_times", "reason")


class Control:
    """The settings behind a lock, and the gate that held requests wait at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings = Settings()
        self._gate = threading.Event()

    def now(self) -> Settings:
        """Return a copy of the settings."""
        with self._lock:
            return Settings(**asdict(self._settings))

    def change(self, wanted: dict[str, Any]) -> Settings:
        """Set some switches; raises Refused (400) for an unknown one and changes nothing."""
        clean = {name: _checked(name, value) for name, value in wanted.items()}
        with self._lock:
            for name, value in clean.items():
                setattr(self._settings, name, value)
            if clean.get("hold"):
                self._gate.clear()
        return self.now()

    def reset(self) -> None:
        """Set every switch as at the start and let go whoever waits."""
        with self._lock:
            self._settings = Settings()
        self._gate.set()

    def release(self) -> None:
        """Let every held, slow or silent request go on."""
        with self._lock:
            self._settings.hold = False
        self._gate.set()

    def wait(self, seconds: float | None) -> None:
        """Wait at the gate until it opens, at most some seconds."""
        self._gate.wait(seconds)

    def for_call(self, headers: Iterable[tuple[str, str]]) -> Settings:
        """Return the settings for one call, whose ``X-Sandbox-`` headers come first.

        Raises Refused (400) for a header of that kind that names no switch.
        """
        settings = self.now()
        own = _own(headers)
        for name, value in own.items():
            setattr(settings, name, _checked(name, value))
        if "hold" in own and settings.hold:
            self._gate.clear()
        return settings

    def misbehaviour(self, operation: str, headers: Iterable[tuple[str, str]] = ()) -> str:
        """Return how to misbehave in this call: as its header says, or as set, which counts."""
        told = _own(headers).get("misbehave")
        if told is not None:
            if told in WAITING:
                self._gate.clear()
            return told
        with self._lock:
            settings = self._settings
            if settings.misbehave == "none" or settings.misbehave_on not in (operation, "both"):
                return "none"
            left = settings.misbehave_times
            if left == 0:
                return "none"
            how = settings.misbehave
            if left == 1:  # used up: what is set next counts anew
                settings.misbehave, settings.misbehave_times = "none", None
            elif left is not None:
                settings.misbehave_times = left - 1
            if how in WAITING:
                self._gate.clear()
            return how


def _own(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the switches that a call's own headers set."""
    return {
        name.lower().removeprefix(HEADER).replace("-", "_"): value
        for name, value in headers
        if name.lower().startswith(HEADER)
    }


def _checked(name: str, value: Any) -> Any:
    if name not in {one.name for one in fields(Settings)}:
        raise Refused.because(400, f"there is no switch {name!r}")
    if value is None or value == "":
        if name not in NULLABLE:
            raise Refused.because(400, f"{name} needs a value")
        return None
    if name in CHOICES:
        return _choice(name, str(value))
    if name in FLAGS:
        return value is True or str(value).lower() in ("true", "on", "1", "yes")
    if name in NUMBERS:
        return _number(name, value)
    return str(value)


def _choice(name: str, value: str) -> str:
    if value not in CHOICES[name]:
        raise Refused.because(400, f"{name} is one of {', '.join(CHOICES[name])}")
    return value


def _number(name: str, value: Any) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Refused.because(400, f"{name} is a number") from None
    if not 0 <= number <= 86_400:
        raise Refused.because(400, f"{name} is between 0 and 86400")
    return int(number) if name == "misbehave_times" else number
