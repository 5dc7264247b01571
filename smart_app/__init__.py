"""Preclear: prior authorization from inside the chart. Wiring only; read ``flow`` first."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from launch import LaunchError, init_app
from smart_app import formatters
from smart_app.errors import PreclearError
from smart_app.flow import Flow
from smart_app.follow import Follow
from smart_app.paths import resource
from smart_app.review import Review
from smart_app.web import (
    case,
    change,
    enter,
    health,
    later,
    more,
    notify,
    operations,
    pages,
    presenters,
    review,
    rules,
    security,
    style,
)
from smart_app.world import World

WORDS = {
    "by_hand": presenters.by_hand,
    "chip": formatters.chip,
    "day": formatters.day,
    "marked": formatters.marked,
    "moment": formatters.moment,
    "not_read": formatters.not_read,
    "short_day": formatters.short_day,
    "units": formatters.units,
}
"""What templates may call."""


def create_app(world: World) -> Flask:
    """Create the web application of a world."""
    app = Flask(
        "smart_app",
        template_folder=str(resource("templates")),
        static_folder=str(resource("static")),
    )
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    Htmx(app)
    app.jinja_env.globals.update(WORDS)

    def on_event(kind: str, facts: dict[str, Any]) -> None:
        pages.log.info(kind, extra=facts)

    door = init_app(
        app,
        registrations=world.sites.registrations,
        public_url=world.config.public_url,
        now=world.clock.now,
        engine=world.store.engine,
        seal=world.seal,
        on_event=on_event,
        render=pages.failure,
    )
    flow = Flow(world)
    desk = pages.Desk(world, door, flow, Review(flow), Follow(world))
    for part in (review, enter, case, change, more, later, operations, style):
        app.register_blueprint(part.blueprint(desk))
    for other in (rules.blueprint(world), health.blueprint(world), notify.blueprint(world)):
        app.register_blueprint(other)
    app.register_error_handler(PreclearError, pages.failure)
    app.register_error_handler(LaunchError, pages.failure)
    app.register_error_handler(Exception, pages.unexpected)

    @app.after_request
    def _harden(response: Response) -> Response:
        return security.harden(response, security.ancestors(world.sites.frame_ancestors))

    return app
