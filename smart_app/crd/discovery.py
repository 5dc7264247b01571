"""Which CDS services a payer offers.

https://cds-hooks.hl7.org/2.0/#discovery
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smart_app.errors import PayerError
from smart_app.fhir import codes
from smart_app.ports import Cache, PayerHttp

DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class CdsService:
    """One service: where to post, what to prefetch, which versions it speaks."""

    url: str
    prefetch: dict[str, str]
    versions: tuple[str, ...]


def find(
    http: PayerHttp, base: str, hook: str, cache: Cache, *, again: bool = False
) -> CdsService | None:
    """Return the payer's service for a hook, or None; kept a day, asked anew when ``again``."""
    url = base.rstrip("/") + "/cds-services"
    body = None if again else cache.get(url)
    if body is None:
        answer = http.get(url)
        if answer.status != 200 or not isinstance(answer.body, dict):
            raise PayerError(f"discovery answered {answer.status}")
        body = answer.body
        cache.put(url, body, DAY)
    for service in codes.objects(body.get("services")):
        name = service.get("id")
        if service.get("hook") == hook and isinstance(name, str) and name:
            return _service(url, service)
    return None


def _service(url: str, service: dict[str, Any]) -> CdsService:
    prefetch, extension = service.get("prefetch"), service.get("extension")
    templates = prefetch if isinstance(prefetch, dict) else {}
    versions = extension.get("davinci-crd.version") if isinstance(extension, dict) else None
    return CdsService(
        url=f"{url}/{service['id']}",
        prefetch={key: value for key, value in templates.items() if isinstance(value, str)},
        versions=tuple(str(one) for one in versions) if isinstance(versions, list) else (),
    )
