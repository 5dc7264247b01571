"""Coverage information on an order: kept as the payer gave it, satisfied by a number.

A ``coverage-assertion-id`` is never invented: an order without the payer's extension stays as it
is. https://hl7.org/fhir/us/davinci-crd/2.2.1/en/StructureDefinition-ext-coverage-information.html
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import refs
from smart_app.fhir.codes import COVERAGE_INFORMATION, objects

NO_LONGER = (
    "pa-needed",
    "satisfied-pa-id",
    "doc-needed",
    "doc-purpose",
    "info-needed",
    "questionnaire",
    "reason",
)


def _ours(order: Resource, coverage_ref: str | None = None) -> list[dict[str, Any]]:
    """Return an order's coverage information: all of it, or that of one coverage."""
    return [
        one
        for one in objects(order.get("extension"))
        if one.get("url") == COVERAGE_INFORMATION
        and (coverage_ref is None or coverage_of(one) == coverage_ref)
    ]


def coverage_of(extension: Resource) -> str | None:
    """Return the coverage that a repetition is about, as a relative reference."""
    for part in objects(extension.get("extension")):
        if part.get("url") == "coverage":
            return refs.relative(part.get("valueReference"))
    return None


def merged(order: Resource, extensions: Sequence[Resource]) -> Resource:
    """Return the order with a payer's repetitions in place of earlier ones for that coverage."""
    if not extensions:
        return order
    made = copy.deepcopy(order)
    about = {coverage_of(one) for one in extensions}
    replaced = [one for one in _ours(made) if coverage_of(one) in about]
    others = [one for one in made.get("extension") or [] if one not in replaced]
    made["extension"] = [*others, *copy.deepcopy(list(extensions))]
    return made


def satisfied(order: Resource, coverage_ref: str, number: str) -> Resource:
    """Return the order with that coverage's information satisfied.

    What another payer said of another coverage stays as it is.
    """
    made = copy.deepcopy(order)
    for extension in _ours(made, coverage_ref):
        parts = objects(extension.get("extension"))
        kept = [one for one in parts if one.get("url") not in NO_LONGER]
        kept += [
            {"url": "pa-needed", "valueCode": "satisfied"},
            {"url": "satisfied-pa-id", "valueString": number},
        ]
        extension["extension"] = kept
    return made


def unsatisfied(order: Resource, coverage_ref: str, numbers: frozenset[str]) -> Resource:
    """Return the order on which none of some numbers satisfies that coverage any more.

    What the payer said before is not known then, so nothing is put in its place.
    """
    made = copy.deepcopy(order)
    for extension in _ours(made, coverage_ref):
        parts = objects(extension.get("extension"))
        ours = [one for one in parts if _number(one) in numbers]
        kept = [one for one in parts if one not in ours]
        if ours and not any(_number(one) for one in kept):
            kept = [one for one in kept if not _says_satisfied(one)]
        extension["extension"] = kept
    return made


def _says_satisfied(part: Resource) -> bool:
    return part.get("url") == "pa-needed" and part.get("valueCode") == "satisfied"


def _number(part: Resource) -> str | None:
    return str(part.get("valueString")) if part.get("url") == "satisfied-pa-id" else None


def numbers_of(order: Resource, coverage_ref: str | None) -> frozenset[str]:
    """Return the numbers that satisfy an order for a coverage."""
    return frozenset(
        number
        for extension in _ours(order, coverage_ref or "")
        for sub in objects(extension.get("extension"))
        if (number := _number(sub))
    )
