"""The versions of PAS that the payer speaks, one base address each, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """One version; ``filters`` are the names that its subscriptions may be narrowed by."""

    name: str
    filters: tuple[str, ...]
    contents: tuple[str, ...]

    @property
    def path(self) -> str:
        """Return the path of its base address."""
        return f"/pas/{self.name}"


ORGANIZATION = ("org-identifier", "orgIdentifier")
VERSIONS = (
    Version("2.0.1", ("identifier",), ("id-only", "full-resource")),
    Version("2.1.0", ORGANIZATION, ("full-resource",)),
    Version("2.2.1", ORGANIZATION, ("full-resource",)),
)
LATEST = VERSIONS[-1]
