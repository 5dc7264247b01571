"""What is done with a request that the payer has, whatever dies meanwhile: see ``Run.then``."""

from __future__ import annotations

import contextlib

from sandbox import acts
from sandbox.golden import ask
from smart_app.adding import Wish
from smart_app.amending import for_a_person
from smart_app.cases.model import AMENDING
from tests.durability.house import GONE, TELLS, House, Run, until

ACTS = {"withdrawn": acts.withdraw, "added": acts.send_more, "changed": acts.change}
ASKED = {"withdrawn": "cancel_asked", "added": "adding", "changed": "update_asked"}
"""What a case's history says when a person's act is kept."""
FAR = 60.0
"""Seconds: a question that is further away finds nothing out before a notification does."""


def filed(house: House, run: Run) -> bool:
    """Tell whether a request is affirmed, and its number in the chart."""
    tracks = house.case(run).tracks
    whole = (tracks.decision, tracks.utn, tracks.chart)
    return whole == ("affirmed", "recorded", "filed_and_read_back")


def kinds(house: House, run: Run) -> list[str]:
    """Return the kinds of a case's events, in order."""
    return [one.kind for one in house.world.audit.events(run.case_id)]


def wish(house: House, run: Run) -> Wish | None:
    """Return the document that a payer still wants, if it does."""
    return next(iter(house.follow.adding.wishes(house.case(run))), None)


def ready(house: House, run: Run) -> bool:
    """Tell whether the payer has answered, so that something more may be done."""
    if not run.decided:
        return filed(house, run)
    return house.case(run).tracks.decision == "pended" and (
        run.then != "told" or _awaits(house, run)
    )


def _awaits(house: House, run: Run) -> bool:
    """Tell whether a notification comes before any question."""
    now = house.world.clock.now()
    asked = [one for one in house.world.tasks.of_case(run.case_id) if one.state != "done"]
    with house.world.store.read() as db:
        told = house.world.inbox.tells(TELLS, house.case(run).site, db)
    return told and all((one.run_at - now).total_seconds() > FAR for one in asked)


def act(house: House, run: Run) -> None:
    """Do it, and let processes die over it: a payer over one thing at a time.

    What it died over for another's sake would never come to the point of its own.
    """
    house.deadly(run)
    if run.then == "told":
        decide(house, run)
    else:
        _by_person(house, run)
    if run.then == "told" or run.at_payer:
        until(lambda: house.met(run), f"what {run} dies over")


def decide(house: House, run: Run) -> None:
    """Let the payer decide, so that it tells: perhaps before it answers here."""
    ours = {one.identifier for one in house.world.store.submissions(run.case_id)}
    (name,) = (
        one["id"]
        for one in house.state()
        if one["claim_identifier"] in ours and not one["replaced_by"]
    )
    with contextlib.suppress(*GONE):
        ask(f"{house.stack.payer}/control/decide", {"request": name, "decision": "affirm"})


def _by_person(house: House, run: Run) -> None:
    """Do it as a person does: again, when the page that comes back says that nothing was done."""
    assert run.golden
    why: Exception | None = None
    for _ in range(20):
        try:
            ACTS[run.then](run.golden.browser, house.page(run))
        except (*GONE, acts.Stuck) as cause:
            why = cause
            house.web_is_back()
        if ASKED[run.then] in kinds(house, run):
            return
    raise AssertionError(f"{run} could not be done: {why}")


SENDING = "We do not know whether it arrived. Nothing more is sent by itself. Call {payer} and ask."
"""What a person is told where the payer's file names nothing better than asking."""
WITHDRAWAL = "Call {payer} and ask whether it is withdrawn, then say so on this page."
CHANGE = "Call {payer} and ask whether it has the change, then say so on this page."
DOCUMENTS = "We do not know whether it arrived. Call {payer} and ask, then say so here."


def waits(house: House, run: Run) -> str:
    """Return the words by which a case waits for a person, or nothing."""
    events = house.world.audit.events(run.case_id)
    submission, wanted = house.case(run).tracks.submission, wish(house, run)
    if submission == "unknown" and events[-1].kind == "person_needed":
        return SENDING
    if submission in AMENDING and for_a_person(events, submission):
        return {"cancelling": WITHDRAWAL, "updating": CHANGE}[submission]
    if wanted and wanted.state == "unknown" and wanted.wanted.number not in house.at_payer():
        return DOCUMENTS  # where the payer has them it decides, and nobody is needed
    return ""


def clear_up(house: House, run: Run) -> bool:
    """Say what the payer says on the phone, where a case waits for it; return if that ends it not.

    A sending that the payer has is left as it is: its letter comes. A case goes on by itself where
    the payer was asked about all that it decided, since somebody's notice could not be taken.
    """
    words, page = waits(house, run), house.page(run)
    if not words:
        run.end = ""
        return True
    assert words.format(payer=run.payer) in page.text, page.text
    there = house.at_payer()
    names = {one.kind: one.identifier for one in house.world.store.submissions(run.case_id)}
    if words == SENDING and names["initial"] in there:
        return False
    if words == SENDING:
        _say(house, run, "/not-there")
    elif words == WITHDRAWAL:
        _say(house, run, "/withdrawn", over="yes" if names["cancel"] in there else "no")
    elif words == CHANGE:
        _say(house, run, "/changed", over="yes" if names["update"] in there else "no")
    else:
        _say(house, run, "/arrived", there="no")
    run.end = ""
    return True


def _say(house: House, run: Run, what: str, **chosen: str) -> None:
    assert run.golden
    page = house.page(run)
    form = page.form(what)
    assert form, page.text
    run.golden.browser.submit(page, form, **chosen)
