"""What a program is: dated rules with sources, read from TOML.

A program says which services it asks about, where, for whom and when, who decides by state, how
long a decision may take, and what its number looks like.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from smart_app.cases.model import Route
from smart_app.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ServiceCode:
    """A billing code of a service."""

    code: str
    words: str
    since: date
    until: date | None
    add_on: bool
    condition: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service that the program asks about, and under which conditions."""

    id: str
    name: str
    status: str
    codes: tuple[ServiceCode, ...]
    states: tuple[str, ...]
    places_of_service: tuple[str, ...]
    diagnoses: tuple[str, ...]
    companions: tuple[str, ...]
    since: date
    until: date | None
    source: str
    form: str | None

    def code(self, code: str) -> ServiceCode | None:
        """Return the entry of a code, or None."""
        return next((one for one in self.codes if one.code == code), None)


@dataclass(frozen=True, slots=True)
class NumberRule:
    """The program's number: its form, its window, and which one a resubmission quotes."""

    pattern: re.Pattern[str]
    expected: re.Pattern[str]
    window_days: int
    quote: str
    source: str


@dataclass(frozen=True, slots=True)
class ClaimPlace:
    """Where the number goes on one claim form."""

    form: str
    words: str
    claim: str
    field: str
    position: str
    text: str
    source: str
    facility_words: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """One program, all of it data."""

    id: str
    name: str
    version: str
    source: str
    since: date
    requests_from: date
    until: date | None
    services: tuple[Service, ...]
    routes: tuple[Route, ...]
    original_medicare: tuple[str, ...]
    managed: tuple[str, ...]
    beside_medicare: tuple[str, ...]
    excluded_payors: tuple[str, ...]
    standard_days: int
    expedited_days: int
    clock_words: str
    number: NumberRule
    claim_places: tuple[ClaimPlace, ...]
    facility_claim_pos: tuple[str, ...]
    ccn_pos: tuple[str, ...]
    ptan_pos: tuple[str, ...]
    folder: Path

    def service_of(self, code: str) -> Service | None:
        """Return the service that lists a code, or None."""
        return next((one for one in self.services if one.code(code)), None)

    def route_of(self, state: str | None) -> Route | None:
        """Return who decides for a state, or None when the program is not there."""
        return next((one for one in self.routes if one.state == state), None)

    def is_add_on(self, code: str) -> bool:
        """Tell whether a code is an add-on to another."""
        service = self.service_of(code)
        entry = service.code(code) if service else None
        return bool(entry and entry.add_on)

    def words(self, code: str) -> str:
        """Return our own plain words for a code, or an empty string."""
        service = self.service_of(code)
        entry = service.code(code) if service else None
        return entry.words if entry else ""


def load(folder: Path) -> Program:
    """Read a program's folder; raises ConfigError that names the file and the rule."""
    rules = _read(folder / "rules.toml")
    services = _read(folder / "services.toml")
    jurisdictions = _read(folder / "jurisdictions.toml")
    try:
        return _program(folder, rules, services, jurisdictions)
    except KeyError as cause:
        raise ConfigError(f"{folder.name}: key {cause} is missing") from cause
    except (TypeError, re.error) as cause:
        raise ConfigError(f"{folder.name}: {cause}") from cause


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as cause:
        raise ConfigError(f"{path.name}: {cause}") from cause


def _service(table: dict[str, Any]) -> Service:
    return Service(
        id=table["id"],
        name=table["name"],
        status=table["status"],
        codes=tuple(
            ServiceCode(
                code=one["code"],
                words=one["words"],
                since=one.get("from", table["from"]),
                until=one.get("to"),
                add_on=one.get("add_on", False),
                condition=one.get("condition"),
                source=one.get("source", table["source"]),
            )
            for one in table["codes"]
        ),
        states=tuple(table["states"]),
        places_of_service=tuple(table["places_of_service"]),
        diagnoses=tuple(table.get("diagnoses", ())),
        companions=tuple(table.get("companions", ())),
        since=table["from"],
        until=table.get("to"),
        source=table["source"],
        form=table.get("form"),
    )


def _route(table: dict[str, Any]) -> Route:
    return Route(
        state=table["state"],
        state_name=table["state_name"],
        participant=table["participant"],
        mac=table["mac"],
        mac_name=table["mac_name"],
        channels=tuple(table["channels"]),
    )


def _program(
    folder: Path,
    rules: dict[str, Any],
    services: dict[str, Any],
    jurisdictions: dict[str, Any],
) -> Program:
    number, claims, coverage = rules["number"], rules["claims"], rules["coverage"]
    return Program(
        id=rules["id"],
        name=rules["name"],
        version=rules["version"],
        source=rules["source"],
        since=rules["from"],
        requests_from=rules["requests_from"],
        until=rules.get("to"),
        services=tuple(_service(one) for one in services["service"]),
        routes=tuple(_route(one) for one in jurisdictions["route"]),
        original_medicare=tuple(coverage["original_medicare"]),
        managed=tuple(coverage["managed"]),
        beside_medicare=tuple(coverage["beside_medicare"]),
        excluded_payors=tuple(coverage["excluded_payors"]),
        standard_days=rules["clocks"]["standard_days"],
        expedited_days=rules["clocks"]["expedited_days"],
        clock_words=rules["clocks"]["words"],
        number=NumberRule(
            pattern=re.compile(number["pattern"]),
            expected=re.compile(number["expected"]),
            window_days=number["window_days"],
            quote=number["quote"],
            source=number["source"],
        ),
        claim_places=tuple(ClaimPlace(**one) for one in claims["place"]),
        facility_claim_pos=tuple(claims["facility_claim_pos"]),
        ccn_pos=tuple(claims["ccn_pos"]),
        ptan_pos=tuple(claims["ptan_pos"]),
        folder=folder,
    )
