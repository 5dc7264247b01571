"""Orders that a person entered, because the chart's cannot be read or carry no billing code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from smart_app.cases.model import ENTERED, ChartSnapshot, Coding, Place, Resource, entered_here
from smart_app.chart.orders import BILLING, counts, planned_date
from smart_app.fhir import codes, refs


@dataclass(frozen=True, slots=True)
class Entered:
    """What a person entered of one order.

    ``order_ref`` names the chart's order that it completes, or is one of our own. ``diagnoses``
    are none where the chart's order has its own.
    """

    order_ref: str
    code: Coding
    diagnoses: tuple[Coding, ...]
    planned: date
    place: Place | None
    by: str
    at: datetime
    requester: str = ""  # an entry of old has none


def name(patient_ref: str, code: str, planned: date) -> str:
    """Return what we call an entered order: the same service on the same day is the same order."""
    spelled = f"{patient_ref}|{code}|{planned.isoformat()}"
    return ENTERED + hashlib.sha256(spelled.encode()).hexdigest()[:24]


def laid_over(chart: ChartSnapshot, entries: Iterable[Entered]) -> ChartSnapshot:
    """Return a chart with what was entered of its orders.

    An order that the chart has given another billing code since is as the chart says, and one of
    our own gives way to the chart's order of the same code.
    """
    theirs = {
        codes.code_in(one.get("code"), BILLING) for one in chart.of("ServiceRequest") if counts(one)
    }
    for one in entries:
        known = chart.by_reference(one.order_ref)
        if known is None and entered_here(one.order_ref) and one.code.code not in theirs:
            chart = _with(chart, _order(one, refs.of(chart.patient)))
        elif known is not None and codes.code_in(known.get("code"), BILLING) in (
            None,
            one.code.code,
        ):
            chart = _with(chart, _completed(known, one))
    return chart


def _with(chart: ChartSnapshot, order: Resource) -> ChartSnapshot:
    others = [one for one in chart.of("ServiceRequest") if refs.of(one) != refs.of(order)]
    return replace(chart, resources=chart.resources | {"ServiceRequest": (order, *others)})


def _order(one: Entered, patient_ref: str) -> Resource:
    bare = {
        "resourceType": "ServiceRequest",
        "id": one.order_ref.split("/")[1],
        "status": "active",
        "intent": "order",
        "subject": {"reference": patient_ref},
        "authoredOn": one.at.isoformat(timespec="seconds"),
    }
    return _completed(bare, one)


def _completed(order: Resource, one: Entered) -> Resource:
    """Return an order with the code, and with whatever else it does not say itself.

    What is there and says nothing, such as words without an ICD-10-CM code or a month without its
    day, is no reason to leave out what a person was asked for.
    """
    code = order.get("code") or {}
    made = dict(order)
    if codes.code_in(code, BILLING) is None:
        codings = [*(code.get("coding") or []), {"system": one.code.system, "code": one.code.code}]
        made["code"] = code | {"coding": codings}
    reasons = order.get("reasonCode") or []
    if one.diagnoses and not any(codes.code_in(each, [codes.ICD10CM]) for each in reasons):
        coded = [{"system": d.system, "code": d.code} for d in one.diagnoses]
        made["reasonCode"] = [*reasons, *({"coding": [each]} for each in coded)]
    if planned_date((order,)) is None:
        made = {key: each for key, each in made.items() if "occurrence" not in key}
        made["occurrenceDateTime"] = one.planned.isoformat()
    if not order.get("locationReference") and one.place and one.place.location_ref:
        where = {"reference": one.place.location_ref, "display": one.place.name}
        made["locationReference"] = [where]
    if not refs.relative(order.get("requester")) and one.requester:
        made["requester"] = {"reference": one.requester}
    return made
