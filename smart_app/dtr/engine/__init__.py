"""Run a form's own logic: CQL as ELM, and FHIRPath, in a confined worker process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from smart_app.cases.model import Resource


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a define gave: a value, or the class of the error it ended with."""

    value: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What a session works on; ``value_sets`` is url → version → codes."""

    libraries: tuple[Resource, ...]
    resources: tuple[Resource, ...]
    parameters: dict[str, Resource]
    now: str
    value_sets: dict[str, dict[str, list[dict[str, str]]]] = field(default_factory=dict)


class Session(Protocol):
    """One worker, for one case and package."""

    def define(self, library: str, name: str) -> Outcome:
        """Evaluate one define; raises EngineLimit when it must be stopped."""

    def path(self, expression: str, resource: Resource, variables: dict[str, Any]) -> Outcome:
        """Evaluate a FHIRPath expression on a resource."""


class Engine(Protocol):
    """Hand out sessions."""

    def session(self, load: Load) -> AbstractContextManager[Session]:
        """Return a session with libraries and chart loaded; raises EngineError."""
