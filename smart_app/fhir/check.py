"""Check the shape of what we author with ``fhir.resources``; the dict itself is what is sent.

R4B equals R4 in structure for every type used here. A request says the same in many places: an
extension (which may hold any of fifty types), a code, a reference. Each is checked once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from smart_app.cases.model import Resource

ENTRY = "urn:uuid:"
_ENTRY = re.compile(ENTRY + "[0-9a-f-]{36}")
HOLDERS = ("extension", "modifierExtension")
KINDS = (
    ("CodeableConcept", "coding", {"coding", "text"}),
    ("Reference", "reference", {"reference", "display"}),
    ("Meta", "profile", {"profile"}),
    ("Timing", "repeat", {"repeat"}),
)
"""Types that are told by their members alone: one that must be there, and all that may be."""


def shape(resource: Resource) -> Iterator[str]:
    """Yield what is wrong with a resource's structure, as ``path: message`` without values."""
    kind, parts = str(resource.get("resourceType")), _Parts()
    bare = parts.without(resource, kind)
    inner = _taken_out(bare) if kind == "Bundle" else []
    yield from _faults(kind, kind, bare)
    for at, one in inner:
        yield from _faults(str(one.get("resourceType")), at, one)
    for where, extension in parts.extensions.values():
        yield from _faults("Extension", where, extension, "Extension")


def _taken_out(bundle: Any) -> list[tuple[str, Any]]:
    """Take the resources out of a copy of a Bundle: within it each would be checked twice."""
    entries = bundle.get("entry")
    return [
        (f"Bundle.entry.{number}.resource", entry.pop("resource"))
        for number, entry in enumerate(entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
    ]


def _faults(kind: str, at: str, value: Any, base: str = "Resource") -> Iterator[str]:
    try:
        model = get_fhir_model_class(kind)
    except ValueError:
        model = None
    if model is None or not issubclass(model, get_fhir_model_class(base)):
        yield f"{at}: not a known resource type"
        return
    try:
        model.model_validate(value)
    except ValidationError as cause:
        for error in cause.errors(include_input=False, include_url=False):
            where = ".".join(str(step) for step in error["loc"])
            yield f"{at}.{where}: {error['type']}"


class _Parts:
    """What repeats in a resource: its extensions, by content, and the codes and references."""

    def __init__(self) -> None:
        self.extensions: dict[str, tuple[str, Any]] = {}
        self._any = get_fhir_model_class("Extension")(url="urn:any", valueBoolean=True)
        self._sound: dict[str, BaseModel | None] = {}

    def without(self, value: Any, at: str) -> Any:
        """Return a value with what is sound in it as its model, and one extension for any number.

        One stays, so that it is found where none may stand.
        """
        if isinstance(value, list):
            return [self.without(one, at) for one in value]
        if not isinstance(value, dict):
            return value
        if sound := self._model(value):
            return sound
        made = {}
        for key, one in value.items():
            if key in HOLDERS and _plain(one):
                made[key] = [self._any]
                for extension in one:
                    where = f"{at}.{key}"
                    bare = self.without(extension, where)
                    self.extensions.setdefault(json.dumps(bare, default=id), (where, bare))
            elif isinstance(one, dict | list) and not key.startswith("_"):
                made[key] = self.without(one, f"{at}.{key}")
            else:
                made[key] = one
        return made

    def _model(self, value: dict[str, Any]) -> BaseModel | None:
        """Return a code or a reference that is sound as its model; None for anything else."""
        for kind, must, may in KINDS:
            if must in value and value.keys() <= may:
                name = ENTRY if _entry(value) else repr(value)
                if name not in self._sound:
                    self._sound[name] = _sound(kind, value)
                return self._sound[name]
        return None


def _entry(value: dict[str, Any]) -> bool:
    """Tell whether a reference names an entry of a Bundle, which is as sound as any other."""
    to = value.get("reference")
    return len(value) == 1 and isinstance(to, str) and bool(_ENTRY.fullmatch(to))


def _sound(kind: str, value: dict[str, Any]) -> BaseModel | None:
    try:
        return get_fhir_model_class(kind).model_validate(value)
    except ValidationError:  # told where it stands
        return None


def _plain(value: Any) -> bool:
    """Tell whether a value is what holds extensions: a list of objects."""
    return isinstance(value, list) and all(isinstance(one, dict) for one in value) and value != []
