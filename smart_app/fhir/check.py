"""Check the shape of what we author with ``fhir.resources``; the dict itself is what is sent.

R4B equals R4 in structure for every type used here. A request says the same in many places: an
extension (which may hold any of fifty types), a code, a reference, a row of a list. What is as
sound as what was checked before is not checked again; where anything is wrong, the whole is, as it
stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from smart_app.cases.model import Resource
from smart_app.fhir import codes

ENTRY = "urn:uuid:"
_ENTRY = re.compile(ENTRY + "[0-9a-f-]{36}")
_TEXT = re.compile(r"[ \r\n\t\S]+")
"""What a FHIR string may be: https://hl7.org/fhir/R4/datatypes.html#string"""
_DAY = "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
_HOUR = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_WHEN = re.compile(f"({_DAY})|({_DAY}T{_HOUR}:[0-5][0-9](?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]))")
"""A day that every month has, and a moment of one."""
HOLDERS = ("extension", "modifierExtension")
KINDS = {
    "coding": ("CodeableConcept", {"coding", "text"}),
    "reference": ("Reference", {"reference", "display"}),
    "profile": ("Meta", {"profile"}),
    "repeat": ("Timing", {"repeat"}),
}
"""Types that are told by their members alone: one that must be there, and all that may be."""
ALIKE = {
    "fullUrl": _ENTRY,
    "id": re.compile("[0-9a-f-]{36}"),
    "valueString": _TEXT,
    "description": _TEXT,
    "date": _WHEN,
    "authoredOn": _WHEN,
}
"""Members of which one value is as sound as another, if they look like this."""
MOST = 10_000
"""Up to which number one is as sound as another: some types have a greatest."""
ENDS = {"ntifier": "Identifier", "uantity": "Quantity", "achment": "Attachment"}
"""Types that are told by the last letters of their element's name."""


def shape(resource: Resource) -> Iterator[str]:
    """Yield what is wrong with a resource's structure, as ``path: message`` without values."""
    kind, parts = str(resource.get("resourceType")), _Parts()
    checked = [(*one, "Resource") for one in _apart(kind, parts.bare(resource, kind)[0])]
    checked += [("Extension", "", one, "Extension") for one in parts.extensions.values()]
    if any(_faults(*one) for one in checked):
        for one in _apart(kind, resource):
            yield from _faults(*one)


