"""Stage 13: bring the number into the chart, by a ladder, with an honest outcome.

After a crash or timeout the chart is asked first: what is found by our identifier was written. A
chart that can neither be asked nor told to skip a duplicate is never written to twice.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from launch.errors import LaunchError
from smart_app.cases import codec
from smart_app.cases.model import (
    DOCUMENT,
    ORDER,
    TAKE_BACK,
    Case,
    CaseItem,
    ChartSnapshot,
    Resource,
    UtnRecord,
    WriteReceipt,
)
from smart_app.chart import annotate, entered, orders, shapes
from smart_app.errors import ChartUnavailable, WrongPatient
from smart_app.fhir import codes, refs
from smart_app.ports import EhrReader, EhrWriter

LOINC = "http://loinc.org"
CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"


class Chart(EhrReader, EhrWriter, Protocol):
    """A chart that can be read and written."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What is filed: the text that people read, and how this EHR wants it."""

    case: Case
    decision_id: str
    text: str
    title: str
    author_ref: str
    encounter_id: str | None
    type_code: str
    type_words: str
    mime: str
    search_by_identifier: bool
    if_none_exist: bool
    at: datetime
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """An order that a number is written to or taken from.

    ``seen`` is the chart as it was signed, with what people ``typed`` of its orders. ``numbers``
    are all that the case ever had. ``before`` is called right before each write, so that it is
    known of even if its answer never comes.
    """

    case: Case
    item: CaseItem
    seen: ChartSnapshot | None
    typed: tuple[entered.Entered, ...]
    extensions: tuple[Resource, ...]
    numbers: frozenset[str]
    at: datetime
    before: Callable[[], object]

    def carried(self, order: Resource) -> frozenset[str]:
        """Return the case's numbers that an order bears."""
        return annotate.numbers_of(order, self.case.coverage_ref) & self.numbers

    @property
    def order_ref(self) -> str:
        """Return which order it is."""
        return self.item.order_ref

    def same_service(self, order: Resource) -> bool:
        """Tell whether an order asks for what the payer was asked for, for whatever day.

        Beside the units, which a change may have made others, that is what was signed. It is read
        as it was read for the signature. What people entered completes only what they entered it
        for: an order that is coded or worded otherwise in the chart by now is another, and so is
        one that cannot be compared.
        """
        before = self._before()
        if self.seen is None or before is None or orders.withdrawn(order):
            return False
        if not (shapes.readable(before) and shapes.readable(order)):
            return False
        after = self._read(self.seen, order)
        if codes.code_in(after.get("code"), orders.BILLING) != self.item.code:
            return False
        if orders.renamed(order, before):
            return False
        was, now = orders.says(before, self.seen), orders.says(after, self.seen)
        return was[:-2] == now[:-2] and now[-2] == self.item.units

    def may_get(self, order: Resource) -> bool:
        """Tell whether an order has a status in which it may be given a number it does not bear."""
        return orders.may_bear(order, self._before() or {})

    def still_asked(self, order: Resource, number: UtnRecord) -> bool:
        """Tell whether an order is still the one that was decided, so that it may bear the number.

        That it was put off to another day of the number's window is daily life. A day beyond it,
        or none where there was one, may be a day for which nothing was decided; and so may the day
        of the signature be when a change has moved it.
        """
        if self.seen is None or not self.same_service(order):
            return False
        was = orders.planned_date(self.seen.by_references((self.order_ref,)))
        day = orders.planned_date((self._read(self.seen, order),))
        first, last = number.valid_from, number.valid_to
        if day == (self.case.planned_date if was and self.case.moved else was):
            return True
        return bool(day and first and last and first <= day <= last)

    def _before(self) -> Resource | None:
        return self.seen.by_reference(self.order_ref) if self.seen else None

    def _read(self, seen: ChartSnapshot, order: Resource) -> Resource:
        """Return an order as the line reads it, with what a person entered of it."""
        now = replace(seen, resources=seen.resources | {"ServiceRequest": (order,)})
        return entered.laid_over(now, self.typed).by_reference(self.order_ref) or order


