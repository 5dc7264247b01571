"""A case that goes on from where another one stood, and what must hold of it in the end."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from smart_app import amending, formatters
from smart_app.cases import states
from smart_app.cases.database import connect
from smart_app.cases.store import Store
from smart_app.seal import Seal
from tests.unit.kit import KEY, NOW, FakeClock, FakePayer, a_store
from tests.unit.line import Line

GREEN = ("affirmed", "affirmed_modified", "partial")
FAVOURS = ("A1", "A2", "A6")
Prepare = Callable[[Store, FakeClock], object]
PAUSES = (1, 5, 5, 60, 600, 1200)
"""The seconds that are let pass, one pause after another."""
STEPS, CALLS = 30, 40
"""How many tasks may be due at one moment, and how many calls all of that may make."""


class Stores:
    """Databases in folders of their own, each as a prepared one is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, itertools.count()
        self.prepared: dict[str, tuple[Path, FakeClock]] = {}

    @contextmanager
    def like(self, name: str, prepare: Prepare) -> Iterator[Store]:
        """Give a copy of the database that ``prepare`` leaves, which runs once, at its time."""
        if name not in self.prepared:
            clock, place = FakeClock(), self.folder / name
            place.mkdir()
            first = a_store(place, clock)
            prepare(first, clock)
            first.engine.dispose()
            self.prepared[name] = place, clock
        place, clock = self.prepared[name]
        copied = shutil.copytree(place, self.folder / f"{name}-{next(self.numbers)}")
        engine = connect(f"sqlite:///{copied}/preclear.sqlite")
        sa.event.listen(engine, "connect", _unsynced)
        yield Store(engine, Seal((KEY,)), FakeClock(clock.at))
        engine.dispose()
        shutil.rmtree(copied)


def _unsynced(connection: Any, _: object) -> None:
    """Wait for no disk: what these databases hold need not outlive a crash."""
    connection.execute("PRAGMA synchronous = OFF")


def clock_of(store: Store) -> FakeClock:
    """Return the clock that a test sets."""
    assert isinstance(store.clock, FakeClock)
    return store.clock


def signed(store: Store, clock: FakeClock) -> None:
    """Leave a case whose request is queued."""
    Line(store, clock, FakePayer({})).signed()


def watched(line: Line) -> Line:
    """Have every task that fails say so by a code of ours: anything else is a fault of ours."""
    run = line.follow.run

    def watch(task: Any) -> str:
        code = run(task)
        assert code == code.lower(), f"{task.kind} failed of {code}"
        return code

    line.follow.run = watch  # type: ignore[method-assign]
    return line


def work(line: Line) -> None:
    """Do all that is due, which must come to an end."""
    for _ in range(STEPS):
        if not line.step():
            return
    raise AssertionError("what is due does not end")


def go_on(line: Line) -> None:
    """Let time pass, and do what is due; the payer is not called without end."""
    for pause in PAUSES:
        work(line)
        line.clock.pass_by(pause)
    work(line)
    payer = line.payer
    calls = (payer.posts, payer.gets, payer.puts, payer.deletes)
    assert sum(len(one) for one in calls) <= CALLS


def ends_well(line: Line, said: Any, recovery: str = "inquire") -> None:
    """Check that a case is no greener than what was said, and that it goes on or a person knows."""
    case, text = line.case(), json.dumps(said)
    state = states.headline(case.tracks)
    if state.removesuffix("_number_awaited") in GREEN:
        assert any(f'"{code}"' in text for code in FAVOURS)
    due = {one.kind for one in line.world.tasks.of_case(case.id) if one.state in ("due", "leased")}
    events = line.world.audit.events(case.id)
    assert formatters.headline(case, state, "Zyter", NOW.date(), "UTC")
    assert formatters.next_line(case, state, "Zyter", "Noridian", recovery, "today", warned=False)
    if state in ("queued", "sending", "pended") or state.endswith("_number_awaited"):
        assert due & {"send", "recover", "poll"}
    elif state == "unknown":
        assert "recover" in due or "person_needed" in {one.kind for one in events}
    elif state == "cancelling":
        assert "withdraw" in due or amending.for_a_person(events, state)
