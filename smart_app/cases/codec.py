"""Frozen dataclasses to JSON and back, by their type hints; raw resources pass through."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


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


def plain(value: Any) -> Any:
    """Return a value as JSON types."""
    return _plain(value)


def sha256(body: bytes) -> str:
    """Return the hash under which bytes are stored and audited."""
    return hashlib.sha256(body).hexdigest()


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _typed(kind: Any, value: Any) -> Any:
    if value is None or kind is Any:
        return value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = [one for one in get_args(kind) if one is not type(None)]
        return _typed(inner[0], value) if len(inner) == 1 else value
    if origin is Literal:
        return value
    if origin is tuple:
        arguments = get_args(kind)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_typed(arguments[0], one) for one in value)
        return tuple(_typed(one, item) for one, item in zip(arguments, value, strict=True))
    if origin is dict:
        return {key: _typed(get_args(kind)[1], one) for key, one in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{key: _typed(hints[key], one) for key, one in value.items() if key in hints})  # type: ignore[operator]
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    return value


def load(kind: type[T], body: bytes) -> T:
    """Return the dataclass that ``dump`` wrote; unknown keys of a newer version are dropped."""
    loaded: T = _typed(kind, json.loads(body))
    return loaded
