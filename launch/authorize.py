"""The authorization request and the code exchange, always with PKCE.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from launch.bounded import bound
from launch.client import prove
from launch.discovery import SmartConfiguration
from launch.errors import CodeRefused, GrantRefused
from launch.registration import Registration

TIMEOUT = 10  # seconds
REFUSALS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)
"""https://www.rfc-editor.org/rfc/rfc6749#section-5.2"""


def refuse_non_tokens(response: requests.Response) -> requests.Response:
    """Raise CodeRefused for what is no token: Authlib takes an OperationOutcome for one.

    Only the server's own refusal is GrantRefused: a gateway's error page says nothing of the grant.
    """
    try:
        body = response.json()
    except (ValueError, RecursionError) as cause:
        raise CodeRefused("not JSON") from cause
    told = body.get("error") if isinstance(body, dict) else None
    if response.status_code in (400, 401) and told in REFUSALS:
        raise GrantRefused(told)
    if response.status_code != 200 or not isinstance(body, dict):
        raise CodeRefused(f"status {response.status_code}")
    kind = str(body.get("token_type", "")).lower()
    if not isinstance(body.get("access_token"), str) or kind != "bearer":
        raise CodeRefused("no bearer token")
    return response


def session(registration: Registration, redirect_uri: str, now: datetime) -> OAuth2Session:
    """Return an Authlib session that holds nothing from the server's metadata."""
    client = OAuth2Session(
        registration.client_id,
        token_endpoint_auth_method="none",
        redirect_uri=redirect_uri,
        scope=" ".join(registration.scopes),
        code_challenge_method="S256",
        default_timeout=TIMEOUT,
    )
    prove(client, registration, now)
    bound(client)
    client.max_redirects = 0
    client.register_compliance_hook("access_token_response", refuse_non_tokens)
    client.register_compliance_hook("refresh_token_response", refuse_non_tokens)
    return client


def authorization_url(
    registration: Registration,
    configuration: SmartConfiguration,
    redirect_uri: str,
    *,
    iss: str,
    launch: str,
    state: str,
    verifier: str,
    nonce: str,
    now: datetime,
) -> str:
    """Return the URL of the EHR that the browser is sent to.

    Without ``launch`` the EHR is asked to let the person choose a patient (standalone launch).
    """
    more = {"launch": launch} if launch else {}
    with session(registration, redirect_uri, now) as client:
        if not launch:
            client.scope = " ".join(standalone(registration.scopes))
        url, _ = client.create_authorization_url(
            configuration.authorization_endpoint,
            state=state,
            code_verifier=verifier,
            aud=iss,
            nonce=nonce,
            **more,
        )
    return str(url)


def standalone(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return scopes that ask for a patient to be chosen, in place of the EHR's own context."""
    return tuple("launch/patient" if one == "launch" else one for one in scopes)


def exchange(
    registration: Registration,
    configuration: SmartConfiguration,
    redirect_uri: str,
    *,
    code: str,
    verifier: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the token response for a code; raises CodeRefused."""
    with session(registration, redirect_uri, now) as client:
        try:
            token = client.fetch_token(
                configuration.token_endpoint,
                code=code,
                code_verifier=verifier,
                grant_type="authorization_code",
            )
        except (AuthlibBaseError, requests.RequestException) as cause:
            raise CodeRefused from cause
    return dict(token)
