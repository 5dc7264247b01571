"""What a payer asks for before it decides: the documents that a person sends, or cannot send."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from smart_app import formatters
from smart_app.adding import ANSWERABLE, Wish
from smart_app.cases import codec
from smart_app.cases.model import Case
from smart_app.errors import MissingFact, PreclearError
from smart_app.flow import Flow
from smart_app.follow import Follow
from smart_app.web import presenters
from smart_app.web.pages import Desk
from smart_app.web.review import CASE


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is asked for, in words."""

    name: str
    words: str
    lines: str
    state: str
    told: str
    form: bool
    answerable: bool
    sent: str
    faults: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether a person has to do something about it."""
        return self.state not in ("sending", "received")


def asked(follow: Follow, case: Case, payer: str) -> tuple[Asked, ...]:
    """Return what a payer asks for, for a case's page."""
    return tuple(_asked(one, case, payer) for one in follow.adding.wishes(case))


def _asked(wish: Wish, case: Case, payer: str) -> Asked:
    codes = {one.sequence: one.code for one in case.items}
    about = [codes[line] for line in wish.wanted.lines if line in codes]
    return Asked(
        name=wish.name,
        words=formatters.wanted(wish.wanted),
        lines=formatters.join(about) if len(case.items) > 1 else "",
        state=wish.state,
        told=formatters.wish(wish.state, payer, wish.declined),
        form=wish.wanted.kind == "form",
        answerable=wish.state in ANSWERABLE,
        sent=wish.sent.identifier if wish.sent else "",
        faults=wish.faults,
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of what is asked for."""
    pages = Blueprint("more", __name__)
    view = MorePages(desk)
    pages.add_url_rule(f"{CASE}/more", "page", view.page, methods=["GET", "POST"])
    pages.add_url_rule(f"{CASE}/decline", "decline", view.decline, methods=["POST"])
    pages.add_url_rule(f"{CASE}/tasks", "tasks", view.tasks)
    pages.add_url_rule(f"{CASE}/arrived", "arrived", view.arrived, methods=["POST"])
    return pages


class MorePages:
    """Views of documents that are sent after the request."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.flow: Flow = desk.flow

    def page(self, launch_id: str, case_id: str) -> BaseResponse:
        """Choose documents for one thing that is asked for, and send them."""
        context, case, person = self.desk.case(launch_id, case_id)
        name = request.values.get("wish", "")
        chosen = tuple(request.form.getlist("document"))
        error: PreclearError | None = None
        if request.method == "POST":
            try:
                self.desk.follow.adding.begin(case, person, name, chosen)
            except MissingFact as cause:
                error = cause
            else:
                return redirect(f"/l/{launch_id}/case/{case_id}", 303)
        payer = presenters.payer_name(self.desk.world, case)
        every = asked(self.desk.follow, case, payer)
        found = {one.name: one for one in every if not one.form}
        if name not in found or not found[name].answerable:
            return redirect(f"/l/{launch_id}/case/{case_id}", 303)
        zone = self.desk.world.sites.of_id(case.site).time_zone
        page = self.desk.render(
            "case/more.html",
            context,
            case,
            person,
            one=found[name],
            documents=presenters.choices(self.desk.follow.adding.listed(case), chosen),
            read_at=formatters.moment(self.flow.kept(case).read_at, zone),
            payer=payer,
            error=error,
        )
        return make_response(page, error.http_status if error else 200)

    def decline(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take a person's word that something cannot be provided."""
        _, case, person = self.desk.case(launch_id, case_id)
        name, why = request.form.get("wish", ""), request.form.get("why", "")
        self.desk.follow.adding.decline(case, person, name, why)
        return redirect(f"/l/{launch_id}/case/{case_id}", 303)

    def tasks(self, launch_id: str, case_id: str) -> BaseResponse:
        """Return what is asked for as PAS Tasks, for another system to take."""
        _, case, _ = self.desk.case(launch_id, case_id)
        entries = [{"resource": one} for one in self.desk.follow.adding.tasks(case)]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        found = make_response(codec.wire(bundle))
        found.headers["Content-Type"] = "application/fhir+json"
        found.headers["Content-Disposition"] = 'attachment; filename="tasks.json"'
        return found

    def arrived(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take a person's word whether documents arrived."""
        _, case, person = self.desk.case(launch_id, case_id)
        name, there = request.form.get("sent", ""), request.form.get("there") == "yes"
        self.desk.follow.adding.clear_up(case, person, name, arrived=there)
        return redirect(f"/l/{launch_id}/case/{case_id}", 303)
