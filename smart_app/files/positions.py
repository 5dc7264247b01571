"""On which line of a TOML text each key, table and list entry stands; ``tomllib`` does not tell.

The text is one that ``tomllib`` has accepted, so only what moves the position is looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_right

Path = tuple[str | int, ...]
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]+")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every path of a TOML text, such as ``("service", 0, "id")``."""
    return _Scanner(text).scan()


def line_of(found: dict[Path, int], path: Path) -> int:
    """Return the line of a path, or of the nearest table around it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


def _key_text(spelled: str) -> str:
    """Return a key as its quotes and escapes mean it."""
    if spelled[0] == "'":
        return spelled[1:-1]
    if spelled[0] != '"':
        return spelled
    return _ESCAPE.sub(
        lambda one: (
            chr(int(one[1] or one[2], 16)) if one[1] or one[2] else _SHORT.get(one[3], one[3])
        ),
        spelled[1:-1],
    )


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.found: dict[Path, int] = {}
        self.arrays: dict[Path, int] = {}
        self.breaks = [one.start() for one in re.finditer("\n", self.text)]

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while self._more():
            if self._next("["):
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _more(self) -> bool:
        self._skip()
        return self.at < len(self.text)

    def _skip(self) -> None:
        self.at = self._match(_BLANK).end()

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        assert found, f"no TOML at {self.at}"
        return found

    def _next(self, word: str) -> bool:
        """Step over a word if it comes next."""
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def _mark(self, path: Path) -> None:
        self.found.setdefault(path, bisect_right(self.breaks, self.at - 1) + 1)

    def _keys(self) -> list[str]:
        """Read a key, which may be dotted and quoted."""
        keys: list[str] = []
        while True:
            self._skip()
            quoted = next((one for one in _STRINGS[2:] if one.match(self.text, self.at)), None)
            found = self._match(quoted or _BARE_KEY)
            keys.append(_key_text(found[0]))
            self.at = found.end()
            self._skip()
            if not self._next("."):
                return keys

    def _header(self) -> Path:
        repeated = self._next("[")
        start = self.at
        path: Path = ()
        keys = self._keys()
        self.at = start
        for number, key in enumerate(keys):
            path += (key,)
            self._mark(path)
            if repeated and number == len(keys) - 1:
                self.arrays[path] = self.arrays.get(path, -1) + 1
            if path in self.arrays:
                path += (self.arrays[path],)
        self._mark(path)
        self._keys()
        self._next("]]" if repeated else "]")
        return path

    def _pair(self, table: Path) -> None:
        start = self.at
        keys = self._keys()
        end, self.at = self.at, start
        for number in range(len(keys)):
            self._mark(table + tuple(keys[: number + 1]))
        self.at = end
        self._next("=")
        self._skip()
        self._value(table + tuple(keys))

    def _value(self, path: Path) -> None:
        if self._next("["):
            self._array(path)
        elif self._next("{"):
            self._inline(path)
        else:
            kind = next((one for one in _STRINGS if one.match(self.text, self.at)), _BARE_VALUE)
            self.at = self._match(kind).end()

    def _array(self, path: Path) -> None:
        number = 0
        self._skip()
        while not self._next("]"):
            self._mark((*path, number))
            self._value((*path, number))
            number += 1
            self._skip()
            self._next(",")
            self._skip()

    def _inline(self, path: Path) -> None:
        self._skip()
        while not self._next("}"):
            self._pair(path)
            self._skip()
            self._next(",")
            self._skip()
