"""The Task by which a payer's wish is handed on: PAS has the provider make it, one for each type.

The types are PWK01 codes, LOINC codes, and a questionnaire. Requester and owner are named as the
guide's own page does, which its profile's short texts contradict: the payer asks, and in 2.0.1
owns as well. https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smart_app.cases.model import Case, Resource, Wanted
from smart_app.fhir import codes
from smart_app.pas import attachments, names, versions
from smart_app.pas.names import concept
from smart_app.pas.wanted import FORM, MODIFIER

STATUS = {
    "open": "requested",
    "sending": "in-progress",
    "unknown": "in-progress",
    "rejected": "in-progress",
    "received": "completed",
    "declined": "failed",
}
"""What became of the answer to a wish, as a status of HRex's Task."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What is known of a wish beside its own words: where the answer goes, and how far it is.

    ``why`` is why it cannot be answered, ``due`` the day by which the payer decides.
    """

    base: str
    state: str
    at: datetime
    why: str = ""
    due: datetime | None = None


def build(
    request: Resource, case: Case, wanted: Wanted, handed: Handed, version: str
) -> tuple[Resource, ...]:
    """Return the Tasks of one wish about a request, as that was sent: one for each type of code."""
    known = versions.VERSIONS[version]
    parts = [tuple(_report(wanted, case, known)), tuple(_loinc(wanted, case, known))]
    named = "attachment-request-code", "attachment-request-questionnaire"
    made = [_task(request, wanted, handed, known, named[0], one) for one in parts if one]
    if wanted.code == FORM:
        asked = tuple(_context(wanted, case, known))
        made.append(_task(request, wanted, handed, known, named[1], asked))
    return tuple(made)


def _task(
    request: Resource,
    wanted: Wanted,
    handed: Handed,
    version: versions.Version,
    code: str,
    inputs: tuple[dict[str, Any], ...],
) -> Resource:
    entries = {one["fullUrl"]: one["resource"] for one in request["entry"]}
    claim = request["entry"][0]["resource"]
    insurer = entries[claim["insurer"]["reference"]]["identifier"][0]
    provider = codes.identifier(entries[claim["provider"]["reference"]], codes.NPI)
    owner = {"system": codes.NPI, "value": provider} if version.owned_by_provider else insurer
    member, url = attachments.member(request), f"{handed.base.rstrip('/')}/$submit-attachment"
    tracking = {key: one for key, one in _tracking(wanted).items() if one}
    made: Resource = {
        "resourceType": "Task",
        "meta": names.profile("profile-task"),
        "identifier": [tracking],
        "status": STATUS[handed.state],
        "intent": "order",
        "code": concept(names.TEMP, code),
        "for": {"type": "Patient", "identifier": codes.only(member, "system", "value")},
        "lastModified": handed.at.isoformat(timespec="seconds"),
        "requester": {"identifier": codes.only(insurer, "system", "value")},
        "owner": {"identifier": codes.only(owner, "system", "value")},
        "reasonCode": concept(names.TEMP, "priorAuthorization"),
        "reasonReference": {
            "type": "Claim",
            "identifier": codes.only(claim["identifier"][0], "system", "value"),
        },
        "input": [{"type": concept(names.TEMP, "payer-url"), "valueUrl": url}, *inputs],
    }
    if handed.state == "declined":
        made["statusReason"] = {"text": handed.why}
    if handed.due:
        made["restriction"] = {"period": {"end": handed.due.isoformat(timespec="seconds")}}
    return made


def _tracking(wanted: Wanted) -> dict[str, str]:
    return {"system": wanted.system, "value": wanted.number}


def _lines(wanted: Wanted, case: Case) -> tuple[int, ...]:
    """Return the items that a wish is about: each input names one, and none is all."""
    return wanted.lines or tuple(one.sequence for one in case.items)


def _input(
    kind: str, line: int, version: versions.Version, *more: dict[str, Any], **value: Any
) -> dict[str, Any]:
    numbered = names.extension(version.task_line[0], **{version.task_line[1]: line})
    return {"extension": [numbered, *more], "type": concept(names.TEMP, kind), **value}


def _report(wanted: Wanted, case: Case, version: versions.Version) -> Iterator[dict[str, Any]]:
    """Yield the kind of report that is asked for, item by item."""
    if wanted.report:
        asked = concept(attachments.REPORT, wanted.report)
        for line in _lines(wanted, case):
            yield _input("attachments-needed", line, version, valueCodeableConcept=asked)


def _loinc(wanted: Wanted, case: Case, version: versions.Version) -> Iterator[dict[str, Any]]:
    """Yield the attachment code that is asked for, and what narrows it, item by item."""
    if wanted.code in ("", FORM, wanted.report):
        return
    asked = concept(attachments.LOINC, wanted.code)
    narrowed = [
        {"url": MODIFIER, "valueCodeableConcept": concept(attachments.LOINC, one)}
        for one in wanted.modifiers
    ]
    for line in _lines(wanted, case):
        yield _input("attachments-needed", line, version, *narrowed, valueCodeableConcept=asked)


def _context(wanted: Wanted, case: Case, version: versions.Version) -> Iterator[dict[str, Any]]:
    """Yield the trace number that DTR knows the form by, item by item."""
    for line in _lines(wanted, case):
        traces = [one.trace for one in case.items if one.sequence == line]
        trace = wanted.context if len(wanted.lines) < 2 else next(iter(traces), wanted.context)
        if version.context_is_text:
            yield _input("questionnaire-context", line, version, valueString=trace or "")
        else:
            known = {"system": names.TRACE, "value": trace or ""}
            yield _input("questionnaires-needed", line, version, valueIdentifier=known)
