"""Fill prefetch templates from the chart that was already read.

Grammar: ``{{path|path}}`` with members, ``resolve()`` and ``ofType(T)``; the first step is
``context`` or ``%key`` of an earlier key. A query whose values are empty is never run: a search
becomes an empty Bundle, a read becomes null. What cannot be understood, or is too long to be
meant, is left out.
https://hl7.org/fhir/us/davinci-crd/2.2.1/en/foundation.html#prefetch
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from smart_app.cases.model import ChartSnapshot, Resource
from smart_app.errors import PayerError
from smart_app.fhir import refs

LONGEST, MOST = 4096, 64  # characters of a template, templates of a service
_TOKEN = re.compile(r"\{\{([^{}]+)\}\}")
_STEP = re.compile(r"^(?:(resolve)\(\)|ofType\((\w+)\)|(%?\w+))$")
EMPTY: Resource = {"resourceType": "Bundle", "type": "searchset", "total": 0}


class Unreadable(Exception):
    """The template uses something that this resolver does not know."""


def _members(value: Any, name: str) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    found = value.get(name)
    if found is None:  # choice types are named by prefix: code -> codeReference
        found = next(
            (one for key, one in value.items() if key == f"{name}Reference"),
            None,
        )
    if isinstance(found, list):
        yield from found
    elif found is not None:
        yield found


def _stub(reference: Any) -> Resource | None:
    name = refs.relative(reference)
    if name is None:
        return None
    kind, _, rest = name.partition("/")
    return {"resourceType": kind, "id": rest}


def _steps(path: str) -> list[str]:
    return [step for step in re.split(r"\.(?![^(]*\))", path.strip()) if step]


def _evaluate(path: str, known: dict[str, Any]) -> list[Any]:
    steps = _steps(path)
    first = steps[0].lstrip("%") if steps else ""
    if first not in known:
        raise Unreadable(path)
    values: list[Any] = [known[first]] if known[first] is not None else []
    for step in steps[1:]:
        match = _STEP.match(step)
        if not match:
            raise Unreadable(path)
        if match[1]:
            values = [stub for value in values if (stub := _stub(value))]
        elif match[2]:
            values = [
                value
                for value in values
                if isinstance(value, dict) and value.get("resourceType") == match[2]
            ]
        else:
            values = [inner for value in values for inner in _members(value, match[3])]
    return values


def fill(template: str, known: dict[str, Any]) -> str | None:
    """Return the query with its tokens filled, or None when a token is empty."""
    if len(template) > LONGEST:  # splitting a path takes the square of its length
        raise Unreadable("too long")
    empty = False

    def value(match: re.Match[str]) -> str:
        nonlocal empty
        found = [str(one) for part in match[1].split("|") for one in _evaluate(part, known)]
        empty = empty or not found
        return ",".join(dict.fromkeys(found))

    query = _TOKEN.sub(value, template)
    if "{{" in query or "}}" in query:
        raise Unreadable(template)
    return None if empty else query


def resolve(
    templates: dict[str, str], context: dict[str, Any], snapshot: ChartSnapshot, coverage: Resource
) -> dict[str, Any]:
    """Return the prefetch for a hook call, every key that could be understood.

    Raises PayerError for more templates than any service needs.
    """
    if len(templates) > MOST:
        raise PayerError("too many prefetch templates")
    known: dict[str, Any] = {"context": context}
    filled: dict[str, Any] = {}
    for key in _in_order(templates):
        template = templates[key]
        try:
            query = fill(template, known)
        except Unreadable:
            known[key] = None
            continue
        is_search = "?" in template
        if query is None:
            answer: Any = EMPTY if is_search else None
        else:
            answer = _search(query, snapshot, coverage) if is_search else _read(query, snapshot)
        filled[key] = answer
        known[key] = answer
    return filled


def _in_order(templates: dict[str, str]) -> list[str]:
    """Return the keys so that each stands after those it names: JSON has no order."""
    named = {
        key: {one for one in re.findall(r"%(\w+)", template) if one in templates and one != key}
        for key, template in templates.items()
    }
    done: list[str] = []
    while len(done) < len(named):
        free = [key for key in named if key not in done and named[key] <= set(done)]
        done += free or [key for key in named if key not in done]
    return done


def _read(query: str, snapshot: ChartSnapshot) -> Resource | None:
    return snapshot.by_reference(query)


def _search(query: str, snapshot: ChartSnapshot, coverage: Resource) -> Resource:
    kind, _, rest = query.partition("?")
    params = dict(parse_qsl(rest))
    if kind == "Coverage":
        found = [coverage]
    elif "_id" in params:
        wanted = params["_id"].split(",")
        named = (snapshot.by_reference(f"{kind}/{one}") for one in wanted)
        found = [one for one in named if one is not None]
    else:
        return EMPTY
    if not found:
        return EMPTY
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "entry": [{"resource": one, "search": {"mode": "match"}} for one in found],
    }
