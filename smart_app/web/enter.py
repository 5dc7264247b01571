"""The page on which a person enters an order that the chart does not give."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from launch import LaunchContext, csrf_token
from smart_app import entering, formatters, reading
from smart_app.cases.model import ChartSnapshot
from smart_app.entering import EntryError, Typed
from smart_app.errors import OrderToEnter
from smart_app.web import strip
from smart_app.web.pages import Desk


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes of an order that is entered."""
    pages = Blueprint("enter", __name__)

    @pages.get("/l/<launch_id>/enter")
    def blank(launch_id: str) -> BaseResponse:
        context = desk.session(launch_id)
        chart, typed = reading.as_given(desk.world, context), Typed(request.args.get("order", ""))
        if not entering.may_enter(chart, typed.order_ref):
            return redirect(f"/l/{launch_id}/", 303)
        return page(desk, context, chart, typed, None)

    @pages.post("/l/<launch_id>/enter")
    def enter(launch_id: str) -> BaseResponse:
        context = desk.session(launch_id)
        typed = Typed.of({key: request.form.getlist(key) for key in request.form})
        world, chart = desk.world, reading.as_given(desk.world, context)
        site = world.sites.of_id(context.site)
        try:
            one = entering.entry(
                world.program, site, chart, typed, context.fhir_user, world.clock.now()
            )
        except EntryError as cause:
            return page(desk, context, chart, typed, cause)
        kept = reading.enter(world, context, one)
        try:
            case = desk.flow.open(replace(context, order_refs=(one.order_ref,)))
        except OrderToEnter as cause:  # the next order of the same requisition lacks its code too
            return offer(desk, context, cause)
        if kept:
            reading.tell(world, case, one)
        return redirect(f"/l/{launch_id}/case/{case.id}", 303)

    return pages


def offer(desk: Desk, context: LaunchContext, asked: OrderToEnter) -> BaseResponse:
    """Show the page for an order without a code, or for a chart whose orders cannot be read."""
    chart = reading.as_given(desk.world, context)
    return page(desk, context, chart, Typed(asked.order_ref), None)


def page(
    desk: Desk,
    context: LaunchContext,
    chart: ChartSnapshot,
    typed: Typed,
    error: EntryError | None,
) -> BaseResponse:
    """Return the page, with what was typed."""
    world = desk.world
    site = world.sites.of_id(context.site)
    named = entering.diagnoses(chart)
    searched = error is not None and "code" in error.faults
    found = entering.matches(world.program, typed.code) if searched else ()
    if found:  # a search is no mistake
        error = None
    known = entering.said(chart, typed.order_ref)
    typed_too = tuple((one, "") for one in typed.diagnoses if one not in dict(named))
    shown = render_template(
        "orders/enter.html",
        strip=strip.patient_strip(chart.patient, world.clock.today(site.time_zone)),
        why=entering.why(chart, typed.order_ref),
        typed=typed,
        error=error,
        said=known,
        words=formatters.order_says(known.diagnoses, known.planned),
        found=found,
        codes=entering.known_codes(world.program),
        diagnoses=(*named, *typed_too),
        places=site.facilities,
        orderers=entering.orderers(chart, context.fhir_user),
        requester=typed.requester or context.fhir_user,
        csrf=csrf_token(desk.door.secret(context.launch_id) or ""),
        user=context.user_name,
        sandbox=world.config.sandbox_url,
        action=f"/l/{context.launch_id}/enter",
        at=f"/l/{context.launch_id}/enter?{urlencode({'order': typed.order_ref})}",
        style=f"/l/{context.launch_id}/style.css" if context.style_url else "",
    )
    return make_response(shown, error.http_status if error else 200)
