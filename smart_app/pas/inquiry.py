"""``$inquire``: what has the payer of ours?

A result counts only when it carries our own trace: ``Claim.identifier`` is no search key.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/OperationDefinition-Claim-inquiry.html
"""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from smart_app.cases.model import OPEN, Case, Decision, Resource
from smart_app.fhir import dates
from smart_app.pas import decision, echo, listing, names, verdicts
from smart_app.pas.asked import Asked, head_of, may_affirm, named
from smart_app.pas.echo import Sent
from smart_app.pas.names import profile
from smart_app.pas.usable import (
    DIFFER,
    ELSEWHERE,
    SECOND,
    SUPERSEDED,
    Why,
    codes_within,
    failed,
    leaves_open,
    withdrawn,
)

KEPT = ("Organization", "Coverage", "Patient", "PractitionerRole", "Practitioner")
CLAIM_KEPT = (
    "resourceType",
    "status",
    "type",
    "use",
    "patient",
    "insurer",
    "provider",
    "priority",
    "insurance",
    "careTeam",
)
ITEM_EXTENSIONS = (
    "extension-serviceItemRequestType",
    "extension-certificationType",
    "extension-itemTraceNumber",
)


def build(request: Resource, at: datetime) -> Resource:
    """Return an inquiry Bundle about a request Bundle that was, or may have been, sent.

    Its Claim has names of its own, so that an echo of the request's can only mean the request.
    """
    entries = copy.deepcopy(request["entry"])
    claim, name = entries[0]["resource"], str(uuid.uuid4())
    made = {key: claim[key] for key in CLAIM_KEPT if key in claim}
    made |= {
        "meta": profile("profile-claim-inquiry"),
        "id": name,
        "identifier": [
            {"system": claim["identifier"][0]["system"], "value": f"{names.INQUIRY}{name}"}
        ],
        "created": at.isoformat(timespec="seconds"),
        "item": [_item(item) for item in claim["item"] if not echo.is_cancelled(item)],
    }
    if routed := [one for one in claim.get("extension") or [] if one["url"] == names.ROUTED]:
        made["extension"] = routed
    team = {one["provider"]["reference"] for one in made.get("careTeam", [])}
    kept = [{"fullUrl": echo.URN + name, "resource": made}]
    for entry in entries[1:]:
        if entry["resource"]["resourceType"] in KEPT:
            kept.append(entry)
    linked = team | {entry["fullUrl"] for entry in kept}
    return {
        "resourceType": "Bundle",
        "meta": profile("profile-pas-inquiry-request-bundle"),
        "identifier": {"system": names.TRANSACTION, "value": str(uuid.uuid4())},
        "type": "collection",
        "timestamp": at.isoformat(timespec="seconds"),
        "entry": [entry for entry in kept if entry["fullUrl"] in linked],
    }


def _item(item: dict[str, Any]) -> dict[str, Any]:
    wanted = {names.PAS + name for name in ITEM_EXTENSIONS}
    return {
        "extension": [one for one in item["extension"] if one["url"] in wanted],
        "sequence": item["sequence"],
        "productOrService": item["productOrService"],
    }


@dataclass(frozen=True, slots=True)
class Inquired:
    """What an inquiry's answer says of one request.

    ``none`` only when the answer is a well-formed list without it; what could be about it and
    cannot be told apart is ``unclear``, and proves nothing. ``why`` says what keeps a decision from
    being used that it certainly holds on this request. ``before`` are the moments of the results
    that may be about an earlier version of it.
    """

    state: Literal["found", "none", "unclear"]
    body: Resource | None = None
    why: Why | None = None
    before: tuple[datetime | None, ...] = ()


WAITING = {"A4"}
"""The review action of what is not decided."""
CONTRADICTING = Inquired("unclear", why=DIFFER)


