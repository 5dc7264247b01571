"""Who the payers are: one TOML file each, schema-checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from smart_app.errors import ConfigError

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
    recovery: Recovery
    recovery_wait_seconds: float
    poll_first_seconds: float
    poll_longest_seconds: float
    dismissed_text: str
    crd_base: str | None
    crd_version: str
    dtr_base: str | None
    dtr_version: str
    connect_seconds: float
    read_seconds: float
    contact: str


KEYS = {
    "": {"id", "name", "stand_in", "contact", "route", "insurer", "pas", "crd", "dtr", "timeouts"},
    "route": {"program", "state"},
    "insurer": {"name", "system", "value"},
    "pas": {
        "base",
        "version",
        "recovery",
        "recovery_wait_seconds",
        "poll_first_seconds",
        "poll_longest_seconds",
        "dismissed_text",
    },
    "crd": {"base", "version"},
    "dtr": {"base", "version"},
    "timeouts": {"connect_seconds", "read_seconds"},
}
RECOVERIES = ("idempotent_resend", "inquire", "person")


def check_keys(file: str, table: dict[str, Any], allowed: set[str], where: str) -> None:
    """Raise ConfigError for a key that the schema does not know."""
    for key in table:
        if key not in allowed:
            raise ConfigError(f"{file}: {where or 'top level'}: unknown key {key!r}")


def load(path: Path) -> Payer:
    """Read one payer file; raises ConfigError that names file, key and rule."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as cause:
        raise ConfigError(f"{path.name}: {cause}") from cause
    check_keys(path.name, table, KEYS[""], "")
    for part in ("insurer", "pas", "crd", "dtr", "timeouts"):
        check_keys(path.name, table.get(part, {}), KEYS[part], part)
    for route in table.get("route", []):
        check_keys(path.name, route, KEYS["route"], "route")
    recovery = table.get("pas", {}).get("recovery", "person")
    if recovery not in RECOVERIES:
        raise ConfigError(f"{path.name}: pas.recovery must be one of {', '.join(RECOVERIES)}")
    try:
        return _payer(table, recovery)
    except KeyError as cause:
        raise ConfigError(f"{path.name}: key {cause} is missing") from cause


def _payer(table: dict[str, Any], recovery: Recovery) -> Payer:
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
        recovery=recovery,
        recovery_wait_seconds=float(pas.get("recovery_wait_seconds", 60)),
        poll_first_seconds=float(pas.get("poll_first_seconds", 300)),
        poll_longest_seconds=float(pas.get("poll_longest_seconds", 14_400)),
        dismissed_text=pas.get("dismissed_text", "dismissed"),
        crd_base=crd.get("base"),
        crd_version=crd.get("version", "2.2"),
        dtr_base=dtr.get("base"),
        dtr_version=dtr.get("version", "2.0.1"),
        connect_seconds=float(timeouts.get("connect_seconds", 5)),
        read_seconds=float(timeouts.get("read_seconds", 30)),
        contact=table.get("contact", ""),
    )


class Payers:
    """All payers of an installation."""

    def __init__(self, payers: tuple[Payer, ...]) -> None:
        self._by_id = {payer.id: payer for payer in payers}
        self._by_route = {route: payer for payer in payers for route in payer.routes}

    @classmethod
    def of_folder(cls, folder: Path, *, production: bool) -> Payers:
        """Read every payer file; a stand-in is refused in production."""
        payers = tuple(load(path) for path in sorted(folder.glob("*.toml")))
        for payer in payers:
            if payer.stand_in and production:
                raise ConfigError(f"payer {payer.id} is a stand-in and is refused in production")
        return cls(payers)

    def of_route(self, program: str, state: str) -> Payer | None:
        """Return who decides for a program in a state, or None when no wire is configured."""
        return self._by_route.get((program, state))

    def find(self, payer_id: str | None) -> Payer | None:
        """Return a payer, or None when its file is gone."""
        return self._by_id.get(payer_id or "")

    def of_id(self, payer_id: str) -> Payer:
        """Return a payer; raises KeyError."""
        return self._by_id[payer_id]
