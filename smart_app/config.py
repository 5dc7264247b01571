"""Files that a site edits: the app's file and one file per EHR site, schema-checked."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from launch import Registration, Registrations, check_client
from smart_app.cases.model import DOCUMENT, ORDER, Place
from smart_app.errors import ConfigError
from smart_app.fhir.codes import npi_valid
from smart_app.pas.entries import Clinic
from smart_app.payers.registry import check_keys

SITE_KEYS = {
    "site",
    "issuers",
    "client",
    "scopes",
    "frame_ancestors",
    "id_token_issuer",
    "nonce_optional",
    "idle_minutes",
    "late_write",
    "stand_in",
    "time_zone",
    "clinic",
    "facility",
    "practitioner_ptans",
    "signers",
    "write_ladder",
    "document",
}
LADDER = (ORDER, DOCUMENT)
LATE_WRITES = ("offline_access", "next_launch")


@dataclass(frozen=True, slots=True)
class DocumentProfile:
    """How this EHR wants a document that the app files."""

    type_code: str
    type_words: str
    mime: str
    search_by_identifier: bool
    if_none_exist: bool


@dataclass(frozen=True, slots=True)
class Site:
    """One EHR site, beyond what the door needs."""

    id: str
    registration: Registration
    time_zone: str
    clinic: Clinic
    facilities: tuple[Place, ...]
    practitioner_ptans: dict[str, str]
    signers: str
    write_ladder: tuple[str, ...]
    document: DocumentProfile
    late_write: Literal["offline_access", "next_launch"]
    stand_in: bool

    def facility(self, facility_id: str) -> Place | None:
        """Return a facility by its id, or None."""
        return next((one for one in self.facilities if one.facility_id == facility_id), None)


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What one installation is."""

    database_url: str
    key_file: Path
    public_url: str
    sites: Path
    payers: Path
    programs: Path
    port: int
    production: bool
    worker_lease_seconds: float
    worker_idle_seconds: float
    sandbox_url: str | None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as cause:
        raise ConfigError(f"{path.name}: {cause}") from cause


def load_app(path: Path) -> AppConfig:
    """Read the app's file; relative paths are relative to it. Raises ConfigError."""
    table, here = _toml(path), path.parent
    keys = {
        "database_url",
        "key_file",
        "public_url",
        "sites",
        "payers",
        "programs",
        "port",
        "worker_lease_seconds",
        "worker_idle_seconds",
        "sandbox_url",
    }
    check_keys(path.name, table, keys, "")
    try:
        config = AppConfig(
            database_url=_secret(table["database_url"], here),
            key_file=here / table["key_file"],
            public_url=table["public_url"].rstrip("/"),
            sites=here / table["sites"],
            payers=here / table["payers"],
            programs=here / table.get("programs", Path(__file__).parent / "programs"),
            port=int(table.get("port", 8000)),
            production=os.environ.get("PRECLEAR_ENV") == "production",
            worker_lease_seconds=float(table.get("worker_lease_seconds", 60)),
            worker_idle_seconds=float(table.get("worker_idle_seconds", 1)),
            sandbox_url=table.get("sandbox_url"),
        )
    except KeyError as cause:
        raise ConfigError(f"{path.name}: key {cause} is missing") from cause
    if not config.public_url.startswith(("https://", "http://localhost:")):
        raise ConfigError(f"{path.name}: public_url needs https (or http://localhost for trials)")
    return config


def _secret(value: str, here: Path) -> str:
    """Return a setting that may be an ``env:NAME`` or ``file:PATH`` reference."""
    if value.startswith("env:"):
        found = os.environ.get(value[4:])
        if found is None:
            raise ConfigError(f"environment variable {value[4:]} is not set")
        return found
    if value.startswith("file:"):
        return (here / value[5:]).read_text().strip()
    return value


def _facility(name: str, table: dict[str, Any]) -> Place:
    keys = {"id", "name", "pos", "tob", "state", "npi", "ptan", "ccn", "address", "location"}
    check_keys(name, table, keys, "facility")
    if table.get("npi") and not npi_valid(table["npi"]):
        raise ConfigError(f"{name}: facility {table['id']}: the NPI's check digit is wrong")
    return Place(
        facility_id=table["id"],
        name=table["name"],
        pos=table["pos"],
        state=table["state"],
        tob=table.get("tob"),
        npi=table.get("npi"),
        ptan=table.get("ptan"),
        ccn=table.get("ccn"),
        address=table.get("address", {}),
        location_ref=table.get("location"),
    )