def _about(case: Case, response: Resource, sent: Sent) -> Literal["found", "none", "unclear"]:
    """Tell whether a result is about this request.

    Ours is one whose traced items all carry a trace of ours, or one without traces that echoes our
    Claim. Another's is one that carries no trace of ours, names another request and states none of
    our codes: traces that a payer made itself say nothing.
    """
    traces, response = {item.trace for item in case.items}, echo.asked(response, sent)
    several = [found for one in response.get("item") or [] if (found := echo.traces_of(one))]
    traced = [bool(one & traces) for one in several]
    echoed = echo.identified(response, sent) or echo.referred(response, sent)
    another = echo.another(response, sent)
    if (all(traced) if several else echoed) and not another:
        return "found"
    if not several or any(traced) or echoed or not another:
        return "unclear"
    return "unclear" if echo.codes(response) & {item.code for item in case.items} else "none"


@dataclass(frozen=True, slots=True)
class Second:
    """What may dismiss a second sending alone: the payer's ``text`` for it, ``until`` a moment."""

    text: str
    until: datetime

    def dismissed(self, response: Resource) -> bool:
        """Tell whether a result dismisses: either sending, for all that it says."""
        return decision.dismissal(response, self.text) is not None

    def only(self, response: Resource) -> bool:
        """Tell whether a result so dismisses the second: one that surely came soon upon it."""
        made = dates.when(response.get("created"))
        return self.dismissed(response) and made is not None and dates.last(made) <= self.until


def _facts(case: Case, head: Resource, found: Decision) -> dict[Any, Any]:
    """Return what a result says that counts.

    What waits, or is not mentioned, and a number or day that is not told, contradicts nothing.
    """
    facts: dict[Any, Any] = {"day": found.decided_on}
    for one, ours in zip(found.items, case.items, strict=False):
        if not leaves_open(head, decision.item_of(case, head, ours), ours.sequence):
            facts[one.trace, "verdict"] = one.decision
            facts[one.trace, "number"] = one.number
            facts[one.trace, "instead"] = one.replaced_by
            facts[one.trace, "from"], facts[one.trace, "to"] = one.valid_from, one.valid_to
    return {"unused": found.quarantined} | {key: value for key, value in facts.items() if value}


def _unread(found: Decision, facts: dict[Any, Any]) -> bool:
    """Tell whether a result says what cannot be read."""
    return not found.items or "unreadable" in facts.values()


def _takes_back(asked: Asked, gone: Resource, affirm: list[Resource], alone: bool) -> bool:
    """Tell whether a withdrawn result takes back what people were, or may have been, told.

    A later version of an approval does, whatever it still says; so does one that affirmed, unless
    what it affirmed was given anew since. ``affirm`` are the results that do and stand; ``alone``
    is one beside which nothing stands.
    """
    head = head_of(gone)
    if head.get("status") == "draft":
        return False
    open_to = [one for one in affirm if not asked.surely_older(head, one)]
    if any(one.get("id") and one["id"] == head.get("id") for one in open_to):
        return True
    return (alone or bool(open_to)) and may_affirm(asked, gone)


def _newest(asked: Asked, several: list[Resource]) -> Inquired:
    """Return the newest of our results that says all that those say which are not surely older.

    Which of two counts must never hang on the order in which a payer lists them: when they
    contradict each other, none does. What affirms counts only beside what can be read, be it older.
    """
    stand = [one for one in several if not withdrawn(head_of(one))]
    affirm = [head_of(one) for one in stand if verdicts.favours(asked.read(one))]
    gone = [one for one in several if withdrawn(head_of(one))]
    if any(_takes_back(asked, one, affirm, not stand) for one in gone):
        return CONTRADICTING
    several = stand or several  # what was withdrawn contradicts nothing beside what stands
    heads, read = [head_of(one) for one in several], [asked.read(one) for one in several]
    facts = [_facts(asked.case, head, one) for head, one in zip(heads, read, strict=True)]
    unread = {at for at, one in enumerate(read) if _unread(one, facts[at])}
    texts = [json.dumps(one, sort_keys=True) for one in heads]  # the longest has the most notes
    ranks = [(asked.rank(one), len(text), text) for one, text in zip(heads, texts, strict=True)]
    newest = sorted(range(len(heads)), key=ranks.__getitem__)
    for index in reversed(newest):
        beside = unread if verdicts.favours(read[index]) else set()
        rivals = [
            one
            for one in newest
            if one in beside or not asked.surely_older(heads[one], heads[index])
        ]
        if all(facts[one].items() <= facts[index].items() for one in rivals):
            return Inquired("found", several[index])
    return CONTRADICTING


