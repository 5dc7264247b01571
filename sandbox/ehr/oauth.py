"""The authorization server's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.ehr.people import human_name
from sandbox.ehr.scopes import offered
from sandbox.ehr.smart import Context, OAuthError
from sandbox.ehr.store import TYPES

if TYPE_CHECKING:
    from sandbox.ehr.app import Ehr


def configuration(issuer: str) -> dict[str, Any]:
    """Return the SMART configuration."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/auth/jwks",
        "authorization_endpoint": f"{issuer}/auth/authorize",
        "token_endpoint": f"{issuer}/auth/token",
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "capabilities": [
            "launch-ehr",
            "launch-standalone",
            "client-public",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "context-standalone-patient",
            "sso-openid-connect",
            "context-ehr-patient",
            "context-ehr-encounter",
            "permission-patient",
            "permission-user",
            "permission-offline",
            "permission-v1",
            "permission-v2",
        ],
    }


def _people(ehr: Ehr) -> dict[str, list[tuple[str, str]]]:
    """Return who may be chosen as patient, and as the one who signs in."""
    found = {}
    for name, kind in (("patients", "Patient"), ("people", "Practitioner")):
        found[name] = [(one["id"], human_name(one)) for one in ehr.store.all(kind)]
    return found


def _chosen(ehr: Ehr, asked: dict[str, str]) -> Context | None:
    """Return what a person chose on the EHR's own page, or None before they did."""
    patient, user = asked.get("choose_patient", ""), asked.get("choose_user", "")
    person = ehr.store.read("Practitioner", user)
    if ehr.store.read("Patient", patient).status != 200 or person.status != 200:
        return None
    return Context(patient, f"Practitioner/{user}", human_name(person.body or {}), ())


def _authorize(ehr: Ehr, asked: dict[str, str]) -> AnyResponse:
    """Answer an authorization request; who comes without a launch chooses a patient first."""
    authority = ehr.authority
    known = authority.clients.known(asked.get("client_id", ""))
    if not known or asked.get("redirect_uri") != authority.redirect_uri:
        # An unregistered redirect is never followed.
        return Response("Unknown client or redirect URI.\n", 400, mimetype="text/plain")
    scope = offered(asked.get("scope", ""), frozenset(TYPES))
    chosen = None
    if not asked.get("launch") and "launch/patient" in scope.split():
        chosen = _chosen(ehr, asked)
        if chosen is None:
            page = render_template("ehr/choose.html", asked=asked, **_people(ehr))
            return Response(page, mimetype="text/html")
    try:
        answer = {"code": authority.authorize(asked, scope, chosen)}
    except OAuthError as cause:
        answer = {"error": cause.error, "error_description": cause.description}
    if asked.get("state"):
        answer["state"] = asked["state"]
    return redirect(f"{authority.redirect_uri}?{urlencode(answer)}", 302)


def blueprint(ehr: Ehr) -> Blueprint:
    """Return the routes below the issuer that speak OAuth."""
    routes = Blueprint("oauth", __name__)
    issuer, authority = ehr.config.issuer, ehr.authority

    @routes.get("/fhir/.well-known/smart-configuration")
    @routes.get("/fhir/.well-known/openid-configuration")
    def smart_configuration() -> Response:
        return jsonify(configuration(issuer))

    @routes.get("/fhir/auth/jwks")
    def jwks() -> Response:
        return jsonify(authority.jwks())

    @routes.route("/fhir/auth/authorize", methods=["GET", "POST"])
    def authorize() -> AnyResponse:
        return _authorize(ehr, {**request.args.to_dict(), **request.form.to_dict()})

    @routes.post("/fhir/auth/token")
    def token() -> tuple[Response, int]:
        try:
            header = request.headers.get("Authorization", "")
            return jsonify(authority.token(request.form.to_dict(), header)), 200
        except OAuthError as cause:
            body = {"error": cause.error, "error_description": cause.description}
            return jsonify(body), cause.status

    return routes
