"""Who we are at a token endpoint: a public client, one with a secret, or one with a key.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
https://hl7.org/fhir/smart-app-launch/client-confidential-symmetric.html
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from launch.registration import Credentials, Registration, Registrations

LIFE = 240  # seconds; SMART allows 300
ALGORITHMS = {"EC": "ES384", "RSA": "RS384"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class BadKey(ValueError):
    """The registered key cannot sign for us."""


def _key(credentials: Credentials) -> tuple[Any, str, str]:
    """Return key, algorithm and key id of a private JWK; raises BadKey."""
    try:
        table = json.loads(credentials.key)
        algorithm = ALGORITHMS[table["kty"]]
        key: Any = (ECKey if table["kty"] == "EC" else RSAKey).import_key(table)
        if not key.is_private or not table["kid"] or table.get("crv", "P-384") != "P-384":
            raise BadKey("a private key with kid is needed: EC P-384, or RSA")
    except (ValueError, KeyError, TypeError, JoseError) as cause:
        raise BadKey("client.key is no private JWK (EC P-384 or RSA) with kid") from cause
    return key, algorithm, str(table["kid"])


def check(registration: Registration) -> None:
    """Raise BadKey when a registration's key cannot sign."""
    if registration.credentials.auth == "private_key_jwt":
        _key(registration.credentials)


def assertion(registration: Registration, audience: str, now: datetime) -> str:
    """Return a fresh client assertion: one use, at most five minutes."""
    key, algorithm, key_id = _key(registration.credentials)
    issued = int(now.timestamp())
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": audience,
        "iat": issued,
        "exp": issued + LIFE,
        "jti": secrets.token_urlsafe(24),
    }
    header = {"alg": algorithm, "kid": key_id, "typ": "JWT"}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def prove(client: Any, registration: Registration, now: datetime) -> None:
    """Let an Authlib session prove itself as its site has registered us."""
    method = registration.credentials.auth
    if method == "client_secret_basic":
        client.client_secret = registration.credentials.secret
    elif method == "private_key_jwt":

        def sign(auth: Any, verb: str, uri: str, headers: Any, body: str) -> tuple[Any, ...]:
            more = {
                "client_assertion_type": ASSERTION,
                "client_assertion": assertion(registration, uri, now),
            }
            return uri, headers, f"{body}&{urlencode(more)}"

        client.register_client_auth_method((method, sign))
    client.token_endpoint_auth_method = method


def published(registrations: Registrations) -> dict[str, Any]:
    """Return the public keys of all sites, as the JWKS that EHRs read; raises BadKey."""
    keys: dict[str, dict[str, Any]] = {}
    for one in registrations.all():
        if one.credentials.auth == "private_key_jwt":
            _, algorithm, key_id = _key(one.credentials)
            table = json.loads(one.credentials.key)
            public = {name: value for name, value in table.items() if name not in PRIVATE}
            public |= {"alg": algorithm, "use": "sig", "key_ops": ["verify"]}
            if keys.setdefault(key_id, public) != public:
                raise BadKey(f"site {one.site}: kid {key_id} is the kid of another site's key")
    return {"keys": list(keys.values())}
