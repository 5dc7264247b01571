"""The control page, its posts, and the payer's state as JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import zones
from sandbox.exchange import ExchangeLog
from sandbox.payer import verdicts
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import CHOICES, Control
from sandbox.payer.desk import Desk
from sandbox.payer.outcome import Refused
from sandbox.payer.words import ASKED, labels

CALLS_SHOWN = 12
DECIDED = (*verdicts.FINAL, *verdicts.WITHOUT_ITEMS)


def blueprint(desk: Desk) -> Blueprint:
    """Return the pages by which a tester drives the payer."""
    pages = Blueprint("pages", __name__)

    @pages.get("/control")
    def show() -> str:
        settings = desk.control.now()
        submissions = [one.view() for one in reversed(desk.office.all())]
        standing = [one for one in submissions if not one["replaced_by"]]
        return render_template(
            "payer/control.html",
            settings=settings,
            labels=labels(settings),
            choices=CHOICES,
            decided=DECIDED,
            days=_days(desk.config),
            asked=ASKED,
            pended=[one for one in standing if one["decision"] == "pended"],
            changeable=[one for one in standing if one["decision"] != "pended"],
            awaited=[one for one in submissions if one["utn_awaited"]],
            submissions=submissions,
            subscriptions=[one.summary() for one in desk.book.all()],
            calls=_calls(desk.log),
        )

    @pages.get("/sandbox/state")
    def state() -> Response:
        return jsonify([one.view() for one in desk.office.all()])

    @pages.get("/sandbox/subscriptions")
    def subscriptions() -> Response:
        return jsonify([one.summary() for one in desk.book.all()])

    _switches(pages, desk.control)
    _acts(pages, desk)
    return pages


def _days(config: PayerConfig) -> dict[str, list[str]]:
    """Return the day of a decision made now, and the states in which it is that day."""
    found: dict[str, list[str]] = {}
    for state in zones.ZONES:
        found.setdefault(zones.words(config.day(state)), []).append(state)
    return found


def _calls(log: ExchangeLog) -> list[dict[str, Any]]:
    """Return the latest calls, newest first."""
    newest = list(log.messages)[-CALLS_SHOWN:]
    return [
        {
            "status": one["status"] or "no answer",
            "method": one["method"],
            "path": urlsplit(one["url"]).path,
            "to_app": one["to"] == "app",
        }
        for one in reversed(newest)
    ]


def _switches(pages: Blueprint, control: Control) -> None:
    @pages.post("/control")
    def change() -> AnyResponse:
        settings = control.change(_wanted())
        return _done({"settings": vars(settings)})

    @pages.post("/control/release")
    def release() -> AnyResponse:
        control.release()
        return _done({"released": True})


def _acts(pages: Blueprint, desk: Desk) -> None:
    @pages.post("/control/decide")
    def decide() -> AnyResponse:
        wanted = _wanted()
        verb = str(wanted.get("decision") or "affirm")
        if verb not in DECIDED:
            raise Refused.because(400, f"{verb} is no decision")
        return _done(desk.office.decide(str(wanted.get("request")), verb).view())

    @pages.post("/control/change")
    def otherwise() -> AnyResponse:
        wanted = _wanted()
        verb = str(wanted.get("decision"))
        if verb not in verdicts.DECISIONS:
            raise Refused.because(400, f"{verb} is no decision")
        return _done(desk.office.change(str(wanted.get("request")), verb).view())

    @pages.post("/control/utn")
    def number() -> AnyResponse:
        name = _wanted().get("request")
        given = desk.office.number_all(str(name) if name else None)
        return _done({"given": [one.view() for one in given]})

    @pages.post("/control/deliver")
    def deliver() -> AnyResponse:
        return _done({"delivered": desk.courier.deliver(all_of_them=True)})

    @pages.post("/control/reset")
    def reset() -> AnyResponse:
        desk.start_over()
        return _done({"reset": True})


def _wanted() -> dict[str, Any]:
    """Return what a form or a JSON object says; raises Refused (400)."""
    if not request.is_json:
        return dict(request.form.items())
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refused.because(400, "the body is no JSON object")
    return body


def _done(body: dict[str, Any]) -> AnyResponse:
    """Answer JSON with JSON, and a form with the page again."""
    return jsonify(body) if request.is_json else redirect("/control", 303)
