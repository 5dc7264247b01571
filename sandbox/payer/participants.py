"""Who reviews where, and which codes: the WISeR guide's tables as data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple


class Route(NamedTuple):
    """A state's participant, its MAC and the two characters that the MAC's numbers begin with."""

    participant: str
    mac: str
    prefix: str


@cache
def _data() -> dict[str, Any]:
    text = Path(__file__).with_name("participants.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def route(state: str | None) -> Route | None:
    """Return who reviews services delivered in a state, or None outside the model."""
    found = _data()["states"].get(state or "")
    return Route(**found) if found else None


def reviewed(service: str, state: str | None) -> bool:
    """Tell whether a service is of the model in a state: not where no coverage rule stands."""
    data = _data()
    return state in data["states"] and state not in data["not_reviewed"].get(service, ())


def named(*words: str | None) -> str | None:
    """Return the participant that a name or identifier speaks of, or None."""
    said = " ".join(word for word in words if word).lower()
    for one in _data()["states"].values():
        if one["participant"].split()[0].lower() in said:
            return str(one["participant"])
    return None


def service(code: str | None) -> str | None:
    """Return the WISeR service of a procedure code, or None."""
    for name, codes in _data()["services"].items():
        if code in codes:
            return str(name)
    return None
