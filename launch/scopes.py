"""SMART scopes, v1 and v2 spelling, as what they allow.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_SCOPE = re.compile(r"^(patient|user|system)/([A-Za-z]+|\*)\.(read|write|\*|[cruds]{1,5})(\?.*)?$")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}


def allows(granted: Iterable[str], resource_type: str, interaction: str) -> bool:
    """Tell whether granted scopes allow an interaction, one of ``c r u d s``, on a whole type.

    A granular scope (``?category=…``) allows a part: what it leaves out would look as if it were
    not there, and might be just what we would write.
    """
    return any(not part for part in _parts(granted, resource_type, interaction))


def allows_a_part(granted: Iterable[str], resource_type: str, interaction: str) -> bool:
    """Tell whether granted scopes allow an interaction on some resources of a type, not on all."""
    parts = list(_parts(granted, resource_type, interaction))
    return bool(parts) and all(parts)


def _parts(granted: Iterable[str], resource_type: str, interaction: str) -> Iterator[str | None]:
    """Yield the restriction, or None, of each scope that allows an interaction on a type."""
    for scope in granted:
        match = _SCOPE.match(scope)
        if not match or match[2] not in (resource_type, "*"):
            continue
        if interaction in _V1.get(match[3], match[3]):
            yield match[4]
