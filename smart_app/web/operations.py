"""How requests fare at a clinic: counts and times by payer, nothing about any patient."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response as BaseResponse

from smart_app import formatters
from smart_app.audit.metrics import Figures
from smart_app.web.pages import Desk
from smart_app.world import World


@dataclass(frozen=True, slots=True)
class Row:
    """One payer's figures, in words."""

    payer: str
    figures: Figures
    turnaround: str
    words: tuple[str, ...]
    told: str


def blueprint(desk: Desk) -> Blueprint:
    """Return the page of figures."""
    pages = Blueprint("operations", __name__)

    @pages.get("/l/<launch_id>/operations")
    def operations(launch_id: str) -> BaseResponse:
        context = desk.session(launch_id)
        page = render_template(
            "operations.html",
            rows=_rows(desk.world, context.site),
            remarks=_remarks(desk.world, context.site),
            stray=desk.world.inbox.counts(context.site),
            style=f"/l/{launch_id}/style.css" if context.style_url else "",
            user=context.user_name,
            sandbox=desk.world.config.sandbox_url,
        )
        return make_response(page)

    return pages


def _rows(world: World, site: str) -> list[Row]:
    heard = {one.payer: one.state for one in world.inbox.listeners() if one.site == site}
    return [_row(world, one, heard.get(one.payer)) for one in world.metrics.figures(site)]


def _remarks(world: World, site: str) -> list[tuple[str, str, str, int, str]]:
    """Return payer, code, place, count and last day of what payers remarked."""
    zone = world.sites.of_id(site).time_zone
    return [
        (
            _name(world, one.payer),
            one.remark.code,
            one.remark.place,
            one.times,
            formatters.moment(one.at, zone),
        )
        for one in world.metrics.remarks(site)
    ]


def _name(world: World, payer_id: str) -> str:
    payer = world.payers.find(payer_id)
    return payer.name if payer else payer_id


def _row(world: World, found: Figures, state: str | None) -> Row:
    payer = world.payers.find(found.payer)
    return Row(
        payer=_name(world, found.payer),
        figures=found,
        turnaround=formatters.lasting(found.turnaround),
        words=tuple(
            f"{formatters.DECISIONS[word]}: {count}" for word, count in sorted(found.words.items())
        ),
        told=formatters.told_by(payer.pended if payer else "inquire", state),
    )
