"""Stage 2: the chart as it is read for the line, with what a person entered of its orders."""

from __future__ import annotations

from dataclasses import replace

from launch import LaunchContext
from launch.scopes import allows, allows_a_part
from smart_app.cases import codec, twin
from smart_app.cases.model import Case, ChartSnapshot, Event, entered_here
from smart_app.chart import entered, orders, shapes, snapshot
from smart_app.chart.entered import Entered
from smart_app.errors import NotInChart, OrderChanged, OrderGone, WrongPatient
from smart_app.fhir import refs
from smart_app.world import World

READABLE = tuple(snapshot.SEARCHES)
KEPT = 400 * 24 * 3600  # seconds; longer than any request and its window


def read(world: World, context: LaunchContext) -> ChartSnapshot:
    """Read a chart, with what was entered of its orders."""
    typed = entries(world, context.site, context.iss, f"Patient/{context.patient_id}")
    return entered.laid_over(as_given(world, context), typed)


def as_given(world: World, context: LaunchContext) -> ChartSnapshot:
    """Read a chart as the EHR gives it, the types that the sign-in allows as a whole."""
    granted = context.granted_scopes
    allowed = frozenset(k for k in READABLE if allows(granted, k, "s"))
    partly = frozenset(k for k in READABLE if allows_a_part(granted, k, "s"))
    typed = entries(world, context.site, context.iss, f"Patient/{context.patient_id}")
    named = [one.place.location_ref for one in typed if one.place and one.place.location_ref]
    named += [one.requester for one in typed if one.requester]
    return snapshot.read(
        world.chart(context),
        context.patient_id,
        world.chart_pool,
        world.clock.now(),
        allowed,
        partly,
        also=(context.fhir_user, *named),
    )


def orders_again(world: World, context: LaunchContext, case: Case, seen: ChartSnapshot) -> None:
    """Read a case's orders once more, right before they are sent.

    Raises OrderGone when one was taken back meanwhile, OrderChanged when one asks for something
    else than what was signed, ChartUnavailable when nobody can tell.
    """
    reader = world.chart(context)
    theirs = [one for one in case.order_refs if not entered_here(one)]
    reads = [world.chart_pool.submit(reader.read, one) for one in theirs]
    fresh = []
    for name, read_again in zip(theirs, reads, strict=True):
        try:
            order = read_again.result()
        except NotInChart as cause:
            raise OrderGone("not in the chart") from cause
        if refs.subject_of(order) != case.patient_ref or refs.of(order) != name:
            raise WrongPatient
        if not shapes.readable(order):
            raise OrderChanged
        if not orders.still_stands(order, seen.by_reference(name) or {}):
            raise OrderGone(str(order.get("status")))
        fresh.append(order)
    now = replace(seen, resources=seen.resources | {"ServiceRequest": tuple(fresh)})
    now = entered.laid_over(now, entries(world, case.site, case.iss, case.patient_ref))
    for name, order in zip(theirs, fresh, strict=True):
        before, after = seen.by_reference(name), now.by_reference(name)
        if not (before and after):
            continue
        same = orders.says(before, seen) == orders.says(after, seen)
        if not same or orders.renamed(order, before):
            raise OrderChanged


def entries(world: World, site: str, iss: str, patient_ref: str) -> list[Entered]:
    """Return what was entered of a patient's orders, oldest first."""
    kept = world.store.kv("entered").get(_key(world, site, iss, patient_ref)) or []
    return [codec.load(Entered, one.encode()) for one in kept]


def enter(world: World, context: LaunchContext, one: Entered) -> bool:
    """Keep what was entered of an order, in place of what was entered of it before.

    Tells whether it was kept: what was sent, and is not closed since, stays as it was entered.
    """
    patient_ref = f"Patient/{context.patient_id}"
    key = _key(world, context.site, context.iss, patient_ref)
    kept = world.store.kv("entered")
    with world.store.write() as db:
        known = world.store.of_patient(context.site, context.iss, patient_ref, db)
        if any(one.order_ref in each.order_refs and twin.stands(each) for each in known):
            return False
        before = [codec.load(Entered, each.encode()) for each in kept.get(key, db) or []]
        others = [each for each in before if each.order_ref != one.order_ref]
        kept.put(key, [codec.dump(each).decode() for each in (*others, one)], KEPT, db)
    return True


def tell(world: World, case: Case, one: Entered) -> None:
    """Note in the record of a case that is not sent who entered its order."""
    if one.order_ref not in case.order_refs:
        return
    with world.store.write() as db:
        if world.store.case(case.id, db).tracks.submission == "none":
            event = Event("entered", one.at, one.by, {"code": one.code.code})
            world.audit.append(db, case.id, event)


def _key(world: World, site: str, iss: str, patient_ref: str) -> str:
    return world.store.blind("entered", site, refs.base(iss), patient_ref)
