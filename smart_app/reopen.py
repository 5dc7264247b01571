"""An order that is opened again: its case goes on, or begins anew when the order has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from launch import LaunchContext
from smart_app import judging
from smart_app.cases import twin
from smart_app.cases.model import Case, ChartSnapshot, Event, Resource, entered_here
from smart_app.chart import orders, snapshot
from smart_app.errors import NoOrder
from smart_app.fhir import refs
from smart_app.keeping import keep
from smart_app.updating import may_be_changed
from smart_app.world import World

TELLING = ("ServiceRequest", "Condition", "Coverage")
"""What must have been read for a difference to be one."""
ORDERS_TOLD = ("order_cancelled", "order_stands")
"""What people are told of the orders of a request that is not decided."""


@dataclass(frozen=True, slots=True)
class Double:
    """An order of a service that a sent case has asked for by another order."""

    code: str
    case: Case


@dataclass(frozen=True, slots=True)
class Choice:
    """Orders that belong together and that a person may choose; ``case`` if they can be judged.

    ``particulars`` are the words of the parts of the body and the details.
    """

    orders: tuple[Resource, ...]
    case: Case | None
    particulars: tuple[str, ...]
    planned: date | None


def asked(
    known: list[Case], context: LaunchContext, chart: ChartSnapshot
) -> tuple[Case | None, tuple[Resource, ...]]:
    """Return the open case in which a launch's orders were sent, or the orders left to ask about.

    An order is asked about once. One that is cancelled leads to the request of its siblings.
    """
    first = context.order_refs[0] if context.order_refs else None
    sent = [one for one in known if twin.stands(one)]
    for case in sent:
        if first in case.asking:
            return case, ()
    chosen = orders.chosen(chart, context.order_refs)
    where = {ref: case for case in reversed(sent) for ref in case.asking}
    left = tuple(one for one in chosen if refs.of(one) not in where)
    return (None, left) if left else (where[refs.of(chosen[0])], ())


def choices(
    groups: tuple[tuple[Resource, ...], ...], judge: Callable[[tuple[Resource, ...]], Case]
) -> tuple[Choice, ...]:
    """Judge each group of orders that a person may choose; None where no code can be judged."""
    made: list[Choice] = []
    for group in groups:
        try:
            case = judge(group)
        except NoOrder:
            case = None
        told = dict.fromkeys(word for order in group for word in orders.particulars_told(order))
        made.append(Choice(group, case, tuple(told), orders.planned_date(group)))
    return tuple(made)


def unsent(
    world: World,
    known: list[Case],
    chosen: tuple[Resource, ...],
    chart: ChartSnapshot,
    context: LaunchContext,
) -> tuple[Case | None, int]:
    """Return the unsent case of exactly these orders, if it is still true, and a new one's attempt.

    One that leaves out what a change took out goes on unless that is what is opened. Unsent cases
    that hold some of these orders, and what is outdated, are closed.
    """
    order_refs, found, attempt = {refs.of(one) for one in chosen}, None, 1
    for case in known:
        if not order_refs & set(case.order_refs):
            continue
        attempt = max(attempt, case.attempt + 1)
        if case.closed or twin.stands(case):
            continue
        every, asking = set(case.order_refs), set(case.asking)
        left_out = not (every - asking).isdisjoint(context.order_refs[:1])
        same = order_refs in (every, asking) and not left_out
        if same and not _outdated(world, case, chart, context):
            found = case
        else:
            _supersede(world, case, context)
    return found, attempt


def apart(
    world: World, known: list[Case], chosen: tuple[Resource, ...], chart: ChartSnapshot
) -> tuple[tuple[Resource, ...], tuple[Double, ...]]:
    """Return the orders to ask about, and those of a service that a sent case has asked for."""
    program, today = world.program, world.clock.now().date()
    items = orders.items(chosen, chart, program.is_add_on, program.words)
    planned = orders.planned_date(chosen)
    found = {ref: one for one in reversed(known) for ref in twin.of(items, planned, one, today)}
    doubles = tuple(Double(i.code, found[i.order_ref]) for i in items if i.order_ref in found)
    left = tuple(one for one in chosen if refs.of(one) not in found)
    if not doubles or not left:
        return left, doubles
    rest, more = apart(world, known, left, chart)  # what is left may say another day
    return rest, doubles + more


def tell(world: World, case: Case, context: LaunchContext, doubles: tuple[Double, ...]) -> None:
    """Note in the case that is opened which orders were not added to it, and what asks for them."""
    if not doubles:
        return
    with world.store.write() as db:
        for one in doubles:
            asked_in = {"case": one.case.id, "begun": one.case.created_at.isoformat()}
            facts = {"code": one.code, **asked_in}
            event = Event("same_service", world.clock.now(), context.fhir_user, facts)
            world.audit.append(db, case.id, event)


def _told(order: Resource) -> tuple[object, ...]:
    """Return what an order tells beside its service line, to compare two readings of it."""
    return orders.placed(order), orders.particulars(order)


def _outdated(world: World, case: Case, chart: ChartSnapshot, context: LaunchContext) -> bool:
    """Tell whether orders or coverage say something else than when an unsent case was begun.

    Chart is held against chart: a case that began anew after a change is otherwise than both.
    """
    before = world.store.latest(case.id, "chart", ChartSnapshot)
    by_hand = all(entered_here(one) for one in case.order_refs)  # we know those ourselves
    unread = [
        kind
        for kind in TELLING
        if kind in chart.unavailable and not (by_hand and kind == "ServiceRequest")
    ]
    if before is None or unread:
        return False
    asked = _asks(world, chart, case.order_refs), _asks(world, before, case.order_refs)
    return asked[0] != asked[1] or not judging.same_coverage(
        world, case, before, chart, context.coverage_ref
    )


def _asks(world: World, chart: ChartSnapshot, order_refs: tuple[str, ...]) -> tuple[object, ...]:
    """Return all that orders ask for, to compare two readings of them."""
    found, program = chart.by_references(order_refs), world.program
    asked = orders.asks(orders.items(found, chart, program.is_add_on, program.words))
    return asked, orders.planned_date(found), [_told(one) for one in found]


def _supersede(world: World, case: Case, context: LaunchContext) -> None:
    """Close a case that was never sent, so that a new one may begin.

    Raises StaleRevision when it was signed meanwhile.
    """
    with world.store.write() as db:
        world.store.save(db, replace(case, closed=True))
        event = Event("superseded", world.clock.now(), context.fhir_user)
        world.audit.append(db, case.id, event)


def join(world: World, case: Case, context: LaunchContext, chart: ChartSnapshot) -> None:
    """Let a second launch join the case; a write that waited for the signer's is queued.

    Until it is sent, the people and places that the chart names are taken as they are now; what
    was answered and shown stays as it was read.
    """
    if case.launch_id == context.launch_id:
        return
    before = world.store.latest(case.id, "chart", ChartSnapshot)
    files = False
    with world.store.write() as db:
        if before is not None and case.tracks.submission == "none":
            named = {kind: chart.of(kind) for kind in snapshot.FOLLOWED if chart.of(kind)}
            newer = replace(before, resources=before.resources | named)
            world.store.put(db, case.id, "chart", newer)
        world.audit.append(db, case.id, Event("joined", world.clock.now(), context.fhir_user))
        _tell_of_orders(world, db, case, chart)
        signer = case.signed_by.fhir_user if case.signed_by else None
        # what is filed is the signer's own, so it is filed with the signer's own token
        if case.tracks.chart == "awaiting_launch" and signer == context.fhir_user:
            world.store.save(db, replace(case, launch_id=context.launch_id))
            world.tasks.add(db, "file", case.id, tag=f"launch-{context.launch_id}")
            files = True
    if files:
        keep(world, context.launch_id, case)


def _tell_of_orders(world: World, db: sa.Connection, case: Case, chart: ChartSnapshot) -> None:
    """Tell when an order was cancelled of which the payer has still to decide, or no longer is.

    The payer has to be told: a person changes the request, or withdraws it.
    https://hl7.org/fhir/us/davinci-pas/STU2/specification.html#updating-authorization-requests
    """
    asked = chart.by_references(tuple(one.order_ref for one in case.items))
    if not may_be_changed(case) or not asked:
        return
    told = [one.kind for one in world.audit.events(case.id) if one.kind in ORDERS_TOLD]
    cancelled = any(map(orders.withdrawn, asked))
    if cancelled is not (told[-1:] == [ORDERS_TOLD[0]]):
        kind = ORDERS_TOLD[not cancelled]
        world.audit.append(db, case.id, Event(kind, world.clock.now()))
