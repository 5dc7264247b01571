"""Stage 6: answer the form from the chart, define by define.

What cannot be computed says why; a failed read of the chart is *unavailable*, never empty; notes
only give hints. https://hl7.org/fhir/us/davinci-dtr/STU2/specification.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from smart_app.cases.model import (
    Answer,
    ChartSnapshot,
    Draft,
    Evidence,
    QuestionnairePackage,
    Resource,
    entered_here,
)
from smart_app.dtr import coerce, gaps, items, terminology, values
from smart_app.dtr.engine import Engine, Load, Outcome, Session
from smart_app.dtr.logic import Logic
from smart_app.dtr.package import elm
from smart_app.errors import EngineError
from smart_app.fhir import codes, refs

_DEFINE = re.compile(r'^(?:"?([^".]+)"?\.)?"?([^"]+)"?$')
MOST_EVIDENCE = 3
ORDERS = "ServiceRequest"
Hints = dict[str, tuple[Evidence, ...]]


def _parameters(logic: Logic, orders: tuple[Resource, ...]) -> dict[str, Resource]:
    """Bind the libraries' parameters by their declared type to the orders."""
    bound: dict[str, Resource] = {}
    for one in logic.libraries.values():
        declared = (one["library"].get("parameters") or {}).get("def") or []
        for parameter in declared:
            specifier = parameter.get("parameterTypeSpecifier") or {}
            kind = str(specifier.get("name", "")).rpartition("}")[2]
            order = next((o for o in orders if o.get("resourceType") == kind), None)
            if order is not None:
                bound[str(parameter["name"])] = order
    return bound


def _split(expression: str, logic: Logic) -> tuple[str, str]:
    match = _DEFINE.match(expression.strip())
    library, name = (match[1], match[2]) if match else (None, expression)
    return library or next(iter(logic.libraries), ""), name


def evidence_of(resource: Resource, chart: ChartSnapshot) -> Evidence:
    """Return where an answer stands: kind, day, author."""
    stamp = next(
        (
            str(resource[key])
            for key in (
                "effectiveDateTime",
                "performedDateTime",
                "authoredOn",
                "recordedDate",
                "onsetDateTime",
                "date",
                "issued",
            )
            if resource.get(key)
        ),
        None,
    )
    named = [resource.get(key) for key in ("requester", "asserter", "recorder")]
    named += [*(resource.get("performer") or []), *(resource.get("resultsInterpreter") or [])]
    author = None
    for one in named:
        reference = refs.relative(
            one if not isinstance(one, dict) or "actor" not in one else one["actor"]
        )
        person = chart.by_reference(reference)
        author = author or (codes.human_name(person) if person else None)
    conclusion = resource.get("conclusion")
    return Evidence(
        resource_ref=f"{resource.get('resourceType')}/{resource.get('id')}",
        kind=str(resource.get("resourceType")),
        version=refs.version_of(resource),
        date=stamp[:10] if stamp else None,
        author=author or None,
        sentence=str(conclusion) if conclusion else None,
    )


def _sources(found: Outcome, chart: ChartSnapshot) -> tuple[Evidence, ...]:
    resources = [
        one["json"]
        for one in coerce.flat(found.value)
        if isinstance(one, dict) and one.get("$") == "fhir"
    ]
    return tuple(evidence_of(one, chart) for one in resources[:MOST_EVIDENCE])


def _unavailable(link_id: str, kinds: set[str]) -> Answer:
    """Return the answer of an item that a failed reading of some types leaves open."""
    why = " ".join(sorted(kinds))
    return Answer(f"{link_id}[0]", None, "auto", "unavailable", why_empty=why)