def _check_hospital(name: str, place: Place, hospital_pos: tuple[str, ...]) -> None:
    """Refuse an outpatient department that would be billed as if it were an office."""
    if place.pos not in hospital_pos:
        return
    for key, value in (("tob", place.tob), ("ccn", place.ccn)):
        if not value:
            raise ConfigError(
                f"{name}: facility {place.facility_id}: {key} is missing: place of service "
                f"{place.pos} is a hospital's, known by its CCN and billed by type of bill "
                "(rules.toml: claims.ccn_pos)"
            )


def load_site(path: Path, hospital_pos: tuple[str, ...]) -> Site:
    """Read one site file; raises ConfigError that names file, key and rule.

    ``hospital_pos`` are the places of service that the program knows by their CCN.
    """
    table, name = _toml(path), path.name
    check_keys(name, table, SITE_KEYS, "")
    try:
        table["client"] = _resolved(table["client"], path.parent)
        site = _site(name, table)
        check_client(site.registration)
    except KeyError as cause:
        raise ConfigError(f"{name}: key {cause} is missing") from cause
    except (TypeError, ValueError) as cause:
        raise ConfigError(f"{name}: {cause}") from cause
    for place in site.facilities:
        _check_hospital(name, place, hospital_pos)
    if not set(site.write_ladder) <= set(LADDER):
        raise ConfigError(f"{name}: write_ladder may hold {', '.join(LADDER)}")
    if site.late_write not in LATE_WRITES:
        raise ConfigError(f"{name}: late_write must be one of {', '.join(LATE_WRITES)}")
    try:
        ZoneInfo(site.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as cause:
        raise ConfigError(f"{name}: time_zone {site.time_zone} is not known") from cause
    return site


def _resolved(client: dict[str, Any], here: Path) -> dict[str, Any]:
    """Return a client's settings with its secrets, which a file only refers to."""
    found = dict(client)
    for key in ("secret", "key"):
        if key in found:
            if not str(found[key]).startswith(("env:", "file:")):
                raise TypeError(f"client.{key} must be an env: or file: reference")
            found[key] = _secret(str(found[key]), here)
    return found


def _site(name: str, table: dict[str, Any]) -> Site:
    clinic, document = table["clinic"], table["document"]
    if not npi_valid(clinic["npi"]):
        raise ConfigError(f"{name}: clinic: the NPI's check digit is wrong")
    return Site(
        id=table["site"],
        registration=Registration.of(table["site"], table),
        time_zone=table["time_zone"],
        clinic=Clinic(
            name=clinic["name"],
            npi=clinic["npi"],
            ptan=clinic.get("ptan"),
            address=clinic["address"],
            contact_name=clinic["contact_name"],
            phone=clinic["phone"],
            fax=clinic.get("fax"),
            email=clinic.get("email"),
        ),
        facilities=tuple(_facility(name, one) for one in table["facility"]),
        practitioner_ptans=dict(table.get("practitioner_ptans", {})),
        signers=table.get("signers", "orderer"),
        write_ladder=tuple(table["write_ladder"]),
        document=DocumentProfile(**document),
        late_write=table.get("late_write", "next_launch"),
        stand_in=table.get("stand_in", False),
    )


class Sites:
    """All sites of an installation."""

    def __init__(self, sites: tuple[Site, ...]) -> None:
        self._by_id = {site.id: site for site in sites}
        self.registrations = Registrations(tuple(site.registration for site in sites))
        self.frame_ancestors = tuple(
            dict.fromkeys(one for site in sites for one in site.registration.frame_ancestors)
        )

    @classmethod
    def of_folder(cls, folder: Path, *, production: bool, hospital_pos: tuple[str, ...]) -> Sites:
        """Read every site file; a stand-in is refused in production."""
        sites = tuple(load_site(path, hospital_pos) for path in sorted(folder.glob("*.toml")))
        for site in sites:
            if site.stand_in and production:
                raise ConfigError(f"site {site.id} is a stand-in and is refused in production")
        return cls(sites)

    def of_id(self, site_id: str) -> Site:
        """Return a site; raises KeyError."""
        return self._by_id[site_id]
