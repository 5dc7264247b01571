"""The door's pages: ``/launch``, the cookie probe, and ``/callback``.

https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from launch import authorize, id_token, token
from launch.client import published
from launch.context import ORDER_TYPES, LaunchContext, references
from launch.discovery import Discovery
from launch.errors import CodeRefused, CookiesBlocked, LaunchError, NoIssuer, UnlistedIssuer
from launch.registration import Registration, Registrations
from launch.vault import ABSOLUTE_LIFE, Pending, Vault

COOKIE = "__Host-s_"
ROOM = 8  # launches of one browser at a time: each sends its cookie with every request
FORGET = 20  # cookies taken from a browser by one reply, whose head must stay small
ATTRIBUTES: dict[str, Any] = {
    "secure": True,
    "httponly": True,
    "samesite": "None",
    "partitioned": True,
    "path": "/",
}
Render = Callable[[LaunchError], Response]
OnEvent = Callable[[str, dict[str, Any]], None]


def cookie_name(launch_id: str) -> str:
    """Return the name of a launch's own cookie."""
    return f"{COOKIE}{launch_id[:8]}"


def csrf_token(secret: str) -> str:
    """Return the token that unsafe requests of this launch must carry."""
    return hmac.new(secret.encode(), b"unsafe method", hashlib.sha256).hexdigest()


