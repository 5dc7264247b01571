"""Which documents go with a request, and what is kept of the chart (minimum necessary)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from typing import Any

from smart_app.cases.model import Case, ChartSnapshot, Draft, Evidence, Resource
from smart_app.fhir import codes, refs

KEPT = (
    "Coverage",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "DocumentReference",
)

NAMED = {"Condition": "reasonReference", "Encounter": "encounter"}
"""Where an order names what the request tells of it: when a diagnosis was recorded, the visit."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One document that may go with the request."""

    ref: str
    title: str
    date: str | None
    author: str | None
    needed: bool
    offered: bool
    size: int


def keep(chart: ChartSnapshot, chosen: tuple[Resource, ...]) -> ChartSnapshot:
    """Return the part of a snapshot that the request and its pages use."""
    kept = {kind: chart.of(kind) for kind in KEPT if chart.of(kind)}
    for kind, member in NAMED.items():
        named = {refs.relative(one) for order in chosen for one in _listed(order.get(member))}
        if found := tuple(one for one in chart.of(kind) if refs.of(one) in named):
            kept[kind] = found
    kept["ServiceRequest"] = chosen
    return replace(chart, resources=kept)


def _listed(value: Any) -> list[Any]:
    """Return one or several References as a list."""
    return value if isinstance(value, list) else [value]


def attachments(document: Resource) -> list[dict[str, Any]]:
    """Return what a document consists of, content held or only linked."""
    return [
        one["attachment"]
        for one in document.get("content") or []
        if isinstance(one, dict) and isinstance(one.get("attachment"), dict)
    ]


def held(document: Resource) -> dict[str, Any] | None:
    """Return the first part of a document whose content is here, or None."""
    return next((one for one in attachments(document) if one.get("data")), None)


def is_text(attachment: dict[str, Any]) -> bool:
    """Tell whether a part of a document is text that can be searched."""
    return str(attachment.get("contentType") or "").startswith("text/plain")


def text_of(document: Resource) -> str | None:
    """Return a document's text, or None for a scan and for what is not here."""
    for one in attachments(document):
        if is_text(one) and one.get("data"):
            try:
                return base64.b64decode(one["data"]).decode("utf-8", "replace")
            except (binascii.Error, TypeError, ValueError):
                continue
    return None


def title(document: Resource) -> str:
    """Return what a document is called."""
    kind = document.get("type") or {}
    coded = codes.codings(kind)
    fallback = coded[0].get("display") if coded else None
    return str(document.get("description") or kind.get("text") or fallback or "Document")


def author(document: Resource, chart: ChartSnapshot) -> str | None:
    """Return who wrote a document, if the chart says."""
    for one in document.get("author") or []:
        name = refs.relative(one)
        person = chart.by_reference(name)
        if found := (codes.human_name(person) if person else one.get("display")):
            return str(found)
    return None


def taken(draft: Draft, reference: str) -> tuple[str, ...]:
    """Return the sentences of a document that answers or hints rest on."""
    answered = (one for answer in draft.answers for one in answer.evidence)
    hinted = (one for gap in draft.gaps for one in gap.candidates)
    found = (one for one in (*answered, *hinted) if one.resource_ref == reference)
    return tuple(dict.fromkeys(one.sentence for one in found if one.sentence))


def cited(draft: Draft) -> frozenset[str]:
    """Return the documents that answers or hints rest on."""
    answered = (one for answer in draft.answers for one in answer.evidence)
    hinted = (one for gap in draft.gaps if gap.kind == "silent" for one in gap.candidates)
    return frozenset(one.resource_ref for one in (*answered, *hinted))


def _offered(draft: Draft) -> frozenset[str]:
    """Return the documents that may answer an open point, once a person chooses them."""
    return frozenset(one.resource_ref for gap in draft.gaps for one in gap.candidates)


def listed(chart: ChartSnapshot, draft: Draft) -> tuple[Listed, ...]:
    """Return the sendable documents, the needed ones first, newest first."""
    return sendable(chart, cited(draft), _offered(draft))


def sendable(
    chart: ChartSnapshot,
    needed: frozenset[str] = frozenset(),
    offered: frozenset[str] = frozenset(),
) -> tuple[Listed, ...]:
    """Return the current documents whose content is here, what is needed first, newest first."""
    rows = [
        Listed(
            ref=refs.of(document),
            title=title(document),
            date=str(document.get("date") or "")[:10] or None,
            author=author(document, chart),
            needed=refs.of(document) in needed,
            offered=refs.of(document) in offered,
            size=len(str(content["data"])) * 3 // 4,
        )
        for document in chart.of("DocumentReference")
        if document.get("status") == "current" and (content := held(document))
    ]
    ordered = sorted(rows, key=lambda row: row.date or "", reverse=True)
    return tuple(sorted(ordered, key=lambda row: not row.needed))


def sent(case: Case, chart: ChartSnapshot, draft: Draft) -> tuple[str, ...]:
    """Return what goes with the request: what is needed, less and more by a person's choice."""
    return tuple(
        row.ref
        for row in listed(chart, draft)
        if (row.needed and row.ref not in case.left_unsent) or row.ref in case.also_sent
    )


def text(chart: ChartSnapshot, reference: str) -> Evidence | None:
    """Return a document's text to read, or None when it is no text."""
    document = chart.by_reference(reference)
    if document is None or document.get("resourceType") != "DocumentReference":
        return None
    return Evidence(
        resource_ref=reference,
        kind="DocumentReference",
        date=str(document.get("date") or "")[:10] or None,
        author=author(document, chart),
        sentence=text_of(document),
        title=title(document),
    )
