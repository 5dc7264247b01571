"""Wiring of the pretend payer."""

from __future__ import annotations

import os
import time
from pathlib import Path

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.payer import crd, dtr, pages, pas
from sandbox.payer.config import PayerConfig
from sandbox.payer.desk import Desk
from sandbox.payer.outcome import Fault, Refused, fhir, outcome
from sandbox.payer.versions import VERSIONS

SANDBOX = Path(__file__).resolve().parent.parent
LARGEST = 64 * 1024 * 1024
OWN = ("/control", "/sandbox", "/static", "/favicon.ico")


def create_payer(config: PayerConfig, desk: Desk | None = None) -> Flask:
    """Return the pretend payer: CRD, DTR, PAS, and the page that tells it what to do.

    Raises RuntimeError in production: a stand-in has no business there.
    """
    if os.environ.get("PRECLEAR_ENV") == "production":
        raise RuntimeError("The pretend payer does not start with PRECLEAR_ENV=production.")
    app = Flask(
        "sandbox.payer",
        template_folder=str(SANDBOX / "templates"),
        static_folder=str(SANDBOX / "static"),
    )
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    desk = desk or Desk(config)
    for version in VERSIONS:
        app.register_blueprint(pas.blueprint(version, desk))
    app.register_blueprint(crd.blueprint(config, desk.control, desk.assertions))
    app.register_blueprint(dtr.blueprint(config, desk.control, desk.assertions, desk.office))
    app.register_blueprint(pages.blueprint(desk))
    desk.log.wrap(app, skip_prefixes=OWN)

    @app.before_request
    def wait() -> None:
        if not request.path.startswith(OWN):
            time.sleep(desk.control.for_call(request.headers.items()).delay_ms / 1000)

    @app.after_request
    def shout(response: Response) -> Response:
        response.headers["X-Stand-In"] = "pretend payer"
        response.headers["Cache-Control"] = "no-store"
        desk.courier.wake()
        return response

    _refusals(app)

    @app.get("/")
    def front() -> AnyResponse:
        return redirect("/control")

    return app


def _refusals(app: Flask) -> None:
    @app.errorhandler(Refused)
    def refused(cause: Refused) -> Response:
        return fhir(outcome(cause.faults), cause.status)

    @app.errorhandler(413)
    def too_large(cause: Exception) -> Response:
        return fhir(outcome([Fault("too-costly", "", "the body is too large")]), 413)
