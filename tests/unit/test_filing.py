"""What is written to the chart: once, for this patient, with the signer's own token."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from launch import SignInUnavailable
from smart_app import reopen
from smart_app.cases.model import (
    ChartSnapshot,
    CoverageAnswer,
    CoverageRepetition,
    Decision,
    ItemDecision,
    Tracks,
    UtnRecord,
)
from smart_app.cases.store import Store
from smart_app.fhir.codes import COVERAGE_INFORMATION
from tests.unit.kit import CPT, NOW, FakeChart, FakeClock, FakePayer, Written, a_case
from tests.unit.line import COVERAGE, DOCUMENT, SIGNER, ForgetfulChart, Line

N1 = "JFA99900004417"
WINDOW = (NOW.date(), NOW.date(), NOW.date() + timedelta(days=119))
"""The day of a decision, and the days on which its number holds."""
NOTHING = ChartSnapshot({}, {}, {}, NOW)


def order(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "meta": {"versionId": "1"},
        "code": {"coding": [{"system": CPT, "code": "62323"}]},
        **more,
    }


def affirmed(store: Store, clock: FakeClock, chart: FakeChart, track: str = "none") -> Line:
    """Return a line whose case is affirmed, with a number, and to be filed."""
    line = Line(store, clock, FakePayer({}), chart=chart)
    tracks = Tracks("signed", "received", "affirmed", "recorded", track, "ready")
    case = a_case(payer_id="zyter", launch_id="L", tracks=tracks, signed_by=SIGNER)
    items = (ItemDecision("trace-1", "affirmed", number=N1),)
    found = Decision("D1", case.id, items, NOW, "pas", word="affirmed")
    number = UtnRecord(N1, "wiser", "m", ("trace-1",), "D1", "affirmed", *WINDOW)
    with store.write() as db:
        store.insert(db, case)
        store.put(db, case.id, "decision", found)
        store.add_utn(db, case.id, number)
        line.world.tasks.add(db, "file", case.id, tag="D1")
    return line


def test_a_chart_that_is_down_for_a_while_is_tried_again(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DOCUMENT, "if_none_exist", True)
    chart = FakeChart({"ServiceRequest/1": order()}, fails={"create"})
    line = affirmed(store, clock, chart)
    line.pass_by(5)
    assert line.case().tracks.chart == "writing"
    chart.fails.clear()
    line.pass_by(30, each=10)
    assert line.case().tracks.chart == "filed_and_read_back"


def test_a_chart_that_stays_down_is_left_to_a_person(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DOCUMENT, "if_none_exist", True)
    chart = FakeChart({"ServiceRequest/1": order()}, fails={"create"})
    line = affirmed(store, clock, chart)
    line.pass_by(60, each=600)
    assert line.case().tracks.chart == "unknown"


GIVEN = {
    "url": COVERAGE_INFORMATION,
    "extension": [
        {"url": "coverage", "valueReference": {"reference": "Coverage/c1"}},
        {"url": "pa-needed", "valueCode": "auth-needed"},
    ],
}


@pytest.mark.parametrize("given", [True, False], ids=["to us", "to the chart alone"])
def test_an_order_bears_a_number_only_as_long_as_it_is_affirmed(
    store: Store, clock: FakeClock, given: bool
) -> None:
    chart = FakeChart({"ServiceRequest/1": order(extension=[GIVEN])})
    line = affirmed(store, clock, chart)
    with store.write() as db:
        store.save(db, replace(line.case(), coverage_ref="Coverage/c1"))
        patient = {"resourceType": "Patient", "id": "p1"}
        kept = {"Coverage": (COVERAGE,), "ServiceRequest": (order(),)}
        store.put(db, "case-1", "chart", ChartSnapshot(patient, kept, {}, NOW))
        if given:
            parts = (GIVEN, "ServiceRequest/1", "Coverage/c1", None, None, (), (), (), (), None)
            told = CoverageAnswer("answered", "zyter", repetitions=(CoverageRepetition(*parts),))
            store.put(db, "case-1", "coverage_answer", told)
    line.step()
    assert ("satisfied-pa-id" in str(chart.held["ServiceRequest/1"])) is given
    line.letter("non_affirmed", N1)
    line.pass_by(3)
    assert chart.held["ServiceRequest/1"]["extension"] == [GIVEN]
    assert ("order_taken_back" in line.events()) is given
    assert "order_not_taken_back" not in line.events()
    newest = chart.creates[-1][0]
    assert newest["relatesTo"][0]["target"]["reference"] == "DocumentReference/new"
    text = base64.b64decode(newest["content"][0]["attachment"]["data"]).decode()
    assert "Entered from a letter by Robin." in text


def launch(line: Line, user: str) -> None:
    """Open the chart again as a user."""
    context: Any = SimpleNamespace(launch_id="L2", fhir_user=user)
    reopen.join(line.world, line.case(), context, NOTHING)


def test_a_write_that_may_have_arrived_is_looked_for_in_the_next_launch(
    store: Store, clock: FakeClock
) -> None:
    chart = ForgetfulChart({"ServiceRequest/1": order()})
    line = affirmed(store, clock, chart)
    with pytest.raises(SystemExit):
        line.step()
    clock.pass_by(61)
    chart.gone = True
    line.step()
    assert line.case().tracks.chart == "awaiting_launch"
    chart.gone = False
    launch(line, SIGNER.fhir_user)
    line.step()
    assert len(chart.creates) == 1
    assert line.case().tracks.chart == "filed_and_read_back"


def test_only_the_signers_launch_files(store: Store, clock: FakeClock) -> None:
    chart = FakeChart({"ServiceRequest/1": order()})
    line = affirmed(store, clock, chart, "awaiting_launch")
    with store.write() as db:
        line.world.tasks.wake(db, "file", "case-1")
    line.world.chart = _no_token
    line.step()
    assert line.case().tracks.chart == "awaiting_launch"
    line.world.chart = lambda _: chart
    launch(line, "Practitioner/2")
    assert not line.step()
    launch(line, SIGNER.fhir_user)
    assert line.step()
    assert len(chart.creates) == 1


class AtLunch(FakeChart):
    """A chart whose sign-in cannot be renewed for a while."""

    away = True

    def create(self, resource: Any, if_none_exist: str | None = None) -> Any:
        if self.away:
            raise SignInUnavailable
        return super().create(resource, if_none_exist)


def test_a_sign_in_that_is_down_for_a_day_only_delays_the_filing(
    store: Store, clock: FakeClock
) -> None:
    chart = AtLunch({"ServiceRequest/1": order()})
    line = affirmed(store, clock, chart)
    document = SimpleNamespace(**vars(line.world.sites.of_id("site").document))
    document.search_by_identifier = False  # what was never tried needs no looking for
    line.world.sites.of_id("site").document = document
    line.pass_by(100, each=864)
    assert line.case().tracks.chart == "writing"
    assert "parked" not in line.events()
    chart.away = False
    line.pass_by(2, each=864)
    assert (len(chart.creates), line.case().tracks.chart) == (1, "filed_and_read_back")


def _no_token(_: Any) -> Any:
    from launch.errors import TokenRevoked

    raise TokenRevoked


@pytest.mark.parametrize("late_write", ["offline_access", "next_launch"])
def test_the_launch_that_files_is_kept_for_the_case_where_the_site_says_so(
    store: Store, clock: FakeClock, late_write: str
) -> None:
    line = affirmed(store, clock, FakeChart(), "awaiting_launch")
    line.world.sites.of_id("site").late_write = late_write
    launch(line, "Practitioner/2")
    assert line.kept == []
    launch(line, SIGNER.fhir_user)
    assert line.kept == ([("L2", "case-1")] if late_write == "offline_access" else [])


def test_an_order_that_is_another_patients_by_now_is_left_alone(
    store: Store, clock: FakeClock
) -> None:
    chart = FakeChart({"ServiceRequest/1": order(subject={"reference": "Patient/merged"})})
    line = affirmed(store, clock, chart)
    line.step()
    assert line.case().tracks.chart == "filed_and_read_back"
    assert (len(chart.creates), chart.updates) == (1, [])
    told = [one.facts for one in line.world.audit.events("case-1") if one.kind == "written"]
    assert told[-1] == {"rung": "ServiceRequest.update", "outcome": "refused"}


@pytest.mark.parametrize("broken", ["payers", "sites"])
def test_a_filing_that_cannot_be_done_says_so(store: Store, clock: FakeClock, broken: str) -> None:
    line = affirmed(store, clock, FakeChart(answer=Written(201)))
    setattr(line.world, broken, SimpleNamespace(of_id={}.__getitem__))
    line.pass_by(60, each=6)
    assert line.case().tracks.chart == "manual_pending"
    assert line.events()[-1] == "parked"
