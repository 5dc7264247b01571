"""Kill -9 of web app, worker and payer at every point of a request's way: one request, one end.

A withdrawal, a notification and documents sent afterwards go the same way. The payer is not
idempotent: what arrives a second time is counted a second time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from smart_app.cases import codec, states
from smart_app.cases.model import UNCOUNTED, Addition, CoverageAnswer, WriteReceipt
from tests.durability import doing, marks
from tests.durability.house import TELLS, House, Run, until

pytestmark = pytest.mark.durability

WORKER = tuple(one.name for one in marks.REQUEST)
SENDING = (*WORKER[:5], "half sent", *WORKER[5:12])
ASKING, POLLING = WORKER[12:14], WORKER[14:17]
FILING = tuple(one.name for one in marks.FILING)
LISTENING = tuple(one.name for one in marks.NOTIFICATION[:4])
HEARING = tuple(one.name for one in marks.NOTIFICATION[5:])
WITHDRAWING = tuple(one.name for one in marks.WITHDRAWAL)
ADDING = tuple(one.name for one in marks.DOCUMENTS)
CHANGING = tuple(one.name for one in marks.CHANGE)
WEB = tuple(one.name for one in marks.WEB)
PAYER = tuple(one.name for one in marks.PAYER)
RANDOM = "at random"
TIMES = 1
PEND, PENDS = {"decision": "pend"}, {"decision": "pend", "pend_seconds": 1}
MORE = {"decision": "more-info"}
FILED, WITHDRAWN = "affirmed, and in the chart", "withdrawn"
CHANGED, UNCHANGED = "changed", "unchanged, as the payer says"
WAITS = "waits for a person"


class Plan:
    """All runs, in the groups in which they go side by side."""

    def __init__(self) -> None:
        self.made = 0

    def run(self, *points: str, name: str = "opal", **more: Any) -> Run:
        """Return a run over a new person."""
        self.made += 1
        return Run(name, self.made, points, **more)

    def of_ours(self) -> list[Run]:
        """Return where workers and web app die."""
        run = self.run
        found = [run(one) for one in (*SENDING, *FILING, *WEB[:3])]
        found += [run("bytes sent", one) for one in ASKING]
        found += [run(one, decided=PENDS) for one in POLLING]
        found += [run(one, name="nell") for one in SENDING[:10]]
        found += [run(one, name="nell", then="told", decided=PEND) for one in (*WEB[3:6], *HEARING)]
        found += [run(one, **self._withdrawn()) for one in (*WEB[6:9], *WITHDRAWING)]
        found += [run(one, name="nell", then="withdrawn") for one in WITHDRAWING[2:6]]
        found += [run(one, then="added", decided=MORE) for one in (*WEB[9:12], *ADDING)]
        found += [run(one, name="nell", then="added", decided=MORE) for one in ADDING[2:5]]
        found += [run(one, then="changed", decided=PEND) for one in (*WEB[12:], *CHANGING)]
        found += [run(one, name="nell", then="changed", decided=PEND) for one in CHANGING[2:6]]
        return found

    def _withdrawn(self) -> dict[str, Any]:
        """Return by turns a request that waits and one that is affirmed, to be withdrawn."""
        return {"then": "withdrawn", "decided": PEND if self.made % 2 else {}}

    def payers(self) -> list[Run]:
        """Return where the payer dies over a request, and workers at random moments."""
        found = [self.run(at_payer=(one,)) for one in PAYER[:2]]
        found += [self.run("bytes sent", at_payer=PAYER[2:3])]
        found += [self.run(RANDOM) for _ in range(6)]
        found += [self.run(RANDOM, **self._withdrawn()) for _ in range(3)]
        found += [self.run(RANDOM, then="added", decided=MORE) for _ in range(2)]
        return found

    def unasked(self) -> list[Run]:
        """Return where a payer dies that is not asked afterwards."""
        return [self.run(at_payer=(one,), name="nell") for one in PAYER[:2]]

    def later(self) -> list[Run]:
        """Return where the payer dies over what comes after a request; it forgets whom to tell."""
        run = self.run
        found = [run(at_payer=(one,), name="nell", then="told", decided=PEND) for one in PAYER[3:5]]
        for name in ("nell", "opal"):
            found += [run(at_payer=(one,), name=name, then="withdrawn") for one in PAYER[5:7]]
            found += [
                run(at_payer=(one,), name=name, then="added", decided=MORE) for one in PAYER[7:9]
            ]
            found += [
                run(at_payer=(one,), name=name, then="changed", decided=PEND) for one in PAYER[9:]
            ]
        return found


def planned() -> list[list[Run]]:
    """Return what is done side by side."""
    plan = Plan()
    groups = (plan.of_ours, plan.payers, plan.unasked, plan.later)
    return [list(chain(*(group() for _ in range(TIMES)))) for group in groups]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    with House(tmp_path / "house", database_url) as made:
        yield made


def end(house: House, run: Run) -> str:
    """Return how a run has ended, or nothing while something is still to be done."""
    tasks = house.world.tasks.of_case(run.case_id)  # first: where none is left nothing moves
    due = [one.kind for one in tasks if one.state in ("due", "leased")]
    case, said = house.case(run), doing.kinds(house, run)
    if case.tracks.submission in UNCOUNTED:
        assert states.headline(case.tracks) in UNCOUNTED
        assert case.tracks.claim == "hold", "a claim goes out for what is being withdrawn"
    if case.tracks.submission == "cancelled" and set(due) <= {"poll"}:
        numbers = {one.status for one in house.world.store.utns(run.case_id)} - {"superseded"}
        return WITHDRAWN if not numbers else f"withdrawn, with numbers: {numbers}"
    if run.then == "changed" and set(due) <= {"poll"} and case.tracks.submission == "pended":
        if "updated" in said:
            return CHANGED
        return UNCHANGED if "person_not_updated" in said else "unchanged, and nobody said so"
    if doing.filed(house, run) and case.tracks.submission not in UNCOUNTED:
        kept = run.then == "withdrawn" and "person_not_cancelled" not in said
        return FILED if not kept else "affirmed, and nobody said that it is not withdrawn"
    if set(due) <= {"poll"} and doing.waits(house, run):
        return WAITS
    return "" if due else f"{case.tracks}: {said}"


def ended(house: House, runs: list[Run]) -> None:
    """Wait until nothing is to be done any more for any of the runs."""

    def all_ended() -> bool:
        for one in runs:
            one.end = one.end or end(house, one)
        return all(one.end for one in runs)

    until(all_ended, "every case to end", 240)


def drive(house: House, runs: list[Run]) -> None:
    """Sign every run, do what is then done, and wait for the ends."""
    for one in runs:
        house.sign(one)
    going_on = [one for one in runs if one.then]
    for one in going_on:  # all of them, before the payer dies over the first
        until(partial(doing.ready, house, one), f"an answer to {one}", 120)
    for one in going_on:
        doing.act(house, one)
    ended(house, runs)


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


def is_withdrawn_everywhere(house: House, run: Run) -> None:
    """Assert that neither the page nor the order says of a withdrawn request that it holds."""
    golden, page = run.golden, house.page(run)
    assert golden
    panel = golden.browser.get(f"{house.stack.ehr}/patients/{golden.patient}/panel").html
    assert "affirmed, " not in panel, run
    assert page.data["data-state"] == "cancelled"
    assert f"{run.payer} says that the request was withdrawn. Nothing is affirmed." in page.text
    (state,) = {
        one["decision"]
        for one in house.state()
        if one["member"] == run.member and not one["replaced_by"]
    }
    assert state == "cancelled"


def is_what_the_payer_has(house: House, run: Run) -> None:
    """Assert that the case asks for what the payer has of it, and nothing else."""
    there = house.at_payer()
    rows = [one for one in house.world.store.submissions(run.case_id) if one.identifier in there]
    claim = json.loads(house.world.store.payload(rows[-1]))["entry"][0]["resource"]
    assert [rows[-1].kind == "update"] == [run.end == CHANGED]
    days = {item["servicedDate"] for item in claim["item"]}
    assert days == {str(house.case(run).planned_date)}


def sent(house: House, run: Run) -> dict[str, tuple[str, Any]]:
    """Return what was to be sent for a run, and its kind, by the name that the payer knows."""
    added = house.world.store.history(run.case_id, "addition", Addition)
    names = {one.identifier: one.wanted.number for one in added}
    rows = house.world.store.submissions(run.case_id)
    return {names.get(one.identifier, one.identifier): (one.kind, one) for one in rows}


def due(run: Run, kind: str) -> bool:
    """Tell whether the payer must have something of a kind, as a run has ended."""
    if kind == "cancel":
        return run.end == WITHDRAWN
    if kind == "update":
        return run.end == CHANGED
    return run.end in (FILED, WITHDRAWN, CHANGED, UNCHANGED)


def lost_twice_differing(house: House, runs: list[Run]) -> tuple[int, int, int]:
    """Return how much was lost, was recorded twice, or arrived as other bytes."""
    recorded, received, there = house.recorded(), house.received(), house.at_payer()
    lost = twice = differing = 0
    for one in runs:
        assert house.world.audit.record(one.case_id).broken_at is None
        for name, (kind, row) in sent(house, one).items():
            lost += due(one, kind) and name not in there
            twice += recorded[name] > 1
            signed = {codec.sha256(house.world.store.payload(row))}
            assert row.body_sha256 in signed
            differing += received.get(name, signed) != signed
    assert set(recorded) <= {name for one in runs for name in sent(house, one)}
    return lost, twice, differing


def all_cleared_up(house: House, waiting: list[Run]) -> list[Run]:
    """Let staff say what the payer says, until nothing waits for that; return what went on.

    What is sent again may meet a death that it was spared before.
    """
    found: list[Run] = []
    while going_on := [one for one in waiting if doing.clear_up(house, one)]:
        ended(house, going_on)
        found += going_on
        waiting = [one for one in going_on if one.end == WAITS]
    assert {one.end for one in found} <= {FILED, WITHDRAWN, CHANGED, UNCHANGED}, found
    return found


def what_was_changed_is_decided(house: House, runs: list[Run]) -> None:
    """Let the payer decide what it has, changed or not: that is what is affirmed, and filed."""
    for one in runs:
        doing.decide(house, one)
        with house.world.store.write() as db:
            house.world.tasks.wake(db, "poll", one.case_id)
    until(lambda: all(doing.filed(house, one) for one in runs), "what was decided to be filed", 120)
    for one in runs:
        is_in_the_chart_once(house, one)


def nothing_is_awaited(house: House, runs: list[Run]) -> None:
    """Let no question wait any more: then nothing is to be told, and the payer hears that."""
    with house.world.store.write() as db:
        for one in runs:  # nobody needs a number of a closed case, so that it may be taken back
            case = house.world.store.case(one.case_id, db)
            house.world.store.save(db, replace(case, closed=True))
            house.world.tasks.wake(db, "poll", one.case_id)
    until(lambda: not house.world.inbox.listeners(), "the end of the subscription")


def test_whatever_is_killed_one_request_is_recorded(house: House, record_property: Any) -> None:
    phases = planned()
    house.plan(TELLS, (*LISTENING, "unsubscribed"))
    for phase in phases:
        drive(house, phase)
    runs = list(chain(*phases))
    told = Counter(one.end for one in runs)
    assert lost_twice_differing(house, runs) == (0, 0, 0), told
    assert set(told) == {FILED, WITHDRAWN, CHANGED, WAITS}, told
    waiting = [one for one in runs if one.end == WAITS]
    unasked = {one.name for one in waiting if one.then != "added"}
    assert unasked == {"nell"}, "a payer that can be asked was not"
    again = all_cleared_up(house, waiting)
    for one in runs:
        if one.end == FILED:
            is_in_the_chart_once(house, one)
        elif one.end == WITHDRAWN:
            is_withdrawn_everywhere(house, one)
        elif one.then == "changed":
            is_what_the_payer_has(house, one)
    lost, twice, differing = lost_twice_differing(house, runs)
    what_was_changed_is_decided(house, [one for one in runs if one.then == "changed"])
    nothing_is_awaited(house, runs)
    asked = Counter(point for one in runs for point in (*one.points, *one.at_payer))
    asked += Counter((*LISTENING, "unsubscribed"))
    assert house.killed() == asked
    kind = house.world.store.engine.dialect.name
    record_property(
        "counts",
        f"kill suite, {kind}: {len(runs)} runs, {sum(asked.values())} kills at {len(asked)} "
        f"points; {lost} lost, {twice} recorded twice, {differing} of other bytes; "
        f"{told[FILED]} {FILED}, {told[WITHDRAWN]} {WITHDRAWN}, {told[CHANGED]} {CHANGED}, "
        f"{told[WAITS]} {WAITS}, {len(again)} times one went on at a word",
    )
    assert (lost, twice, differing) == (0, 0, 0)
