"""Stage 9: the PAS request Bundle.

Chart resources are transformed, never copied: what a PAS profile does not know is dropped, every
reference resolves to exactly one entry, every entry is a new ``urn:uuid``. Of several coverages
only the one that the case goes by is sent: PAS asks one payer (``insurance.focal`` is true).
https://hl7.org/fhir/us/davinci-pas/2.2.1/StructureDefinition-profile-pas-request-bundle.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from smart_app.cases.model import Case, Resource
from smart_app.fhir import codes, refs
from smart_app.pas import claim, entries, names, ordered, papers, team
from smart_app.pas.claim import Partners, Quoted
from smart_app.pas.graph import Graph
from smart_app.pas.names import profile
from smart_app.pas.papers import Paper
from smart_app.pas.team import Clinician
from smart_app.pas.versions import LATEST, VERSIONS, Version


@dataclass(frozen=True, slots=True)
class Insurer:
    """Who decides, as named in the request."""

    name: str
    system: str
    value: str


@dataclass(frozen=True, slots=True)
class RequestParts:
    """Everything that one request is made of.

    ``urgency`` says why it cannot wait, ``quoted`` which numbers the payer gave before,
    ``recorded`` when the chart recorded a diagnosis, by its code.
    """

    case: Case
    patient: Resource
    coverage: Resource
    orders: tuple[Resource, ...]
    ordering: Clinician
    clinic: entries.Clinic
    insurer: Insurer
    response: Resource
    documents: tuple[Resource, ...]
    identifier: str
    at: datetime
    version: str = LATEST
    performing: tuple[Clinician, ...] = ()
    encounter: Resource | None = None
    urgency: str | None = None
    quoted: tuple[Quoted, ...] = ()
    recorded: Mapping[str, date] = field(default_factory=dict)
    partners: Partners | None = None


def build(parts: RequestParts) -> Resource:
    """Return the request Bundle of a case, as its payer's version of PAS knows it.

    Raises MissingFact naming what the chart or the site's settings lack.
    """
    case, version = parts.case, VERSIONS[parts.version]
    graph, mbi = Graph(), entries.member_id(parts.coverage, parts.patient)
    patient, insurer = graph.name(refs.of(parts.patient)), graph.name("insurer")
    graph.add("claim", {"resourceType": "Claim"})
    clinic = graph.add("clinic", entries.requestor(parts.clinic))
    graph.add("insurer", _insurer(parts.insurer))
    paid = entries.coverage(parts.coverage, mbi, patient, insurer)
    coverage = graph.add(refs.of(parts.coverage), paid)
    graph.add(refs.of(parts.patient), entries.beneficiary(parts.patient, mbi))
    members = team.members(case, graph, (clinic, parts.clinic), parts.ordering, parts.performing)
    around = claim.Around(
        patient=patient,
        insurer=insurer,
        provider=clinic,
        coverage=coverage,
        team=tuple(members),
        requests=_requests(parts, graph, patient, mbi),
        encounter=_encounter(parts, graph, patient),
        papers=_papers(parts, graph, patient, version),
    )
    graph.entries[0]["resource"] |= claim.build(case, around, _asked(parts), version)
    return bundle(graph.entries, f"{case.id}-{case.attempt}", parts.at)


def bundle(several: list[Resource], identifier: str, at: datetime) -> Resource:
    """Return a request Bundle of entries, the Claim first."""
    return {
        "resourceType": "Bundle",
        "meta": profile("profile-pas-request-bundle"),
        "identifier": {"system": names.TRANSACTION, "value": identifier},
        "type": "collection",
        "timestamp": at.isoformat(timespec="seconds"),
        "entry": several,
    }


def _asked(parts: RequestParts) -> claim.Asked:
    return claim.Asked(
        system="urn:trnorg:" + parts.clinic.npi,
        identifier=parts.identifier,
        at=parts.at,
        urgency=parts.urgency,
        quoted=parts.quoted,
        partners=parts.partners,
        recorded=parts.recorded,
    )


def _insurer(insurer: Insurer) -> Resource:
    named = [{"system": insurer.system, "value": insurer.value}]
    return entries.organization("PR", "profile-insurer", named, insurer.name, None)


def _requests(parts: RequestParts, graph: Graph, patient: str, mbi: str) -> dict[str, str]:
    """Add the order of each item; return their entries by trace."""
    by_ref, found = {refs.of(order): order for order in parts.orders}, {}
    for item in parts.case.items:
        order = by_ref[item.order_ref]
        requester = graph.names.get(refs.relative(order.get("requester")) or "")
        about = ordered.About(patient, mbi, refs.of(parts.coverage), requester)
        found[item.trace] = graph.add(item.order_ref, ordered.request(order, item, about))
    return found


def _encounter(parts: RequestParts, graph: Graph, patient: str) -> str | None:
    made = papers.visit(parts.encounter, patient) if parts.encounter else None
    return graph.add("visit", made) if made else None


def _papers(parts: RequestParts, graph: Graph, patient: str, version: Version) -> tuple[Paper, ...]:
    """Add the answers and the documents; each has a control number of its own."""
    for document in parts.documents:
        graph.name(refs.of(document))
    known, signed = _known(parts), parts.response
    about = [papers.context(one, known) for one in signed.get("extension") or []]
    response = graph.repoint({**signed, "extension": about})
    response.pop("id", None)
    begin = f"{parts.case.id}-{parts.case.attempt}"
    made = [Paper(graph.add("response", response), "Questionnaire answers", f"{begin}-1")]
    for number, document in enumerate(parts.documents, start=2):
        control = f"{begin}-{number}"
        sent = papers.document(document, patient, control, version)
        url = graph.add(refs.of(document), sent)
        made.append(Paper(url, papers.title(document), control))
    return tuple(made)


def _known(parts: RequestParts) -> papers.Named:
    """Return by what a payer knows the coverage, and the order of each item."""
    member = (codes.MBI, entries.member_id(parts.coverage, parts.patient))
    coverage: papers.Named = {refs.of(parts.coverage): member}
    return {**coverage} | {one.order_ref: (names.TRACE, one.trace) for one in parts.case.items}
