"""Change a request that the payer has and has not decided: day, units, fewer services, more papers.

The case is what the payer has: it changes when the payer has taken the change, and not before. The
versions of a request have their traces in common, so that what is told meanwhile is about nobody
knows which of them: nothing of it is used, and an answer counts as the new version's only by name.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#updating-authorization-requests
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import sqlalchemy as sa

from smart_app import formatters, requesting
from smart_app.amending import Amending, held
from smart_app.answers import takes
from smart_app.cases.model import (
    Case,
    Change,
    ChartSnapshot,
    Decision,
    Draft,
    ItemDecision,
    Person,
    Receipt,
    Resource,
)
from smart_app.chart import documents
from smart_app.errors import Forbidden, IllegalMove, MissingFact, StaleRevision
from smart_app.pas import echo, update

CHANGEABLE = ("none", "pended", "contact_payer")
"""Decisions of requests that may still be changed: what was decided takes no update."""
STAGE = "change"


@dataclass(frozen=True, slots=True)
class Wished:
    """What a person wants of a request; ``units`` and ``dropped`` by the traces of its items."""

    planned_date: date | None
    units: Mapping[str, float] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    documents: tuple[str, ...] = ()


def may_be_changed(case: Case) -> bool:
    """Tell whether the payer has a request that may be changed."""
    return held(case) and case.tracks.decision in CHANGEABLE


def changed(case: Case, change: Change) -> Case:
    """Return a case as a change makes it."""
    left = {one.trace for one in change.items}
    return replace(
        case,
        items=change.items,
        dropped=(*case.dropped, *(one for one in case.items if one.trace not in left)),
        planned_date=change.planned_date,
        moved=case.moved or change.planned_date != case.planned_date,
        left_unsent=change.left_unsent,
        also_sent=change.also_sent,
    )


class Updating(Amending):
    """Changes of requests."""

    kind: Literal["update"] = "update"
    state: Literal["updating"] = "updating"
    task: Literal["update"] = "update"

    def addable(self, case: Case) -> tuple[documents.Listed, ...]:
        """Return the documents of the chart that were not sent with the request."""
        chart, draft = self._kept(case)
        sent = documents.sent(case, chart, draft)
        return tuple(one for one in documents.listed(chart, draft) if one.ref not in sent)

    def begin(self, case: Case, revision: int, person: Person, wished: Wished) -> Case:
        """Queue a change: all of it or nothing.

        Raises Forbidden, StaleRevision, IllegalMove, MissingFact and LintError.
        """
        if not person.may_sign:
            raise Forbidden("signer rule")
        if case.revision != revision:
            raise StaleRevision
        if not may_be_changed(case):
            raise IllegalMove("nothing to change")
        change = self._change(case, wished, person)
        made = self._bundle(case, change)
        with self.store.write() as db:
            if self.world.tasks.waiting(db, "attach", case.id):
                raise IllegalMove("documents are being sent")
            self.store.put(db, case.id, STAGE, change)
            told = formatters.changes(case, changed(case, change))
            return self.queue(db, case, made, change.identifier, person, changed=told)

    def _kept(self, case: Case) -> tuple[ChartSnapshot, Draft]:
        chart = self.store.latest(case.id, "chart", ChartSnapshot)
        draft = self.store.latest(case.id, "draft", Draft)
        if chart is None or draft is None:
            raise MissingFact("a request without chart or form")
        return chart, draft

    def _change(self, case: Case, wished: Wished, person: Person) -> Change:
        """Return what a request is to become; raises MissingFact for what is no change."""
        items = tuple(
            replace(one, units=wished.units.get(one.trace, one.units))
            for one in case.items
            if one.trace not in wished.dropped
        )
        if not items:
            raise MissingFact(
                "nothing left",
                say="A request asks for one service at least. Nothing was sent.",
                do="To take back all of it, withdraw the request on its page.",
            )
        if all(one.add_on for one in items):
            raise MissingFact(
                "add-on alone",
                say="What is left is only done together with what was taken out. Nothing was sent.",
                do="Take out both, or withdraw the request on its page.",
            )
        addable = {one.ref for one in self.addable(case)}
        added = {one for one in wished.documents if one in addable}
        change = Change(
            identifier=str(uuid.uuid4()),
            items=items,
            planned_date=wished.planned_date,
            left_unsent=tuple(one for one in case.left_unsent if one not in added),
            also_sent=(*case.also_sent, *sorted(added)),
            by=person.name,
            at=self.world.clock.now(),
        )
        if changed(case, change) == case:
            raise MissingFact(
                "no change",
                say="Nothing is changed yet. Nothing was sent.",
                do="Change what the payer is to know, then send it.",
            )
        return change

    def _bundle(self, case: Case, change: Change) -> Resource:
        """Return the Bundle that tells a change; the form stays as it was signed."""
        chart, draft = self._kept(case)
        forms = self.store.history(case.id, "response", dict)  # later ones answer wishes
        if not forms or case.signed_by is None:
            raise MissingFact("a request without its form")
        wanted = changed(case, change)
        new = requesting.build(self.world, wanted, forms[0], draft, case.signed_by, chart)
        return update.update(
            self.deciding.request(case),
            new,
            identifier=change.identifier,
            at=change.at,
            version=self.payer(case).pas_version,
        )

    def same(self, case: Case, wished: Wished, person: Person) -> bool:
        """Tell whether the change that is under way is what a person wishes again."""
        if case.tracks.submission != self.state:
            return False
        try:
            return changed(case, self._change(case, wished, person)) == self.wanted(case)
        except MissingFact:
            return False

    def wanted(self, case: Case) -> Case:
        """Return a case as the change that is under way makes it."""
        change = self.store.latest(case.id, STAGE, Change)
        return changed(case, change) if change else case

    # what is different ---------------------------------------------------------------------------

    def _names(self, case: Case) -> echo.Sent:
        return self.deciding.echoed(case, self.row(case))

    def judged(self, case: Case, receipt: Receipt) -> Receipt:
        """Return an answer to a change as what it is."""
        return self.deciding.judged(case, receipt, self._names(case))

    def read(self, case: Case, answer: Receipt) -> Decision:
        """Return what an answer says of the request as it is to become."""
        return self.deciding.tried(self.wanted(case), answer, self._names(case))

    def ends(self, found: Decision) -> bool:
        """Tell whether an answer says that the change is taken."""
        return takes(found)

    def denies(self, found: Decision) -> bool:
        """Return that none does: whatever is decided is decided of what the payer has taken."""
        return False

    def inquired(self, case: Case) -> tuple[Receipt | None, bool]:
        """Ask the payer; only a result that names the new version tells that it has it.

        That it surely has not, only a list tells of which all that may be about the version before
        is as old as what was heard of that: a payer may keep a change under its first name.
        """
        found = self.deciding.inquire(case, self.row(case))
        receipt = None if found.body is None else Receipt("received", 200, found.body)
        known = self.deciding.heard_until(case)
        old = all(one is not None and known is not None and one <= known for one in found.before)
        return receipt and self.judged(case, receipt), found.state == "none" and old

    def done(self, db: sa.Connection, case: Case, found: Decision | None) -> None:
        """Let the case be what the payer has now; what was decided before counts no more."""
        taken = self.move(db, self.wanted(case), submission="received")
        self.note(db, taken, "updated")
        if found is not None:
            self.deciding.take(db, taken, found, 0, anew=True)

    def late(self, db: sa.Connection, case: Case, found: Decision) -> None:
        """Hold a second answer against the first; one to what was given up takes the change up."""
        if self.row(case).outcome == "received":
            self.world.tasks.add(db, "recover", case.id, tag=f"late-{uuid.uuid4()}")
        elif self.ends(found) and held(case):
            self.resumed(db, case)

    def resumed(self, db: sa.Connection, case: Case) -> None:
        """Take up a change again that was given up here: the payer has it."""
        saved = self.move(db, case, submission=self.state, claim="hold")
        self.note(db, saved, "update_there")
        tag = f"there-{uuid.uuid4()}:{self.row(case).identifier}"
        self.world.tasks.add(db, self.task, case.id, tag=tag)

    def meanwhile(self, db: sa.Connection, case: Case, found: Decision) -> Case:
        """Take nothing: which version it is about, nobody knows."""
        return case

    def undone(self, db: sa.Connection, case: Case, found: Decision | None) -> None:
        """Go on: what the payer says of a change that it does not take decides nothing."""

    def heard_by(self, case: Case, person: Person) -> Decision | None:
        """Return that all waits: who asked whether a change is there has heard no decision.

        It has no moment of the payer's clock: nothing that the payer says is overtaken by it.
        """
        items = tuple(ItemDecision(one.trace, "pended") for one in self.wanted(case).items)
        now, name = self.world.clock.now(), str(uuid.uuid4())
        return Decision(name, case.id, items, now, "pas", word="pended")

    def names(self, case: Case, result: Resource) -> bool:
        """Tell whether an answer names a change that the case does not have."""
        rows = self.submitted(case, self.kind)
        if not rows or rows[-1].outcome == "received":
            return False
        names = self._names(case)
        several = echo.results(result)
        return any(echo.identified(one, names) or echo.referred(one, names) for one in several)
