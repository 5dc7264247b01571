"""A sent case: what its page, its live part and its claim card show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from smart_app import amending, formatters, marked, updating, withdrawing
from smart_app.audit.chain import Record
from smart_app.cases import states
from smart_app.cases.model import (
    AMENDING,
    FAVOURABLE,
    NUMBERLESS,
    ORDER,
    TAKE_BACK,
    Case,
    ClaimCard,
    Decision,
    Event,
    UtnRecord,
    WriteReceipt,
    entered_here,
)
from smart_app.errors import BeingWritten
from smart_app.follow import Follow
from smart_app.sending import for_a_person
from smart_app.utn import claim
from smart_app.utn.window import days_left
from smart_app.web import more, refused
from smart_app.web.presenters import not_added, payer_contact, payer_name
from smart_app.world import World

BY_HAND = ("refused", "manual_pending")
"""Where the chart does not have the decision, and will not have it by itself."""
LOOKS = 5
"""How often a case is read for one view, while others write it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the case's line."""

    words: str
    when: str
    detail: str
    state: str
    shape: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A sent case: what happened, what is awaited, what the decision says."""

    case: Case
    state: str
    tone: str
    shape: str
    words: str
    headline: str
    next: str
    payer: str
    stops: tuple[Stop, ...]
    numbers: tuple[tuple[str, str], ...]
    card: ClaimCard
    claim: str
    window: tuple[str, str, str] | None
    items: tuple[tuple[str, str, tuple[str, ...]], ...]
    notes: tuple[str, ...]
    faults: tuple[refused.Fault, ...]
    refused: refused.About | None
    chart_words: str
    chart_tick: bool
    history: tuple[tuple[str, str], ...]
    entered: bool
    waiting: bool
    recovery: str
    warnings: tuple[str, ...]
    due: str
    due_rule: str
    signed_by: str
    places: str
    planned: str
    units: str
    reference: str
    read_by: str
    contact: str
    may_be_withdrawn: bool
    may_be_changed: bool
    asked: tuple[more.Asked, ...]


def _stops(
    case: Case, events: Sequence[Event], zone: str, mac: str, tone: str, shape: str
) -> tuple[Stop, ...]:
    """Return the case's line; the decision's own icon stands at its stop."""
    last = {one.kind: one.at for one in events}
    decided = case.tracks.decision not in ("none", "pended")
    numbered = case.tracks.utn == "recorded"

    def stop(words: str, kind: str, reached: bool, detail: str = "") -> Stop:
        when = formatters.moment(last.get(kind), zone) if reached else ""
        return Stop(words, when, detail, "done" if reached else "ahead", "done")

    names = formatters.STOPS
    due = formatters.due(case.due_at, zone) if case.due_at and not decided else ""
    word = formatters.DECISIONS.get(case.tracks.decision, "") if decided else names["due"]
    verdict = stop(word, "decided", decided, due)
    if decided and tone != "ok":
        verdict = replace(verdict, state=tone, shape=shape)
    sent = stop(names["sent"], "sending", "sending" in last)
    if case.tracks.submission == "sending":
        sent = replace(sent, words=names["sending"], state="ahead")
    chart = stop(names["chart"], "written", case.tracks.chart == "filed_and_read_back")
    if case.tracks.chart in BY_HAND:
        chart = replace(chart, words=names["by_hand"], state="warn", shape="diamond")
    line = (
        sent,
        stop(names["received"], "received", "received" in last),
        verdict,
        stop(names["number"], "number", numbered, "" if numbered else formatters.giver(mac)),
        chart,
    )
    return line[:3] if case.tracks.decision in NUMBERLESS else line


def case_view(follow: Follow, case: Case) -> CaseView:
    """Return the view of a case after signing; page and poll both use it.

    It is of one moment: when the case is written while it is read, it is read again, so that no
    state stands beside the decision of another. Raises BeingWritten when that goes on and on.
    """
    for _ in range(LOOKS):
        view = _view(follow, case)
        now = follow.store.case(case.id)
        if now.revision == case.revision:
            return view
        case = now
    raise BeingWritten


def _view(follow: Follow, case: Case) -> CaseView:
    world, store = follow.world, follow.store
    site, payer = world.sites.of_id(case.site), payer_name(world, case)
    zone, state = site.time_zone, states.headline(case.tracks)
    today = world.clock.today(zone)
    decision = store.latest(case.id, "decision", Decision)
    numbers = tuple(one for one in store.utns(case.id) if one.status == "active")
    active = numbers[0] if len(numbers) == 1 else None
    tone, shape, words = formatters.CHIPS.get(state, ("warn", "diamond", state))
    why = decision.quarantined[0] if decision and decision.quarantined else ""
    if state == "unreadable" and why in formatters.STRAYS:
        words = formatters.NOT_USED
    mac = case.scope.route.mac_name if case.scope.route else formatters.SOME_MAC
    record = world.audit.record(case.id)
    events = record.events
    refusal = refused.about(case, events)
    decides = world.payers.find(case.payer_id)
    amends = case.tracks.submission in AMENDING
    needed = for_a_person(events)
    if amends:
        needed = amending.for_a_person(events, case.tracks.submission)
    asks = decides is not None and not needed
    recovery = decides.recovery if decides and asks else "person"
    if amends and not needed:
        recovery = "inquire"  # it is under way: its answer is awaited, whoever asks afterwards
    writes = store.history(case.id, "write", WriteReceipt)
    where = writes[0].where_people_see_it if writes else "Documents"
    card = claim.placement(case, world.program, numbers, today, decision)
    rows = [
        (formatters.moment(one.at, zone), formatters.event(one, payer)) for one in reversed(events)
    ]
    wishes = more.asked(follow, case, payer)
    settled = case.tracks.chart not in ("none", "writing")
    wrong = _wrong(world, case, decision, numbers, writes)
    warnings = (*_warnings(case, record, payer, wrong), *not_added(events, case.id, zone))
    by_hand = any(entered_here(one.order_ref) for one in case.items)
    finished = case.tracks.submission in ("rejected", "parked", "cancelled")
    return CaseView(
        case=case,
        state=state,
        tone=tone,
        shape=shape,
        words=words,
        headline=formatters.headline(case, state, payer, _until(numbers), zone, why),
        next=formatters.next_line(
            case,
            state,
            payer,
            mac,
            recovery,
            _decided(numbers),
            warned=bool(warnings),
            wanted=any(one.open for one in wishes),
            refused=refusal,
            why=why,
        ),
        payer=payer,
        stops=_stops(case, events, zone, mac, tone, shape),
        numbers=tuple(
            (one.number, formatters.number_codes(case, one, len(numbers))) for one in numbers
        ),
        card=card,
        claim=formatters.claim_head(card),
        window=_window(active, today) if state == "affirmed" else None,
        items=_items(case, decision),
        notes=decision.notes if decision else (),
        faults=refused.faults(follow, case, refusal),
        refused=refusal,
        chart_words=formatters.chart_line(
            case.tracks.chart, where, orders_marked(writes), entered=by_hand
        ),
        chart_tick=case.tracks.chart == "filed_and_read_back",
        history=tuple(rows),
        entered=by_hand,
        waiting=amends or (not finished and state != "dismissed" and not settled),
        recovery=recovery,
        warnings=warnings,
        due=formatters.moment(case.due_at, zone, named=True),
        due_rule=case.due_rule or "",
        signed_by=case.signed_by.name if case.signed_by else "",
        places=", ".join(sorted({item.place.name for item in case.items if item.place})),
        planned=formatters.day(case.planned_date, year=True) if case.planned_date else "",
        units=formatters.join([f"{i.code}, {formatters.units(i.units)}" for i in case.items]),
        reference=(decision.payer_reference or "") if decision else "",
        read_by=_read_by(decision),
        contact=payer_contact(world, case),
        may_be_withdrawn=withdrawing.may_be_withdrawn(case),
        may_be_changed=updating.may_be_changed(case),
        asked=wishes,
    )


def _until(numbers: tuple[UtnRecord, ...]) -> date | None:
    """Return the last day on which all numbers hold, None when one holds on no day."""
    if not all(one.holds for one in numbers):
        return None
    return min((one.valid_to for one in numbers if one.valid_to), default=None)


def _decided(numbers: tuple[UtnRecord, ...]) -> str:
    """Return the days on which what is numbered was decided."""
    days = sorted({one.decided_on for one in numbers})
    return formatters.join([formatters.day(one, year=True) for one in days])


def _read_by(decision: Decision | None) -> str:
    """Return who read the request, when the payer says so of what it decided."""
    if decision is None or decision.human_reviewer is None or decision.word == "cancelled":
        return ""
    return formatters.READERS[decision.human_reviewer]


def _window(number: UtnRecord | None, today: date) -> tuple[str, str, str] | None:
    """Return first day, last day and what is left of a number's window, in words."""
    if number is None or number.valid_from is None or number.valid_to is None:
        return None
    return (
        formatters.day(number.valid_from, year=True),
        formatters.day(number.valid_to, year=True),
        formatters.days_left(days_left(number.valid_to, today)),
    )


