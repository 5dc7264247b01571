"""Read ``ext-coverage-information``: every repetition is kept, raw and parsed.

https://hl7.org/fhir/us/davinci-crd/2.2.1/en/StructureDefinition-ext-coverage-information.html
"""

from __future__ import annotations

from datetime import date
from typing import Any

from smart_app.cases.model import CoverageRepetition, Resource
from smart_app.errors import PayerError
from smart_app.fhir import codes, refs


def extensions(order: Resource) -> list[Resource]:
    """Return the order's coverage-information extensions, unmodified.

    Raises PayerError where they are no extensions: half an answer is no answer.
    """
    carried = order.get("extension") or []
    if not _are_objects(carried):
        raise PayerError("extension is no list of objects")
    found = [one for one in carried if one.get("url") == codes.COVERAGE_INFORMATION]
    if not all(_are_objects(one.get("extension")) for one in found):
        raise PayerError("coverage-information is no list of objects")
    return found


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def read(extension: Resource, order_ref: str) -> CoverageRepetition:
    """Return one repetition; unknown sub-extensions stay in ``raw``."""
    parts: dict[str, list[Any]] = {}
    for sub in extension["extension"]:
        value = next((one for key, one in sub.items() if key.startswith("value")), None)
        parts.setdefault(str(sub.get("url")), []).append(value)

    def one(url: str) -> str | None:
        found = parts.get(url) or [None]
        return str(found[0]) if found[0] is not None else None

    def every(url: str) -> tuple[str, ...]:
        return tuple(str(value) for value in parts.get(url, []) if value is not None)

    return CoverageRepetition(
        raw=extension,
        order_ref=order_ref,
        coverage_ref=refs.relative((parts.get("coverage") or [None])[0]) or "",
        covered=one("covered"),
        pa_needed=one("pa-needed"),
        doc_needed=every("doc-needed"),
        doc_purpose=every("doc-purpose"),
        info_needed=every("info-needed"),
        questionnaires=every("questionnaire"),
        assertion_id=one("coverage-assertion-id"),
        satisfied_pa_id=one("satisfied-pa-id"),
        reasons=tuple(
            _words(value) for value in parts.get("reason", []) if isinstance(value, dict)
        ),
        expires=_date(one("expiry-date")),
    )


def _words(concept: dict[str, Any]) -> str:
    coded = codes.codings(concept)
    return str(
        concept.get("text") or (coded[0].get("display") or coded[0]["code"] if coded else "")
    )


def _date(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
