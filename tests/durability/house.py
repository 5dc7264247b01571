"""A sandbox whose parts die as planned, and the cases that are driven through it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.browser import Page
from sandbox.ehr import people
from sandbox.golden import Failed, Golden, ask
from sandbox.stack import ROOT, Stack
from smart_app.cases.model import Case
from smart_app.cases.store import NoCase
from smart_app.config import load_app
from smart_app.follow import Follow
from smart_app.world import World, build
from tests.durability.points import FOLDER
from tests.durability.remembering import settings_of, taken_up

DYING = str(ROOT / "tests/durability/dying.py")
MBI = re.compile(r"\b1S0[A-Z0-9]{8}\b")
WORKERS = ("worker-1", "worker-2", "worker-3")
GONE = (OSError, http.client.HTTPException)
"""What a browser meets when the web app dies under it."""
ORDERS = {"opal": ("esi", "62323", "AZ"), "nell": ("sns", "64581", "NJ")}
PAYERS = {"opal": "Zyter", "nell": "Genzeon"}
OFTEN, SELDOM = "poll_longest_seconds = 10", "poll_longest_seconds = 600"
TELLS = "wiser-nj"
"""The payer that tells; it is asked about nothing that it could tell."""


def until(done: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for a condition of another process."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def twin(name: str, number: int) -> list[dict[str, Any]]:
    """Return the chart of a person like another one, under names and a number of its own."""
    named = {one["id"] for one in json.loads((people.FOLDER / f"{name}.json").read_text())}
    text = json.dumps([one for one in people.charts(date.today()) if one["id"] in named])
    text = MBI.sub(member(name, number), re.sub(rf"\b{name}\b", f"{name}{number}", text))
    found: list[dict[str, Any]] = json.loads(text)
    return found


def member(name: str, number: int) -> str:
    """Return the Medicare number of such a person."""
    return f"{2 + list(ORDERS).index(name)}S00EX{number // 100}MP{number % 100:02}"


@dataclass
class Run:
    """One case and where processes die over it.

    ``then`` is what is done when the payer has answered, and over what processes die: it is
    ``told`` that the payer decides, or a person has the request ``changed`` or ``withdrawn``
    or documents ``added``. ``decided`` is how the payer answers.
    """

    name: str
    number: int
    points: tuple[str, ...] = ()
    at_payer: tuple[str, ...] = ()
    then: str = ""
    decided: dict[str, Any] = field(default_factory=dict)
    golden: Golden | None = None
    case_id: str = ""
    end: str = ""

    @property
    def payer(self) -> str:
        """Return the payer's name."""
        return PAYERS[self.name]

    @property
    def member(self) -> str:
        """Return the patient's Medicare number."""
        return member(self.name, self.number)


