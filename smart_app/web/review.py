"""*Review and sign*: the page and every act on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from launch import LaunchContext, csrf_token
from smart_app import formatters
from smart_app.answering import OpenPoints
from smart_app.cases.model import Case, Person
from smart_app.dtr.form import FormError
from smart_app.errors import (
    ChartError,
    LintError,
    MissingFact,
    OrderToEnter,
    PreclearError,
    SeveralOrders,
    StaleRevision,
)
from smart_app.web import enter, htmx, presenters, strip
from smart_app.web.pages import Desk, reply

Act = Callable[[LaunchContext, Case, Person], Case]
CASE = "/l/<launch_id>/case/<case_id>"


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of a case that is not sent yet."""
    pages = Blueprint("review", __name__)
    view = ReviewPages(desk)
    pages.add_url_rule("/l/<launch_id>/", "open", view.open, methods=["GET", "POST"])
    pages.add_url_rule(f"{CASE}/answer", "answer", view.answer, methods=["POST"])
    pages.add_url_rule(f"{CASE}/document", "document", view.document, methods=["POST"])
    pages.add_url_rule(f"{CASE}/without", "without", view.without, methods=["POST"])
    pages.add_url_rule(f"{CASE}/newer", "newer", view.newer, methods=["POST"])
    pages.add_url_rule(f"{CASE}/settle", "settle", view.settle, methods=["POST"])
    pages.add_url_rule(f"{CASE}/expedite", "expedite", view.expedite, methods=["POST"])
    pages.add_url_rule(f"{CASE}/send", "send", view.choose, methods=["POST"])
    pages.add_url_rule(f"{CASE}/local", "local", view.local, methods=["POST"])
    pages.add_url_rule(f"{CASE}/sign", "sign", view.sign, methods=["POST"])
    pages.add_url_rule(f"{CASE}/again", "again", view.again, methods=["POST"])
    pages.add_url_rule(f"{CASE}/note", "note", view.note)
    pages.add_url_rule(f"{CASE}/preview", "preview", view.preview)
    return pages


def revision() -> int:
    """Return the revision that a form carries; raises StaleRevision without one."""
    try:
        return int(request.form["revision"])
    except (KeyError, ValueError) as cause:
        raise StaleRevision from cause


