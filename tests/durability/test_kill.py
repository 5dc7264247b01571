"""Kill -9 of web app, worker and payer at every point of a request's way: one request, one end.

The payer is not idempotent: it records every request that arrives as one of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from smart_app.cases import codec
from smart_app.cases.model import CoverageAnswer, WriteReceipt
from tests.durability.house import House, Run, until

pytestmark = pytest.mark.durability

SENDING = (
    "claimed",
    "before the intent",
    "intent not committed",
    "intent committed",
    "connected",
    "half sent",
    "bytes sent",
    "answer read",
    "answer not committed",
    "answer kept",
    "decision not committed",
    "number not committed",
    "decided",
)
FILING = (
    "filing",
    "before the document",
    "document sent",
    "document written",
    "before the order",
    "order sent",
    "order written",
    "filed not committed",
    "filed",
)
POLLING = ("polling", "polled not committed", "polled")
ASKING = ("inquiring", "found not committed")
SIGNING = ("signing", "signature not committed", "signature committed")
PAYER = ("payer read", "payer recorded")
RANDOM = "at random"
TIMES = 2
FILED, WAITS = "affirmed, and in the chart", "waits for a person"
WORDS = "We do not know whether it arrived. Nothing more is sent by itself. Call Genzeon and ask."
"""What a person is told where the payer's file names nothing better than asking."""


def planned() -> list[list[Run]]:
    """Return what is done side by side: workers and web app die; the payer; it, unasked."""
    number = iter(range(1, 1000))

    def run(*points: str, name: str = "opal", **more: Any) -> Run:
        return Run(name, next(number), points, **more)

    of_ours = [run(one) for _ in range(TIMES) for one in (*SENDING, *FILING, *SIGNING)]
    of_ours += [run("bytes sent", one) for _ in range(TIMES) for one in ASKING]
    of_ours += [run(one, pended=True) for _ in range(TIMES) for one in POLLING]
    of_ours += [run(one, name="nell") for _ in range(TIMES) for one in SENDING[:10]]
    payers = [run(at_payer=(one,)) for _ in range(TIMES) for one in PAYER]
    payers += [run("bytes sent", at_payer=("payer asked",)) for _ in range(TIMES)]
    payers += [run(RANDOM) for _ in range(8 * TIMES)]
    unasked = [run(at_payer=(one,), name="nell") for _ in range(TIMES) for one in PAYER]
    return [of_ours, payers, unasked]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    with House(tmp_path / "house", database_url) as made:
        yield made


def end(house: House, run: Run) -> str:
    """Return how a run has ended, or nothing while something is still to be done."""
    tasks = house.world.tasks.of_case(run.case_id)  # first: where none is left nothing moves
    tracks = house.case(run).tracks
    if (tracks.decision, tracks.utn, tracks.chart) == (
        "affirmed",
        "recorded",
        "filed_and_read_back",
    ):
        return FILED
    if any(one.state in ("due", "leased") for one in tasks):
        return ""
    kinds = [one.kind for one in house.world.audit.events(run.case_id)]
    waits = tracks.submission == "unknown" and kinds[-1] == "person_needed"
    return WAITS if waits else f"{tracks}: {kinds}"


def ended(house: House, runs: list[Run]) -> None:
    """Wait until nothing is to be done any more for any of the runs."""

    def all_ended() -> bool:
        for one in runs:
            one.end = one.end or end(house, one)
        return all(one.end for one in runs)

    until(all_ended, "every case to end", 240)


def is_in_the_chart_once(house: House, run: Run) -> None:
    """Assert that the number stands in one document and on the order, and on the page.

    An order takes only what the payer said of it: nothing, when the payer was gone as it was asked.
    """
    (number,) = (one.number for one in house.world.store.utns(run.case_id))
    golden = run.golden
    assert golden
    assert golden._documents().count(f"(UTN): {number}") == 1, run
    panel = golden.browser.get(f"{house.stack.ehr}/patients/{golden.patient}/panel").html
    said = house.world.store.latest(run.case_id, "coverage_answer", CoverageAnswer)
    marked = said is not None and said.outcome == "answered"
    writes = house.world.store.history(run.case_id, "write", WriteReceipt)
    assert (f"affirmed, {number}" in panel) is marked, (run, said, writes)
    page = house.page(run)
    assert page.data["data-state"] == "affirmed"
    assert number in page.text


def a_person_clears_up(house: House, runs: list[Run]) -> list[Run]:
    """Let staff say of what the payer does not have that it does not; return what was sent on."""
    recorded, sent = house.recorded(), []
    for one in runs:
        page = house.page(one)
        assert WORDS in page.text, page.text
        (row,) = house.world.store.submissions(one.case_id)
        if recorded[row.identifier]:
            continue
        form = page.form("/not-there")
        assert form and one.golden
        one.golden.browser.submit(page, form)
        one.end = ""
        sent.append(one)
    return sent


def lost_twice_differing(house: House, runs: list[Run]) -> tuple[int, int, int]:
    """Return how many requests were lost, were recorded twice, or arrived as other bytes."""
    recorded, received = house.recorded(), house.received()
    lost = twice = differing = 0
    for one in runs:
        (row,) = house.world.store.submissions(one.case_id)
        lost += not recorded[row.identifier] and one.end == FILED
        twice += recorded[row.identifier] > 1
        signed = {codec.sha256(house.world.store.payload(row))}
        assert row.body_sha256 in signed
        differing += received.get(row.identifier, signed) != signed
        assert house.world.audit.record(one.case_id).broken_at is None
    assert set(recorded) <= {
        row.identifier for one in runs for row in house.world.store.submissions(one.case_id)
    }
    return lost, twice, differing


def test_whatever_is_killed_one_request_is_recorded(house: House, record_property: Any) -> None:
    phases = planned()
    for phase in phases:
        for one in phase:
            house.sign(one)
        ended(house, phase)
    runs = list(chain(*phases))
    told = Counter(one.end for one in runs)
    assert lost_twice_differing(house, runs) == (0, 0, 0), told
    assert set(told) == {FILED, WAITS}, told
    waiting = [one for one in runs if one.end == WAITS]
    assert {one.name for one in waiting} == {"nell"}, "a payer that can be asked was not"
    again = a_person_clears_up(house, waiting)
    ended(house, again)
    for one in runs:
        if one.end == FILED:
            is_in_the_chart_once(house, one)
    asked = Counter(point for one in runs for point in (*one.points, *one.at_payer))
    assert house.killed() == asked
    lost, twice, differing = lost_twice_differing(house, runs)
    kind = house.world.store.engine.dialect.name
    record_property(
        "counts",
        f"kill suite, {kind}: {len(runs)} runs, {sum(asked.values())} kills at {len(asked)} "
        f"points; {lost} lost, {twice} recorded twice, {differing} of other bytes; "
        f"{told[FILED]} {FILED}, {told[WAITS]} {WAITS}, {len(again)} of them sent again at a word",
    )
    assert (lost, twice, differing) == (0, 0, 0)