class _Filler:
    """One filling: form, session and what has been found so far."""

    def __init__(
        self,
        package: QuestionnairePackage,
        chart: ChartSnapshot,
        session: Session | None,
        logic: Logic,
        at: datetime,
        hints: Hints,
    ) -> None:
        self.package = package
        self.form = items.questionnaire(package)
        self.chart = chart
        self.session = session
        self.logic = logic
        self.at = at
        self.hints = dict(hints)
        self.warnings: list[str] = list(package.warnings)

    def _unread(self, library: str, name: str) -> set[str]:
        """Return the types that a define reads and the chart does not have as a whole.

        Logic that cannot be followed may read any of them.
        """
        unavailable = {one.partition("/")[0] for one in self.chart.unavailable}
        read = self.logic.retrieves(library, name)
        if read is None:
            return unavailable
        never = {one for one in read if one != "Patient" and one not in self.chart.resources}
        return (read & unavailable) | never

    def item(self, item: Resource) -> list[Answer]:
        """Return an item's answers, or one unavailable answer that says why there is none."""
        expression = items.extension(item, items.INITIAL)
        link_id = str(item["linkId"])
        if not isinstance(expression, dict) or self.session is None:
            return []
        text, language = str(expression.get("expression")), expression.get("language")
        sources: tuple[Evidence, ...] = ()
        if language == "text/fhirpath":
            found = self.session.path(text, self.chart.patient, {})
        else:
            library, name = _split(text, self.logic)
            if not self.logic.has(library, name):
                self.warnings.append(f"{name}: not in the form's logic")
                return []
            if failed := self._unread(library, name):
                return [_unavailable(link_id, failed)]
            found = self.session.define(library, name)
            source = f"{name} Source"
            sources = (
                _sources(self.session.define(library, source), self.chart)
                if self.logic.has(library, source)
                else ()
            )
        if found.error:
            self.warnings.append(f"{text}: {found.error}")
            return []
        options = terminology.options(item, self.form, self.package)
        answers = coerce.answers(found.value, item, options)
        if not answers and self._of_unread_order(sources):
            return [_unavailable(link_id, {ORDERS})]
        if not answers and sources:
            self._shown(link_id, found, sources[0])
        # what a note says about an answered item is shown beside it, and goes with the request
        said = tuple(one for one in self.hints.get(link_id, ()) if one.sentence)[:1]
        sources = (*sources, *said)
        return [
            Answer(f"{link_id}[{number}]", value, "auto", "confirmed", None, self.at, sources)
            for number, value in enumerate(answers)
        ]

    def _of_unread_order(self, sources: tuple[Evidence, ...]) -> bool:
        """Tell whether the chart's own order may say what the one that was entered does not."""
        entered = any(entered_here(one.resource_ref) for one in sources)
        return entered and ORDERS in self.chart.unavailable

    def _shown(self, link_id: str, found: Outcome, source: Evidence) -> None:
        """Show a person the numbers that do not answer an item, such as those in another unit."""
        measured = [
            values.words({"value": one.get("value"), "unit": one.get("unit")})
            for one in coerce.flat(found.value)
            if isinstance(one, dict) and one.get("$") == "quantity"
        ]
        if measured:
            hint = replace(source, sentence=", ".join(measured))
            self.hints[link_id] = (hint, *self.hints.get(link_id, ()))


def fill(
    package: QuestionnairePackage,
    snapshot: ChartSnapshot,
    *,
    orders: tuple[Resource, ...],
    coverage: Resource | None,
    engine: Engine,
    now: datetime,
    zone: str,
    hints: Hints,
) -> Draft:
    """Return the draft of the package's first form.

    Logic that cannot be run leaves its items to the person, with a warning; nothing found before
    is lost. ``now`` is told to the logic in the site's zone.
    """
    parsed = [found for one in package.libraries if (found := elm(one))]
    logic = Logic({str(one["library"]["identifier"]["id"]): one for one in parsed})
    resources = [snapshot.patient, *(r for several in snapshot.resources.values() for r in several)]
    local = now.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")
    load = Load(
        libraries=tuple(parsed),
        resources=tuple(resources),
        parameters=_parameters(logic, orders),
        now=local,
        value_sets=terminology.for_engine(package),
    )
    answers: list[Answer] = []
    filler = _Filler(package, snapshot, None, logic, now, hints)
    try:
        with engine.session(load) as session:
            filler.session = session
            for item in items.questions(filler.form):
                answers += filler.item(item)
    except EngineError as cause:
        filler.warnings.append(f"stopped: {cause.code}")
    draft = Draft(
        questionnaire=items.canonical(filler.form),
        revision=1,
        answers=tuple(answers),
        warnings=tuple(filler.warnings),
        form_origin=package.origin,
    )
    return gaps.recount(filler.form, draft, filler.hints)
