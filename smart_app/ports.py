"""How stages reach the world. ``flow`` hands in the real ones, tests hand in others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from smart_app.cases.model import Event, Resource


class Clock(Protocol):
    """Tell the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""

    def today(self, zone: str) -> date:
        """Return the present date in an IANA time zone."""


class EhrReader(Protocol):
    """Read one patient's chart; every method raises ``ChartUnavailable`` when the EHR fails."""

    def read(self, reference: str) -> Resource:
        """Return the resource that ``Type/id`` names."""

    def search(self, resource_type: str, params: Mapping[str, str]) -> list[Resource]:
        """Return all matches, following next links to the bound."""


class WriteAnswer(Protocol):
    """The EHR's answer to a write."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def body(self) -> Resource | None:
        """Parsed body, if there was one."""

    @property
    def location(self) -> str | None:
        """Location header."""

    @property
    def etag(self) -> str | None:
        """ETag header."""


class EhrWriter(Protocol):
    """Write to one patient's chart."""

    def create(self, resource: Resource, if_none_exist: str | None = None) -> WriteAnswer:
        """POST a resource, conditionally when ``if_none_exist`` is given."""

    def update(self, resource: Resource, etag: str) -> WriteAnswer:
        """PUT a resource with If-Match."""


class PayerAnswer(Protocol):
    """A payer's HTTP answer: status, parsed JSON (None when it was not JSON)."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def body(self) -> Any:
        """Parsed JSON, None when it was not JSON."""

    @property
    def location(self) -> str:
        """Where what was created lies, or an empty string."""


class PayerHttp(Protocol):
    """Talk to one payer.

    Raises ``PayerUnreachable`` when nothing can have been processed and ``PayerUnknown`` when
    bytes left and no usable answer came.
    """

    def get(self, url: str) -> PayerAnswer:
        """GET JSON."""

    def post(self, url: str, body: bytes, content_type: str) -> PayerAnswer:
        """POST bytes as they are."""

    def put(self, url: str, body: bytes, content_type: str) -> PayerAnswer:
        """PUT bytes as they are."""

    def delete(self, url: str) -> PayerAnswer:
        """DELETE what a URL names."""


class Cache(Protocol):
    """Keep small values for a while."""

    def get(self, key: str) -> Any:
        """Return the value, or None when absent or expired."""

    def put(self, key: str, value: Any, seconds: int) -> None:
        """Store a JSON value."""


class AuditSink(Protocol):
    """Append to a case's hash-chained record; raises when it cannot (fail closed)."""

    def append(self, case_id: str, event: Event) -> None:
        """Add one event."""
