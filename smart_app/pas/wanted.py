"""What a payer asks for before it decides: documents by LOINC code, or a form.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from smart_app.cases.model import Case, Decision, Resource, Wanted
from smart_app.fhir import codes
from smart_app.pas.names import PAS

LINE = PAS + "extension-serviceLineNumber"
MODIFIER = PAS + "extension-contentModifier"
FORM = "102089-0"
"""LOINC's code that stands for a questionnaire."""
UNREADABLE = (AttributeError, TypeError, KeyError, ValueError, RecursionError)
UNKNOWN = Wanted(number="", system="", kind="documents", code="", words="")
"""What cannot be read, or is not here: people have to ask what it is."""


def read(case: Case, body: Any, response: Resource) -> tuple[Wanted, ...]:
    """Return what a readable answer asks for; never raises.

    What is asked for twice in the same words is one wish about all the items that it names.
    """
    try:
        asked = response.get("communicationRequest") or []
        several = [str(one.get("reference") or "") for one in asked]
    except UNREADABLE:
        return ()
    found: dict[tuple[str, ...], Wanted] = {}
    for reference in several:
        for one in _each(case, body, response, reference):
            found[one.key] = _both(found[one.key], one) if one.key in found else one
    return tuple(found.values())


def _both(one: Wanted, other: Wanted) -> Wanted:
    """Return one wish for two in the same words; no line is all of them."""
    lines = {*one.lines, *other.lines} if one.lines and other.lines else ()
    return replace(one, lines=tuple(sorted(lines)))


def _each(case: Case, body: Any, response: Resource, reference: str) -> list[Wanted]:
    """Return what one CommunicationRequest asks for: older versions allow several payloads."""
    try:
        request = _request(body, response, reference)
        payloads = request.get("payload") or [{}]
        return [_wanted(case, response, request, one) for one in payloads] if request else [UNKNOWN]
    except UNREADABLE:
        return [UNKNOWN]


def _wanted(case: Case, response: Resource, request: Resource, payload: dict[str, Any]) -> Wanted:
    number: dict[str, Any] = next(iter(request.get("identifier") or []), {})
    report, words = _report(request)
    code = str(payload.get("contentString") or report)
    lines = tuple(sorted({*_lines(request), *_lines(payload)}))
    form = code == FORM
    return Wanted(
        number=str(number.get("value") or ""),
        system=str(number.get("system") or ""),
        kind="form" if form else "documents",
        code=code,
        words=words,
        lines=lines,
        context=_context(case, response, lines) if form else None,
        report=report,
        modifiers=tuple(_modifiers(payload)),
    )


def _context(case: Case, response: Resource, lines: tuple[int, ...]) -> str | None:
    """Return the trace number beside the code: the item's, or the request's for no item.

    https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
    """
    traces = [one.trace for one in case.items if not lines or one.sequence in lines]
    if not lines and len(case.items) > 1:
        header: dict[str, Any] = next(iter(response.get("identifier") or []), {})
        traces.insert(0, str(header.get("value") or traces[0]))
    return traces[0] if traces else None


def _request(body: Any, response: Resource, reference: str) -> Resource:
    """Return the CommunicationRequest that an answer refers to, contained or beside it."""
    inside = response.get("contained") or []
    known = {f"#{one.get('id')}": one for one in inside if isinstance(one, dict)}
    entries = body.get("entry") or [] if isinstance(body, dict) else []
    for entry in entries:
        resource = entry.get("resource") or {}
        known[str(entry.get("fullUrl"))] = resource
        known[f"{resource.get('resourceType')}/{resource.get('id')}"] = resource
    found: Resource = known.get(reference, {})
    return found if found.get("resourceType") == "CommunicationRequest" else {}


def _report(request: Resource) -> tuple[str, str]:
    """Return the kind of report that is asked for (PWK01), and the payer's own words."""
    category: dict[str, Any] = next(iter(request.get("category") or []), {})
    coding: dict[str, Any] = next(iter(category.get("coding") or []), {})
    reasons = [str(one.get("text")) for one in request.get("note") or [] if one.get("text")]
    words = category.get("text") or coding.get("display") or ""
    return str(coding.get("code") or ""), " ".join(filter(None, [str(words), *reasons]))


def _modifiers(payload: dict[str, Any]) -> Iterator[str]:
    for one in payload.get("extension") or []:
        if one.get("url") == MODIFIER:
            yield from (each["code"] for each in codes.codings(one.get("valueCodeableConcept")))


def _lines(element: dict[str, Any]) -> Iterator[int]:
    for one in element.get("extension") or []:
        line = one.get("valuePositiveInt", one.get("valueInteger"))
        if one.get("url") == LINE and isinstance(line, int):
            yield line


def waiting(case: Case, before: Decision, found: Decision) -> tuple[Wanted, ...]:
    """Return what a payer waits for.

    What answers an inquiry, or a change, asks for nothing, or only names what was asked for before:
    that is still asked for then, as far as it is about what is still in the request.
    """
    if found.wanted and all(one.number for one in found.wanted):
        return found.wanted
    told = tuple(one for one in found.wanted if one.number or one.code or one.words)
    keys, left = {one.key for one in told}, {one.sequence for one in case.items}
    kept = (one for one in before.wanted if not one.lines or left & {*one.lines})
    several = (*told, *(one for one in kept if one.key not in keys))
    return several or found.wanted
