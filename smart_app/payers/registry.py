"""Who the payers are: one TOML file each, schema-checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from smart_app.files.schema import MAYBE, NAME, STATE, WORDS, Key, Schema, address, check, once
from smart_app.files.tables import Read, folder_of, read

Recovery = Literal["idempotent_resend", "inquire", "person"]


@dataclass(frozen=True, slots=True)
class Payer:
    """A payer: how it is named, which routes it decides, and how it is spoken to."""

    id: str
    name: str
    stand_in: bool
    routes: tuple[tuple[str, str], ...]
    insurer_name: str
    insurer_system: str
    insurer_value: str
    pas_base: str | None
    pas_version: str
    receiver_code: str | None
    receiver_id: str | None
    recovery: Recovery
    recovery_wait_seconds: float
    poll_first_seconds: float
    poll_longest_seconds: float
    dismissed_text: str
    pended: Literal["subscription", "inquire"]
    filter_key: str
    listen_seconds: float
    crd_base: str | None
    crd_version: str
    dtr_base: str | None
    dtr_version: str
    connect_seconds: float
    read_seconds: float
    contact: str


PAS_VERSIONS = ("2.0.1", "2.1.0", "2.2.1")
FILTER = "org-identifier"
FILTERS = {"2.0.1": "identifier"}
"""By what a payer finds the subscriber of an answer, where its file names nothing else."""
SECONDS = Key(float, optional=True)
PAYER: Schema = {
    "id": Key(form=NAME),
    "name": WORDS,
    "stand_in": Key(bool, optional=True),
    "contact": MAYBE,
    "route": Key({"program": Key(form=NAME), "state": Key(form=STATE)}, many=True),
    "insurer": Key({"name": WORDS, "system": WORDS, "value": WORDS}),
    "pas": Key(
        {
            "base": WORDS,
            "version": Key(choices=PAS_VERSIONS, optional=True),
            "receiver_code": Key(form="words", optional=True),
            "receiver_id": Key(form="words", optional=True),
            "recovery": Key(choices=("idempotent_resend", "inquire", "person"), optional=True),
            "recovery_wait_seconds": SECONDS,
            "poll_first_seconds": SECONDS,
            "poll_longest_seconds": SECONDS,
            "dismissed_text": Key(form="words", optional=True),
            "pended": Key(choices=("subscription", "inquire"), optional=True),
            "filter_key": Key(form="words", optional=True),
            "listen_seconds": SECONDS,
        },
        optional=True,
    ),
    "crd": Key({"base": WORDS, "version": MAYBE}, optional=True),
    "dtr": Key({"base": WORDS, "version": MAYBE}, optional=True),
    "timeouts": Key({"connect_seconds": SECONDS, "read_seconds": SECONDS}, optional=True),
}


def _payer(table: dict[str, Any]) -> Payer:
    pas, crd, dtr = table.get("pas", {}), table.get("crd", {}), table.get("dtr", {})
    timeouts, insurer = table.get("timeouts", {}), table["insurer"]
    return Payer(
        id=table["id"],
        name=table["name"],
        stand_in=table.get("stand_in", False),
        routes=tuple((one["program"], one["state"]) for one in table["route"]),
        insurer_name=insurer["name"],
        insurer_system=insurer["system"],
        insurer_value=insurer["value"],
        pas_base=pas.get("base"),
        pas_version=pas.get("version", "2.2.1"),
        receiver_code=pas.get("receiver_code"),
        receiver_id=pas.get("receiver_id"),
        recovery=pas.get("recovery", "person"),
        recovery_wait_seconds=float(pas.get("recovery_wait_seconds", 60)),
        poll_first_seconds=float(pas.get("poll_first_seconds", 300)),
        poll_longest_seconds=float(pas.get("poll_longest_seconds", 14_400)),
        dismissed_text=pas.get("dismissed_text", "dismissed"),
        pended=pas.get("pended", "inquire"),
        filter_key=pas.get("filter_key", FILTERS.get(pas.get("version", "2.2.1"), FILTER)),
        listen_seconds=float(pas.get("listen_seconds", 600)),
        crd_base=crd.get("base"),
        crd_version=crd.get("version", "2.2"),
        dtr_base=dtr.get("base"),
        dtr_version=dtr.get("version", "2.0.1"),
        connect_seconds=float(timeouts.get("connect_seconds", 5)),
        read_seconds=float(timeouts.get("read_seconds", 30)),
        contact=table.get("contact", ""),
    )


def _checked(found: Read, *, production: bool) -> Payer:
    check(found, PAYER)
    payer = _payer(found.data)
    if payer.stand_in and production:
        wrong = f"payer {payer.id} is a stand-in"
        raise found.refusal(("stand_in",), wrong, "no stand-in in production")
    for part in ("pas", "crd", "dtr"):
        if part in found.data:
            url = found.data[part]["base"]
            address(found, (part, "base"), url, production=production)
    for key in ("connect_seconds", "read_seconds"):
        if not getattr(payer, key):
            raise found.refusal(("timeouts", key), f"{key} is 0", "a wait is longer than nothing")
    return payer


class Payers:
    """All payers of an installation."""

    def __init__(self, payers: tuple[Payer, ...]) -> None:
        self._by_id = {payer.id: payer for payer in payers}
        self._by_route = {route: payer for payer in payers for route in payer.routes}

    @classmethod
    def of_folder(cls, folder: Path, *, production: bool) -> Payers:
        """Read every payer file; raises ConfigError that names file, line and rule."""
        files = [read(path) for path in folder_of(folder, "payers")]
        payers = [(found, _checked(found, production=production)) for found in files]
        once(((found, ("id",), payer.id) for found, payer in payers), "payer")
        once(
            (
                (found, ("route", number), route)
                for found, payer in payers
                for number, route in enumerate(payer.routes)
            ),
            "route",
            " ".join,
        )
        return cls(tuple(payer for _, payer in payers))

    def of_route(self, program: str, state: str) -> Payer | None:
        """Return who decides for a program in a state, or None when no wire is configured."""
        return self._by_route.get((program, state))

    def find(self, payer_id: str | None) -> Payer | None:
        """Return a payer, or None when its file is gone."""
        return self._by_id.get(payer_id or "")

    def of_id(self, payer_id: str) -> Payer:
        """Return a payer; raises KeyError."""
        return self._by_id[payer_id]
