"""SMART scopes, v1 and v2 spelling, as what they allow.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SCOPE = re.compile(r"^(patient|user|system)/([A-Za-z]+|\*)\.(read|write|\*|[cruds]{1,5})(\?.*)?$")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}


def allows(granted: Iterable[str], resource_type: str, interaction: str) -> bool:
    """Tell whether granted scopes allow an interaction, one of ``c r u d s``, on a type.

    A granular scope (``?category=…``) counts for reading; for writing it does not, since it may
    exclude what we would write.
    """
    for scope in granted:
        match = _SCOPE.match(scope)
        if not match or match[2] not in (resource_type, "*"):
            continue
        letters = _V1.get(match[3], match[3])
        if interaction in letters and not (match[4] and interaction in "cud"):
            return True
    return False