class ReviewPages:
    """Views of stage 7 and 8."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.acts = desk.review

    def open(self, launch_id: str) -> BaseResponse:
        """Read the chart, judge the order, and go to its case."""
        context = self.desk.session(launch_id)
        if request.method == "POST":
            chosen = tuple(request.form.get("orders", "").split())
            context = replace(context, order_refs=chosen)
        try:
            case = self.desk.flow.open(context)
        except SeveralOrders as cause:
            return self._choose(context, cause)
        except OrderToEnter as cause:
            return enter.offer(self.desk, context, cause)
        return redirect(f"/l/{launch_id}/case/{case.id}", 303)

    def _choose(self, context: LaunchContext, asked: SeveralOrders) -> BaseResponse:
        """Let a person choose the order: the launch named none, or some that do not go together."""
        world = self.desk.world
        today = world.clock.today(world.sites.of_id(context.site).time_zone)
        page = render_template(
            "orders/page.html",
            strip=strip.patient_strip(asked.patient, today),
            rows=strip.order_rows(asked),
            left_out=formatters.left_out(asked.unread),
            csrf=csrf_token(self.desk.door.secret(context.launch_id) or ""),
            user=context.user_name,
            sandbox=world.config.sandbox_url,
            action=f"/l/{context.launch_id}/",
            style=f"/l/{context.launch_id}/style.css" if context.style_url else "",
        )
        return make_response(page)

    def _show(
        self,
        context: LaunchContext,
        case: Case,
        person: Person,
        *,
        error: PreclearError | None = None,
    ) -> BaseResponse:
        """Return the page, or to htmx its body, with what went wrong on top."""
        shown = presenters.review(self.desk.flow, case, person)
        more = {"view": shown, "error": error}
        url = f"/l/{context.launch_id}/case/{case.id}"
        if error is None:
            return reply(self.desk.render("review/_body.html", context, case, person, **more), url)
        name = "review/_body.html" if htmx.wanted() else "review/page.html"
        page = self.desk.render(name, context, case, person, **more)
        return make_response(page, error.http_status)

    def _act(self, launch_id: str, case_id: str, act: Act) -> BaseResponse:
        """Do an act, and show the case as it is then; what could not be done is told on top."""
        context, case, person = self.desk.case(launch_id, case_id)
        try:
            saved = act(context, case, person)
        except (FormError, MissingFact) as cause:
            return self._show(context, case, person, error=cause)
        except StaleRevision as cause:
            newer = self.desk.world.store.case(case_id)
            if newer.tracks.submission != "none" or newer.closed:
                raise
            return self._show(context, newer, person, error=cause)
        return self._show(context, saved, person)

    def answer(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take answers to the fields of one criterion."""
        posted = {key: request.form.getlist(key) for key in request.form}
        return self._act(
            launch_id, case_id, lambda _, case, who: self.acts.answer(case, revision(), who, posted)
        )

    def document(self, launch_id: str, case_id: str) -> BaseResponse:
        """Close a gap by a document."""
        path, chosen = request.form.get("path", ""), request.form.get("document", "")
        return self._act(
            launch_id,
            case_id,
            lambda _, case, who: self.acts.use_document(case, revision(), who, path, chosen),
        )

    def without(self, launch_id: str, case_id: str) -> BaseResponse:
        """Let a criterion stand as it is knowingly, or open it again."""
        link_id = request.form.get("criterion", "")
        act = self.acts.ask_again if request.form.get("again") else self.acts.send_without
        return self._act(
            launch_id, case_id, lambda _, case, who: act(case, revision(), who, link_id)
        )

    def newer(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take what the chart says now, or keep what was read."""
        seen, take = request.form.get("shown", ""), request.form.get("take", "")
        return self._act(
            launch_id,
            case_id,
            lambda _, case, who: self.acts.chart_changed(case, revision(), who, seen, take),
        )

    def settle(self, launch_id: str, case_id: str) -> BaseResponse:
        """Settle a conflict, or settle it anew."""
        field, key = request.form.get("field", ""), request.form.get("key", "")
        return self._act(
            launch_id,
            case_id,
            lambda seen, case, who: self.acts.settle(case, revision(), who, field, key, seen),
        )

    def choose(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take which documents go with the request."""
        sent = tuple(request.form.getlist("document"))
        return self._act(
            launch_id,
            case_id,
            lambda _, case, who: self.acts.choose_documents(case, revision(), who, sent),
        )

    def expedite(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take why the request cannot wait, or that it can."""
        reason = request.form.get("reason", "")
        return self._act(
            launch_id,
            case_id,
            lambda _, case, who: self.acts.expedite(case, revision(), who, reason),
        )

    def local(self, launch_id: str, case_id: str) -> BaseResponse:
        """Continue with Medicare's own list."""
        context, case, person = self.desk.case(launch_id, case_id)
        self.desk.flow.go_on_locally(case, context)
        return self._show(context, self.desk.world.store.case(case_id), person)

    def sign(self, launch_id: str, case_id: str) -> BaseResponse:
        """Sign and queue the request; a second click changes nothing."""
        context, case, person = self.desk.case(launch_id, case_id)
        try:
            seen = revision()
            if "documents" in request.form:  # what is ticked on the page that is signed goes
                sent = tuple(request.form.getlist("document"))
                case = self.acts.choose_documents(case, seen, person, sent)
                seen = case.revision
            self.acts.sign(case, seen, person, context)
        except (OpenPoints, LintError, MissingFact, ChartError) as cause:
            return self._show(context, case, person, error=cause)
        except StaleRevision as cause:
            newer = self.desk.world.store.case(case_id)
            if newer.tracks.submission == "none" and not newer.closed:
                return self._show(context, newer, person, error=cause)
        return redirect(f"/l/{launch_id}/case/{case_id}", 303)

    def again(self, launch_id: str, case_id: str) -> BaseResponse:
        """Begin a new first request after a dismissal or refusal."""
        context, case, person = self.desk.case(launch_id, case_id)
        fresh = self.acts.again(case, revision(), person, context)
        return redirect(f"/l/{launch_id}/case/{fresh.id}", 303)

    def note(self, launch_id: str, case_id: str) -> BaseResponse:
        """Show a document of the chart as text."""
        context, case, person = self.desk.case(launch_id, case_id)
        found = self.acts.note(case, request.args.get("ref", ""))
        if found is None:
            raise MissingFact("no such document", say="That document is not in what was read.")
        return make_response(
            self.desk.render("review/note.html", context, case, person, note=found)
        )

    def preview(self, launch_id: str, case_id: str) -> BaseResponse:
        """Show every answer that will be sent, hidden ones included."""
        context, case, person = self.desk.case(launch_id, case_id)
        found = self.desk.flow.draft(case)
        if found is None:
            raise MissingFact("no draft", say="The answers are not ready yet.")
        shown = presenters.review(self.desk.flow, case, person)
        return make_response(
            self.desk.render("review/preview.html", context, case, person, view=shown)
        )
