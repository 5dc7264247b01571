"""What an answer may mean of which nothing can be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from smart_app.cases.model import Case, Resource
from smart_app.fhir import dates
from smart_app.pas import echo, verdicts
from smart_app.pas.asked import Asked, may_affirm, named
from smart_app.pas.echo import Sent
from smart_app.pas.usable import withdrawn

APPROVALS = {"affirmed", "affirmed_modified"}
"""Words of an item that is affirmed as a whole."""


@dataclass(frozen=True, slots=True)
class Unused:
    """What an answer of which nothing can be used may mean.

    ``may_deny`` that it affirms less than all; ``created`` is its newest moment, or ``day``.
    """

    may_deny: bool
    created: datetime | None = None
    day: date | None = None


def read(case: Case, body: Any, sent: Sent, now: datetime, said: dict[str, str]) -> Unused:
    """Return what an answer may mean of which nothing can be used; its newest moment or day.

    What was ``said`` of each item is denied by nothing that says the same.
    """
    asked = Asked(case, sent, now)
    try:
        several = echo.results(body)
        about = [one for one in several if named(asked, one) or echo.identified(one, sent)]
        ours = [one for one in about if not echo.superseded(one, sent)]
        affirm = [one for one in ours if _affirms_alone(asked, one, said)]
        rest = [one for one in ours if one not in affirm and _says_less(asked, one)]
        open_to = [one for one in rest if not any(asked.surely_older(one, it) for it in affirm)]
        made = [found for one in ours if (found := dates.when(one.get("created")))]
        newest = max(made, key=dates.last, default=None)
        if isinstance(newest, datetime):
            return Unused(bool(open_to), created=newest)
        return Unused(bool(open_to), day=newest)
    except (AttributeError, TypeError, KeyError, RecursionError):
        return Unused(may_deny=True)


def _says_less(asked: Asked, response: Resource) -> bool:
    """Tell whether a result may deny, or take back what it affirmed; a draft does neither."""
    if not withdrawn(response):
        return True
    draft = response.get("status") == "draft"
    return not draft and may_affirm(asked, {"entry": [{"resource": response}]})


def _affirms_alone(asked: Asked, response: Resource, said: dict[str, str]) -> bool:
    """Tell whether a result by itself affirms all of ours, or only says again what was said.

    Where nothing was said, that all waits denies nothing.
    """
    found = asked.read({"resourceType": "Bundle", "entry": [{"resource": response}]})
    words = verdicts.of_items(found)
    harmless = APPROVALS if said else {*APPROVALS, "pended"}
    return bool(words) and (set(words.values()) <= harmless or words == said)
