"""What a person chose or asked for stands in the case's record, with who it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from launch import LaunchContext
from smart_app import reading
from smart_app.audit.chain import AuditChain
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    Draft,
    Event,
    QuestionnairePackage,
    Tracks,
)
from smart_app.cases.store import Store
from smart_app.flow import Flow
from smart_app.review import Review
from smart_app.seal import Seal
from tests.unit.kit import ISS, KEY, NOW, FakeClock, FakePayer, a_case
from tests.unit.line import SIGNER, Line

NOTE = {
    "resourceType": "DocumentReference",
    "id": "n1",
    "status": "current",
    "content": [{"attachment": {"contentType": "text/plain", "data": "bm90ZQ=="}}],
}
CHART = ChartSnapshot(
    {"resourceType": "Patient", "id": "p1"}, {"DocumentReference": (NOTE,)}, {}, NOW
)
FORM = QuestionnairePackage(({"resourceType": "Questionnaire", "url": "q", "item": []},))
CONTEXT = LaunchContext("L1", "site", ISS, ISS, "p1", SIGNER.fhir_user, ())


class Quick(Flow):
    """A line whose chart, form and answers are there at once."""

    def local_form(self, case: Case) -> QuestionnairePackage:
        return FORM

    def fill(self, *_: Any) -> Draft:
        return Draft("q", 1, ())


@pytest.fixture
def flow(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """Return a line with one case that is not prepared yet."""
    monkeypatch.setattr(reading, "read", lambda *_: CHART)
    world: Any = SimpleNamespace(store=store, clock=clock, audit=AuditChain(store, Seal((KEY,))))
    with store.write() as db:
        store.insert(db, a_case())
        store.put(db, "case-1", "chart", CHART)
    return Quick(world)


def last(flow: Flow) -> Event:
    """Return the newest event of the case."""
    return flow.world.audit.events("case-1")[-1]


def test_going_on_without_the_payer_is_recorded_once(flow: Flow) -> None:
    for _ in range(2):
        flow.go_on_locally(flow.store.case("case-1"), CONTEXT)
    kinds = [one.kind for one in flow.world.audit.events("case-1")]
    assert kinds == ["continued_locally"]
    assert last(flow).who == SIGNER.fhir_user


def test_the_documents_that_a_person_chose_are_recorded(flow: Flow) -> None:
    flow.go_on_locally(flow.store.case("case-1"), CONTEXT)
    case = flow.store.case("case-1")
    Review(flow).choose_documents(case, case.revision, SIGNER, ("DocumentReference/n1",))
    assert (last(flow).kind, last(flow).who) == ("documents_chosen", SIGNER.name)
    assert last(flow).facts == {"left_unsent": [], "also_sent": ["DocumentReference/n1"]}


@pytest.mark.parametrize(
    ("tracks", "recorded"),
    [
        (Tracks("signed", "pended", "pended"), ["asked"]),
        (Tracks("signed", "unknown"), ["asked"]),
        (Tracks("signed", "parked"), ["asked"]),
        (Tracks("signed", "rejected"), []),
    ],
    ids=str,
)
def test_asking_the_payer_now_is_recorded_when_there_is_something_to_ask(
    store: Store, clock: FakeClock, tracks: Tracks, recorded: list[str]
) -> None:
    line = Line(store, clock, FakePayer({}))
    with store.write() as db:
        store.insert(db, a_case(payer_id="zyter", tracks=tracks))
    line.follow.ask_now(line.case(), SIGNER)
    assert line.events() == recorded
    assert {one.who for one in line.world.audit.events("case-1")} <= {SIGNER.name}
