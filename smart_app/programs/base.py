"""A program is dated rules with sources, read from a folder of three TOML files.

It says which services it asks about, where, for whom and when, who decides by state, how long a
decision may take, and what its number looks like. ``check`` refuses what does not hold together.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from smart_app.cases.model import Route
from smart_app.files import tables
from smart_app.programs import check
from smart_app.programs.model import (
    Alongside,
    ClaimModifier,
    ClaimPlace,
    Contact,
    CoverageRules,
    DecisionWord,
    Elsewhere,
    Excluded,
    ExcludedDiagnosis,
    NumberRule,
    Outside,
    Program,
    Purpose,
    Service,
    ServiceCode,
    SiteKind,
    Special,
)

__all__ = ["ClaimPlace", "NumberRule", "Program", "Service", "ServiceCode", "load"]
Table = dict[str, Any]


def load(folder: Path) -> Program:
    """Read a program's folder; raises ConfigError that names file, line and rule."""
    read = {name: tables.read(folder / f"{name}.toml") for name in check.FILES}
    check.all_of(folder, read)
    rules, services, routes = (read[name].data for name in check.FILES)
    return _program(folder, rules, services, routes)


def _tuples(table: Table) -> Table:
    """Return a table with tuples for lists, and no key that is a word of Python."""
    renamed = {"from": "since", "to": "until"}
    return {
        renamed.get(key, key): tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
    }


def _code(table: Table, service: Table) -> ServiceCode:
    return ServiceCode(
        code=table["code"],
        system=table["system"],
        words=table["words"],
        since=table.get("from", service.get("from")),
        until=table.get("to", service.get("to")),
        add_on=table.get("add_on", False),
        condition=table.get("condition"),
        requires_with=tuple(table.get("requires_with", ())),
        source=table.get("source") or service["source"],
    )


def _service(table: Table, companions_source: str) -> Service:
    return Service(
        id=table["id"],
        name=table["name"],
        status=table["status"],
        codes=tuple(_code(one, table) for one in table["codes"]),
        states=tuple(table["states"]),
        places_of_service=tuple(table["places_of_service"]),
        types_of_bill=tuple(table["types_of_bill"]),
        diagnoses=tuple(table.get("diagnoses", ())),
        diagnoses_source=table.get("diagnoses_source") or table["source"],
        excluded_diagnoses=tuple(
            ExcludedDiagnosis(**_tuples(one)) for one in table.get("excluded_diagnosis", ())
        ),
        companions=tuple(table.get("companions", ())),
        companions_source=companions_source,
        purposes=tuple(Purpose(**_tuples(one)) for one in table.get("purpose", ())),
        outside=tuple(Outside(**_tuples(one)) for one in table.get("outside", ())),
        since=table.get("from"),
        until=table.get("to"),
        source=table["source"],
        note=table.get("note", ""),
        form=table.get("form"),
    )


def _route(table: Table, macs: dict[str, Table]) -> Route:
    return Route(
        state=table["state"],
        state_name=table["state_name"],
        participant=table["participant"],
        mac=table["mac"],
        mac_name=macs[table["mac"]]["name"],
        channels=tuple(table["channels"]),
    )


def _participant(table: Table) -> Contact:
    return Contact(
        id=table["state"],
        name=table["participant"],
        full_name=table["participant_name"],
        website=table["website"],
        portal=table["portal"],
        telephone=table["telephone"],
        fax=table.get("fax"),
        email=table["email"],
        channels=tuple(table["channels"]),
        source=table["source"],
    )


def _mac(table: Table) -> Contact:
    return Contact(
        id=table["id"],
        name=table["name"],
        full_name=table["full_name"],
        website=table["website"],
        portal=table["portal_name"],
        telephone=table["telephone"],
        fax=table.get("fax"),
        mail=tuple(table["mail"]),
        channels=tuple(table["channels"]),
        source=table["source"],
    )


def _coverage(table: Table) -> CoverageRules:
    return CoverageRules(
        original_medicare=tuple(table["original_medicare"]),
        managed=tuple(table["managed"]),
        beside_medicare=tuple(table["beside_medicare"]),
        special=tuple(Special(**_tuples(one)) for one in table["special"]),
        alongside=tuple(Alongside(**_tuples(one)) for one in table["alongside"]),
        words=dict(table["words"]),
        source=table["source"],
    )


def _number(table: Table) -> NumberRule:
    return NumberRule(
        words=table["words"],
        pattern=re.compile(table["pattern"]),
        expected=re.compile(table["expected"]),
        window_days=table["window_days"],
        quote=table["quote"],
        source=table["source"],
    )


def _program(folder: Path, rules: Table, services: Table, jurisdictions: Table) -> Program:
    claims, macs = rules["claims"], {one["id"]: one for one in jurisdictions["mac"]}
    companions = services["companions_source"]
    return Program(
        id=rules["id"],
        name=rules["name"],
        version=rules["version"],
        source=rules["source"],
        since=rules["from"],
        requests_from=rules["requests_from"],
        until=rules.get("to"),
        states=tuple(rules["states"]),
        voluntary=rules["voluntary"],
        services=tuple(_service(one, companions) for one in services["service"]),
        elsewhere=tuple(Elsewhere(**_tuples(one)) for one in services["elsewhere"]),
        routes=tuple(_route(one, macs) for one in jurisdictions["route"]),
        participants=tuple(_participant(one) for one in jurisdictions["route"]),
        macs=tuple(_mac(one) for one in jurisdictions["mac"]),
        coverage=_coverage(rules["coverage"]),
        deceased_words=rules["patient"]["deceased"],
        deceased_source=rules["patient"]["source"],
        excluded=tuple(Excluded(**_tuples(one)) for one in rules["excluded"]),
        sites=tuple(SiteKind(**_tuples(one)) for one in rules["site"]),
        decisions=tuple(DecisionWord(**_tuples(one)) for one in rules["decision"]),
        standard_days=rules["clocks"]["standard_days"],
        expedited_days=rules["clocks"]["expedited_days"],
        clock_words=rules["clocks"]["words"],
        expedited_words=rules["clocks"]["expedited_words"],
        number=_number(rules["number"]),
        claim_modifiers=tuple(ClaimModifier(**one) for one in claims["modifier"]),
        claim_source=claims["source"],
        claim_places=tuple(ClaimPlace(**one) for one in claims["place"]),
        facility_claim_pos=tuple(claims["facility_claim_pos"]),
        ccn_pos=tuple(claims["ccn_pos"]),
        ptan_pos=tuple(claims["ptan_pos"]),
        folder=folder,
    )
