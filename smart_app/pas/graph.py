"""The entries of a request Bundle: each real thing once, every reference within it.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

import uuid
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import refs
from smart_app.pas.echo import URN


def fresh() -> str:
    """Return a fullUrl that names no other entry, of this or another request."""
    return f"{URN}{uuid.uuid4()}"


def entry(url: str, resource: Resource) -> Resource:
    """Return a Bundle entry whose resource bears the id of its fullUrl."""
    return {"fullUrl": url, "resource": {**resource, "id": url.removeprefix(URN)}}


class Graph:
    """Entries in order, and the new name of each chart reference."""

    def __init__(self) -> None:
        self.entries: list[Resource] = []
        self.names: dict[str, str] = {}

    def name(self, key: str) -> str:
        """Return the fullUrl that a chart reference, or a word of ours, has in this Bundle."""
        return self.names.setdefault(key, fresh())

    def add(self, key: str, resource: Resource) -> str:
        """Add an entry under its name; return its fullUrl."""
        url = self.name(key)
        self.entries.append(entry(url, resource))
        return url

    def repoint(self, value: Any) -> Any:
        """Return a copy whose references name entries; others keep their display or go."""
        if isinstance(value, list):
            return [made for one in value if (made := self.repoint(one)) not in (None, {}, [])]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("reference"), str):
            target = self.names.get(refs.relative(value) or "")
            if target:
                return {"reference": target}
            return {key: value[key] for key in ("identifier", "display") if key in value} or None
        made = {key: self.repoint(one) for key, one in value.items()}
        return {key: one for key, one in made.items() if one not in (None, {}, [])}
