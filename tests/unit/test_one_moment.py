"""A case's page is of one moment, whatever is written while it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smart_app.cases.model import Decision, ItemDecision
from smart_app.cases.store import Store
from smart_app.errors import BeingWritten
from smart_app.web import sent
from tests.unit.kit import FakeClock
from tests.unit.line import SIGNER
from tests.unit.pas.test_decision import an_answer_item
from tests.unit.test_adding import add, wanting
from tests.unit.test_follow import ok
from tests.unit.test_updating import MIDDLE, N1, pended

pytestmark = pytest.mark.usefixtures("asked_of_the_case")


def test_no_state_stands_beside_another_decision(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = pended(store, clock)
    line.payer.answers["$inquire"] = [ok(an_answer_item("A1", utn=N1), created=MIDDLE)]
    line.pass_by(15, each=100.0)
    case, taken = line.case(), []
    latest = store.latest

    def denied(case_id: str, stage: str, kind: type[Any]) -> Any:
        if stage == "decision" and not taken:
            taken.append(stage)
            with store.write() as db:
                tracks = replace(case.tracks, decision="non_affirmed", claim="hold")
                now = store.save(db, replace(case, tracks=tracks))
                items = (ItemDecision(case.items[0].trace, "non_affirmed"),)
                found = Decision("D2", now.id, items, clock.now(), "pas", word="non_affirmed")
                store.put(db, now.id, "decision", found)
        return latest(case_id, stage, kind)

    monkeypatch.setattr(store, "latest", denied)
    view = sent.case_view(line.follow, case)
    assert (view.state, view.case.tracks.decision) == ("non_affirmed", "non_affirmed")
    assert view.card.state != "ready"


def test_what_is_said_again_leaves_an_open_page_true(store: Store, clock: FakeClock) -> None:
    line = pended(store, clock)
    line.pass_by(3, each=100.0)
    asked, revision = len(line.payer.posts), line.case().revision
    line.pass_by(15, each=100.0)
    assert (len(line.payer.posts) > asked, line.case().revision) == (True, revision)
    case = line.case()
    line.follow.withdrawing.begin(case, revision, SIGNER)
    assert line.case().tracks.submission == "cancelling"


def test_a_case_that_is_written_on_and_on_is_not_shown(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = pended(store, clock)
    history = store.history

    def written(case_id: str, stage: str, kind: type[Any]) -> Any:
        with store.write() as db:
            store.save(db, store.case(case_id, db))
        return history(case_id, stage, kind)

    monkeypatch.setattr(store, "history", written)
    with pytest.raises(BeingWritten):
        sent.case_view(line.follow, line.case())


def test_a_page_that_is_read_while_documents_are_queued(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = wanting(store, clock)
    history = store.history

    def beside(case_id: str, stage: str, kind: type[Any]) -> Any:
        if stage == "addition":
            monkeypatch.setattr(store, "history", history)
            add(line)
        return history(case_id, stage, kind)

    monkeypatch.setattr(store, "history", beside)
    assert sent.case_view(line.follow, line.case()).state == "pended"