def document(filing: Filing) -> Resource:
    """Return the DocumentReference that carries a decision.

    http://hl7.org/fhir/us/core/StructureDefinition/us-core-documentreference
    """
    stamp = filing.at.isoformat(timespec="seconds")
    made: Resource = {
        "resourceType": "DocumentReference",
        "meta": {
            "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-documentreference"]
        },
        "identifier": [{"system": codes.DECISION, "value": filing.decision_id}],
        "status": "current",
        "type": {
            "coding": [{"system": LOINC, "code": filing.type_code}],
            "text": filing.type_words,
        },
        "category": [{"coding": [{"system": CATEGORY, "code": "clinical-note"}]}],
        "subject": {"reference": filing.case.patient_ref},
        "date": stamp,
        "author": [{"reference": filing.author_ref}],
        "description": filing.title,
        "content": [
            {
                "attachment": {
                    "contentType": filing.mime,
                    "data": base64.b64encode(filing.text.encode()).decode(),
                    "title": filing.title,
                    "creation": stamp,
                }
            }
        ],
    }
    if filing.replaces:
        made["relatesTo"] = [{"code": "replaces", "target": {"reference": filing.replaces}}]
    if filing.encounter_id:
        made["context"] = {"encounter": [{"reference": f"Encounter/{filing.encounter_id}"}]}
    return made


def _content(resource: Resource) -> list[str]:
    parts = [one.get("attachment") for one in codes.objects(resource.get("content"))]
    return [str(one.get("data") or "") for one in codes.objects(parts)]


def _receipt(
    rung: str, outcome: Any, at: datetime, where: str, resource: Resource | None = None, **more: Any
) -> WriteReceipt:
    found: dict[str, Any] = {}
    if resource:
        found = {
            "resource_ref": refs.of(resource),
            "version": refs.version_of(resource),
            "read_back_sha256": codec.sha256(json.dumps(resource, sort_keys=True).encode()),
        }
    return WriteReceipt(rung, outcome, at, where_people_see_it=where, **found, **more)


def file_document(chart: Chart, filing: Filing, *, asked_before: bool) -> WriteReceipt:
    """File the document once and read it back.

    ``asked_before``: an earlier attempt may have written it; a chart that can be asked is asked,
    one that cannot is never written to twice. An EHR's refusal is an outcome; ChartUnavailable is
    raised when the chart gives no answer, so that the next try looks first.
    """
    rung, where = DOCUMENT, "Documents"
    wanted = document(filing)
    if asked_before:
        found = _find(chart, filing, wanted)
        if found:
            return _receipt(rung, "filed_and_read_back", filing.at, where, found)
        if not (filing.search_by_identifier and filing.if_none_exist):
            why = "an earlier try may have arrived"
            return _receipt(rung, "unknown", filing.at, where, why=why)
    name = f"{codes.DECISION}|{filing.decision_id}"
    condition = f"identifier={name}" if filing.if_none_exist else None
    written = chart.create(wanted, condition)
    if written.status >= 500:
        raise ChartUnavailable(f"status {written.status}")
    if written.status not in (200, 201, 202):
        return _receipt(rung, "refused", filing.at, where, why=str(written.status))
    reference = refs.relative(written.location)
    if reference is None and written.body and written.body.get("id"):
        reference = refs.of(written.body)
    found = _look(chart, reference) if reference else _found(chart, filing, wanted)
    same = found and refs.subject_of(found) == filing.case.patient_ref
    if found and same and _content(found) == _content(wanted):
        return _receipt(rung, "filed_and_read_back", filing.at, where, found)
    return _receipt(rung, "accepted_unverified", filing.at, where, why="could not be read back")


def _look(chart: Chart, reference: str) -> Resource | None:
    """Return what was written, or None: it is written even if nobody may look any more."""
    try:
        return chart.read(reference)
    except (ChartUnavailable, LaunchError):
        return None


def _found(chart: Chart, filing: Filing, wanted: Resource) -> Resource | None:
    try:
        return _find(chart, filing, wanted)
    except (ChartUnavailable, LaunchError):
        return None


def _find(chart: Chart, filing: Filing, wanted: Resource) -> Resource | None:
    if not filing.search_by_identifier:
        return None
    found = _told(chart, filing.case, filing.decision_id)
    return next((one for one in found if _content(one) == _content(wanted)), None)


