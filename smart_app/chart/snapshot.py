"""Stage 2: read the chart once, in parallel, bounded.

A read that failed is *unavailable*, never empty, and so is one resource of an odd shape. Every
resource's patient is checked. What the chart itself takes back is not taken: it never was, whoever
asks the chart later.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

from smart_app.cases.model import ChartSnapshot, Resource
from smart_app.chart import notes, shapes
from smart_app.chart.orders import NOT_ALLOWED, PARTLY
from smart_app.errors import ChartUnavailable, NoPatient, WrongPatient
from smart_app.fhir import codes, refs
from smart_app.ports import EhrReader

BOUND = 20_000  # resources of one chart

SEARCHES: dict[str, dict[str, str]] = {
    "Coverage": {},
    "ServiceRequest": {},
    "Condition": {},
    "Observation": {},
    "DiagnosticReport": {},
    "DocumentReference": {},
    "Procedure": {},
    "MedicationRequest": {},
    "Encounter": {},
    "Appointment": {},
    "AllergyIntolerance": {},
    "CarePlan": {},
}
"""What is searched by patient, with further parameters; each type is one task of the pool."""

ERROR = "entered-in-error"
ODD = "of an odd shape"
"""Why one resource is unavailable that the chart gave: nothing in it can be relied on."""

FOLLOWED = ("Practitioner", "PractitionerRole", "Organization", "Location")
FOLLOW_FROM = ("ServiceRequest", "Coverage", "Appointment", "DocumentReference", "DiagnosticReport")


def read(
    reader: EhrReader,
    patient_id: str | None,
    pool: ThreadPoolExecutor,
    now: datetime,
    supported: frozenset[str] | None = None,
    partly: frozenset[str] = frozenset(),
    also: tuple[str, ...] = (),
) -> ChartSnapshot:
    """Return a patient's chart, with the people and places that it or ``also`` names.

    ``supported`` names the types that granted scopes allow as a whole, ``partly`` those of which
    they allow a part; all but the first are unavailable. Raises NoPatient, ChartUnavailable when
    the patient cannot be read, WrongPatient when the EHR answers with another.
    """
    if not patient_id:
        raise NoPatient
    patient_ref = f"Patient/{patient_id}"
    wanted = {
        kind: more for kind, more in SEARCHES.items() if supported is None or kind in supported
    }
    patient_task = pool.submit(reader.read, patient_ref)
    tasks = {
        kind: pool.submit(reader.search, kind, {"patient": patient_id, "_count": "200"} | more)
        for kind, more in wanted.items()
    }
    patient = patient_task.result()
    if patient.get("resourceType") != "Patient" or refs.of(patient) != patient_ref:
        raise WrongPatient
    resources, unavailable, left_out = _collect(tasks, patient_ref)
    unavailable |= {
        kind: PARTLY if kind in partly else NOT_ALLOWED for kind in SEARCHES if kind not in wanted
    }
    _follow(reader, resources, unavailable, pool, also)
    if "DocumentReference" in resources:
        read_notes, unread = notes.fetch(reader, resources["DocumentReference"], pool)
        resources["DocumentReference"] = read_notes
        unavailable |= unread
    return ChartSnapshot(
        patient=patient,
        resources={kind: tuple(found) for kind, found in resources.items()},
        unavailable=unavailable,
        read_at=now,
        left_out=tuple(left_out),
    )


def _collect(
    tasks: dict[str, Future[list[Resource]]], patient_ref: str
) -> tuple[dict[str, list[Resource]], dict[str, str], list[str]]:
    resources: dict[str, list[Resource]] = {}
    unavailable: dict[str, str] = {}
    left_out: list[str] = []
    count = 0
    for kind, task in tasks.items():
        try:
            found = task.result()
        except ChartUnavailable as cause:
            unavailable[kind] = cause.detail
            continue
        count += len(found)
        if count > BOUND:
            unavailable[kind] = "the chart is larger than the bound"
            continue
        kept = []
        for one in found:
            if one.get("resourceType") != kind or not isinstance(one.get("id"), str):
                continue  # what a search includes besides, or what nothing can refer to
            if refs.subject_of(one) != patient_ref:
                left_out.append(refs.of(one))
            elif not shapes.readable(one):
                unavailable[refs.of(one)] = ODD
            elif not (_taken_back(one) or _filed_here(one)):
                kept.append(one)
        resources[kind] = kept
    return resources, unavailable, left_out


def _taken_back(resource: Resource) -> bool:
    """Tell whether the chart says that an entry was an error, or a problem ruled out.

    Orders are kept: that one was an error is told to the person who opens it.
    https://hl7.org/fhir/R4/valueset-condition-ver-status.html
    """
    verified = {one["code"] for one in codes.codings(resource.get("verificationStatus"))}
    status = resource.get("status") if resource["resourceType"] != "ServiceRequest" else None
    return status == ERROR or bool(verified & {ERROR, "refuted"})


def _filed_here(resource: Resource) -> bool:
    """Tell whether Preclear filed a document: a payer's words are no evidence to send it."""
    return codes.identifier(resource, codes.DECISION) is not None


def _follow(
    reader: EhrReader,
    resources: dict[str, list[Resource]],
    unavailable: dict[str, str],
    pool: ThreadPoolExecutor,
    also: tuple[str, ...],
) -> None:
    """Read the people and places that orders, coverages and documents name, two steps deep."""
    seen: set[str] = set()
    sources: list[Resource] = [one for kind in FOLLOW_FROM for one in resources.get(kind, [])]
    sources += [{"reference": one} for one in also]
    for _ in range(2):
        named = {
            found
            for source in sources
            for reference in refs.walk(source)
            if (found := refs.relative(reference)) and found.split("/")[0] in FOLLOWED
        } - seen
        seen |= named
        tasks: dict[str, Future[Resource]] = {
            name: pool.submit(reader.read, name) for name in sorted(named)
        }
        sources = []
        for name, task in tasks.items():
            kind = name.split("/")[0]
            try:
                found_one: dict[str, Any] = task.result()
            except ChartUnavailable as cause:
                unavailable[name] = cause.detail
                continue
            if refs.of(found_one) == name:
                resources.setdefault(kind, []).append(found_one)
                sources.append(found_one)
