"""Who the EHR sites are: one TOML file each, schema-checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from launch import Registration, Registrations, check_client, published
from smart_app.cases.model import DOCUMENT, ORDER, Place
from smart_app.errors import ConfigError
from smart_app.fhir.codes import npi_valid
from smart_app.files.positions import Path as Where
from smart_app.files.schema import (
    MAYBE,
    NAME,
    POS,
    STATE,
    TEXTS,
    WORDS,
    Key,
    Schema,
    address,
    check,
    once,
)
from smart_app.files.tables import Read, folder_of, read, secret
from smart_app.pas.entries import Clinic


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


UNCHANGED = "CHANGE"
"""What a template says where a site must write its own."""
LEFT = re.compile(rf"(?:^|/){UNCHANGED}(?:-TENANT)?(?:$|[:/]|\.example\b)")
"""How templates say it; the word alone may be a part of a name or an address."""
VALUE = r"""[^#"']|"{3}(?:[^\\]|\\.)*?"{3}|'{3}.*?'{3}|"(?:[^"\\]|\\.)*"|'[^']*'"""
REMARK = re.compile(rf"((?>{VALUE})*+)#(?:[^#]*#)*\s*{UNCHANGED}\b")
"""A remark, or the end of one, to change what stands before it; a value may hold the same words."""
QUOTED = re.compile(r"[\"']([^\"']*)[\"']")
CLINIC: Schema = {
    **{key: WORDS for key in ("name", "npi", "contact_name", "phone")},
    **{key: MAYBE for key in ("ptan", "fax", "email")},
    "address": Key(dict),
}
FACILITY: Schema = {
    "id": Key(form=NAME),
    "name": WORDS,
    "pos": Key(form=POS),
    "state": Key(form=STATE),
    **{key: MAYBE for key in ("tob", "npi", "ptan", "ccn", "location")},
    "address": Key(dict, optional=True),
}
SITE: Schema = {
    "site": Key(form=NAME),
    "issuers": Key(many=True, optional=True),
    "issuer_prefix": MAYBE,
    "client": Key(
        {
            "id": WORDS,
            "auth": Key(choices=("none", "client_secret_basic", "private_key_jwt"), optional=True),
            "secret": MAYBE,
            "key": MAYBE,
        }
    ),
    "scopes": TEXTS,
    "frame_ancestors": TEXTS,
    "id_token_issuer": MAYBE,
    "nonce_optional": Key(bool, optional=True),
    "idle_minutes": Key(int, optional=True),
    "late_write": Key(choices=("offline_access", "next_launch"), optional=True),
    "stand_in": Key(bool, optional=True),
    "time_zone": WORDS,
    "clinic": Key(CLINIC),
    "facility": Key(FACILITY, many=True),
    "practitioner_ptans": Key(dict, optional=True),
    "signers": Key(choices=("orderer", "any_practitioner"), optional=True),
    "write_ladder": Key(choices=(ORDER, DOCUMENT), many=True),
    "document": Key(
        {
            **{key: WORDS for key in ("type_code", "type_words", "mime")},
            **{key: Key(bool) for key in ("search_by_identifier", "if_none_exist")},
        }
    ),
}


def load_site(path: Path, hospital_pos: tuple[str, ...], *, production: bool = False) -> Site:
    """Read one site file; raises ConfigError that names file, line and rule.

    ``hospital_pos`` are the places of service that the program knows by their CCN.
    """
    return _checked(path, read(path), hospital_pos, production)


def _checked(path: Path, found: Read, hospital_pos: tuple[str, ...], production: bool) -> Site:
    check(found, SITE)
    faults = [*_faults(found, hospital_pos), *_addresses(found, production), *_remarks(found)]
    if faults:  # all at once: a template has a dozen places to fill in
        by_line = sorted(faults, key=lambda one: (one.line, str(one)))
        raise ConfigError("\n".join(map(str, by_line)))
    table = found.data | {"client": _resolved(found, path.parent)}
    site = _site(table)
    try:
        check_client(site.registration)
    except ValueError as cause:
        raise found.refusal(("client", "key"), str(cause), "a key that can sign") from cause
    return site


def _left(value: Any, path: Where) -> Iterator[Where]:
    """Yield where a template's own words were left in place."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            yield from _left(one, (*path, key))
    elif isinstance(value, str) and LEFT.search(value):
        yield path


def _remarks(found: Read) -> Iterator[ConfigError]:
    """Yield where a template's example stands, such as an NPI, beside a remark to change it."""
    for number, line in enumerate(found.text.splitlines(), start=1):
        remark = REMARK.match(line)
        value = remark[1] if remark else ""
        if value.strip() and not any(LEFT.search(one) for one in QUOTED.findall(value)):
            wrong = f"{value.strip()} is the template's example"
            rule = f"write your own, then delete the remark that says {UNCHANGED}"
            yield found.refusal_at(number, wrong, rule)


def _faults(found: Read, hospital_pos: tuple[str, ...]) -> Iterator[ConfigError]:
    for path in _left(found.data, ()):
        yield found.refusal(path, f"it still says {UNCHANGED}", "a template is filled in")
    table, npi_rule = found.data, "an NPI has ten digits and a sound check digit"
    for number, one in enumerate(table["facility"]):
        at: Where = ("facility", number)
        if one.get("npi") and not npi_valid(one["npi"]):
            yield found.refusal((*at, "npi"), "the NPI's check digit is wrong", npi_rule)
        for key in ("tob", "ccn"):
            if one["pos"] in hospital_pos and not one.get(key):
                rule = (
                    f"place of service {one['pos']} is a hospital's, known by its CCN and billed "
                    "by type of bill; rules.toml: claims.ccn_pos"
                )
                yield found.refusal(at, f"{key} is missing", rule)
    if not npi_valid(table["clinic"]["npi"]):
        yield found.refusal(("clinic", "npi"), "the NPI's check digit is wrong", npi_rule)
    for npi, ptan in table.get("practitioner_ptans", {}).items():
        if not npi_valid(npi) or not isinstance(ptan, str):
            at = ("practitioner_ptans", npi)
            yield found.refusal(at, f"entry {npi!r}", "practitioner_ptans is NPI = PTAN")
    try:
        ZoneInfo(table["time_zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong = f"time_zone {table['time_zone']!r} is not known"
        yield found.refusal(("time_zone",), wrong, "a name of the IANA time zones")
    if table.get("idle_minutes", 15) < 1:
        yield found.refusal(("idle_minutes",), "idle_minutes is too short", "at least a minute")


def _addresses(found: Read, production: bool) -> Iterator[ConfigError]:
    """Check that we speak to EHRs by https alone; stand-ins are refused in production."""
    table = found.data
    if table.get("stand_in") and production:
        wrong = f"site {table['site']} is a stand-in"
        yield found.refusal(("stand_in",), wrong, "no stand-in in production")
    for key in ("issuers", "frame_ancestors"):
        for number, url in enumerate(table.get(key, ())):
            address(found, (key, number), url, production=production)
    prefix = table.get("issuer_prefix")
    if prefix is not None:
        address(found, ("issuer_prefix",), prefix, production=production)
        if not table.get("stand_in") or not prefix.endswith("/"):
            rule = "a prefix ends with / and is for a stand-in alone"
            yield found.refusal(("issuer_prefix",), f"issuer_prefix {prefix!r}", rule)
    if not table.get("issuers") and not prefix:
        yield found.refusal(("issuers",), "issuers is empty", "a site has an issuer")


def _resolved(found: Read, here: Path) -> dict[str, Any]:
    """Return a client's settings with its secrets, which a file only refers to."""
    client = dict(found.data["client"])
    needed = {"client_secret_basic": "secret", "private_key_jwt": "key"}.get(client.get("auth", ""))
    if needed and needed not in client:
        wrong = f"key {needed!r} is missing"
        raise found.refusal(("client",), wrong, f"auth {client['auth']} has a {needed}")
    for key in ("secret", "key"):
        if key in client:
            if not client[key].startswith(("env:", "file:")):
                rule = f"client.{key} must be an env: or file: reference"
                raise found.refusal(("client", key), f"{key} stands in the file", rule)
            client[key] = secret(client[key], here, f"{found.name}: client.{key}")
    return client


def _facility(table: dict[str, Any]) -> Place:
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


def _site(table: dict[str, Any]) -> Site:
    clinic = table["clinic"]
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
        facilities=tuple(_facility(one) for one in table["facility"]),
        practitioner_ptans=dict(table.get("practitioner_ptans", {})),
        signers=table.get("signers", "orderer"),
        write_ladder=tuple(table["write_ladder"]),
        document=DocumentProfile(**table["document"]),
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
        """Read every site file; raises ConfigError that names file, line and rule."""
        paths = folder_of(folder, "sites")
        if not paths:
            raise ConfigError(f"sites: {folder.name} holds no file (rule: one file per EHR site)")
        files = [(path, read(path)) for path in paths]
        sites = [(one, _checked(path, one, hospital_pos, production)) for path, one in files]
        once(((found, ("site",), site.id) for found, site in sites), "site")
        once(
            (
                (found, ("issuers", number), issuer)
                for found, site in sites
                for number, issuer in enumerate(site.registration.issuers)
            ),
            "issuer",
        )
        all_of_them = cls(tuple(site for _, site in sites))
        try:
            published(all_of_them.registrations)
        except ValueError as cause:
            raise ConfigError(f"sites: {cause} (rule: one kid, one key)") from cause
        return all_of_them

    def of_id(self, site_id: str) -> Site:
        """Return a site; raises KeyError."""
        return self._by_id[site_id]
