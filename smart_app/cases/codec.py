"""Frozen dataclasses to JSON and back, by their type hints; raw resources pass through."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    return value


def dump(value: Any) -> bytes:
    """Return the JSON bytes of a stage's output; equal values give equal bytes.

    Half a character, which JSON from outside may hold and UTF-8 may not, becomes a question mark.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def wire(resource: Any) -> bytes:
    """Return the exact bytes of what will be sent."""
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()


def plain(value: Any) -> Any:
    """Return a value as JSON types."""
    return _plain(value)


def sha256(body: bytes) -> str:
    """Return the hash under which bytes are stored and audited."""
    return hashlib.sha256(body).hexdigest()


@cache
def _fields(kind: type) -> dict[str, Reader]:
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


def _record(kind: type) -> Reader:
    def read(value: Any) -> Any:
        known = _fields(kind)  # when first read, since a type may hold its own kind
        given = {key: known[key](one) for key, one in value.items() if key in known}
        return kind(**given)

    return read


def _tuple(arguments: tuple[Any, ...]) -> Reader:
    several = [_reader(one) for one in arguments if one is not Ellipsis]
    if arguments[1:] == (Ellipsis,):
        (each,) = several
        return lambda value: tuple([each(one) for one in value])
    return lambda value: tuple([read(one) for read, one in zip(several, value, strict=True)])


def _mapping(inner: Reader) -> Reader:
    return lambda value: {key: inner(one) for key, one in value.items()}


@cache
def _reader(kind: Any) -> Reader:
    """Return what makes a value of a kind from JSON; worked out once for each kind."""
    origin, arguments = get_origin(kind), get_args(kind)
    made: Reader | None = None
    if origin in (Union, types.UnionType):
        inner = [one for one in arguments if one is not type(None)]
        made = _reader(inner[0]) if len(inner) == 1 else None
    elif origin is tuple:
        made = _tuple(arguments)
    elif origin is dict:
        made = _mapping(_reader(arguments[1]))
    elif dataclasses.is_dataclass(kind):
        made = _record(kind)  # type: ignore[arg-type]
    elif kind in (datetime, date):
        made = kind.fromisoformat
    if made is None:
        return lambda value: value
    return lambda value: None if value is None else made(value)


def load(kind: type[T], body: bytes) -> T:
    """Return the dataclass that ``dump`` wrote; unknown keys of a newer version are dropped."""
    loaded: T = _reader(kind)(json.loads(body))  # type: ignore[arg-type]
    return loaded
