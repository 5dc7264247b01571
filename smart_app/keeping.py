"""The sign-in that is kept for a case: no longer than something may be filed with it."""

from __future__ import annotations

from smart_app.cases.model import Case, Decision
from smart_app.pas.verdicts import undecided
from smart_app.world import World


def keep(world: World, launch_id: str, case: Case) -> None:
    """Keep a launch's sign-in for a case, where its site files late decisions with it.

    A case that ended before it was kept needs none.
    """
    if world.sites.of_id(case.site).late_write == "offline_access":
        world.vault.keep(launch_id, case.id)
        let_go(world, case.id)


def let_go(world: World, case_id: str) -> None:
    """Forget the sign-in that was kept for a case once nothing more is to be filed for it.

    What is decided otherwise later is filed when the signer opens the chart again.
    """
    case = world.store.case(case_id)
    if not _needed(world, case):
        world.vault.forget(case.id, world.sites.registrations.idle_minutes())


def _needed(world: World, case: Case) -> bool:
    with world.store.read() as db:
        if world.tasks.waiting(db, "file", case.id):
            return True
    if case.closed or case.tracks.submission in ("rejected", "cancelled"):
        return False
    found = world.store.latest(case.id, "decision", Decision)
    return undecided(found) or case.tracks.utn == "awaited"
