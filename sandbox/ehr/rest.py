"""The FHIR routes: scopes and patient compartment on every read, search and write."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from sandbox.ehr.scopes import about, level
from sandbox.ehr.smart import Context, Grant
from sandbox.ehr.store import CREATE, READ, SEARCH, TYPES, UPDATE, Answer, capability, outcome

if TYPE_CHECKING:
    from sandbox.ehr.app import Ehr

FHIR_JSON = "application/fhir+json"
PLAIN = "/plain/fhir"
LETTERS = {READ: "r", SEARCH: "s", CREATE: "c", UPDATE: "u"}
FORBIDDEN = outcome(403, "forbidden", "The scopes granted do not allow this.")


def _respond(answer: Answer) -> Response:
    body = "" if answer.body is None else json.dumps(answer.body)
    response = Response(body, answer.status, mimetype=FHIR_JSON)
    for name, value in answer.headers.items():
        if name.lower() in ("etag", "location", "last-modified"):
            response.headers[name] = value
    return response


class Rest:
    """One EHR's interactions."""

    def __init__(self, ehr: Ehr) -> None:
        self.ehr = ehr

    def _refusal(self, kind: str, verb: str, grant: Grant) -> Answer | None:
        if kind not in TYPES:
            return outcome(404, "not-supported", f"{kind} is not offered here.")
        if verb not in TYPES[kind]:
            return outcome(405, "not-supported", f"{verb} of {kind} is not offered here.")
        if level(grant.scope, kind, LETTERS[verb]) is None:
            return FORBIDDEN
        failing = self.ehr.wrong.fail.get(kind)
        if failing:
            return outcome(failing, "exception", "The pretend EHR was told to fail here.")
        return None

    def _foreign(self, kind: str, verb: str, grant: Grant, body: dict[str, object]) -> bool:
        """Tell whether a patient scope meets someone else's resource."""
        if level(grant.scope, kind, LETTERS[verb]) == "user":
            return False
        return about(body) != f"Patient/{grant.context.patient}"

    def read(self, kind: str, identifier: str, version: str | None, grant: Grant) -> Answer:
        """Read or vread."""
        if refused := self._refusal(kind, READ, grant):
            return refused
        store = self.ehr.store
        found = store.vread(kind, identifier, version) if version else store.read(kind, identifier)
        if found.status == 200 and found.body and self._foreign(kind, READ, grant, found.body):
            return FORBIDDEN
        return found

    def search(self, kind: str, grant: Grant) -> Answer:
        """Search inside the compartment, whatever the query says."""
        if refused := self._refusal(kind, SEARCH, grant):
            return refused
        params = list(request.args.items(multi=True)) + list(request.form.items(multi=True))
        if self.ehr.wrong.ignore_identifiers:
            params = [one for one in params if one[0] != "identifier"]
        if level(grant.scope, kind, "s") == "patient":
            own = grant.context.patient
            named = [
                value.rpartition("/")[2] for key, value in params if key in ("patient", "subject")
            ]
            if any(one != own for one in named):
                return FORBIDDEN
            key = "_id" if kind == "Patient" else "patient"
            params = [one for one in params if one[0] not in ("patient", "subject")]
            params.append((key, own))
        found = self.ehr.store.search(kind, params)
        dirty = [one for one in self.ehr.wrong.dirty if one.get("resourceType") == kind]
        if found.body and dirty and "page" not in dict(params):
            found.body["entry"] = [*found.body.get("entry", []), *({"resource": d} for d in dirty)]
        return found

    def create(self, kind: str, grant: Grant) -> Answer:
        """Create, conditionally when asked."""
        if refused := self._refusal(kind, CREATE, grant):
            return refused
        if self.ehr.wrong.refuse_writes:
            return outcome(403, "forbidden", "This chart takes no documents.")
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict) or body.get("resourceType") != kind:
            return outcome(400, "structure", f"The body is not a {kind}.")
        if self._foreign(kind, CREATE, grant, body):
            return FORBIDDEN
        condition = request.headers.get("If-None-Exist")
        if self.ehr.wrong.ignore_identifiers:
            condition = None
        made = self.ehr.store.create(kind, body, condition)
        return (
            Answer(made.status, None, made.headers) if self.ehr.wrong.accept_without_body else made
        )

    def update(self, kind: str, identifier: str, grant: Grant) -> Answer:
        """Update a version that the client names."""
        if refused := self._refusal(kind, UPDATE, grant):
            return refused
        if self.ehr.wrong.refuse_writes:
            return outcome(403, "forbidden", "This chart takes no changes.")
        if not request.headers.get("If-Match"):
            return outcome(428, "required", "Name the version that you change (If-Match).")
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict) or (body.get("resourceType"), body.get("id")) != (
            kind,
            identifier,
        ):
            return outcome(400, "structure", "The body is not the resource that the URL names.")
        before = self.ehr.store.read(kind, identifier)
        if before.body is None or before.status != 200:
            return before
        if self._foreign(kind, UPDATE, grant, body) or about(before.body) != about(body):
            return FORBIDDEN
        return self.ehr.store.update(kind, identifier, body, request.headers["If-Match"])

    def answer(self, kind: str, path: str, grant: Grant) -> Answer:
        """Return the answer to the request at hand, under a grant."""
        if self.ehr.wrong.delay_ms:
            time.sleep(self.ehr.wrong.delay_ms / 1000)
        parts, method = [one for one in path.split("/") if one], request.method
        if method == "GET" and len(parts) == 1:
            return self.read(kind, parts[0], None, grant)
        if method == "GET" and len(parts) == 3 and parts[1] == "_history":
            return self.read(kind, parts[0], parts[2], grant)
        if (method == "GET" and not parts) or (method == "POST" and parts == ["_search"]):
            return self.search(kind, grant)
        if method == "POST" and not parts:
            return self.create(kind, grant)
        if method == "PUT" and len(parts) == 1:
            return self.update(kind, parts[0], grant)
        return outcome(405, "not-supported", "That is not offered here.")


def blueprint(ehr: Ehr) -> Blueprint:
    """Return the FHIR routes: ``/fhir`` asks for a token, ``/plain/fhir`` for none.

    A SMART launcher, which brings its own sign-in, is put before the second.
    """
    routes = Blueprint("rest", __name__)
    rest, issuer = Rest(ehr), ehr.config.issuer
    anyone = Grant(Context("", "", "", ()), "user/*.cruds", "", math.inf, "")

    @routes.get("/fhir/metadata")
    def metadata() -> Response:
        return _respond(Answer(200, capability(issuer)))

    @routes.get("/plain/fhir/metadata")
    def plain_metadata() -> Response:
        return _respond(Answer(200, capability(issuer.removesuffix("/fhir") + PLAIN)))

    @routes.route("/fhir/<kind>", methods=["GET", "POST"], defaults={"path": ""})
    @routes.route("/fhir/<kind>/<path:path>", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    def fhir(kind: str, path: str) -> Response:
        grant = ehr.authority.grant(request.headers.get("Authorization", ""))
        if grant is None:
            response = _respond(outcome(401, "login", "A valid bearer token is needed."))
            response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            return response
        return _respond(rest.answer(kind, path, grant))

    @routes.route("/plain/fhir/<kind>", methods=["GET", "POST"], defaults={"path": ""})
    @routes.route("/plain/fhir/<kind>/<path:path>", methods=["GET", "POST", "PUT"])
    def plain(kind: str, path: str) -> Response:
        response = _respond(rest.answer(kind, path, anyone))
        here = issuer.removesuffix("/fhir") + PLAIN
        response.set_data(response.get_data(as_text=True).replace(issuer, here))
        return response

    return routes
