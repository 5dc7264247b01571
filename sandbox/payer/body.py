"""The JSON of a call."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from sandbox.payer.outcome import Refused

TYPES = ("application/fhir+json", "application/json")


def body_of(types: tuple[str, ...] = TYPES) -> Any:
    """Return the request's JSON; raises Refused (400, 415)."""
    if request.mimetype not in types:
        raise Refused.because(415, f"Content-Type must be {types[0]}", code="not-supported")
    try:
        return json.loads(request.get_data())
    except ValueError:
        raise Refused.because(400, "the body is no JSON", code="structure") from None
