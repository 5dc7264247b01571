"""What a payer remarks beside an answer that it gave: to be mended one day, by technical staff.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html#http-responses
"""

from __future__ import annotations

import re
from typing import Any

from smart_app.cases.model import Remark
from smart_app.fhir import codes
from smart_app.pas import echo

FAILED = ("fatal", "error")
CODE, PLACE = re.compile(r"[A-Za-z0-9._-]{1,40}"), re.compile(r"[A-Za-z0-9_.\[\]()]{1,200}")
RECEIPTS = ("informational", "success")
"""Codes of what only says that something was taken, where it names no part of the request."""
MOST = 20
"""How many remarks of one answer are kept."""


def read(body: Any) -> tuple[Remark, ...]:
    """Return what an answer remarks, each once; never raises."""
    try:
        within = list(echo.walk(body))
    except RecursionError:  # deeper than anything that could be read of it
        return ()
    outcomes = (one for one in within if one.get("resourceType") == "OperationOutcome")
    issues = (issue for one in outcomes for issue in codes.objects(one.get("issue")))
    found = [_remark(one) for one in issues if one.get("severity") not in FAILED]
    said = (one for one in found if one.code and (one.place or one.code not in RECEIPTS))
    return tuple(dict.fromkeys(said))[:MOST]


def _remark(issue: dict[str, Any]) -> Remark:
    said = [issue.get("code"), *(one.get("code") for one in codes.codings(issue.get("details")))]
    known = [one for one in said if isinstance(one, str) and CODE.fullmatch(one)]
    where = issue.get("expression")
    places = where if isinstance(where, list) else []
    place = next((one for one in places if isinstance(one, str) and PLACE.fullmatch(one)), "")
    return Remark(" ".join(dict.fromkeys(known))[:80], place)