def orders_marked(writes: list[WriteReceipt]) -> int:
    """Return how many orders were marked last, and read back."""
    newest = {one.resource_ref: one for one in writes if one.rung in (ORDER, TAKE_BACK)}
    return sum(
        one.rung == ORDER and one.outcome == "filed_and_read_back" for one in newest.values()
    )


def order_wrong(
    world: World,
    case: Case,
    found: Decision | None,
    numbers: tuple[UtnRecord, ...],
    writes: list[WriteReceipt],
) -> bool:
    """Tell whether an order says that it is authorized, and a first try to mend it has ended."""
    return marked.wrongly_marked(case, found, numbers, writes) and not any(
        one.kind == "file" and one.state in ("due", "leased") and one.last_error is None
        for one in world.tasks.of_case(case.id)
    )


def _wrong(
    world: World,
    case: Case,
    found: Decision | None,
    numbers: tuple[UtnRecord, ...],
    writes: list[WriteReceipt],
) -> list[str]:
    """Return what a page warns of while it is so."""
    no_day = case.tracks.decision in FAVOURABLE and not all(one.holds for one in numbers)
    wrong = ["no_day"] if no_day else []
    if case.tracks.decision in FAVOURABLE and len(numbers) > 1:
        wrong.append("several_numbers")
    if any(one.warnings for one in numbers):
        wrong.append("unusual_number")
    if order_wrong(world, case, found, numbers, writes):
        wrong.append("order_not_taken_back")
    return wrong


