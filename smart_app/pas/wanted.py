"""What a payer asks for before it decides: documents by LOINC code, or a form.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smart_app.cases.model import Case, Resource, Wanted
from smart_app.fhir import codes
from smart_app.pas.names import PAS

LINE = PAS + "extension-serviceLineNumber"
MODIFIER = PAS + "extension-contentModifier"
FORM = "102089-0"
"""LOINC's code that stands for a questionnaire."""


def read(case: Case, body: Any, response: Resource) -> tuple[Wanted, ...]:
    """Return what a readable answer asks for; never raises, and leaves out what has no number."""
    try:
        return tuple(_all(case, body, response))
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError):
        return ()


def _all(case: Case, body: Any, response: Resource) -> Iterator[Wanted]:
    for reference in response.get("communicationRequest") or []:
        request = _request(body, response, str(reference.get("reference") or ""))
        number: dict[str, Any] = next(iter(request.get("identifier") or []), {})
        payload: dict[str, Any] = next(iter(request.get("payload") or []), {})
        if not number.get("value"):
            continue
        report, words = _report(request)
        code = str(payload.get("contentString") or report)
        lines = tuple(_lines(request)) + tuple(_lines(payload))
        form = code == FORM
        yield Wanted(
            number=str(number["value"]),
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
