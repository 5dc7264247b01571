"""Whose an answer is: what it echoes of a request, and whether it names another's.

Only names in systems of our own, and member numbers, tell for certain. What a payer calls its own
things proves nothing, neither for nor against.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claimresponse.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import dates
from smart_app.fhir.codes import MBI
from smart_app.pas.names import CANCELLED, INQUIRY, PAS

URN = "urn:uuid:"
_MBI = re.compile(r"[1-9][A-Z][A-Z0-9]\d[A-Z][A-Z0-9]\d[A-Z]{2}\d{2}")
"""The shape of a Medicare number, under whatever system a payer gives it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The names of a request that was, or may have been, sent.

    ``also`` are those of what was sent about it later, such as its cancellation. ``before`` are
    those of its earlier versions, ``since`` is when the payer took this one, ``around`` the
    moments by which an answer may only be dated by the question for it. ``dropped`` are the traces
    of items that are no longer asked for, ``dropped_lines`` their numbers.
    """

    system: str
    identifier: str
    url: str
    member: str
    also: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    since: datetime | None = None
    around: tuple[datetime, datetime] | None = None
    dropped: frozenset[str] = frozenset()
    dropped_lines: frozenset[int] = frozenset()


def sent(
    request: Resource,
    member: str,
    cancels: Sequence[Resource] = (),
    before: Sequence[Resource] = (),
    since: datetime | None = None,
) -> Sent:
    """Return the names of a request Bundle, and of its cancellations and earlier versions."""
    head = request["entry"][0]
    older = [one for one in cancels if any(_is_about(one, version) for version in before)]
    named = head["resource"]["identifier"][0]
    gone = [one for one in head["resource"]["item"] if is_cancelled(one)]
    return Sent(
        named["system"],
        named["value"],
        head["fullUrl"],
        member,
        also=_names(one for one in cancels if _is_about(one, request)),
        before=_names([*before, *older]),
        since=since,
        dropped=frozenset(trace for one in gone for trace in traces_of(one)),
        dropped_lines=frozenset(one["sequence"] for one in gone),
    )


def _is_about(later: Resource, request: Resource) -> bool:
    """Tell whether a Bundle of ours changes or cancels another one of ours."""
    head = request["entry"][0]
    name, url = head["resource"]["identifier"][0]["value"], head["fullUrl"]
    told = [one["claim"] for one in later["entry"][0]["resource"].get("related") or []]
    return any(
        one.get("reference") == url or (one.get("identifier") or {}).get("value") == name
        for one in told
    )


def of_what_followed(response: Resource, ours: Sent) -> bool:
    """Tell whether an answer names only what was sent about our request later."""
    alone = replace(ours, also=frozenset())
    named = identified(response, ours) or referred(response, ours)
    return named and not (identified(response, alone) or referred(response, alone))


def _names(requests: Iterable[Resource]) -> frozenset[str]:
    """Return the names of request Bundles, the Claim's and its entry's."""
    heads = [one["entry"][0] for one in requests]
    found = {bare(one["fullUrl"]) for one in heads}
    return frozenset(found | {one["resource"]["identifier"][0]["value"] for one in heads})


def is_cancelled(row: dict[str, Any]) -> bool:
    """Tell whether a row of a request is no longer asked for."""
    return any(one["url"] == CANCELLED for one in row.get("modifierExtension") or [])


def bare(value: object) -> str:
    """Return a name without what payers put around it: a UUID comes as ``urn:uuid:`` as well."""
    return str(value).strip().removeprefix(URN)


def traces_of(item: dict[str, Any]) -> frozenset[str]:
    """Return all trace numbers of an answer's item: payers add their own to ours."""
    values = [
        one.get("valueIdentifier")
        for one in item.get("extension") or []
        if one.get("url") == PAS + "extension-itemTraceNumber"
    ]
    return frozenset(
        bare(one["value"]) for one in values if isinstance(one, dict) and one.get("value")
    )


def _named(response: Resource) -> list[dict[str, Any]]:
    named = response.get("identifier")
    several = [*(named if isinstance(named, list) else []), _asked(response).get("identifier")]
    return [one for one in several if isinstance(one, dict)]


def _asked(response: Resource) -> dict[str, Any]:
    """Return the reference of an answer to what was asked; nothing for one of an odd shape."""
    found = response.get("request")
    return found if isinstance(found, dict) else {}


