"""One TOML file as data, and where in it everything stands."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smart_app.errors import ConfigError
from smart_app.files import positions

_WHERE = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True, slots=True)
class Read:
    """A file's data, and the line of every path in it."""

    name: str
    text: str
    data: dict[str, Any]
    lines: dict[positions.Path, int]

    def refusal(self, path: positions.Path, wrong: str, rule: str) -> ConfigError:
        """Return the error that names file, line, entry and rule."""
        line = positions.line_of(self.lines, path)
        return self.refusal_at(line, f"{self._entry(path)}{wrong}", rule)

    def refusal_at(self, line: int, wrong: str, rule: str) -> ConfigError:
        """Return the error that names file, line and rule."""
        error = ConfigError(f"{self.name}:{line}: {wrong} (rule: {rule})")
        error.line = line
        return error

    def _entry(self, path: positions.Path) -> str:
        """Return how people call the entry, such as ``service sns: ``."""
        if len(path) < 2 or not isinstance(path[1], int):
            return f"{path[0]}: " if path and isinstance(self.data.get(str(path[0])), dict) else ""
        found = self.data[str(path[0])][path[1]]
        if not isinstance(found, dict):
            return f"{path[0]}: "
        named = [found[key] for key in ("id", "state", "pos", "word") if key in found]
        name = named[0] if named and isinstance(named[0], str) else f"number {path[1] + 1}"
        return f"{path[0]} {name}: "


def read(path: Path) -> Read:
    """Read a file; raises ConfigError that names file and line."""
    try:
        text = path.read_text(encoding="utf-8")
        return Read(path.name, text, tomllib.loads(text), positions.lines(text))
    except (OSError, UnicodeDecodeError, RecursionError) as cause:
        why = type(cause).__name__
        raise ConfigError(f"{path.name}:1: cannot be read, {why} (rule: a text file)") from cause
    except tomllib.TOMLDecodeError as cause:
        found = _WHERE.search(str(cause))
        line = found[1] if found else path.read_text().count("\n") + 1
        wrong = _WHERE.sub("", str(cause))
        raise ConfigError(f"{path.name}:{line}: {wrong} (rule: valid TOML)") from cause


def folder_of(folder: Path, what: str) -> list[Path]:
    """Return the TOML files of a folder in the order of their names; raises ConfigError."""
    if not folder.is_dir():
        raise ConfigError(f"{what}: {folder.name} is no folder (rule: {what} names a folder)")
    return sorted(folder.glob("*.toml"))


def secret(value: str, here: Path, name: str) -> str:
    """Return a setting that may be an ``env:NAME`` or ``file:PATH`` reference.

    Paths are relative to ``here``; raises ConfigError that names the setting and not its value.
    """
    kind, _, place = value.partition(":")
    if kind == "env":
        found = os.environ.get(place)
        if found is None:
            raise ConfigError(f"{name}: environment variable {place} is not set")
        return found
    if kind == "file":
        try:
            return (here / place).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as cause:
            why = type(cause).__name__
            raise ConfigError(f"{name}: file {place} cannot be read, {why}") from cause
    return value
