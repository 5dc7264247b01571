"""Requests of many kinds, as they are built for a payer of each version of PAS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from smart_app.cases.model import Answer, Coding, Draft, Person
from smart_app.dtr import response
from smart_app.fhir import codes
from smart_app.pas import names, papers, request_task, subscription, update
from smart_app.pas.bundle import Partners
from smart_app.pas.claim import Quoted
from smart_app.pas.team import Clinician
from tests.unit.dtr.forms import a_package, a_question
from tests.unit.kit import NOW
from tests.unit.pas import test_content as content
from tests.unit.pas import test_request_task as asked
from tests.unit.pas.requests import (
    COVERAGE,
    DOCTOR,
    MEMBER,
    NOTE,
    PATIENT,
    a_request,
    an_order,
    the_case,
)

LATER = NOW + timedelta(hours=1)
Build = Callable[..., dict[str, Any]]
CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"
SOPT = {"coding": [{"system": codes.SOPT, "code": "121"}]}
TWO = {"case": the_case(2), "orders": (an_order(1), an_order(2))}
SURGEON = Clinician(content.SURGEON, "Z10002", content.TAXONOMY)


def at(place: Any) -> Any:
    """Return the case of one item, done at a place."""
    case = the_case()
    return replace(case, items=(replace(case.items[0], place=place),))


def several(count: int) -> dict[str, Any]:
    """Return a case of so many items, of two diagnoses, with units and modifiers."""
    case = the_case(count)
    both = (Coding(codes.ICD10CM, "M54.16"), Coding(codes.ICD10CM, "M48.061"))
    items = tuple(
        replace(one, units=2, diagnoses=both, modifiers=("LT",) if one.sequence % 2 else ())
        for one in case.items
    )
    orders = tuple(an_order(one.sequence) for one in items)
    return {"case": replace(case, items=items), "orders": orders}


def case_of(**change: Any) -> Build:
    """Return what builds a request with a change."""
    return lambda version: a_request(version=version, **change)


CASES: dict[str, Build] = {
    "one-item": case_of(),
    "many-items": case_of(**several(6)),
    "equipment": lambda version: content.ordered(content.DEVICE, "E0760", version=version),
    "drug": lambda version: content.ordered(content.DRUG, "J3490", version=version),
    "two-coverages": case_of(
        coverage=COVERAGE
        | {
            "type": SOPT,
            "period": {"start": "2020-01-01"},
            "class": [
                {"type": {"coding": [{"system": CLASS, "code": "plan"}]}, "value": "A", "name": "A"}
            ],
        },
        orders=(an_order() | {"insurance": [{"reference": "Coverage/other"}]},),
    ),
    "facility": case_of(case=at(content.SURGERY_CENTER)),
    "office": case_of(case=at(content.OFFICE)),
    "resubmission": case_of(quoted=(Quoted("ServiceRequest/1", "JFA99900004417", "non_affirmed"),)),
    "affirmed-before": case_of(quoted=(Quoted("ServiceRequest/1", "JFA99900004418", "affirmed"),)),
    "expedited": case_of(
        case=replace(the_case(), expedited=True), urgency="Waiting may damage the cord."
    ),
    "with-encounter": case_of(encounter=content.PLANNED),
    "many-documents": case_of(
        documents=tuple({**NOTE, "id": f"n{one}"} for one in range(1, 7)),
    ),
    "two-practitioners": case_of(
        **TWO,
        ordering=Clinician(DOCTOR, "Z10001", content.TAXONOMY),
        performing=(replace(SURGEON, order_refs=frozenset({"ServiceRequest/2"})),),
    ),
    "recorded": case_of(recorded={"M54.16": date(2026, 3, 4)}),
    "partners": case_of(partners=Partners("1999999042", "PAYERAPP", "1999999042", "PAYERID")),
}


def updated(prior: Build, new: Build) -> Build:
    """Return what builds the update of a request to another."""

    def build(version: str) -> dict[str, Any]:
        before, after = prior(version=version), new(version=version)
        return update.update(before, after, identifier="u", at=LATER, version=version)

    return build


def cancelled(prior: Build) -> Build:
    """Return what builds the cancellation of a request."""

    def build(version: str) -> dict[str, Any]:
        return update.cancel(prior(version=version), identifier="c", at=LATER, version=version)

    return build


def items(*numbers: int, **change: Any) -> Build:
    """Return what builds a request of some of three items."""
    case = the_case(3)
    chosen = tuple(one for one in case.items if one.sequence in numbers)
    orders = tuple(an_order(one) for one in (1, 2, 3))
    return case_of(case=replace(case, items=chosen), orders=orders, **change)


def subscribed(version: str) -> dict[str, Any]:
    """Return what asks a payer to tell decisions.

    The profile of 2.0.1 is of the backport guide, which has no package here: it is base R4 alone.
    """
    to = subscription.Address("https://us.example/notify/1", "secret", "org-identifier", "1")
    made = subscription.build(to, LATER, version)
    known = "davinci-pas" in made["meta"]["profile"][0]
    return made if known else {key: one for key, one in made.items() if key != "meta"}


OTHER_NOTE = {**NOTE, "id": "n2", "description": "Later note"}
SWAPPED = updated(items(1, 2), items(2, 3))
CHANGES: dict[str, Build] = {
    "nothing-new": updated(items(1), items(1)),
    "items-swapped": SWAPPED,
    "paper-swapped": updated(items(1), items(1, documents=(OTHER_NOTE,))),
    "another-day": updated(
        items(1), case_of(case=replace(the_case(), planned_date=date(2026, 12, 24)))
    ),
    "updated-twice": updated(SWAPPED, items(2, 3, performing=(SURGEON,))),
    "cancelled": cancelled(items(1, 2)),
    "updated-and-cancelled": cancelled(SWAPPED),
}
"""Updates and cancellations, each of a request, or of what was an update itself."""


def handed(version: str) -> dict[str, dict[str, Any]]:
    """Return what goes on after a payer asked for more: its Tasks, and a form's answers alone."""
    found = {
        f"task-{wanted.kind}-{number}-{state}": one
        for state in request_task.STATUS
        for wanted in (asked.NOTE, asked.FORMS)
        for number, one in enumerate(
            asked.tasks(wanted, version, state=state, why="None.", due=LATER)
        )
    }
    member = (codes.MBI, MEMBER)
    named: dict[str | None, tuple[str, str]] = {"Patient/p1": member, "Coverage/c1": member}
    named["Practitioner/dr"] = (codes.NPI, "1999999018")
    named |= {one.order_ref: (names.TRACE, one.trace) for one in the_case().items}
    given = Answer("q[0]", False, "manual", author="Practitioner/dr")
    signed = response.sign(
        a_package([a_question("q")]),
        Draft("http://payer.example/form|1", 1, (given,)),
        patient=PATIENT,
        orders=(an_order(),),
        coverage=COVERAGE,
        person=Person("Practitioner/dr", "Ering Ord"),
        at=NOW,
    )
    alone = papers.answers(signed, named, {"Practitioner/dr": "Ering Ord"}, "ACN-2")
    return found | {"answers-alone": alone}
