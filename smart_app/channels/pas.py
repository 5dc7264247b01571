"""The PAS channel: a FHIR Bundle over the payer's own wire."""

from __future__ import annotations

from smart_app.cases.model import Receipt
from smart_app.pas import client
from smart_app.ports import PayerHttp


def send(http: PayerHttp, base: str, payload: bytes) -> Receipt:
    """Send a signed request's exact bytes; raises PayerUnreachable and PayerUnknown."""
    return client.submit(http, base, payload)
