"""The orders of a launch, as service lines."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

from smart_app.cases.model import CaseItem, ChartSnapshot, Coding, Resource, entered_here
from smart_app.errors import NoOrder, OrderToEnter, SeveralOrders, WrongPatient
from smart_app.fhir import codes, dates, refs

BILLING = (codes.CPT, codes.HCPCS)
NOT_ACTIVE = ("revoked", "entered-in-error", "completed")
BEARS = ("draft", "active", "on-hold", "completed")
NOT_ALLOWED = "not allowed by this sign-in"
PARTLY = "only partly allowed by this sign-in"
NEVER_READ = (NOT_ALLOWED, PARTLY, "status 403", "status 404", "status 405", "status 501")
"""Why orders are unavailable that no later try will read."""
NAMING = ("bodySite", "orderDetail")
"""Where an order names parts of the body and details."""
UNCODED = "This order carries no billing code (CPT or HCPCS), and Preclear never guesses one."
MODIFIER = "modifier"
"""How the URL of an extension ends that names a billing modifier; no guide fixes one."""


def chosen(snapshot: ChartSnapshot, order_refs: tuple[str, ...]) -> tuple[Resource, ...]:
    """Return the orders that a launch names, with all others of the same requisition.

    Raises SeveralOrders when it names none or some that do not belong together, so that a person
    must choose, WrongPatient when it names one that is not in this patient's chart, OrderToEnter
    where a chart gives no orders at all.
    """
    unread = snapshot.unavailable.get("ServiceRequest")
    by_hand = bool(order_refs) and all(entered_here(one) for one in order_refs)
    if not snapshot.of("ServiceRequest") or (unread not in (None, *NEVER_READ) and not by_hand):
        raise _no_orders(snapshot)
    groups = together(snapshot)
    odd = bool(snapshot.unread("ServiceRequest"))
    if not order_refs and odd and not groups:
        raise _odd_order()
    if not order_refs and (len(groups) > 1 or odd):
        raise SeveralOrders(groups)
    order_refs = order_refs or tuple(refs.of(one) for group in groups for one in group)
    named = []
    for reference in order_refs:
        order = snapshot.by_reference(reference)
        if order is None and reference in snapshot.unavailable:
            raise _odd_order()
        if order is None and "ServiceRequest" in snapshot.unavailable:
            raise _no_orders(snapshot)
        if order is None:
            raise WrongPatient(f"{reference.split('/')[0]} is not in this chart")
        named.append(order)
    apart = {_requisition(order) or refs.of(order) for order in named}
    if len(apart) > 1:
        raise SeveralOrders(groups)
    requisitions = {key for order in named if (key := _requisition(order))}
    siblings = [
        order
        for order in snapshot.of("ServiceRequest")
        if _requisition(order) in requisitions and order not in named
    ]
    usable = [one for one in [*named, *siblings] if counts(one)]
    if not usable or all(_forbids(one) for one in named):
        raise _nothing_to_ask(named)
    return tuple(usable)


def wanting(chart: ChartSnapshot, order_ref: str) -> NoOrder:
    """Return what a chart lacks of an order: its code, or all of it."""
    if order_ref and not entered_here(order_ref):
        return OrderToEnter(UNCODED, order_ref)
    return _no_orders(chart)


def _no_orders(chart: ChartSnapshot) -> NoOrder:
    """Return what to say of a chart without orders; what may pass is no reason to type them."""
    unread = chart.unavailable.get("ServiceRequest")
    if unread is None and chart.unread("ServiceRequest"):
        return OrderToEnter("This chart keeps its orders in a form that Preclear cannot read.")
    if unread is None:
        return OrderToEnter("This chart shows no orders to Preclear.")
    if unread in NEVER_READ:
        return OrderToEnter("This chart does not let Preclear read its orders.")
    return NoOrder(
        "orders unavailable",
        say="The chart did not let Preclear read its orders.",
        do="Try again in a minute, or ask the person who runs Preclear.",
    )


def _odd_order() -> NoOrder:
    return NoOrder(
        "order of an odd shape",
        say="The chart keeps an order in a form that Preclear cannot read.",
        do="Enter the order in the chart anew, or ask the person who runs Preclear.",
    )


def _nothing_to_ask(named: list[Resource]) -> NoOrder:
    if any(_forbids(one) for one in named):
        return NoOrder(
            "order not to perform",
            say="This order says not to do it, so there is nothing to ask for.",
            do="Go back to the chart and open Preclear from the order that is to be done.",
        )
    return NoOrder(
        "order not active",
        say="There is no active order here, so there is nothing to ask for.",
        do="Go back to the chart and open Preclear when there is an active order.",
    )


def counts(order: Resource) -> bool:
    """Tell whether an order asks for something to be done: it is active, and no prohibition."""
    return order.get("status") not in NOT_ACTIVE and not _forbids(order)


def _forbids(order: Resource) -> bool:
    return order.get("doNotPerform") is True


def still_stands(order: Resource, before: Resource) -> bool:
    """Tell whether an order that a person looked at is still one to ask for."""
    return counts(order) and order.get("status") in ("active", "draft", before.get("status"))


def may_bear(order: Resource, before: Resource) -> bool:
    """Tell whether an order that was sent may get a number: it waits for it, or was performed."""
    return not withdrawn(order) and order.get("status") in (*BEARS, before.get("status"))


def withdrawn(order: Resource) -> bool:
    """Tell whether nobody wants any more what an order asked for, or ever did."""
    return order.get("status") in ("revoked", "entered-in-error") or _forbids(order)


def placed(order: Resource) -> tuple[object, ...]:
    """Return by whom and where an order was placed, to compare two readings of it."""
    where = [refs.relative(one) for one in order.get("locationReference") or []]
    return refs.relative(order.get("requester")), where


def _named(order: Resource) -> tuple[set[tuple[str, str]], object]:
    """Return by which codes and words an order names its service, billing codes aside."""
    code = order.get("code") or {}
    own_codes = {(one["system"], one["code"]) for one in codes.codings(code)}
    return {one for one in own_codes if one[0] not in BILLING}, code.get("text")


def renamed(order: Resource, before: Resource) -> bool:
    """Tell whether an order without a billing code of its own names another service by now.

    ``before`` is an earlier reading of it. A code that is added beside its own says the same.
    """
    if codes.code_in(order.get("code"), BILLING) is not None:
        return False
    (coded, words), (codes_now, words_now) = _named(before), _named(order)
    kept = coded <= codes_now if coded else not codes_now
    return not kept or words != words_now


def _words(text: object) -> str:
    return " ".join(str(text or "").split())


def _place(concept: Resource) -> list[object]:
    """Return all by which a part of the body or a detail may be told from another."""
    codings = [one for one in concept.get("coding") or [] if isinstance(one, dict)]
    return [
        {(one["system"], one["code"]) for one in codes.codings(concept)},
        {_words(one.get("display")) for one in codings} - {""},
        _words(concept.get("text")),
        concept.get("extension") or [],
        [one["extension"] for one in codings if one.get("extension")],
    ]


def particulars(order: Resource) -> list[list[list[object]]]:
    """Return the parts of the body and the details that an order names, in codes and words.

    A side may stand in the words alone, so that other words are another side.
    """
    named = [[_place(one) for one in codes.objects(order.get(key))] for key in NAMING]
    own = [one for one in codes.objects(order.get("extension")) if _of_body(one)]
    return [*named, [[_words((order.get("code") or {}).get("text")), own]]]


def _of_body(extension: Resource) -> bool:
    """Tell whether an extension names a part of the body: one of FHIR's, or an EHR's own."""
    return "body" in str(extension.get("url")).casefold()


def particulars_told(order: Resource) -> tuple[str, ...]:
    """Return the words of the parts of the body and the details that an order names."""
    concepts = [one for key in NAMING for one in codes.objects(order.get(key))]
    told = [
        _words(one.get("text") or next((it.get("display") for it in codes.codings(one)), None))
        for one in concepts
    ]
    return tuple(dict.fromkeys(one for one in told if one))


def says(order: Resource, snapshot: ChartSnapshot) -> tuple[object, ...]:
    """Return what one order asks for, last how much and for which day, to compare two readings.

    Conditions count by their names as well: of a chart that is kept, they are not.
    """
    return (
        codes.code_in(order.get("code"), BILLING),
        modifiers(order),
        [(one.system, one.code) for one in diagnoses(order, snapshot)],  # whatever their words
        {refs.relative(one) for one in order.get("reasonReference") or []},
        particulars(order),
        _units(order),
        planned_date((order,)),
    )


def together(snapshot: ChartSnapshot) -> tuple[tuple[Resource, ...], ...]:
    """Return the active orders of a chart, those of one requisition together, newest first."""
    found: dict[object, list[Resource]] = {}
    for order in snapshot.of("ServiceRequest"):
        if counts(order):
            found.setdefault(_requisition(order) or refs.of(order), []).append(order)
    newest = sorted(found.values(), key=lambda one: str(one[0].get("authoredOn")), reverse=True)
    return tuple(tuple(one) for one in newest)


def _requisition(order: Resource) -> tuple[str, str] | None:
    requisition = order.get("requisition") or {}
    value = requisition.get("value")
    return (str(requisition.get("system") or ""), str(value)) if value else None


def items(
    orders: tuple[Resource, ...],
    snapshot: ChartSnapshot,
    is_add_on: Callable[[str], bool],
    words: Callable[[str], str],
) -> tuple[CaseItem, ...]:
    """Return one service line per order: main codes, add-on codes, then what has no words of ours.

    Raises OrderToEnter for an order without a billing code: Preclear never guesses one.
    """
    lines = []
    for order in orders:
        code = codes.code_in(order.get("code"), BILLING)
        if code is None:
            raise OrderToEnter(UNCODED, refs.of(order))
        lines.append((is_add_on(code), order, code))
    ordered = sorted(lines, key=lambda line: (not words(line[2]), line[0]))
    return tuple(
        CaseItem(
            trace=str(uuid.uuid4()),
            sequence=number,
            order_ref=refs.of(order),
            coding=(Coding(_system(order, code), code, words(code)),),
            units=_units(order),
            unit=None,
            modifiers=modifiers(order),
            diagnoses=diagnoses(order, snapshot),
            add_on=add_on,
        )
        for number, (add_on, order, code) in enumerate(ordered, start=1)
    )


def asks(items: tuple[CaseItem, ...]) -> list[tuple[object, ...]]:
    """Return what service lines ask for, to compare two readings of the same orders.

    The order that was opened stands first in a case, so that their sequence says nothing.
    """
    return [
        (
            one.order_ref,
            [(c.system, c.code) for c in one.coding],
            one.units,
            one.diagnoses,
            one.modifiers,
        )
        for one in sorted(items, key=lambda one: one.order_ref)
    ]


def companions(orders: tuple[Resource, ...], snapshot: ChartSnapshot) -> tuple[str, ...] | None:
    """Return the billing codes of the other active orders of the same requisition.

    None when no order belongs to a requisition, or one that could not be read may: what else is
    planned is then not known.
    """
    requisitions = {key for order in orders if (key := _requisition(order))}
    if not requisitions or snapshot.unread("ServiceRequest"):
        return None
    ours = {refs.of(one) for one in orders}
    found = [
        codes.code_in(one.get("code"), BILLING)
        for one in snapshot.of("ServiceRequest")
        if _requisition(one) in requisitions and refs.of(one) not in ours and counts(one)
    ]
    return tuple(dict.fromkeys(code for code in found if code))


def modifiers(order: Resource) -> tuple[str, ...]:
    """Return the billing modifiers that an extension of the order's code names, or none."""
    code = order.get("code") or {}
    carriers = [code, *(code.get("coding") or [])]
    extensions = [one for carrier in carriers for one in carrier.get("extension") or []]
    named = [one for one in extensions if str(one.get("url", "")).lower().endswith(MODIFIER)]
    found = []
    for one in named:
        concept = one.get("valueCodeableConcept") or {"coding": [one.get("valueCoding")]}
        coded = [coding["code"] for coding in codes.codings(concept)]
        plain = [one.get("valueCode"), one.get("valueString")]
        found += [value for value in (*coded, *plain) if isinstance(value, str)]
    return tuple(dict.fromkeys(value.strip().upper() for value in found if value.strip()))


