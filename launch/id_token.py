"""Prove who signed in.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data
https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from launch.errors import BadIdToken

ALGORITHMS = ["RS256", "RS384", "ES256", "ES384"]
LEEWAY = 60  # seconds
_USER = re.compile(r"(?:^|/)((?:Practitioner|PractitionerRole)/[A-Za-z0-9\-.]{1,64})$")


def check(
    token: str,
    keys: dict[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    nonce_optional: bool,
    fhir_base: str,
    now: datetime,
) -> tuple[str, str]:
    """Return ``(fhirUser, name)`` of a valid id_token.

    ``fhirUser`` is relative when it lies under the FHIR base. A foreign audience is refused even
    when ``azp`` is ours; patients and related persons may not use Preclear. Raises BadIdToken.
    """
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError) as cause:
        raise BadIdToken("signature") from cause
    audience = claims.get("aud")
    if claims.get("iss") != issuer or audience not in (client_id, [client_id]):
        raise BadIdToken("iss or aud")
    moment = now.timestamp()
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float) or expires + LEEWAY < moment:
        raise BadIdToken("exp")
    if not isinstance(issued, int | float) or issued - LEEWAY > moment:
        raise BadIdToken("iat")
    returned = claims.get("nonce")
    if returned is None:
        if not nonce_optional:
            raise BadIdToken("no nonce")
    elif not hmac.compare_digest(str(returned), nonce):
        raise BadIdToken("nonce")
    return _fhir_user(claims, fhir_base), str(claims.get("name") or "")


def _fhir_user(claims: dict[str, Any], fhir_base: str) -> str:
    user = claims.get("fhirUser") or claims.get("profile")
    base = fhir_base.rstrip("/") + "/"
    if not isinstance(user, str) or not urljoin(base, user).startswith(base):
        raise BadIdToken("fhirUser")
    match = _USER.search(user)
    if not match:
        raise BadIdToken("fhirUser type")
    return match[1]
