"""What all pages share: the session behind a URL, the case behind it, and how errors are told."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Response as BaseResponse

from launch import Door, LaunchContext, LaunchError, csrf_token
from smart_app.cases.model import Case, Person
from smart_app.cases.store import NoCase
from smart_app.errors import NoPage, PreclearError
from smart_app.fhir import refs
from smart_app.flow import Flow
from smart_app.follow import Follow
from smart_app.review import Review
from smart_app.web import htmx, security, strip
from smart_app.world import World

log = logging.getLogger("preclear.web")


@dataclass(frozen=True, slots=True)
class Desk:
    """What views work with."""

    world: World
    door: Door
    flow: Flow
    review: Review
    follow: Follow

    def session(self, launch_id: str, *, active: bool = True) -> LaunchContext:
        """Match path, cookie and record; check unsafe methods. Raises SessionEnded, Forbidden."""
        context = self.door.session(launch_id, active=active)
        g.site = self.world.sites.of_id(context.site)
        if request.method != "GET":
            token = csrf_token(self.door.secret(launch_id) or "")
            security.check_unsafe(request, token, self.world.config.public_url)
        return context

    def case(
        self, launch_id: str, case_id: str, *, active: bool = True
    ) -> tuple[LaunchContext, Case, Person]:
        """Return session, case and person; a case of another patient or chart is no case."""
        context = self.session(launch_id, active=active)
        case = self.world.store.case(case_id)
        same = (case.site, refs.base(case.iss), case.patient_ref) == (
            context.site,
            refs.base(context.iss),
            f"Patient/{context.patient_id}",
        )
        if not same:
            raise NoCase
        g.case_is_theirs = True
        return context, case, self.flow.person(case, context)

    def render(
        self, template: str, context: LaunchContext, case: Case, person: Person, **more: Any
    ) -> str:
        """Render a page of a case with its patient strip."""
        zone = self.world.sites.of_id(case.site).time_zone
        today = self.world.clock.today(zone)
        return render_template(
            template,
            strip=strip.strip(self.world, self.flow, case, today),
            base=f"/l/{context.launch_id}/case/{case.id}",
            csrf=csrf_token(self.door.secret(context.launch_id) or ""),
            case=case,
            program=self.world.program,
            style=f"/l/{context.launch_id}/style.css" if context.style_url else "",
            user=person.name,
            person=person,
            sandbox=self.world.config.sandbox_url,
            **more,
        )


def failure(error: PreclearError | LaunchError) -> Response:
    """Return the page that tells what failed, what is kept, and the next step."""
    reference = secrets.token_hex(4)
    log.warning("refused", extra={"why": error.code, "reference": reference})
    where = request.view_args or {}
    theirs = "case_is_theirs" in g
    back = f"/l/{where['launch_id']}/case/{where['case_id']}" if theirs else ""
    template = "_error.html" if htmx.wanted() else "error.html"
    page = render_template(template, error=error, reference=reference, back=back)
    return make_response(page, error.http_status)


def unexpected(error: Exception) -> BaseResponse:
    """Return the page for what nobody foresaw; its text stays out of page and log."""
    case = request.path.rpartition("/")[0]
    if isinstance(error, MethodNotAllowed) and request.method == "GET" and "/case/" in case:
        return redirect(case, 303)  # what was posted to has no page: its case has
    if isinstance(error, (NotFound, MethodNotAllowed)):
        return failure(NoPage())
    if isinstance(error, HTTPException):
        return make_response(f"{error.code} {error.name}\n", error.code or 500)
    log.error("unexpected", extra={"why": type(error).__name__})
    return failure(PreclearError())


def reply(part: str, url: str) -> BaseResponse:
    """Return a part to htmx, a redirect to its page to everyone else."""
    return htmx.part_or_page(part, url)
