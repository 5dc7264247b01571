"""Which keys a table of a file may hold, and of which kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from smart_app.errors import ConfigError
from smart_app.files.positions import Path
from smart_app.files.tables import Read

Schema = dict[str, "Key"]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may hold: ``kind`` is a type or the schema of a table, ``many`` a list of it."""

    kind: Any = str
    many: bool = False
    optional: bool = False
    form: str = ""
    choices: tuple[str, ...] = ()


CODE = "five capital letters or digits"
DIAGNOSIS = "an ICD-10-CM code with its dot, or its beginning"
STATE = "two capital letters"
POS = "two digits"
FORMS = {
    CODE: r"[A-Z0-9]{5}",
    DIAGNOSIS: r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?",
    STATE: r"[A-Z]{2}",
    POS: r"[0-9]{2}",
    "two digits and X": r"[0-9]{2}X",
    "small letters, digits and hyphens": r"[a-z0-9][a-z0-9-]*",
    "words": r"(?s).*\S.*",
}
NAME = "small letters, digits and hyphens"
KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number of at least 0",
    date: "a date",
}

TEXT, WORDS, DAY = Key(), Key(form="words"), Key(date)
MAYBE, MAYBE_DAY = Key(optional=True), Key(date, optional=True)
TEXTS, CODES, STATES = Key(many=True), Key(many=True, form=CODE), Key(many=True, form=STATE)
SOURCE = WORDS


def check(read: Read, schema: Schema) -> None:
    """Raise ConfigError for the first thing in a file that its schema does not allow."""
    for fault in faults(read, schema):
        raise fault


def once(
    found: Iterable[tuple[Read, Path, Hashable]], what: str, told: Callable[[Any], str] = str
) -> None:
    """Raise ConfigError, naming both files, when a value stands in two places."""
    seen: dict[Hashable, Read] = {}
    for read, path, value in found:
        if value in seen:
            place = "" if seen[value] is read else f" in {seen[value].name}"
            wrong = f"{what} {told(value)} stands already{place}"
            raise read.refusal(path, wrong, f"every {what} once")
        seen[value] = read


def address(read: Read, path: Path, url: str, *, production: bool) -> None:
    """Raise ConfigError for an address of another server that is not ``https``.

    An address of this machine may be ``http`` outside production.
    """
    rule = f"{path[-1] if isinstance(path[-1], str) else path[-2]} is an https address"
    try:
        parts = urlsplit(url)
        here = parts.scheme == "http" and parts.hostname in LOOPBACK and not production
        sound = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
        sound = sound and parts.port != 0 and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        here = sound = False
    if not sound or not (here or url.startswith("https://")):
        raise read.refusal(path, f"address {url!r}", rule)


def faults(read: Read, schema: Schema) -> Iterator[ConfigError]:
    """Yield what a file's keys and kinds break, in the order of the schema."""
    yield from _table(read, (), read.data, schema)


def _table(read: Read, path: Path, table: Any, schema: Schema) -> Iterator[ConfigError]:
    for key in table:
        if key not in schema:
            yield read.refusal((*path, key), f"unknown key {key!r}", "only keys of the schema")
    for key, wanted in schema.items():
        if key not in table:
            if not wanted.optional:
                yield read.refusal(path, f"key {key!r} is missing", "every key that has no default")
        elif not wanted.many:
            yield from _value(read, (*path, key), key, table[key], wanted)
        elif not isinstance(table[key], list):
            yield read.refusal((*path, key), f"{key} is no list", f"{key} is a list")
        else:
            for number, one in enumerate(table[key]):
                yield from _value(read, (*path, key, number), key, one, wanted)


def _value(read: Read, path: Path, key: str, value: Any, wanted: Key) -> Iterator[ConfigError]:
    if isinstance(wanted.kind, dict) or wanted.kind is dict:
        if not isinstance(value, dict):
            yield read.refusal(path, f"{key} is no table", f"{key} is a table")
        elif isinstance(wanted.kind, dict):
            yield from _table(read, path, value, wanted.kind)
    elif not _of_kind(value, wanted.kind):
        rule = f"{key} is {KINDS[wanted.kind]}"
        yield read.refusal(path, f"{key} is of another kind", rule)
    elif wanted.form and not re.fullmatch(FORMS[wanted.form], value):
        yield read.refusal(path, f"{key} {value!r}", f"{key} is {wanted.form}")
    elif wanted.choices and value not in wanted.choices:
        rule = f"{key} is one of {', '.join(wanted.choices)}"
        yield read.refusal(path, f"{key} {value!r}", rule)


def _of_kind(value: Any, kind: type) -> bool:
    if kind is float:
        return type(value) in (int, float) and 0 <= value < float("inf")
    return type(value) is kind