ENDS = (
    ("order_cancelled", "order_stands", "updated"),
    ("sources_disagree",),
    ("number_differs",),
    ("answers_disagree", "answers_agree"),
    ("older_listed", "older_gone", "updated", "person_updated", "person_cancelled"),
    ("answer_unclear", "answer_clear"),
    ("numbers_disagree", "number"),
    ("number_refused", "number"),
)
"""What a page warns of until another letter is entered, and what ends it before."""


def _warnings(case: Case, record: Record, payer: str, wrong: list[str]) -> tuple[str, ...]:
    """Return what a person must know before acting on the page."""
    kinds = [one.kind for one in record.events]
    found = ["record_broken"] if record.broken_at else []
    found += ["closed"] if case.closed else []
    for kind, *ends in ENDS:
        if kind == "order_cancelled" and not updating.may_be_changed(case):
            continue
        told = [one for one in kinds if one in (kind, "letter", *ends)]
        found += [kind] if told[-1:] == [kind] else []
    facts = {"payer": payer, "number": record.broken_at}
    return tuple(formatters.WARNINGS[one].format(**facts) for one in [*found, *wrong])


def _items(case: Case, decision: Decision | None) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    if decision is None or decision.word in ("pended", "dismissed"):
        return ()
    return tuple(
        (
            formatters.item_line(case, one),
            formatters.CHIPS.get(one.decision, ("warn", "", ""))[0],
            tuple(dict.fromkeys((*one.reasons, *one.notes))),
        )
        for one in decision.items
    )
