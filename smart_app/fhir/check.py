"""Check the shape of what we author with ``fhir.resources``; the dict itself is what is sent.

R4B equals R4 in structure for every type used here. An extension may hold any of fifty types, which
makes it dear to check, and the same ones stand in every item: each is checked once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from smart_app.cases.model import Resource

HOLDERS = ("extension", "modifierExtension")
Found = dict[str, tuple[str, Any]]


def shape(resource: Resource) -> Iterator[str]:
    """Yield what is wrong with a resource's structure, as ``path: message`` without values."""
    kind, found = str(resource.get("resourceType")), Found()
    yield from _faults(kind, kind, _without(resource, kind, found))
    for where, extension in found.values():
        yield from _faults("Extension", where, extension)


def _faults(kind: str, at: str, value: Any) -> Iterator[str]:
    try:
        model = get_fhir_model_class(kind)
    except ValueError:
        yield f"{at}: not a known resource type"
        return
    try:
        model.model_validate(value)
    except ValidationError as cause:
        for error in cause.errors(include_input=False, include_url=False):
            where = ".".join(str(step) for step in error["loc"])
            yield f"{at}.{where}: {error['type']}"


def _without(value: Any, at: str, found: Found) -> Any:
    """Return a value without the extensions in it, which are put into ``found``, each once.

    What consists of its extension alone keeps it: without it, it would be something else.
    """
    if isinstance(value, list):
        return [_without(one, at, found) for one in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, one in value.items():
        if key in HOLDERS and len(value) > 1 and _plain(one):
            for extension in one:
                bare = _without(extension, f"{at}.{key}", found)
                found.setdefault(json.dumps(bare), (f"{at}.{key}", bare))
        else:
            inner = key.startswith("_")
            made[key] = one if inner else _without(one, f"{at}.{key}", found)
    return made


def _plain(value: Any) -> bool:
    """Tell whether a value is what holds extensions: a list of objects."""
    return isinstance(value, list) and all(isinstance(one, dict) for one in value) and value != []
