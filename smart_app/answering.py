"""Stage 7: what people change in a form, whichever form it is; every act carries its revision."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from smart_app.cases.model import (
    Case,
    ChartSnapshot,
    Draft,
    Event,
    Evidence,
    Person,
    QuestionnairePackage,
)
from smart_app.chart import documents
from smart_app.dtr import form
from smart_app.errors import MissingFact, PreclearError
from smart_app.flow import Flow


class OpenPoints(PreclearError):
    """Something must be settled before signing; ``points`` are (anchor, name) pairs."""

    code = "open-points"
    http_status = 422
    say = "Some things are still open. Nothing was sent."
    do = "Settle what is listed, then sign."

    def __init__(self, points: tuple[tuple[str, str], ...]) -> None:
        super().__init__(f"{len(points)} open points")
        self.points = points


def open_criteria(received: QuestionnairePackage, draft: Draft) -> tuple[tuple[str, str], ...]:
    """Return the criteria that nobody has settled, as (anchor, what it is called) pairs."""
    return tuple(
        (f"criterion-{one.link_id}", one.label)
        for one in form.view(received, draft).criteria
        if one.state == "open" and one.link_id not in draft.sent_without
    )


class Answering(ABC):
    """The acts on a form; those who know where it is kept say what may be changed, and keep it."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.world = flow.world
        self.store = flow.store

    @abstractmethod
    def found(self, case: Case) -> tuple[QuestionnairePackage, Draft] | None:
        """Return form and answers, or None while they are prepared."""

    @abstractmethod
    def held(self, case: Case) -> ChartSnapshot:
        """Return what is kept of the chart for the form."""

    @abstractmethod
    def _editable(self, case: Case, revision: int) -> tuple[QuestionnairePackage, Draft]:
        """Return form and answers; raises StaleRevision where they may not be changed."""

    @abstractmethod
    def _save_draft(self, case: Case, draft: Draft, event: Event) -> Case:
        """Keep the answers and what happened; return the case as it is then."""

    def answer(
        self, case: Case, revision: int, person: Person, posted: dict[str, list[str]]
    ) -> Case:
        """Take a person's answers to form fields."""
        received, draft = self._editable(case, revision)
        now, site = self.world.clock.now(), self.world.sites.of_id(case.site)
        given = form.apply(received, draft, posted, person, now, self.world.engines, site.time_zone)
        return self._save_draft(case, given, Event("answered", now, person.name))

    def use_document(
        self, case: Case, revision: int, person: Person, path: str, document_ref: str
    ) -> Case:
        """Close a gap by a document that a person chose; it is sent with the answers."""
        received, draft = self._editable(case, revision)
        gap = next((one for one in draft.gaps if one.path == path), None)
        found = [one for one in gap.candidates if one.resource_ref == document_ref] if gap else []
        if not found:
            raise MissingFact(
                "not a candidate",
                say="No document was chosen.",
                do="Choose one of those listed, or answer.",
            )
        now = self.world.clock.now()
        given = form.use_document(received, draft, path, found[0], person, now)
        sent = tuple(one for one in case.left_unsent if one != document_ref)
        event = Event("document_used", now, person.name)
        return self._save_draft(replace(case, left_unsent=sent), given, event)

    def send_without(self, case: Case, revision: int, person: Person, link_id: str) -> Case:
        """Let a gap stand knowingly."""
        received, draft = self._editable(case, revision)
        now = self.world.clock.now()
        given = form.send_without(received, draft, link_id, person, now)
        event = Event("sent_without", now, person.name, {"criterion": link_id})
        return self._save_draft(case, given, event)

    def ask_again(self, case: Case, revision: int, person: Person, link_id: str) -> Case:
        """Open a criterion again that was to be sent as it stood."""
        received, draft = self._editable(case, revision)
        now = self.world.clock.now()
        given = form.ask_again(received, draft, link_id, person, now)
        event = Event("asked_again", now, person.name, {"criterion": link_id})
        return self._save_draft(case, given, event)

    def note(self, case: Case, reference: str) -> Evidence | None:
        """Return a kept document as text to read, what was taken from it marked, or None."""
        text, found = documents.text(self.held(case), reference), self.found(case)
        taken = documents.taken(found[1], reference) if found else ()
        return replace(text, marks=taken) if text else None
