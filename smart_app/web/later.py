"""A form that a payer asks for before it decides: its page, and every act on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from launch import LaunchContext
from smart_app import formatters
from smart_app.answering import OpenPoints
from smart_app.cases.model import Case, Person
from smart_app.dtr.form import CriterionView, FormError, FormView, view
from smart_app.errors import IllegalMove, MissingFact, NotAsked, PreclearError, StaleRevision
from smart_app.later import STAGES, Later
from smart_app.web import htmx, presenters
from smart_app.web.pages import Desk, reply
from smart_app.web.review import CASE, revision

FORM = f"{CASE}/form/<form>"
Act = Callable[[Later, Case, Person], object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form that is asked for, as its page shows it."""

    name: str
    payer: str
    lines: str
    faults: tuple[str, ...]
    reachable: bool
    running: bool
    stages: tuple[presenters.Stage, ...]
    revision: int
    form: FormView | None
    open: tuple[CriterionView, ...]
    settled: tuple[CriterionView, ...]
    without: tuple[CriterionView, ...]
    documents: tuple[presenters.DocumentRow, ...]
    read_at: str
    left_out: str
    needs: int
    all_from_chart: bool
    may_sign: bool
    ordering: str
    orders_itself: bool


def sheet(desk: Desk, later: Later, case: Case, person: Person) -> Sheet:
    """Return the view of a form that is asked for."""
    found, held = later.found(case), later.held(case)
    shown = view(*found) if found else None
    criteria = shown.criteria if shown else ()
    rows = presenters.Criteria.of(criteria, found[1].sent_without if found else ())
    payer, marked = presenters.payer_name(desk.world, case), later.marked()
    states = [(one, *marked.get(one, (presenters.WAITING, None))) for one in STAGES]
    by_hand = any(presenters.by_hand(one) for one in criteria)
    codes = [one.code for one in case.items if one.sequence in later.wanted.lines]
    ordering, orders_itself = presenters.ordering(desk.flow, case, person)
    zone = desk.world.sites.of_id(case.site).time_zone
    return Sheet(
        name=later.name,
        payer=payer,
        lines=formatters.join(codes) if len(case.items) > 1 else "",
        faults=later.wish.faults,
        reachable=later.has_forms(case),
        running=later.has_forms(case) and found is None and not later.failed(),
        stages=tuple(
            presenters.Stage(formatters.stage(key, state, why, payer), state)
            for key, state, why in states
        ),
        revision=found[1].revision if found else 0,
        form=shown,
        open=rows.open,
        settled=rows.settled,
        without=rows.without,
        documents=(
            presenters.document_rows(held, later.ticked(case), found[1], later.went(case))
            if found
            else ()
        ),
        read_at=formatters.moment(held.read_at, zone),
        left_out=formatters.left_out(held.unavailable, held.left_out),
        needs=len(rows.open),
        all_from_chart=not (rows.without or by_hand),
        may_sign=person.may_sign,
        ordering=ordering,
        orders_itself=orders_itself,
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of forms that are asked for."""
    pages = Blueprint("later", __name__)
    shown = LaterPages(desk)
    pages.add_url_rule(FORM, "page", shown.page)
    pages.add_url_rule(f"{FORM}/live", "live", shown.live)
    pages.add_url_rule(f"{FORM}/again", "again", shown.again, methods=["POST"])
    pages.add_url_rule(f"{FORM}/answer", "answer", shown.answer, methods=["POST"])
    pages.add_url_rule(f"{FORM}/document", "document", shown.document, methods=["POST"])
    pages.add_url_rule(f"{FORM}/without", "without", shown.without, methods=["POST"])
    pages.add_url_rule(f"{FORM}/send", "send", shown.choose, methods=["POST"])
    pages.add_url_rule(f"{FORM}/sign", "sign", shown.sign, methods=["POST"])
    pages.add_url_rule(f"{FORM}/note", "note", shown.note)
    pages.add_url_rule(f"{FORM}/preview", "preview", shown.preview)
    return pages


class LaterPages:
    """Views of stages 5 to 8 for one wish."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def _later(
        self, launch_id: str, case_id: str, form: str, *, active: bool = True
    ) -> tuple[LaunchContext, Case, Person, Later]:
        """Return session, case, person and form; raises NotAsked where none is."""
        context, case, _ = self.desk.case(launch_id, case_id, active=active)
        later = Later(self.desk.flow, self.desk.follow.adding, case, form)
        person = self.desk.flow.person(case, context, later.held(case))
        return context, case, person, later

    def _show(
        self,
        context: LaunchContext,
        case: Case,
        person: Person,
        later: Later,
        error: PreclearError | None = None,
    ) -> BaseResponse:
        """Return the page, or to htmx its body, with what went wrong on top."""
        more = {"view": sheet(self.desk, later, case, person), "error": error}
        if error is None:
            part = self.desk.render("form/_body.html", context, case, person, **more)
            return reply(part, self._url(context, case, later))
        name = "form/_body.html" if htmx.wanted() else "form/page.html"
        return make_response(
            self.desk.render(name, context, case, person, **more), error.http_status
        )

    @staticmethod
    def _url(context: LaunchContext, case: Case, later: Later) -> str:
        return f"/l/{context.launch_id}/case/{case.id}/form/{later.name}"

    def page(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Show the form, and begin to prepare it where nobody has."""
        context, case, person, later = self._later(launch_id, case_id, form)
        if not later.open:
            return redirect(f"/l/{launch_id}/case/{case_id}", 303)
        later.start(case, context)
        shown = sheet(self.desk, later, case, person)
        return make_response(
            self.desk.render("form/page.html", context, case, person, view=shown, error=None)
        )

    def live(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Show how far the preparation is; one that died with its process is taken over."""
        context, case, person, later = self._later(launch_id, case_id, form, active=False)
        later.start(case, context)
        return self._show(context, case, person, later)

    def again(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Try anew to prepare what could not be prepared."""
        context, case, person, later = self._later(launch_id, case_id, form)
        later.again(case, context)
        return self._show(context, case, person, later)

    def _act(self, launch_id: str, case_id: str, form: str, act: Act) -> BaseResponse:
        """Do an act, and show the form as it is then; what could not be done is told on top."""
        context, case, person, later = self._later(launch_id, case_id, form)
        if not later.open:
            raise NotAsked
        try:
            act(later, later.ticked(case), person)
        except (FormError, MissingFact, StaleRevision) as cause:
            return self._show(context, case, person, later, cause)
        return self._show(context, case, person, later)

    def answer(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Take answers to the fields of one criterion."""
        posted = {key: request.form.getlist(key) for key in request.form}
        return self._act(
            launch_id,
            case_id,
            form,
            lambda later, case, who: later.answer(case, revision(), who, posted),
        )

    def document(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Close a gap by a document."""
        path, chosen = request.form.get("path", ""), request.form.get("document", "")
        return self._act(
            launch_id,
            case_id,
            form,
            lambda later, case, who: later.use_document(case, revision(), who, path, chosen),
        )

    def without(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Let a criterion stand as it is knowingly, or open it again."""
        link_id, again = request.form.get("criterion", ""), request.form.get("again")

        def act(later: Later, case: Case, who: Person) -> Case:
            done = later.ask_again if again else later.send_without
            return done(case, revision(), who, link_id)

        return self._act(launch_id, case_id, form, act)

    def choose(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Take which documents go with the form."""
        sent = tuple(request.form.getlist("document"))
        return self._act(
            launch_id,
            case_id,
            form,
            lambda later, case, who: later.choose_documents(case, revision(), who, sent),
        )

    def sign(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Sign and queue the form; a second click changes nothing."""
        context, case, person, later = self._later(launch_id, case_id, form)
        try:
            seen = revision()
            if "documents" in request.form:  # what is ticked on the page that is signed goes
                sent = tuple(request.form.getlist("document"))
                seen = later.choose_documents(case, seen, person, sent)
            later.sign(case, seen, person)
        except (OpenPoints, MissingFact, StaleRevision) as cause:
            if later.open:
                return self._show(context, case, person, later, cause)
        except IllegalMove:
            pass  # somebody was faster: the case tells what became of it
        return redirect(f"/l/{launch_id}/case/{case_id}", 303)

    def note(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Show a document of the chart as text."""
        context, case, person, later = self._later(launch_id, case_id, form)
        found = later.note(case, request.args.get("ref", ""))
        if found is None:
            raise MissingFact("no such document", say="That document is not in what was read.")
        back = self._url(context, case, later)
        return make_response(
            self.desk.render("review/note.html", context, case, person, note=found, back=back)
        )

    def preview(self, launch_id: str, case_id: str, form: str) -> BaseResponse:
        """Show every answer that will be sent, hidden ones included."""
        context, case, person, later = self._later(launch_id, case_id, form)
        if later.found(case) is None:
            raise MissingFact("no draft", say="The answers are not ready yet.")
        shown, back = sheet(self.desk, later, case, person), self._url(context, case, later)
        return make_response(
            self.desk.render("review/preview.html", context, case, person, view=shown, back=back)
        )
