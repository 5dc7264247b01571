"""What must hold within and between a program's three files, beyond the schema of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from smart_app.errors import ConfigError
from smart_app.files.positions import Path as Where
from smart_app.files.schema import check
from smart_app.files.tables import Read
from smart_app.programs import schema

FILES = ("rules", "services", "jurisdictions")
SCHEMAS = (schema.RULES, schema.SERVICES, schema.JURISDICTIONS)
Faults = Iterator[ConfigError]


def all_of(folder: Path, read: dict[str, Read]) -> None:
    """Raise ConfigError for the first thing that does not hold."""
    rules, services, jurisdictions = (read[name] for name in FILES)
    for one, wanted in zip((rules, services, jurisdictions), SCHEMAS, strict=True):
        check(one, wanted)
    _first(_rules(rules))
    _first(_routes(jurisdictions, rules))
    _first(_codes(services))
    for number, service in enumerate(services.data["service"]):
        where: Where = ("service", number)
        _first(_service(services, where, service, folder))
        _first(_places(services, where, service, rules.data, jurisdictions.data))


def _first(found: Faults) -> None:
    for fault in found:
        raise fault


def _twice(read: Read, where: Where, values: list[Any], what: str) -> Faults:
    for number, value in enumerate(values):
        if value in values[:number]:
            wrong = f"{what} {value} stands twice"
            yield read.refusal((*where, number), wrong, f"every {what} once")


def _order(read: Read, where: Where, table: dict[str, Any]) -> Faults:
    if table.get("from", date.min) > table.get("to", date.max):
        yield read.refusal((*where, "to"), "from is after to", "the first day before the last")


def _rules(rules: Read) -> Faults:
    data = rules.data
    yield from _order(rules, (), data)
    yield from _twice(rules, ("states",), data["states"], "state")
    for name, key in (("excluded", "id"), ("site", "pos"), ("decision", "word")):
        yield from _twice(rules, (name,), [one[key] for one in data[name]], f"{name} {key}")
    for key in ("pattern", "expected"):
        try:
            re.compile(data["number"][key])
        except re.error as cause:
            wrong = f"{key}: {cause}"
            yield rules.refusal(("number", key), wrong, f"{key} is a regular expression")
    for table, key in (
        ("number", "window_days"),
        ("clocks", "standard_days"),
        ("clocks", "expedited_days"),
    ):
        if data[table][key] < 1:
            yield rules.refusal((table, key), f"{key} is {data[table][key]}", "at least one day")


def _routes(jurisdictions: Read, rules: Read) -> Faults:
    routes, macs = jurisdictions.data["route"], jurisdictions.data["mac"]
    yield from _twice(jurisdictions, ("route",), [one["state"] for one in routes], "state")
    yield from _twice(jurisdictions, ("mac",), [one["id"] for one in macs], "MAC")
    for number, route in enumerate(routes):
        if route["mac"] not in [one["id"] for one in macs]:
            wrong = f"MAC {route['mac']} is not described"
            rule = "every MAC of a route has a table"
            yield jurisdictions.refusal(("route", number, "mac"), wrong, rule)
        if route["state"] not in rules.data["states"]:
            wrong = f"{route['state']} is no state of the program"
            rule = "routes only for the states of rules.toml"
            yield jurisdictions.refusal(("route", number, "state"), wrong, rule)
    for number, state in enumerate(rules.data["states"]):
        if state not in [one["state"] for one in routes]:
            rule = "every state has one route in jurisdictions.toml"
            yield rules.refusal(("states", number), f"state {state} has no route", rule)


def _codes(services: Read) -> Faults:
    """Check that a code stands in one place, and there once for any day."""
    data = services.data
    yield from _twice(services, ("service",), [one["id"] for one in data["service"]], "service")
    seen: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
    for number, service in enumerate(data["service"]):
        for place, entry in enumerate(service["codes"]):
            where: Where = ("service", number, "codes", place)
            yield from _order(services, where, entry)
            for other, before in seen.setdefault(entry["code"], []):
                dated = {"from", "to"} & {*entry, *before}
                if other is not service or not dated:
                    wrong = f"code {entry['code']} stands twice"
                    yield services.refusal(where, wrong, "one code, one place")
                elif _overlap(service, entry, before):
                    wrong = f"the dates of code {entry['code']} overlap"
                    yield services.refusal(where, wrong, "one code, one entry for any day")
            seen[entry["code"]].append((service, entry))
    for number, one in enumerate(data["elsewhere"]):
        for place, code in enumerate(one["codes"]):
            if code in seen:
                wrong = f"code {code} stands twice"
                yield services.refusal(
                    ("elsewhere", number, "codes", place), wrong, "one code, one place"
                )
            seen.setdefault(code, [])


def _overlap(service: dict[str, Any], one: dict[str, Any], other: dict[str, Any]) -> bool:
    first, last = service.get("from", date.min), service.get("to", date.max)
    return bool(
        one.get("from", first) <= other.get("to", last)
        and other.get("from", first) <= one.get("to", last)
    )


def _service(services: Read, where: Where, table: dict[str, Any], folder: Path) -> Faults:
    yield from _order(services, where, table)
    codes, companions = {one["code"] for one in table["codes"]}, table.get("companions", [])
    if table["status"] == "active":
        for key in ("from", "states", "places_of_service", "types_of_bill", "codes"):
            if not table.get(key):
                wrong = f"key {key!r} is missing or empty"
                yield services.refusal(where, wrong, "an active service says when and where")
    first, last = table.get("from", date.min), table.get("to", date.max)
    for number, entry in enumerate(table["codes"]):
        at: Where = (*where, "codes", number)
        if entry.get("from", first) < first or entry.get("to", last) > last:
            rule = "a code counts within its service's days"
            yield services.refusal(at, f"code {entry['code']} counts beyond its service", rule)
        for code in entry.get("requires_with", ()):
            if code not in codes and code not in companions:
                rule = "requires_with names a code or companion of the service"
                yield services.refusal((*at, "requires_with"), f"code {code} is unknown", rule)
    for key, what in (("diagnoses", "diagnosis"), ("companions", "companion"), ("states", "state")):
        yield from _twice(services, (*where, key), table.get(key, []), what)
    for number, code in enumerate(companions):
        if code in codes:
            rule = "a companion is no code of its own service"
            yield services.refusal((*where, "companions", number), f"code {code}", rule)
    for number, purpose in enumerate(table.get("purpose", ())):
        if not codes >= set(purpose["codes"]):
            rule = "purpose is of codes of the service"
            yield services.refusal((*where, "purpose", number, "codes"), "unknown code", rule)
    form = table.get("form")
    if form and form != table["id"]:
        yield services.refusal((*where, "form"), f"form {form!r}", "a form has its service's id")
    elif form and not _readable(folder / "forms" / f"{form}.package.json"):
        rule = "forms/<form>.package.json is there, and JSON"
        yield services.refusal((*where, "form"), f"form {form!r} is unknown", rule)


def _readable(package: Path) -> bool:
    try:
        return isinstance(json.loads(package.read_bytes()), dict)
    except (OSError, ValueError, RecursionError):
        return False


def _places(
    services: Read,
    where: Where,
    table: dict[str, Any],
    rules: dict[str, Any],
    jurisdictions: dict[str, Any],
) -> Faults:
    routes = {one["state"] for one in jurisdictions["route"]}
    for number, state in enumerate(table["states"]):
        if state not in routes:
            rule = "every state has one route in jurisdictions.toml"
            yield services.refusal((*where, "states", number), f"state {state} has no route", rule)
    inside = {one["pos"] for one in rules["site"] if one["inside"]}
    for number, pos in enumerate(table["places_of_service"]):
        if pos not in inside:
            rule = "places of service are described inside in rules.toml"
            yield services.refusal(
                (*where, "places_of_service", number), f"place {pos} is unknown", rule
            )
    for number, outside in enumerate(table.get("outside", ())):
        if set(outside["states"]) & set(table["states"]):
            rule = "a state is in the service or outside of it"
            yield services.refusal((*where, "outside", number), "state stands twice", rule)
