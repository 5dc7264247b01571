"""A clock that a test sets, a database of its own, a case, and payers that are scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from smart_app.cases.database import connect
from smart_app.cases.model import Case, CaseItem, Coding, Resource, ScopeFinding, Tracks
from smart_app.cases.schema.migrate import upgrade
from smart_app.cases.store import Store
from smart_app.errors import ChartUnavailable, NotInChart
from smart_app.seal import Seal

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
READ_AT = NOW + timedelta(days=30)
ISS = "https://ehr.example/fhir"
KEY = b"k" * 32
CPT = "http://www.ama-assn.org/go/cpt"


@dataclass
class FakeClock:
    """Tell the time that a test has set."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def today(self, zone: str) -> date:
        return self.at.astimezone(ZoneInfo(zone)).date()

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


def a_store(place: Path | str, clock: FakeClock | None = None) -> Store:
    """Return a store over the database of a URL, or of a folder, at the code's version."""
    engine = connect(place if isinstance(place, str) else f"sqlite:///{place}/preclear.sqlite")
    upgrade(engine)
    return Store(engine, Seal((KEY,)), clock or FakeClock())


def an_item(number: int = 1, code: str = "62323", **more: Any) -> CaseItem:
    """Return one service line."""
    coding = (Coding(CPT, code),)
    return CaseItem(f"trace-{number}", number, f"ServiceRequest/{number}", coding, **more)


def a_case(case_id: str = "case-1", orders: int = 1, **more: Any) -> Case:
    """Return a case of one patient's orders."""
    case = Case(
        id=case_id,
        site="site",
        iss=ISS,
        patient_ref="Patient/p1",
        order_refs=tuple(f"ServiceRequest/{one}" for one in range(1, orders + 1)),
        attempt=1,
        revision=1,
        program="wiser",
        program_version="1",
        scope=ScopeFinding("wiser", "1", "in_scope", service="esi"),
        items=tuple(an_item(one) for one in range(1, orders + 1)),
        tracks=Tracks(),
        created_at=NOW,
    )
    return replace(case, **more)


@dataclass(frozen=True)
class Reply:
    """A payer's HTTP answer."""

    status: int
    body: Any
    location: str = ""


@dataclass
class FakePayer:
    """Answer by URL ending, in turn; an exception is raised. Every post is kept."""

    answers: dict[str, list[Any]]
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    puts: list[tuple[str, bytes]] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)

    def _answer(self, url: str) -> Reply:
        several = next(found for end, found in self.answers.items() if url.endswith(end))
        found = several.pop(0) if len(several) > 1 else several[0]
        if isinstance(found, BaseException):
            raise found
        return found

    def get(self, url: str) -> Reply:
        self.gets.append(url)
        return self._answer(url)

    def post(self, url: str, body: bytes, content_type: str) -> Reply:
        self.posts.append((url, body))
        return self._answer(url)

    def put(self, url: str, body: bytes, content_type: str) -> Reply:
        self.puts.append((url, body))
        return self._answer(url)

    def delete(self, url: str) -> Reply:
        self.deletes.append(url)
        return self._answer(url)


@dataclass
class FakeCache:
    """Keep values in memory."""

    values: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def put(self, key: str, value: Any, seconds: int) -> None:
        self.values[key] = value


@dataclass(frozen=True)
class Written:
    """A chart's answer to a write."""

    status: int
    body: Resource | None = None
    location: str | None = None
    etag: str | None = None


@dataclass
class FakeChart:
    """A chart that stores what it is given; ``fails`` names the verbs that do not answer."""

    held: dict[str, Resource] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    answer: Written | None = None
    creates: list[tuple[Resource, str | None]] = field(default_factory=list)
    updates: list[tuple[Resource, str]] = field(default_factory=list)

    def _check(self, verb: str) -> None:
        if verb in self.fails:
            raise ChartUnavailable(verb)

    def read(self, reference: str) -> Resource:
        self._check("read")
        if reference not in self.held:
            raise NotInChart("status 404")
        return self.held[reference]

    def search(self, resource_type: str, params: Mapping[str, str]) -> list[Resource]:
        self._check("search")
        return [one for ref, one in self.held.items() if ref.startswith(resource_type + "/")]

    def create(self, resource: Resource, if_none_exist: str | None = None) -> Written:
        self.creates.append((resource, if_none_exist))
        self._check("create")
        if self.answer:
            return self.answer
        reference = f"{resource['resourceType']}/new"
        self.held[reference] = {**resource, "id": "new", "meta": {"versionId": "1"}}
        return Written(201, None, f"{ISS}/{reference}/_history/1")

    def update(self, resource: Resource, etag: str) -> Written:
        self.updates.append((resource, etag))
        self._check("update")
        if self.answer:
            return self.answer
        self.held[f"{resource['resourceType']}/{resource['id']}"] = resource
        return Written(200, resource)
