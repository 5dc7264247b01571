"""A case's own page, its live part, the claim card, and the decision typed in from a letter."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from launch import LaunchContext
from smart_app import formatters
from smart_app.cases.model import Case, Decision, DecisionWord, Event, ItemDecision, Person
from smart_app.dtr.form import FormError
from smart_app.errors import CaseClosed, LetterError, PreclearError, StaleRevision, Superseded
from smart_app.pas.decision import word_of
from smart_app.web import presenters, sent
from smart_app.web.pages import Desk, reply
from smart_app.web.review import CASE, revision

TYPED: tuple[DecisionWord, ...] = ("affirmed", "non_affirmed", "dismissed")


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of a case."""
    pages = Blueprint("case", __name__)
    view = CasePages(desk)
    pages.add_url_rule(CASE, "page", view.page)
    pages.add_url_rule(f"{CASE}/live", "live", view.live)
    pages.add_url_rule(f"{CASE}/ask", "ask", view.ask, methods=["POST"])
    pages.add_url_rule(f"{CASE}/not-there", "not_there", view.not_there, methods=["POST"])
    pages.add_url_rule(f"{CASE}/not-accepted", "not_accepted", view.not_accepted, methods=["POST"])
    pages.add_url_rule(f"{CASE}/withdraw", "withdraw", view.withdraw, methods=["POST"])
    pages.add_url_rule(f"{CASE}/withdrawn", "withdrawn", view.withdrawn, methods=["POST"])
    pages.add_url_rule(f"{CASE}/claim", "claim", view.claim)
    pages.add_url_rule(f"{CASE}/letter", "letter", view.letter, methods=["GET", "POST"])
    return pages