def identified(response: Resource, ours: Sent) -> bool:
    """Tell whether an answer echoes our Claim's identifier."""
    known = {ours.identifier, *ours.also}
    return any(bare(one.get("value")) in known for one in _named(response))


def referred(response: Resource, ours: Sent) -> bool:
    """Tell whether an answer refers to our Claim, by the name that it had in our Bundle."""
    asked = str(_asked(response).get("reference") or "")
    known = {ours.url.removeprefix(URN), *ours.also}
    return asked.rpartition("/")[2].removeprefix(URN) in known


def superseded(response: Resource, ours: Sent) -> bool:
    """Tell whether an answer may be about an earlier version of our request.

    The versions have the traces in common: only a name of the present one, or a moment after the
    payer took it, tells them apart.
    """
    if not ours.before or identified(response, ours) or referred(response, ours):
        return False
    made = dates.when(response.get("created"))
    if made is None or ours.since is None or not dates.surely_before(ours.since, made):
        return True
    return ours.around is not None and dates.may_lie(made, ours.around)


def asked(response: Resource, ours: Sent) -> Resource:
    """Return an answer without the items that are no longer asked for."""
    items = response.get("item")
    if not ours.dropped or not isinstance(items, list):
        return response
    return {**response, "item": [one for one in items if not _dropped(one, ours)]}


def _dropped(item: dict[str, Any], ours: Sent) -> bool:
    """Tell whether an answer's item is one that is no longer asked for."""
    traces = traces_of(item)
    return bool(traces & ours.dropped) if traces else item.get("itemSequence") in ours.dropped_lines


def another(response: Resource, ours: Sent) -> bool:
    """Tell whether an answer names another request of our own.

    An inquiry's identifier, which a payer may echo as well, is no request's. A payer may keep a
    request under the name of its first version.
    """
    known = {ours.identifier, *ours.also}
    known |= frozenset() if superseded(response, ours) else ours.before
    return any(
        one.get("system") == ours.system
        and bare(one.get("value")) not in known
        and not str(one.get("value")).startswith(INQUIRY)
        for one in _named(response)
    )


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of an answer, however deep it stands."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from walk(one)


def results(value: Any) -> list[Resource]:
    """Return every ClaimResponse of an answer, however it is wrapped and however deep it stands."""
    return [one for one in walk(value) if one.get("resourceType") == "ClaimResponse"]


def _number(value: Any) -> str:
    """Return a member number as it is compared: some write it with dashes."""
    return str(value).replace("-", "").replace(" ", "").upper()


def _members(body: Any) -> Iterator[Any]:
    """Yield each member number, wherever it stands: in a resource or as a logical reference."""
    for one in walk(body):
        if one.get("resourceType") == "Coverage":
            yield one.get("subscriberId")
        kind = one.get("type")
        codings = kind.get("coding") if isinstance(kind, dict) else None
        value = one.get("value")
        shaped = isinstance(value, str) and _MBI.fullmatch(_number(value))
        if one.get("system") == MBI or shaped or "MB" in {c.get("code") for c in codings or []}:
            yield value


def bears(response: Resource, names: Iterable[str]) -> bool:
    """Tell whether any of some names stands anywhere in an answer, in capitals or not."""
    wanted = {one.casefold() for one in names}
    values = (value for one in walk(response) for value in one.values())
    return any(isinstance(one, str) and bare(one.casefold()) in wanted for one in values)


def mentions(body: Any, ours: Sent) -> bool:
    """Tell whether our request is named anywhere in an answer, alone or within a text."""
    names = "|".join(map(re.escape, (ours.identifier, ours.url.removeprefix(URN))))
    wanted = re.compile(rf"(?<![0-9a-z])(?:{names})(?![0-9a-z])", re.IGNORECASE)
    return any(wanted.search(one) for one in _texts(body))


def _texts(body: Any) -> Iterator[str]:
    """Yield every text of an answer, names of members too, as it was meant and not as encoded."""
    ahead = [body]
    while ahead:
        one = ahead.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            ahead += [*one, *one.values()]
        elif isinstance(one, list):
            ahead += one


def other_member(body: Any, ours: Sent) -> bool:
    """Tell whether any member number in an answer is another person's."""
    return not {_number(one) for one in _members(body) if one} <= {_number(ours.member)}


def codes(response: Resource) -> frozenset[str]:
    """Return every code that an answer states, of whatever system."""
    return frozenset(str(one["code"]) for one in walk(response) if isinstance(one.get("code"), str))