@dataclass
class House:
    """EHR, payer, web app and three workers over one database."""

    folder: Path
    database: str = ""
    stack: Stack = field(init=False)
    world: World = field(init=False)
    follow: Follow = field(init=False)

    def __enter__(self) -> House:
        self.plans.mkdir(parents=True)
        os.environ[FOLDER] = str(self.plans)
        self.stack = Stack(self.folder, database=self.database, worker_lease_seconds=3.0)
        nj = self.folder / "payers/payer-nj.toml"
        for one, other in (('recovery = "inquire"', 'recovery = "person"'), (OFTEN, SELDOM)):
            assert one in nj.read_text()
            nj.write_text(nj.read_text().replace(one, other))
        az = self.folder / "payers/payer-az.toml"  # this one is asked, the other one tells
        az.write_text(az.read_text().replace('pended = "subscription"', 'pended = "inquire"'))
        stack, ports = self.stack, self.stack.ports
        config, forms = str(self.folder / "app.toml"), str(ROOT / "smart_app/programs/wiser/forms")
        try:
            stack.launch("ehr", [DYING, "ehr", str(ports["ehr"]), stack.payer, stack.app])
            stack.launch("payer", [DYING, "payer", str(ports["payer"]), forms])
            for one in ("web", *WORKERS):
                stack.launch(one, [DYING, one.split("-")[0], config])
            stack.wait_for("ehr", f"{stack.ehr}/")
            stack.wait_for("payer", f"{stack.payer}/sandbox/state")
            stack.wait_for("web", f"{stack.app}/healthz")
            self.world = build(load_app(self.folder / "app.toml"), engines=0)
            self.follow = Follow(self.world)
        except BaseException:
            stack.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.stop()
        self.world.store.engine.dispose()
        os.environ.pop(FOLDER)

    @property
    def plans(self) -> Path:
        """Return the folder of what dies where, and of what the payer remembers."""
        return self.folder / "plans"

    def case(self, run: Run) -> Case:
        """Return a run's case as it is now."""
        return self.world.store.case(run.case_id)

    # driving -------------------------------------------------------------------------------------

    def sign(self, run: Run) -> None:
        """Open an order, answer its form and sign it, whatever dies meanwhile."""
        ask(f"{self.stack.ehr}/sandbox/control", {"chart": twin(run.name, run.number)})
        order, service, state = ORDERS[run.name]
        asked = Namespace(service=service, state=state, decision="affirmed", json=True)
        run.golden = golden = Golden(self.stack, asked)
        golden.patient, golden.order = f"{run.name}{run.number}", f"{run.name}{run.number}-{order}"
        why: Exception | None = None
        for _ in range(20):
            try:
                golden.open()
                golden.ready()
                golden.settle()
                self._plan(run)
                golden.sign()
                return
            except (*GONE, Failed) as cause:
                why = cause
                self.web_is_back()
                if self._signed(run):
                    return
        raise AssertionError(f"could not be signed: {why}")

    def web_is_back(self) -> None:
        """Wait until the web app, which may just have died, answers."""
        until(self._web_answers, "the web app")

    def _web_answers(self) -> bool:
        try:
            return ask(f"{self.stack.app}/healthz") == {"status": "ok"}
        except GONE:
            return False

    def _plan(self, run: Run) -> None:
        assert run.golden
        if run.case_id:
            return
        form = run.golden.page.form("/sign")
        assert form
        run.case_id = form.action.rsplit("/", 2)[-2]
        if run.decided:
            settings_of(run.member).write_text(json.dumps(run.decided))
        if not run.then:
            self.deadly(run)

    def deadly(self, run: Run) -> None:
        """Let processes die over a run from now on."""
        self.plan(run.case_id, run.points)
        self.plan(run.member, run.at_payer)

    def plan(self, key: str, points: tuple[str, ...]) -> None:
        """Let processes die at points, when they are at something."""
        if points:
            made = self.plans / f"{key}.made"
            made.write_text(json.dumps(points))
            made.rename(self.plans / key)

    def met(self, run: Run) -> bool:
        """Tell whether all has died over a run that was to."""
        return not any((self.plans / one).exists() for one in (run.case_id, run.member))

    def _signed(self, run: Run) -> bool:
        try:
            return bool(run.case_id) and self.case(run).tracks.submission != "none"
        except NoCase:
            return False

    def page(self, run: Run) -> Page:
        """Return the case's page as it is now."""
        assert run.golden
        return run.golden.browser.get(run.golden.page.url)

    # what became of it ---------------------------------------------------------------------------

    def state(self) -> list[dict[str, Any]]:
        """Return all that the payer has, a withdrawal as a request of its own."""
        state = f"{self.stack.payer}/sandbox/state"
        while True:
            self.stack.wait_for("payer", state)  # it may just be starting again
            with contextlib.suppress(*GONE):
                found: list[dict[str, Any]] = ask(state)
                return found

    def at_payer(self) -> set[str]:
        """Return by what names the payer knows the requests, withdrawals and documents it has."""
        state = self.state()
        papers = {one["tracking_id"] for row in state for one in row["attachments"]}
        return papers | {row["claim_identifier"] for row in state}

    def recorded(self) -> Counter[str]:
        """Return how often the payer has taken up what it knows by each name."""
        return Counter(taken_up())

    def received(self) -> dict[str, set[str]]:
        """Return the SHA-256 of all that reached the payer whole, by name."""
        found: dict[str, set[str]] = {}
        for line in (self.plans / "received").read_text().splitlines():
            name, sha256 = line.split()
            found.setdefault(name, set()).add(sha256)
        return found

    def killed(self) -> Counter[str]:
        """Return how often a process was killed at each point."""
        log = (self.plans / "killed").read_text().splitlines()
        return Counter(line.rsplit(" ", 1)[0] for line in log)
