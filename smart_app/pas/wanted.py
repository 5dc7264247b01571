"""What a payer asks for before it decides: documents by LOINC code, or a form.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/additionalinfo.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smart_app.cases.model import Case, Resource, Wanted
from smart_app.pas.names import PAS

LINE = PAS + "extension-serviceLineNumber"
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
        code, words = _asked(request, payload)
        lines = tuple(_lines(request)) + tuple(_lines(payload))
        traces = [one.trace for one in case.items if not lines or one.sequence in lines]
        form = code == FORM
        yield Wanted(
            number=str(number["value"]),
            system=str(number.get("system") or ""),
            kind="form" if form else "documents",
            code=code,
            words=words,
            lines=lines,
            context=traces[0] if form and traces else None,
        )


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


def _asked(request: Resource, payload: dict[str, Any]) -> tuple[str, str]:
    """Return code and the payer's own words: what is to be sent, else what kind of report."""
    category: dict[str, Any] = next(iter(request.get("category") or []), {})
    coding: dict[str, Any] = next(iter(category.get("coding") or []), {})
    code = str(payload.get("contentString") or coding.get("code") or "")
    reasons = [str(one.get("text")) for one in request.get("note") or [] if one.get("text")]
    words = category.get("text") or coding.get("display") or ""
    return code, " ".join(filter(None, [str(words), *reasons]))


def _lines(element: dict[str, Any]) -> Iterator[int]:
    for one in element.get("extension") or []:
        line = one.get("valuePositiveInt", one.get("valueInteger"))
        if one.get("url") == LINE and isinstance(line, int):
            yield line