class CasePages:
    """Views of stages 10 to 14."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def _parts(self, context: LaunchContext, case: Case, person: Person, whole: bool) -> str:
        """Return a case's page or its live part, from the same view."""
        name = "page" if whole else "_body"
        if case.tracks.submission == "none":
            if case.closed:
                raise Superseded
            shown = presenters.review(self.desk.flow, case, person)
            return self.desk.render(
                f"review/{name}.html", context, case, person, view=shown, error=None
            )
        view = sent.case_view(self.desk.follow, case)
        return self.desk.render(f"case/{name}.html", context, view.case, person, view=view)

    def page(self, launch_id: str, case_id: str) -> BaseResponse:
        """Show the case as it is now."""
        context, case, person = self.desk.case(launch_id, case_id)
        return make_response(self._parts(context, case, person, whole=True))

    def live(self, launch_id: str, case_id: str) -> BaseResponse:
        """Show the part that changes while something is awaited."""
        context, case, person = self.desk.case(launch_id, case_id, active=False)
        part = self._parts(context, case, person, whole=False)
        return reply(part, f"/l/{launch_id}/case/{case_id}")

    def ask(self, launch_id: str, case_id: str) -> BaseResponse:
        """Ask the payer, or send what was given up, now."""
        context, case, person = self.desk.case(launch_id, case_id)
        self.desk.follow.ask_now(case, person)
        return self._again(context, case.id, person)

    def not_there(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take a person's word that the payer does not have the request."""
        context, case, person = self.desk.case(launch_id, case_id)
        self.desk.follow.not_there(case, revision(), person)
        return self._again(context, case.id, person)

    def not_accepted(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take a person's word that the payer refuses the request and has none of it."""
        context, case, person = self.desk.case(launch_id, case_id)
        self.desk.follow.not_accepted(case, revision(), person)
        return self._again(context, case.id, person)

    def withdraw(self, launch_id: str, case_id: str) -> BaseResponse:
        """Ask the payer to withdraw the request."""
        context, case, person = self.desk.case(launch_id, case_id)
        self.desk.follow.withdrawing.begin(case, revision(), person)
        return self._again(context, case.id, person)

    def withdrawn(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take a person's word whether the payer has withdrawn the request."""
        context, case, person = self.desk.case(launch_id, case_id)
        over = request.form.get("over") == "yes"
        self.desk.follow.withdrawing.clear_up(case, revision(), person, over=over)
        return self._again(context, case.id, person)

    def _again(self, context: LaunchContext, case_id: str, person: Person) -> BaseResponse:
        """Return the live part of the case as an act has left it."""
        case = self.desk.world.store.case(case_id)
        part = self._parts(context, case, person, whole=False)
        return reply(part, f"/l/{context.launch_id}/case/{case_id}")

    def claim(self, launch_id: str, case_id: str) -> BaseResponse:
        """Show where the number goes on the claim (stage 14)."""
        context, case, person = self.desk.case(launch_id, case_id)
        view = sent.case_view(self.desk.follow, case)
        zone = self.desk.world.sites.of_id(case.site).time_zone
        today = self.desk.world.clock.today(zone)
        page = self.desk.render(
            "case/claim.html",
            context,
            view.case,
            person,
            card=view.card,
            chip=formatters.claim_chip(view.card, view.case.planned_date, today),
            checks=[(one.passed, formatters.check_line(one)) for one in view.card.checks],
            view=view,
            day=formatters.day,
        )
        return make_response(page)

    def letter(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take a decision that came by letter, fax or portal."""
        context, case, person = self.desk.case(launch_id, case_id)
        if case.closed:
            raise CaseClosed
        error: PreclearError | None = None
        if request.method == "POST":
            try:
                self._take(case, person)
            except (LetterError, FormError, StaleRevision) as cause:
                error = cause  # what was typed is kept
            else:
                return self._again(context, case_id, person)
        page = self.desk.render(
            "case/letter.html",
            context,
            case,
            person,
            error=error,
            words={one: formatters.DECISIONS[one] for one in TYPED},
            posted=request.form,
            seen=self.desk.follow.deciding.decided(case),
            payer=presenters.payer_name(self.desk.world, case),
            warnings=sent.case_view(self.desk.follow, case).warnings,
        )
        return make_response(page, error.http_status if error else 200)

    def _take(self, case: Case, person: Person) -> None:
        world = self.desk.world
        decided_on = self._day(request.form.get("decided_on", ""))
        zone = world.sites.of_id(case.site).time_zone
        if decided_on > world.clock.today(zone):
            raise LetterError(say="The day of the decision lies in the future.")
        number = request.form.get("number", "").strip().upper() or None
        if number and not world.program.number.pattern.match(number):
            words = world.program.number.words
            raise LetterError(say=f"The number must be {words}, as in the letter.")
        if number and world.store.number_elsewhere(number, case.id):
            raise LetterError(say="That number is already recorded for another request.")
        note = request.form.get("note", "").strip()[:500]
        items = tuple(self._item(one.trace, number, note) for one in case.items)
        now = world.clock.now()
        found = Decision(
            id=str(uuid.uuid4()),
            case=case.id,
            items=items,
            received_at=now,
            source="letter",
            decided_on=decided_on,
            word=word_of(items),
            entered_by=person.name,
        )
        event = Event("letter", now, person.name, {"word": found.word})
        self.desk.follow.take_letter(case, request.form.get("seen", ""), found, event)

    @staticmethod
    def _day(typed: str) -> date:
        """Return a day as a browser sends it, or as people here write it."""
        for form in ("%Y-%m-%d", "%m/%d/%Y"):
            try:
                return datetime.strptime(typed.strip(), form).date()
            except ValueError:
                continue
        raise LetterError(say="Enter the day of the decision, such as 11/24/2026.")

    def _item(self, trace: str, number: str | None, note: str) -> ItemDecision:
        word = request.form.get(f"decision-{trace}", "")
        if word not in TYPED:
            raise LetterError(say="Choose the decision for each code.")
        if word == "dismissed" and number:
            raise LetterError(say="A dismissed request has no number.")
        return ItemDecision(
            trace=trace,
            decision=word,
            number=None if word == "dismissed" else number,
            number_path="letter" if number else None,
            notes=(note,) if note and word != "affirmed" else (),
        )
