"""The page on which a person changes a request that the payer has, and signs the change."""

from __future__ import annotations

import math
from datetime import date

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from smart_app import formatters
from smart_app.cases.model import Case, CaseItem
from smart_app.entering import Fault, planned_day
from smart_app.errors import LintError, MissingFact, PreclearError, StaleRevision
from smart_app.updating import Wished, may_be_changed
from smart_app.web import presenters
from smart_app.web.pages import Desk
from smart_app.web.review import CASE, revision

MOST_UNITS = 100_000


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of a change."""
    pages = Blueprint("change", __name__)
    view = ChangePages(desk)
    pages.add_url_rule(f"{CASE}/change", "page", view.page, methods=["GET", "POST"])
    pages.add_url_rule(f"{CASE}/changed", "changed", view.changed, methods=["POST"])
    return pages


def _day(case: Case) -> str:
    return case.planned_date.isoformat() if case.planned_date else ""


def _number(units: float) -> str:
    return f"{units:.10g}"


def _typed(name: str, now: str) -> str:
    """Return what a person typed; what was left as the page had it is as it is now."""
    typed = request.form.get(name)
    return now if typed is None or typed == request.form.get(f"was-{name}") else typed


class ChangePages:
    """Views of a change."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def page(self, launch_id: str, case_id: str) -> BaseResponse:
        """Change day, units and services, add documents, and send that."""
        context, case, person = self.desk.case(launch_id, case_id)
        error: PreclearError | None = None
        updating = self.desk.follow.updating
        if request.method == "POST":
            try:
                updating.begin(case, revision(), person, self._wished(case))
            except (MissingFact, LintError, StaleRevision) as cause:
                error = cause  # what was typed is kept
            else:
                return redirect(f"/l/{launch_id}/case/{case_id}", 303)
        if not may_be_changed(case):
            stale = isinstance(error, StaleRevision)
            if error and stale and not updating.same(case, self._wished(case), person):
                raise error  # another change is under way
            return redirect(f"/l/{launch_id}/case/{case_id}", 303)
        zone = self.desk.world.sites.of_id(case.site).time_zone
        page = self.desk.render(
            "case/change.html",
            context,
            case,
            person,
            planned=(_typed("planned", _day(case)), _day(case)),
            items=[(one, self._units_typed(one), _number(one.units)) for one in case.items],
            gone=request.form.getlist("gone"),
            documents=presenters.choices(updating.addable(case), request.form.getlist("document")),
            read_at=formatters.moment(self.desk.flow.kept(case).read_at, zone),
            payer=presenters.payer_name(self.desk.world, case),
            error=error,
        )
        return make_response(page, error.http_status if error else 200)

    @staticmethod
    def _units_typed(item: CaseItem) -> str:
        """Return the units of an item as they were typed, or as they are."""
        return _typed(f"units-{item.trace}", _number(item.units))

    def _wished(self, case: Case) -> Wished:
        """Read the posted form; raises MissingFact."""
        gone = frozenset(request.form.getlist("gone"))
        kept = [one for one in case.items if one.trace not in gone]
        return Wished(
            planned_date=self._planned(case),
            units={one.trace: self._units(one) for one in kept},
            dropped=gone,
            documents=tuple(request.form.getlist("document")),
        )

    def _planned(self, case: Case) -> date | None:
        typed = _typed("planned", _day(case)).strip()
        if typed == _day(case):
            return case.planned_date
        world = self.desk.world
        try:
            day = planned_day(typed, world.clock.now())
        except Fault as cause:
            raise _wrong(str(cause)) from cause
        if day < world.clock.today(world.sites.of_id(case.site).time_zone):
            raise _wrong("The planned day lies in the past.")
        return day

    def _units(self, item: CaseItem) -> float:
        """Read the units of an item: parts of one only where the order had parts."""
        try:
            count = float(self._units_typed(item).strip())
        except ValueError:
            count = 0.0
        whole = float(item.units).is_integer()
        number = f"a {'whole ' if whole else ''}number above 0, up to {MOST_UNITS:,}"
        if not (math.isfinite(count) and 0 < count <= MOST_UNITS) or (whole and count % 1):
            raise _wrong(f"Enter how many units as {number}.")
        return int(count) if count.is_integer() else count

    def changed(self, launch_id: str, case_id: str) -> BaseResponse:
        """Take a person's word whether the payer has the change."""
        context, case, person = self.desk.case(launch_id, case_id)
        over = request.form.get("over") == "yes"
        self.desk.follow.updating.clear_up(case, revision(), person, over=over)
        return redirect(f"/l/{context.launch_id}/case/{case_id}", 303)


def _wrong(say: str) -> MissingFact:
    return MissingFact("typed", say=say, do="Mend it, then send the change. Nothing was sent.")