def _apart(kind: str, resource: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield a resource and those of a Bundle's entries: within it each would be checked twice."""
    entries = resource.get("entry")
    if kind != "Bundle" or not isinstance(entries, list):
        yield kind, kind, resource
        return
    inner = [codes.member(one, "resource") for one in entries]
    left = [
        {key: each for key, each in one.items() if key != "resource"}
        if isinstance(held, dict)
        else one
        for one, held in zip(entries, inner, strict=True)
    ]
    yield kind, kind, resource | {"entry": left}
    for number, one in enumerate(inner):
        if isinstance(one, dict):
            yield str(one.get("resourceType")), f"Bundle.entry.{number}.resource", one


def _faults(kind: str, at: str, value: Any, base: str = "Resource") -> list[str]:
    try:
        model = get_fhir_model_class(kind)
    except ValueError:
        model = None
    if model is None or not issubclass(model, get_fhir_model_class(base)):
        return [f"{at}: not a known resource type"]
    try:
        model.model_validate(value)
    except ValidationError as cause:
        several = cause.errors(include_input=False, include_url=False)
        return [f"{at}.{'.'.join(map(str, one['loc']))}: {one['type']}" for one in several]
    return []


class _Parts:
    """What a resource says, each once: its extensions by themselves, the rest as far as it differs.

    A likeness is what a part is known again by: what has the same one is as sound.
    """

    def __init__(self) -> None:
        self.extensions: dict[Any, Any] = {}
        self._any = get_fhir_model_class("Extension")(url="urn:any", valueBoolean=True)
        self._sound: dict[str, BaseModel | None] = {}
        self._held: set[str] = set()
        self._likes: dict[Any, int] = {}

    def without(self, value: Any, at: str) -> tuple[Any, Any]:
        """Return a value less what need not be checked, and its likeness."""
        if isinstance(value, dict):
            sound = self._model(value, at)
            return (sound, type(sound)) if sound else self.bare(value, at)
        if isinstance(value, list):
            return self._several(value, at)
        return value, _likeness(value)

    def bare(self, value: dict[str, Any], at: str) -> tuple[Any, Any]:
        """Return an object with what is sound in it as its model, and without most extensions.

        One stays in the first element of each path, so that it is found where none may stand.
        """
        made: dict[str, Any] = {}
        likes: list[Any] = []
        kind = value.get("resourceType")
        at = kind if isinstance(kind, str) else at
        for key, one in value.items():
            where = f"{at}.{key}"
            if not isinstance(one, dict | list):
                made[key], like = one, _likeness(one, key)
            elif key.startswith("_"):
                made[key], like = one, (repr(one),)
            elif key in HOLDERS and _plain(one):
                self._keep(one, where)
                if where in self._held and len(value) > 1:
                    continue
                self._held.add(where)
                made[key], like = [self._any], (where,)
            else:
                made[key], like = self.without(one, where)
            likes += (key, like)
        return made, self._likes.setdefault(tuple(likes), len(self._likes))

    def _several(self, value: list[Any], at: str) -> tuple[Any, Any]:
        """Return a list without objects that are as sound as one before."""
        made, likes = [], {}
        for one in value:
            bare, like = self.without(one, at)
            if like not in likes or not isinstance(one, dict):
                made.append(bare)
            likes[like] = True
        return made, tuple(likes)

    def _keep(self, extensions: Any, where: str) -> None:
        """Keep each extension once, to be checked by itself."""
        for one in extensions:
            bare, like = self.bare(one, where)
            self.extensions.setdefault(like, bare)

    def _model(self, value: dict[str, Any], at: str) -> BaseModel | None:
        """Return what is often said, if it is sound, as its model; None for anything else."""
        if len(value) <= 2:
            for must in KINDS.keys() & value:
                kind, may = KINDS[must]
                if value.keys() <= may:
                    return self._once(kind, value, ENTRY if _names_entry(value) else repr(value))
        named = ENDS.get(at[-7:])
        if named == "Attachment":  # too large to be known by all that it says
            return _sound(named, value)
        text = _names_text(value) if named == "Identifier" else None
        return self._once(named, value, text or repr(value)) if named else None

    def _once(self, kind: str, value: dict[str, Any], name: str) -> BaseModel | None:
        if (key := f"{kind} {name}") not in self._sound:
            self._sound[key] = _sound(kind, value)
        return self._sound[key]


def _likeness(value: Any, key: str = "") -> Any:
    """Return what a plain value is known again by."""
    if isinstance(value, str):
        found = ALIKE[key].fullmatch(value) if key in ALIKE else None
        return (key, found.lastindex) if found else value
    if type(value) is int and 1 <= value <= MOST:
        return int, min(value, 2)  # which may be a truth, and which may not
    return type(value), repr(value)


def _names_entry(value: dict[str, Any]) -> bool:
    """Tell whether a reference only names an entry of a Bundle, which is as sound as any other."""
    to = value.get("reference")
    return len(value) == 1 and isinstance(to, str) and bool(_ENTRY.fullmatch(to))


def _names_text(value: dict[str, Any]) -> str | None:
    """Return of what an Identifier is a text, as sound as any other; None if it says more."""
    system, text = value.get("system"), value.get("value")
    if len(value) == 2 and isinstance(system, str) and isinstance(text, str):
        return f"text of {system}" if _TEXT.fullmatch(text) else None
    return None


def _sound(kind: str, value: dict[str, Any]) -> BaseModel | None:
    try:
        return get_fhir_model_class(kind).model_validate(value)
    except ValidationError:  # told where it stands
        return None


def _plain(value: Any) -> bool:
    """Tell whether a value is what holds extensions: a list of objects."""
    return isinstance(value, list) and all(isinstance(one, dict) for one in value) and value != []
