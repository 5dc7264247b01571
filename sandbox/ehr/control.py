"""The pretend EHR's control: what it does wrong, and starting over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.ehr.store import TYPES
from sandbox.exchange import ExchangeLog

if TYPE_CHECKING:
    from sandbox.ehr.app import Ehr


OTHERS = {"reset", "chart", "access_token_seconds", "code_seconds", "revoke_tokens"}


def blueprint(ehr: Ehr, log: ExchangeLog) -> Blueprint:
    """Return the control of one EHR."""
    routes = Blueprint("control", __name__)

    def start_over() -> None:
        ehr.reset()
        log.messages.clear()

    @routes.route("/sandbox/control", methods=["GET", "POST"])
    def control() -> Response:
        asked = request.get_json(silent=True) or {}
        wrong, authority = ehr.wrong, ehr.authority
        unknown = sorted(asked.keys() - vars(wrong).keys() - OTHERS)
        kinds = asked.get("fail") or {}
        unknown += sorted(kinds.keys() - TYPES.keys()) if isinstance(kinds, dict) else ["fail"]
        if unknown:
            return make_response(jsonify({"error": f"there is no switch {unknown[0]!r}"}), 422)
        if asked.get("reset"):
            start_over()
        for name in vars(wrong).keys() & asked.keys():
            setattr(wrong, name, asked[name])
        for resource in asked.get("chart") or []:
            ehr.put(resource)
        if "access_token_seconds" in asked:
            authority.token_seconds = int(asked["access_token_seconds"])
        if "code_seconds" in asked:
            authority.code_seconds = int(asked["code_seconds"])
        if asked.get("revoke_tokens"):
            authority.revoke_all()
        return jsonify(vars(wrong) | {"access_token_seconds": authority.token_seconds})

    @routes.post("/sandbox/reset")
    def reset() -> AnyResponse:
        start_over()
        return redirect("/", 303)

    return routes
