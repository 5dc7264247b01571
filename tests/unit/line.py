"""The stages after the signature over scripts: a world without network, and a case to follow."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import smart_app
from launch.errors import TokenRevoked
from smart_app.audit.chain import AuditChain
from smart_app.audit.metrics import Metrics
from smart_app.cases.inbox import Inbox
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    Decision,
    DecisionWord,
    Event,
    ItemDecision,
    Person,
    Submission,
    Tracks,
)
from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from smart_app.follow import Follow
from smart_app.pas import decision, subscription
from smart_app.programs import base
from smart_app.seal import Seal
from smart_app.worker import run_due
from tests.unit.kit import KEY, FakeChart, FakeClock, FakePayer, a_case

WISER = base.load(Path(smart_app.__file__).parent / "programs/wiser")
LEASE = 60.0
MEMBER = "1S00EX0MP78"
SIGNER = Person("Practitioner/1", "Dr. Rivera")
COVERAGE = {
    "resourceType": "Coverage",
    "id": "c1",
    "subscriberId": MEMBER,
    "beneficiary": {"reference": "Patient/p1"},
}
NOTE = {
    "resourceType": "DocumentReference",
    "id": "n1",
    "status": "current",
    "description": "Note",
    "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}],
}
DOCUMENT = SimpleNamespace(
    type_code="1",
    type_words="Note",
    mime="text/plain",
    search_by_identifier=True,
    if_none_exist=False,
)
LADDER = ("DocumentReference.create", "ServiceRequest.update")


def the_payer(recovery: str) -> Any:
    """Return the settings of the one payer."""
    return SimpleNamespace(
        id="zyter",
        name="Zyter",
        contact="",
        pended="inquire",
        pas_version="2.2.1",
        receiver_code=None,
        receiver_id=None,
        filter_key="org-identifier",
        listen_seconds=5.0,
        pas_base="https://payer.example",
        recovery=recovery,
        recovery_wait_seconds=1.0,
        dismissed_text="dismissed",
        poll_first_seconds=1.0,
        poll_longest_seconds=5.0,
    )


class Line:
    """A world, its clock, and what is done in it."""

    def __init__(
        self,
        store: Store,
        clock: FakeClock,
        payer: FakePayer,
        *,
        recovery: str = "inquire",
        chart: FakeChart | None = None,
    ) -> None:
        self.store, self.clock, self.payer = store, clock, payer
        self.settings = settings = the_payer(recovery)
        site = SimpleNamespace(
            time_zone="UTC",
            write_ladder=LADDER,
            document=DOCUMENT,
            late_write="next_launch",
            clinic=SimpleNamespace(npi="1234567893"),
        )
        launch = SimpleNamespace(granted_scopes=("patient/*.cruds",), encounter_id=None)
        self.world: Any = SimpleNamespace(
            store=store,
            inbox=Inbox(store, Seal((KEY,))),
            metrics=Metrics(store),
            config=SimpleNamespace(public_url="https://preclear.example"),
            tasks=Tasks(store, LEASE),
            audit=AuditChain(store, Seal((KEY,))),
            clock=clock,
            payers=SimpleNamespace(
                of_id=lambda one: {"zyter": settings}[one],
                find=lambda one: {"zyter": settings}.get(one),
            ),
            sites=SimpleNamespace(
                of_id=lambda _: site, registrations=SimpleNamespace(idle_minutes=dict)
            ),
            program=WISER,
            payer_http=lambda _: payer,
            vault=SimpleNamespace(forget=self._forget, keep=self._keep),
            bearer=SimpleNamespace(context=lambda *_: launch),
            chart=lambda _: chart,
        )
        self.follow = Follow(self.world)
        self.filed: list[str] = []
        self.kept: list[tuple[str, str]] = []
        self.forgotten: list[str] = []
        if chart is None:
            self.follow.handlers["file"] = self._file

    def _file(self, task: Any) -> None:
        with self.world.tasks.finish(task):
            self.filed.append(task.key)

    def _keep(self, launch_id: str, case_id: str) -> None:
        self.kept.append((launch_id, case_id))

    def _forget(self, case_id: str, _idle_minutes: dict[str, int]) -> None:
        self.forgotten.append(case_id)

    def signed(
        self, orders: int = 1, *, request: dict[str, Any] | None = None, **more: Any
    ) -> Case:
        """Return a signed case whose request is queued."""
        tracks = Tracks(documentation="signed", submission="queued")
        case = a_case(orders=orders, payer_id="zyter", channel="pas", tracks=tracks)
        case = replace(case, coverage_ref="Coverage/c1", signed_by=SIGNER, launch_id="L1", **more)
        claim = {
            "resourceType": "Claim",
            "identifier": [{"system": "s", "value": "id-1"}],
            "item": [{"extension": [], "sequence": 1, "productOrService": {}}],
        }
        request = request or {"entry": [{"fullUrl": "urn:uuid:claim-1", "resource": claim}]}
        now = self.clock.now()
        patient = {"resourceType": "Patient", "id": "p1"}
        held = {"Coverage": (COVERAGE,), "DocumentReference": (NOTE,)}
        chart = ChartSnapshot(patient, held, {}, now)
        entry = Submission(case.id, "id-1", "pas", "zyter", "initial", "x", now)
        with self.store.write() as db:
            assert self.store.insert(db, case)
            self.store.put(db, case.id, "chart", chart)
            self.store.add_submission(db, entry, json.dumps(request).encode())
            traces = [one.trace for one in case.items]
            names = [*subscription.known_by(request), *traces]
            self.world.inbox.name(db, case.id, names)
            self.world.tasks.add(db, "send", case.id, tag="id-1")
        return case

    def case(self) -> Case:
        """Return the case as it is now."""
        return self.store.case("case-1")

    def step(self) -> bool:
        """Do one due task."""
        return run_due(self.world, self.follow)

    def pass_by(self, seconds: int, each: float = 1.0) -> None:
        """Let time pass, and do what is due."""
        for _ in range(seconds):
            while self.step():
                pass
            self.clock.pass_by(each)

    def letter(self, word: DecisionWord, number: str | None = None) -> Case:
        """Enter a letter that says the same of every code."""
        case, found = self.case(), self.letter_of(word, number)
        event = Event("letter", self.clock.now(), "Robin", {"word": word})
        return self.follow.take_letter(case, self.follow.deciding.decided(case), found, event)

    def letter_of(self, word: DecisionWord, number: str | None = None) -> Decision:
        """Return what a letter says."""
        case = self.case()
        items = tuple(
            ItemDecision(one.trace, word, number=number, number_path="letter" if number else None)
            for one in case.items
        )
        return Decision(
            id=str(uuid.uuid4()),
            case=case.id,
            items=items,
            received_at=self.clock.now(),
            source="letter",
            decided_on=self.clock.now().date(),
            word=decision.word_of(items),
            entered_by="Robin",
        )

    def submits(self) -> int:
        """Return how many requests the payer was sent."""
        return sum(url.endswith("$submit") for url, _ in self.payer.posts)

    def events(self) -> list[str]:
        """Return the kinds of the case's events."""
        return [one.kind for one in self.world.audit.events("case-1")]


class ForgetfulChart(FakeChart):
    """A chart whose first write arrives although the worker dies, and whose token then ends."""

    gone = False

    def create(self, resource: Any, if_none_exist: str | None = None) -> Any:
        first = not self.creates
        written = super().create(resource, if_none_exist)
        if first:
            raise SystemExit
        return written

    def search(self, resource_type: str, params: Any) -> Any:
        if self.gone:
            raise TokenRevoked
        return super().search(resource_type, params)