def _told(chart: Chart, case: Case, decision_id: str) -> list[Resource]:
    patient = case.patient_ref.partition("/")[2]
    query = {"patient": patient, "identifier": f"{codes.DECISION}|{decision_id}"}
    found = chart.search("DocumentReference", query)
    return [one for one in found if isinstance(one.get("id"), str)]


def document_of(chart: Chart, case: Case, decision_id: str) -> str | None:
    """Return the document in the chart that tells a decision, or None; raises ChartUnavailable."""
    found = [
        refs.of(one)
        for one in _told(chart, case, decision_id)
        if refs.subject_of(one) == case.patient_ref
        and codes.identifier(one, codes.DECISION) == decision_id
    ]
    return found[0] if found else None


def update_order(chart: Chart, mark: Mark, number: UtnRecord) -> WriteReceipt:
    """Mark an affirmed order as satisfied: only the extensions that the payer gave (opt-in).

    One that bears this number alone stays as it is, so that one which is refused it and bears a
    number all the same bears a wrong one. Raises WrongPatient when the order is not this
    patient's, ChartUnavailable for no answer.
    """

    def change(order: Resource) -> Resource | str:
        if not mark.still_asked(order, number):
            return "the order says something else now"
        if done(order):
            return order
        if not mark.may_get(order):
            return "the order says something else now"
        covered = mark.case.coverage_ref or ""
        if covered not in {annotate.coverage_of(one) for one in mark.extensions}:
            return "the payer gave no coverage information to complete"
        return annotate.satisfied(annotate.merged(order, mark.extensions), covered, number.number)

    def done(order: Resource) -> bool:
        return annotate.numbers_of(order, mark.case.coverage_ref) == {number.number}

    return _change_order(chart, mark, ORDER, change, done)


def restore_order(chart: Chart, mark: Mark) -> WriteReceipt:
    """Take the case's numbers back from an order: what the payer said of it first stands again.

    Where that is not known, or was said of something else than the order asks for by now, only
    what a number had made of it is taken away. Raises WrongPatient and ChartUnavailable, as
    ``update_order``.
    """

    def change(order: Resource) -> Resource | str:
        if not mark.carried(order):
            return order
        before = annotate.merged(order, mark.extensions) if mark.same_service(order) else order
        return annotate.unsatisfied(before, mark.case.coverage_ref or "", mark.numbers)

    return _change_order(chart, mark, TAKE_BACK, change, lambda order: not mark.carried(order))


def _change_order(
    chart: Chart,
    mark: Mark,
    rung: str,
    change: Callable[[Resource], Resource | str],
    done: Callable[[Resource], bool],
) -> WriteReceipt:
    """Read, change and write an order under its version, and read it back."""

    def said(
        outcome: Any, carries: bool, order: Resource | None = None, **why: str
    ) -> WriteReceipt:
        made = _receipt(rung, outcome, mark.at, "the order", order, carries=carries, **why)
        return replace(made, resource_ref=mark.order_ref)

    carried = False
    for _ in range(2):
        order = chart.read(mark.order_ref)
        if refs.subject_of(order) != mark.case.patient_ref or not refs.names(order, mark.order_ref):
            raise WrongPatient
        carried, changed = bool(mark.carried(order)), change(order)
        if isinstance(changed, str):
            return said("refused", carried, why=changed)
        if changed == order:
            return said("filed_and_read_back", carried, order)
        version = refs.version_of(order)
        if version is None:
            return said("refused", carried, why="the chart states no version of the order")
        mark.before()
        written = chart.update(changed, f'W/"{version}"')
        if written.status == 412:
            continue
        if written.status >= 500:
            raise ChartUnavailable(f"status {written.status}")
        if written.status not in (200, 201):
            return said("refused", carried, why=str(written.status))
        read_back = _look(chart, mark.order_ref)
        if read_back and done(read_back):
            return said("filed_and_read_back", bool(mark.carried(read_back)), read_back)
        return said("accepted_unverified", True, why="could not be read back")
    return said("refused", carried, why="the order keeps changing")
