"""The logic of a form, followed without running it: which parts of the chart does a define read?

ELM names a library by an alias of its own includes, https://cql.hl7.org/elm.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import Resource

NAMES_LOGIC = ("ExpressionRef", "FunctionRef")
ANY_TYPE = ("", "Resource", "DomainResource")


@dataclass(frozen=True, slots=True)
class Logic:
    """The libraries of a package, by ELM identifier."""

    libraries: dict[str, Resource]

    def has(self, library: str, name: str) -> bool:
        """Tell whether a library has a define of a name."""
        return bool(self._defines(library, name))

    def _section(self, library: str, name: str) -> list[Resource]:
        inner = (self.libraries.get(library) or {}).get("library") or {}
        return list((inner.get(name) or {}).get("def") or [])

    def _defines(self, library: str, name: str) -> list[Resource]:
        """Return the defines of a name: a function may have several, by what it is given."""
        return [one for one in self._section(library, "statements") if one.get("name") == name]

    def _library(self, alias: Any, within: str) -> str | None:
        """Return the library that a reference means, or None when it is not in the package."""
        if not alias:
            return within
        for one in self._section(within, "includes"):
            if one.get("localIdentifier") == alias:
                # a path may carry a namespace: ``http://example.org/ns/Common``
                found = str(one.get("path") or "").rpartition("/")[2]
                return found if found in self.libraries else None
        return None

    def retrieves(self, library: str, name: str) -> set[str] | None:
        """Return the resource types that a define reads, through all that it names.

        None when that cannot be told, because something that it names is not in the package.
        """
        found: set[str] = set()
        seen: set[tuple[str, str]] = set()
        ahead = [(library, name)]
        while ahead:
            here = ahead.pop()
            if here in seen:
                continue
            seen.add(here)
            bodies = self._defines(*here)
            if not bodies or any("expression" not in one for one in bodies):
                return None
            for node in _nodes(bodies):
                if node.get("type") == "Retrieve":
                    kind = str(node.get("dataType") or "").rpartition("}")[2]
                    if kind in ANY_TYPE:
                        return None
                    found.add(kind)
                elif node.get("type") in NAMES_LOGIC:
                    there = self._library(node.get("libraryName"), here[0])
                    if there is None:
                        return None
                    ahead.append((there, str(node.get("name"))))
        return found


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object within a value."""
    ahead = [value]
    while ahead:
        one = ahead.pop()
        if isinstance(one, dict):
            yield one
            ahead += one.values()
        elif isinstance(one, list):
            ahead += one
