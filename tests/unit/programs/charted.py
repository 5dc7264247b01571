"""Charts of the sandbox's people, and what a form of the program answers from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import smart_app
from sandbox.ehr.people import charts
from smart_app.cases.model import ChartSnapshot, Draft, Person, QuestionnairePackage, Resource
from smart_app.chart import evidence
from smart_app.dtr import form, gaps, package, populate
from smart_app.dtr.engine.pool import EnginePool
from tests.unit.kit import NOW

FORMS = Path(smart_app.__file__).parent / "programs/wiser/forms"
ROBIN = Person("Practitioner/2", "Robin")
TODAY = date(2026, 11, 24)
READ = (
    "Coverage", "ServiceRequest", "Condition", "Observation", "DiagnosticReport", "Procedure",
    "DocumentReference", "MedicationRequest", "Encounter", "Appointment", "CarePlan",
    "AllergyIntolerance",
)  # fmt: skip
ORDERS = {
    "sns": ("nell", "nell-sns"),
    "pva": ("vera", "vera-augmentation"),
    "knee-arthroscopy": ("gus", "gus-knee"),
    "skin-substitutes": ("dora", "dora-skin"),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a form answers: from a full chart, to a person's answers, from charts that differ.

    ``against`` rows: the criterion opened, a person's answers. ``unlike`` rows: resources left
    out, resources changed by id (``_`` for ``-``), the question, its answer or None.
    """

    service: str
    full: dict[str, Any]
    asked: list[str]
    against: list[tuple[str, dict[str, str]]]
    unlike: list[tuple[tuple[str, ...], dict[str, Any], str, Any]]


@dataclass(frozen=True, slots=True)
class Story:
    """What a chart with gaps and conflicts answers, and what of it a person must say.

    ``noted`` is what a note says about an open question, None for a scan. ``against`` is what
    speaks against the request once a person has confirmed what is only to be confirmed, ``given``
    what the person says then, and ``ends`` what still speaks against it. ``unlike`` as above.
    """

    service: str
    patient: str
    orders: tuple[str, ...]
    charted: dict[str, Any]
    asked: list[str]
    noted: dict[str, str | None]
    against: dict[str, str]
    given: dict[str, str]
    ends: dict[str, str]
    unlike: list[tuple[tuple[str, ...], dict[str, Any], str, Any]]


@cache
def the_form(service: str) -> QuestionnairePackage:
    """Return a service's form."""
    return package.local(FORMS / f"{service}.package.json")


def a_chart(patient: str, *left_out: str, **changed: Any) -> ChartSnapshot:
    """Return the chart of one of the sandbox's people, some of it left out or changed by id."""
    found: dict[str, list[Resource]] = {one: [] for one in READ}
    person: Resource = {}
    for one in charts(TODAY):
        if one["resourceType"] == "Patient" and one["id"] == patient:
            person = one
        about = (one.get("subject") or {}).get("reference")
        if about == f"Patient/{patient}" and one["id"] not in left_out:
            change = changed.get(one["id"].replace("-", "_"), {})
            found[one["resourceType"]].append(one | change)
    return ChartSnapshot(person, {kind: tuple(several) for kind, several in found.items()}, {}, NOW)


def filled(engine: EnginePool, service: str, *left_out: str, **changed: Any) -> Draft:
    """Return what the chart of a service's patient answers."""
    patient, order = ORDERS[service]
    return drafted(engine, service, (order,), a_chart(patient, *left_out, **changed))


def told(engine: EnginePool, story: Story, *left_out: str, **changed: Any) -> Draft:
    """Return what the chart of a story answers."""
    chart = a_chart(story.patient, *left_out, **changed)
    return drafted(engine, story.service, story.orders, chart)


def drafted(
    engine: EnginePool, service: str, orders: tuple[str, ...], chart: ChartSnapshot
) -> Draft:
    """Return what a chart answers about orders."""
    found = chart.by_references(tuple(f"ServiceRequest/{one}" for one in orders))
    assert len(found) == len(orders)
    return populate.fill(
        the_form(service),
        chart,
        orders=found,
        coverage=None,
        engine=engine,
        now=NOW,
        zone="UTC",
        hints={},
    )


def said(draft: Draft) -> dict[str, Any]:
    """Return the answers by linkId: codes of choices, several as a list."""
    given: dict[str, Any] = {}
    for link_id, several in gaps.standing(draft).items():
        plain = [one["code"] if isinstance(one, dict) else one for one in several]
        given[link_id] = plain if len(plain) > 1 else plain[0]
    return given


def still_open(draft: Draft) -> list[str]:
    """Return what a person must say."""
    return [gaps.link_of(one.path) for one in draft.gaps]


def sentences(story: Story, link_id: str) -> list[str | None]:
    """Return what the notes of a story say about a question."""
    terms = evidence.load_terms(FORMS / f"{story.service}.evidence.toml")
    found = evidence.find(a_chart(story.patient), terms)
    return [one.sentence for one in found.get(link_id, ())]


def answered(service: str, draft: Draft, given: dict[str, str]) -> Draft:
    """Return a draft with a person's answers."""
    posted = {"fields": list(given), **{name: [value] for name, value in given.items()}}
    return form.apply(the_form(service), draft, posted, ROBIN, NOW, None, "UTC")  # type: ignore[arg-type]


def rows(service: str, draft: Draft) -> dict[str, form.CriterionView]:
    """Return the criteria that apply, by linkId."""
    return {one.link_id: one for one in form.view(the_form(service), draft).criteria}


def fully_charted(draft: Draft, expected: dict[str, Any]) -> bool:
    """Tell whether a draft holds what is expected, without a warning and with its sources."""
    given = said(draft)
    assert {key: given.get(key) for key in expected} == expected
    return draft.warnings == () and all(one.evidence for one in draft.answers)


def confirmed(asked: list[str]) -> dict[str, str]:
    """Return a yes to every question, and a no to what should not be."""
    return {one: str(not one.endswith("-present")).lower() for one in asked}


def settled(service: str, draft: Draft) -> bool:
    """Tell whether all is documented once a person says yes, and no to what should not be."""
    done = answered(service, draft, confirmed(still_open(draft)))
    found = rows(service, done).values()
    return done.gaps == () and all(one.state == "documented" for one in found)


def speaks_against(service: str, draft: Draft) -> dict[str, str]:
    """Return the criteria against which something speaks, with what is said of it."""
    return {one.link_id: one.against[0] for one in rows(service, draft).values() if one.against}


def open_against(service: str, draft: Draft, given: dict[str, str]) -> list[str]:
    """Return the criteria that answers open because they speak against the request."""
    found = rows(service, answered(service, draft, given)).values()
    assert all(one.state == "open" and len(one.against) == 1 for one in found if one.against)
    return [one.link_id for one in found if one.against]
