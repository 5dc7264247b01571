"""Which keys each table of a program's files may hold, and of which kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from smart_app.errors import ConfigError
from smart_app.programs.positions import Path
from smart_app.programs.tables import Read


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
KINDS = {str: "text", bool: "true or false", int: "a whole number", date: "a date"}

TEXT, WORDS, DAY = Key(), Key(form="words"), Key(date)
MAYBE, MAYBE_DAY = Key(optional=True), Key(date, optional=True)
TEXTS, CODES, STATES = Key(many=True), Key(many=True, form=CODE), Key(many=True, form=STATE)
SOURCE = WORDS

SERVICE_CODE = {
    "code": Key(form=CODE),
    "system": Key(choices=("CPT", "HCPCS")),
    "words": WORDS,
    "from": MAYBE_DAY,
    "to": MAYBE_DAY,
    "add_on": Key(bool, optional=True),
    "condition": MAYBE,
    "requires_with": Key(many=True, optional=True, form=CODE),
    "source": MAYBE,
}
EXCLUDED_DIAGNOSIS = {
    "codes": Key(many=True, form=DIAGNOSIS),
    "beside_listed": Key(choices=("ask", "counts")),
    "words": WORDS,
    "question": TEXT,
    "source": SOURCE,
}
PURPOSE = {
    "codes": CODES,
    "words": WORDS,
    "question": WORDS,
    "diagnoses": Key(many=True, form=DIAGNOSIS),
    "order_words": TEXTS,
    "unclear_words": TEXTS,
    "not_with": CODES,
    "words_not": WORDS,
    "source": SOURCE,
}
SERVICE = {
    "id": Key(form=NAME),
    "name": WORDS,
    "status": Key(choices=("active", "delayed")),
    "from": MAYBE_DAY,
    "to": MAYBE_DAY,
    "source": SOURCE,
    "note": MAYBE,
    "states": STATES,
    "places_of_service": Key(many=True, form=POS),
    "types_of_bill": Key(many=True, form="two digits and X"),
    "diagnoses": Key(many=True, optional=True, form=DIAGNOSIS),
    "diagnoses_source": MAYBE,
    "companions": Key(many=True, optional=True, form=CODE),
    "form": MAYBE,
    "policies": Key({"policy": WORDS, "macs": TEXTS, "checked": WORDS}, many=True, optional=True),
    "codes": Key(SERVICE_CODE, many=True),
    "excluded_diagnosis": Key(EXCLUDED_DIAGNOSIS, many=True, optional=True),
    "purpose": Key(PURPOSE, many=True, optional=True),
    "outside": Key({"states": STATES, "words": WORDS, "source": SOURCE}, True, optional=True),
}
ELSEWHERE = {"codes": CODES, "program": MAYBE, "words": WORDS, "source": SOURCE}
SERVICES = {
    "companions_source": SOURCE,
    "service": Key(SERVICE, many=True),
    "elsewhere": Key(ELSEWHERE, many=True),
}

ROUTE = {
    "state": Key(form=STATE),
    **{key: WORDS for key in ("state_name", "participant", "participant_name", "website")},
    **{key: WORDS for key in ("portal", "telephone", "email", "mac", "source")},
    "fax": MAYBE,
    "channels": TEXTS,
}
MAC = {
    **{key: WORDS for key in ("id", "name", "full_name", "website", "portal_name")},
    **{key: WORDS for key in ("telephone", "source")},
    "fax": MAYBE,
    "mail": TEXTS,
    "channels": TEXTS,
}
JURISDICTIONS = {"route": Key(ROUTE, many=True), "mac": Key(MAC, many=True)}

KINDS_OF_COVERAGE = ("original_medicare", "managed", "not_medicare", "beside", "unknown")
SPECIAL = {"id": Key(form=NAME), "payors": TEXTS, "types": TEXTS, "words": WORDS, "source": SOURCE}
ALONGSIDE = {"id": Key(form=NAME), "types": TEXTS, "words": WORDS, "alone": TEXT, "source": SOURCE}
COVERAGE = {
    "original_medicare": TEXTS,
    "managed": TEXTS,
    "beside_medicare": TEXTS,
    "source": SOURCE,
    "words": Key({kind: WORDS for kind in KINDS_OF_COVERAGE}),
    "special": Key(SPECIAL, many=True),
    "alongside": Key(ALONGSIDE, many=True),
}
CLAIM_PLACE = {
    **{key: WORDS for key in ("form", "words", "field", "position", "text", "source")},
    "claim": Key(choices=("institutional", "professional")),
    "facility_words": MAYBE,
}
RULES = {
    "id": Key(form=NAME),
    "name": WORDS,
    "version": WORDS,
    "source": SOURCE,
    "from": DAY,
    "requests_from": DAY,
    "to": MAYBE_DAY,
    "states": STATES,
    "voluntary": WORDS,
    "coverage": Key(COVERAGE),
    "patient": Key({"deceased": WORDS, "source": SOURCE}),
    "excluded": Key(
        {"id": Key(form=NAME), "words": WORDS, "modifiers": TEXTS, "source": SOURCE}, many=True
    ),
    "site": Key(
        {
            "pos": Key(form=POS),
            "name": WORDS,
            "inside": Key(bool),
            "words": MAYBE,
            "source": SOURCE,
        },
        many=True,
    ),
    "decision": Key(
        {"word": WORDS, "words": WORDS, "from": MAYBE_DAY, "source": SOURCE}, many=True
    ),
    "clocks": Key({"standard_days": Key(int), "expedited_days": Key(int), "words": WORDS}),
    "number": Key(
        {
            "pattern": WORDS,
            "expected": WORDS,
            "window_days": Key(int),
            "quote": Key(choices=("latest", "original")),
            "source": SOURCE,
        }
    ),
    "claims": Key(
        {
            **{key: Key(many=True, form=POS) for key in ("facility_claim_pos", "ccn_pos")},
            "ptan_pos": Key(many=True, form=POS),
            "place": Key(CLAIM_PLACE, many=True),
        }
    ),
}


def faults(read: Read, schema: dict[str, Key]) -> Iterator[ConfigError]:
    """Yield what a file's keys and kinds break, in the order of the schema."""
    yield from _table(read, (), read.data, schema)


def _table(read: Read, path: Path, table: Any, schema: dict[str, Key]) -> Iterator[ConfigError]:
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
    if isinstance(wanted.kind, dict):
        if not isinstance(value, dict):
            yield read.refusal(path, f"{key} is no table", f"{key} is a table")
        else:
            yield from _table(read, path, value, wanted.kind)
    elif type(value) is not wanted.kind:
        rule = f"{key} is {KINDS[wanted.kind]}"
        yield read.refusal(path, f"{key} is of another kind", rule)
    elif wanted.form and not re.fullmatch(FORMS[wanted.form], value):
        yield read.refusal(path, f"{key} {value!r}", f"{key} is {wanted.form}")
    elif wanted.choices and value not in wanted.choices:
        rule = f"{key} is one of {', '.join(wanted.choices)}"
        yield read.refusal(path, f"{key} {value!r}", rule)
