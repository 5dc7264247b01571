"""Coverage information on an order: kept as the payer gave it, satisfied by a number.

A ``coverage-assertion-id`` is never invented: an order without the payer's extension stays as it
is. https://hl7.org/fhir/us/davinci-crd/2.2.1/en/StructureDefinition-ext-coverage-information.html
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir.codes import COVERAGE_INFORMATION

NO_LONGER = (
    "pa-needed",
    "satisfied-pa-id",
    "doc-needed",
    "doc-purpose",
    "info-needed",
    "questionnaire",
    "reason",
)


def _ours(order: Resource) -> list[dict[str, Any]]:
    return [one for one in order.get("extension") or [] if one.get("url") == COVERAGE_INFORMATION]


def merged(order: Resource, extensions: Sequence[Resource]) -> Resource:
    """Return the order with a payer's repetitions in place of earlier ones for that coverage."""
    if not extensions:
        return order
    made = copy.deepcopy(order)
    others = [one for one in made.get("extension") or [] if one.get("url") != COVERAGE_INFORMATION]
    made["extension"] = [*others, *copy.deepcopy(list(extensions))]
    return made


def satisfied(order: Resource, number: str) -> Resource | None:
    """Return the order with every payer extension satisfied by a number, or None without one."""
    if not _ours(order):
        return None
    made = copy.deepcopy(order)
    for extension in _ours(made):
        kept = [one for one in extension.get("extension") or [] if one.get("url") not in NO_LONGER]
        kept += [
            {"url": "pa-needed", "valueCode": "satisfied"},
            {"url": "satisfied-pa-id", "valueString": number},
        ]
        extension["extension"] = kept
    return made


def number_of(order: Resource) -> str | None:
    """Return the number that satisfies an order, if its extensions agree on one."""
    found = {
        str(sub.get("valueString"))
        for extension in _ours(order)
        for sub in extension.get("extension") or []
        if sub.get("url") == "satisfied-pa-id"
    }
    return found.pop() if len(found) == 1 else None