def _withheld(asked: Asked, body: Any) -> Why | None:
    """Return why a decision on this request cannot be used that stands in no proper list."""
    for one in echo.results(body):
        if echo.superseded(one, asked.sent):
            continue
        if _about(asked.case, one, asked.sent) == "found":
            found = asked.read({"resourceType": "Bundle", "entry": [{"resource": one}]})
            decided = any(item.decision not in OPEN for item in found.items)
            if decided or not {*found.quarantined} <= {*ELSEWHERE}:
                errors = any(listing.complains(other) for other in echo.walk(body))
                return "an error beside it" if errors else "a list that is not whole"
    return None


def _stray(asked: Asked, body: Any, found: list[Resource]) -> Why | None:
    """Return why a result is none of those found that bears a name of our request somewhere.

    It may be the denial of what another one affirms.
    """
    heads = [head_of(one) for one in found]
    whys: set[Why] = set()
    for one in echo.results(body):
        if any(one is head for head in heads):
            continue
        old = echo.superseded(one, asked.sent)
        if not (old or withdrawn(one)) and named(asked, one):
            nested = _about(asked.case, one, asked.sent) == "found"
            alone: Why = "several ClaimResponses" if nested else "foreign item"
            whys.add("another request" if echo.another(one, asked.sent) else alone)
    return min(whys, key=lambda one: (one in ELSEWHERE, one), default=None)


def _of_withdrawal(response: Resource, sent: Sent) -> bool:
    """Tell whether a result only refuses or dismisses what was sent to withdraw our request."""
    empty = failed(response) and not response.get("item")
    return empty and echo.of_what_followed(response, sent)


def _same_result(found: list[Resource], rest: list[Resource]) -> bool:
    """Tell whether another version of one of our results names our request no more."""
    ids = {head_of(one).get("id") for one in found} - {None}
    return any(head_of(one).get("id") in ids for one in rest)


def ours(
    case: Case, body: Any, sent: Sent, now: datetime, *, second: Second | None = None
) -> Inquired:
    """Return the newest result that is about this request, or whether there is certainly none.

    A dismissal that came soon upon a ``second`` sending says nothing beside another result; any
    other of what was sent twice is for people to read.

    What may be about an earlier version of it is as if it were not there; where it decides and
    nothing else is found, people have to know.
    """
    asked = Asked(case, sent, now)
    try:
        several = listing.results(body)
        if several is None:
            return Inquired("unclear", why=_withheld(asked, body))
        before = [one for one in several if echo.superseded(head_of(one), sent)]
        several = [one for one in several if one not in before]
        kinds = [_about(case, head_of(one), sent) for one in several]
        found = [one for one, kind in zip(several, kinds, strict=True) if kind == "found"]
        if why := _stray(asked, body, found):
            return Inquired("unclear", why=why)
        if found:
            found = [one for one in found if not _of_withdrawal(head_of(one), sent)] or found
            if second:
                found = [one for one in found if not second.only(head_of(one))] or found
            rest = [one for one, kind in zip(several, kinds, strict=True) if kind == "unclear"]
            gone = [one for one in rest if withdrawn(head_of(one)) and named(asked, head_of(one))]
            if _same_result(found, rest):
                return CONTRADICTING
            newest = _newest(asked, [*found, *gone])
            head = head_of(newest.body) if newest.body else {}
            other = bool(second and second.dismissed(head)) or _of_withdrawal(head, sent)
            return replace(newest, why=SECOND) if other else newest
        if any(codes_within(head_of(one)) - WAITING for one in before):
            return Inquired("unclear", why=SUPERSEDED)
        moments = tuple(dates.moment(head_of(one).get("created")) for one in before)
        none = set(kinds) <= {"none"} and listing.whole(body) and not echo.mentions(body, sent)
    except (AttributeError, TypeError, KeyError, RecursionError):
        return Inquired("unclear")
    return Inquired("none" if none else "unclear", before=moments)