def words(orders: tuple[Resource, ...]) -> str:
    """Return the orders' own text: what their codes are called, and their details."""
    found: list[object] = []
    for order in orders:
        details = order.get("orderDetail") or []
        for concept in [order.get("code") or {}, *details]:
            found += [concept.get("text"), *(one.get("display") for one in codes.codings(concept))]
        found += [
            order.get("patientInstruction"),
            *(n.get("text") for n in order.get("note") or []),
        ]
    return " ".join(one for one in found if isinstance(one, str))


def _system(order: Resource, code: str) -> str:
    return next(
        str(one["system"])
        for one in codes.codings(order.get("code"))
        if one["code"] == code and one["system"] in BILLING
    )


def _units(order: Resource) -> float:
    value = (order.get("quantityQuantity") or {}).get("value")
    return value if isinstance(value, int | float) and value > 0 else 1


def diagnoses(order: Resource, snapshot: ChartSnapshot) -> tuple[Coding, ...]:
    """Return the order's ICD-10-CM codes, from reasonCode, then from the conditions it names."""
    concepts = list(order.get("reasonCode") or [])
    for reference in order.get("reasonReference") or []:
        name = refs.relative(reference)
        condition = snapshot.by_reference(name)
        if condition:
            concepts.append(condition.get("code"))
    found: dict[str, Coding] = {}
    for concept in concepts:
        code = codes.code_in(concept, [codes.ICD10CM])
        if code:
            found.setdefault(code, Coding(codes.ICD10CM, code, str(concept.get("text") or "")))
    return tuple(found.values())


def recorded(orders: tuple[Resource, ...], snapshot: ChartSnapshot) -> dict[str, date]:
    """Return when the chart recorded the diagnoses of the conditions that orders name, by code."""
    found: dict[str, date] = {}
    named = [one for order in orders for one in codes.objects(order.get("reasonReference"))]
    for reference in named:
        condition = snapshot.by_reference(refs.relative(reference)) or {}
        code = codes.code_in(condition.get("code"), [codes.ICD10CM])
        day = dates.day(condition.get("recordedDate"))
        if code and day:
            found.setdefault(code, day)
    return found


def planned_date(orders: tuple[Resource, ...]) -> date | None:
    """Return the first planned day that an order states, or None."""
    for order in orders:
        for value in (
            order.get("occurrenceDateTime"),
            (order.get("occurrencePeriod") or {}).get("start"),
        ):
            if isinstance(value, str) and len(value) >= 10:
                try:
                    return date.fromisoformat(value[:10])
                except ValueError:
                    continue
    return None