class Door:
    """The three steps of a launch, and the check of every later request."""

    def __init__(
        self,
        vault: Vault,
        discovery: Discovery,
        registrations: Registrations,
        public_url: str,
        now: Callable[[], datetime],
        on_event: OnEvent,
    ) -> None:
        self.vault = vault
        self.discovery = discovery
        self.registrations = registrations
        self.now = now
        self.on_event = on_event
        self.redirect_uri = public_url.rstrip("/") + "/callback"

    def with_cookie(self, response: BaseResponse, launch_id: str, secret: str) -> BaseResponse:
        """Set the launch's cookie; Partitioned, so that it lives in an EHR's frame."""
        response.set_cookie(cookie_name(launch_id), secret, max_age=ABSOLUTE_LIFE, **ATTRIBUTES)
        return response

    def make_room(self, response: BaseResponse) -> BaseResponse:
        """End what the browser has used least lately: too many cookies and no server answers."""
        held = {key: value for key, value in request.cookies.items() if key.startswith(COOKIE)}
        for name in self.vault.make_room(held, ROOM - 1)[:FORGET]:
            response.delete_cookie(name, **ATTRIBUTES)
        return response

    def secret(self, launch_id: str) -> str | None:
        """Return the secret that this request's browser holds for a launch."""
        return request.cookies.get(cookie_name(launch_id))

    def begin(self) -> BaseResponse:
        """Take a launch; no request is made for an unlisted issuer.

        An EHR's launch carries ``launch``; without it the person has come by themselves, and the
        EHR asks them for a patient (standalone launch).
        """
        iss, launch = request.args.get("iss", ""), request.args.get("launch", "")
        if not iss:
            raise NoIssuer
        registration = self.registrations.of_issuer(iss)
        if registration is None:
            self.on_event("launch_refused", {"why": UnlistedIssuer.code})
            raise UnlistedIssuer
        self.vault.sweep(self.registrations.idle_minutes())
        launch_id, secret = self.vault.begin(registration.site, iss, launch)
        answer = self.make_room(redirect(f"/l/{launch_id}/go", 303))
        return self.with_cookie(answer, launch_id, secret)

    def go(self, launch_id: str) -> BaseResponse:
        """Send the browser to the EHR, if it sent our cookie back."""
        secret = self.secret(launch_id)
        if secret is None:
            self.on_event("launch_refused", {"why": CookiesBlocked.code})
            raise CookiesBlocked
        pending = self.vault.pending(launch_id, secret)
        registration = self._registration(pending.iss)
        url = authorize.authorization_url(
            registration,
            self.discovery.of(pending.iss),
            self.redirect_uri,
            iss=pending.iss,
            launch=pending.launch,
            state=pending.state,
            verifier=pending.verifier,
            nonce=pending.nonce,
            now=self.now(),
        )
        return redirect(url, 303)

    def callback(self) -> BaseResponse:
        """Exchange the code, prove the user, and open the session (stage 1)."""
        state = request.args.get("state", "")
        launch_id = self.vault.launch_of_state(state)
        launch_id, _, pending = self.vault.redeem(state, self.secret(launch_id))
        code = request.args.get("code")
        if request.args.get("error") or not code:
            raise CodeRefused("authorization refused")
        registration = self._registration(pending.iss)
        answer = authorize.exchange(
            registration,
            self.discovery.of(pending.iss),
            self.redirect_uri,
            code=code,
            verifier=pending.verifier,
            now=self.now(),
        )
        context = self._context(launch_id, registration, pending, answer)
        secret = self.vault.admit(context, token.read(answer, registration.scopes, self.now()))
        self.on_event("launched", {"launch": launch_id, "user": context.fhir_user})
        return self.with_cookie(redirect(f"/l/{launch_id}/", 303), launch_id, secret)

    def jwks(self) -> BaseResponse:
        """Publish the public keys by which EHRs know us."""
        answer = jsonify(published(self.registrations))
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer

    def _registration(self, iss: str) -> Registration:
        registration = self.registrations.of_issuer(iss)
        if registration is None:
            raise UnlistedIssuer
        return registration

    def _context(
        self, launch_id: str, registration: Registration, pending: Pending, answer: dict[str, Any]
    ) -> LaunchContext:
        issuer = registration.expected_issuer or self._issuer(pending.iss)
        user, name = id_token.check(
            str(answer.get("id_token") or ""),
            self.discovery.keys(pending.iss, issuer),
            issuer=issuer,
            client_id=registration.client_id,
            nonce=pending.nonce,
            nonce_optional=registration.nonce_optional,
            fhir_base=pending.iss,
            now=self.now(),
        )
        named = references(answer)
        granted = token.read(answer, registration.scopes, self.now()).scope
        style = answer.get("smart_style_url")
        return LaunchContext(
            launch_id=launch_id,
            site=registration.site,
            iss=pending.iss,
            fhir_base=pending.iss.rstrip("/"),
            patient_id=answer.get("patient") or None,
            encounter_id=answer.get("encounter") or None,
            fhir_user=user,
            user_name=name,
            granted_scopes=granted,
            order_refs=tuple(ref for kind in ORDER_TYPES for ref in named.get(kind, [])),
            coverage_ref=next(iter(named.get("Coverage", [])), None),
            task_ref=next(iter(named.get("Task", [])), None),
            response_ref=next(iter(named.get("QuestionnaireResponse", [])), None),
            need_patient_banner=answer.get("need_patient_banner") is not False,
            style_url=style if isinstance(style, str) else None,
            intent=answer.get("intent") if isinstance(answer.get("intent"), str) else None,
        )

    def _issuer(self, iss: str) -> str:
        """The id_token's issuer: the metadata's word only while it stays on the EHR's origin."""
        stated = self.discovery.of(iss).issuer
        if stated and urlsplit(stated)[:2] == urlsplit(iss)[:2]:
            return stated
        return iss

    def session(self, launch_id: str, *, active: bool = True) -> LaunchContext:
        """Match path, cookie and record of a request; raises SessionEnded.

        What a page asks by itself is not ``active``: it must not keep a deserted window open.
        """
        row_site = self.vault.site(launch_id)
        idle = self.registrations.of_site(row_site).idle_minutes
        return self.vault.session(launch_id, self.secret(launch_id), idle, active=active)


def blueprint(door: Door, render: Render) -> Blueprint:
    """Return the door's routes; ``render`` makes the page of a refusal."""
    pages = Blueprint("launch", __name__)
    pages.add_url_rule("/launch", "begin", door.begin)
    pages.add_url_rule("/l/<launch_id>/go", "go", door.go)
    pages.add_url_rule("/callback", "callback", door.callback)
    pages.add_url_rule("/jwks.json", "jwks", door.jwks)
    pages.register_error_handler(LaunchError, render)
    return pages
