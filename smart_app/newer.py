"""A chart that changed after it was read: shown before signing, taken or left by a person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smart_app.cases import codec
from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    Draft,
    Event,
    Newer,
    Person,
    QuestionnairePackage,
)
from smart_app.cases.store import Store
from smart_app.chart import documents
from smart_app.dtr import carry, form
from smart_app.errors import StaleRevision
from smart_app.world import World

if TYPE_CHECKING:
    from smart_app.flow import Flow

STAGE = "newer"


def pending(store: Store, case: Case) -> Newer | None:
    """Return what changed in the chart and is not decided yet, or None.

    What was found for another form than the case now has is no longer a question.
    """
    found = store.latest(case.id, STAGE, Newer)
    if found is None or found.state != "open":
        return None
    given = store.latest(case.id, "draft", Draft)
    return found if given and given.questionnaire == found.draft.questionnaire else None


def shown(found: Newer) -> str:
    """Return the mark of what a page shows: another launch may find something else meanwhile."""
    return codec.sha256(codec.dump(found))


def look(flow: Flow, case: Case, chart: ChartSnapshot) -> None:
    """Answer the form anew from a later chart, and keep what is otherwise beside the draft."""
    found = flow.draft(case)
    if found is None:
        return
    received, draft = found
    kept = flow.kept(case)
    orders, coverage = kept.by_references(case.lines), flow.coverage(case, kept)
    fresh = flow.fill(case, received, chart, orders, coverage)
    newer = carry.anew(received, draft, fresh)
    later = documents.keep(chart, orders)
    changes = _changes(received, draft, newer) + _documents(kept, later)
    told = flow.store.latest(case.id, STAGE, Newer)
    if not changes or (told is not None and told.changes == changes):
        return  # what a person chose to leave is not asked again
    with flow.store.write() as db:
        made = Newer(kept.read_at, later, fresh, changes)
        flow.store.put(db, case.id, STAGE, made)


def _changes(
    received: QuestionnairePackage, draft: Draft, newer: Draft
) -> tuple[tuple[str, str, str], ...]:
    before = {one.link_id: one for one in form.view(received, draft).criteria}
    now = {one.link_id: one for one in form.view(received, newer).criteria}
    return tuple(
        (
            one.label,
            before[link_id].summary if link_id in before else "",
            now[link_id].summary if link_id in now else "",
        )
        for link_id, one in {**before, **now}.items()
        if link_id not in before or link_id not in now or before[link_id].summary != one.summary
    )


def _documents(before: ChartSnapshot, now: ChartSnapshot) -> tuple[tuple[str, str, str], ...]:
    known = {one["id"] for one in before.of("DocumentReference")}
    return tuple(
        ("", "", documents.title(one))
        for one in now.of("DocumentReference")
        if one["id"] not in known and one.get("status") == "current"
    )


def settle(world: World, case: Case, revision: int, person: Person, seen: str, take: bool) -> Case:
    """Take what the chart says now, or keep what was read; raises StaleRevision.

    ``seen`` is the mark of what the person's page showed. What a person answered stands over the
    chart, whether before the look or after it.
    """
    if case.revision != revision or case.tracks.submission != "none":
        raise StaleRevision
    event = Event("chart_taken" if take else "chart_kept", world.clock.now(), person.name)
    with world.store.write() as db:
        # read only now that nobody else can write: a look of another launch moves no revision
        found = pending(world.store, case)
        received = world.store.latest(case.id, "package", QuestionnairePackage)
        given = world.store.latest(case.id, "draft", Draft)
        if found is None or received is None or given is None or seen != shown(found):
            raise StaleRevision
        saved = world.store.save(db, case)
        if take:
            world.store.put(db, case.id, "chart", found.chart)
            world.store.put(db, case.id, "draft", carry.anew(received, given, found.draft))
        world.store.put(db, case.id, STAGE, replace(found, state="taken" if take else "kept"))
        world.audit.append(db, case.id, event)
    return saved
