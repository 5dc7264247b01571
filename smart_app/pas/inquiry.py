"""``$inquire``: what has the payer of ours?

A result counts only when it carries our own trace: ``Claim.identifier`` is no search key.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/OperationDefinition-Claim-inquiry.html
"""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from smart_app.cases.model import OPEN, Case, Decision, Resource
from smart_app.fhir import dates
from smart_app.pas import decision, echo, listing, names, verdicts
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
SLACK = timedelta(days=1, hours=14)
"""How far a day, written without its zone or by a clock that is off, may lie beside the truth."""
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


def _head(result: Resource) -> Resource:
    """Return the ClaimResponse of a result."""
    found: Resource = result["entry"][0]["resource"]
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a list of results is read for: a request, its names, and the moment of reading."""

    case: Case
    sent: Sent
    now: datetime

    def created(self, response: Resource) -> date | None:
        """Return the moment or day at which a result says that it was made.

        None where it cannot be so: before there was such a request, or later than now. Payers
        write 0001 or 9999 for "none".
        """
        made = dates.when(response.get("created"))
        first, last = self.case.created_at - SLACK, self.now + SLACK
        return made if made and first <= dates.first(made) <= last else None

    def rank(self, response: Resource) -> datetime:
        """Return by what results are sorted; one that does not say is older than all others."""
        made = self.created(response)
        return dates.first(made) if made else datetime.min.replace(tzinfo=UTC)

    def surely_older(self, one: Resource, other: Resource) -> bool:
        """Tell whether a result was made before another, whatever hours a bare day may mean."""
        first, second = self.created(one), self.created(other)
        return first is not None and second is not None and dates.surely_before(first, second)

    def read(self, body: Resource) -> Decision:
        """Return what a result decides."""
        return decision.read(self.case, body, self.sent, dismissed_text="", now=self.now)


@dataclass(frozen=True, slots=True)
class Second:
    """What may dismiss a second sending alone: the payer's ``text`` for it, ``until`` a moment."""

    text: str
    until: datetime

    def dismissed(self, response: Resource) -> bool:
        """Tell whether a result dismisses: either sending, for all that it says."""
        return decision.dismissal(response, self.text) is not None

    def only(self, response: Resource) -> bool:
        """Tell whether a result so dismisses the second, as all do that came soon upon it."""
        made = dates.when(response.get("created"))
        return self.dismissed(response) and (made is None or dates.first(made) <= self.until)


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


NO_APPROVAL = {"non_affirmed", "not_required", "dismissed", "pended"}
"""Words of an item that surely never was affirmed."""


def _may_affirm(asked: _Asked, result: Resource) -> bool:
    """Tell whether a result may have affirmed anything of ours while it was in force."""
    head, beside = _head(result), result["entry"][1:]
    traces, lines = {item.trace for item in asked.case.items}, head.get("item") or []
    ours = [one for one in lines if echo.traces_of(one) & traces]
    standing = {**head, "status": "active", "item": ours or lines}
    stood = {**result, "entry": [{"resource": standing}, *beside]}
    words = set(verdicts.of_items(asked.read(stood)).values())
    return not words or bool(words - NO_APPROVAL)


def _takes_back(asked: _Asked, gone: Resource, affirm: list[Resource], alone: bool) -> bool:
    """Tell whether a withdrawn result takes back what people were, or may have been, told.

    A later version of an approval does, whatever it still says; so does one that affirmed, unless
    what it affirmed was given anew since. ``affirm`` are the results that do and stand; ``alone``
    is one beside which nothing stands.
    """
    head = _head(gone)
    if head.get("status") == "draft":
        return False
    open_to = [one for one in affirm if not asked.surely_older(head, one)]
    if any(one.get("id") and one["id"] == head.get("id") for one in open_to):
        return True
    return (alone or bool(open_to)) and _may_affirm(asked, gone)


def _newest(asked: _Asked, several: list[Resource]) -> Inquired:
    """Return the newest of our results that says all that those say which are not surely older.

    Which of two counts must never hang on the order in which a payer lists them: when they
    contradict each other, none does. What affirms counts only beside what can be read, be it older.
    """
    stand = [one for one in several if not withdrawn(_head(one))]
    affirm = [_head(one) for one in stand if verdicts.favours(asked.read(one))]
    gone = [one for one in several if withdrawn(_head(one))]
    if any(_takes_back(asked, one, affirm, not stand) for one in gone):
        return CONTRADICTING
    several = stand or several  # what was withdrawn contradicts nothing beside what stands
    heads, read = [_head(one) for one in several], [asked.read(one) for one in several]
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


def _withheld(asked: _Asked, body: Any) -> Why | None:
    """Return why a decision on this request cannot be used that stands in no proper list."""
    for one in echo.walk(body):
        if one.get("resourceType") != "ClaimResponse" or echo.superseded(one, asked.sent):
            continue
        if _about(asked.case, one, asked.sent) == "found":
            found = asked.read({"resourceType": "Bundle", "entry": [{"resource": one}]})
            decided = any(item.decision not in OPEN for item in found.items)
            if decided or not {*found.quarantined} <= {*ELSEWHERE}:
                errors = any(listing.complains(other) for other in echo.walk(body))
                return "an error beside it" if errors else "a list that is not whole"
    return None


def _named(asked: _Asked, response: Resource) -> bool:
    """Tell whether a result bears any name of our request anywhere."""
    names = [asked.sent.identifier, *(item.trace for item in asked.case.items)]
    return echo.bears(response, names) or echo.referred(response, asked.sent)


def _stray(asked: _Asked, body: Any, found: list[Resource]) -> Why | None:
    """Return why a result is none of those found that bears a name of our request somewhere.

    It may be the denial of what another one affirms.
    """
    heads = [_head(one) for one in found]
    whys: set[Why] = set()
    for one in echo.walk(body):
        if one.get("resourceType") != "ClaimResponse" or any(one is head for head in heads):
            continue
        old = echo.superseded(one, asked.sent)
        if not (old or withdrawn(one)) and _named(asked, one):
            nested = _about(asked.case, one, asked.sent) == "found"
            alone: Why = "several ClaimResponses" if nested else "foreign item"
            whys.add("another request" if echo.another(one, asked.sent) else alone)
    return min(whys, key=lambda one: (one in ELSEWHERE, one), default=None)


AFFIRMING = {"A1", "A6"}
"""The review actions of what is affirmed."""


def may_deny(case: Case, body: Any, sent: Sent, now: datetime) -> bool:
    """Tell whether an answer of which nothing can be used may say less than "affirmed" of ours."""
    asked = _Asked(case, sent, now)
    try:
        ours = [
            one
            for one in echo.walk(body)
            if one.get("resourceType") == "ClaimResponse" and _named(asked, one)
        ]
        standing = [one for one in ours if not echo.superseded(one, sent)]
        return not all(_affirms_alone(one) for one in standing)
    except (AttributeError, TypeError, KeyError, RecursionError):
        return True


def _affirms_alone(response: Resource) -> bool:
    """Tell whether all that a result says in review actions is that it affirms, without a "not"."""
    codes, within = codes_within(response), list(echo.walk(response))
    marked = failed(response) or any(one.get("modifierExtension") for one in within)
    return bool(codes) and codes <= AFFIRMING and not marked


def _same_result(found: list[Resource], rest: list[Resource]) -> bool:
    """Tell whether another version of one of our results names our request no more."""
    ids = {_head(one).get("id") for one in found} - {None}
    return any(_head(one).get("id") in ids for one in rest)


def ours(
    case: Case, body: Any, sent: Sent, now: datetime, *, second: Second | None = None
) -> Inquired:
    """Return the newest result that is about this request, or whether there is certainly none.

    A dismissal that came soon upon a ``second`` sending says nothing beside another result; any
    other of what was sent twice is for people to read.

    What may be about an earlier version of it is as if it were not there; where it decides and
    nothing else is found, people have to know.
    """
    asked = _Asked(case, sent, now)
    try:
        several = listing.results(body)
        if several is None:
            return Inquired("unclear", why=_withheld(asked, body))
        before = [one for one in several if echo.superseded(_head(one), sent)]
        several = [one for one in several if one not in before]
        kinds = [_about(case, _head(one), sent) for one in several]
        found = [one for one, kind in zip(several, kinds, strict=True) if kind == "found"]
        if why := _stray(asked, body, found):
            return Inquired("unclear", why=why)
        if found:
            if second:
                found = [one for one in found if not second.only(_head(one))] or found
            rest = [one for one, kind in zip(several, kinds, strict=True) if kind == "unclear"]
            gone = [one for one in rest if withdrawn(_head(one)) and _named(asked, _head(one))]
            if _same_result(found, rest):
                return CONTRADICTING
            newest = _newest(asked, [*found, *gone])
            either = second and newest.body and second.dismissed(_head(newest.body))
            return replace(newest, why=SECOND) if either else newest
        if any(codes_within(_head(one)) - WAITING for one in before):
            return Inquired("unclear", why=SUPERSEDED)
        moments = tuple(dates.moment(_head(one).get("created")) for one in before)
        none = set(kinds) <= {"none"} and listing.whole(body) and not echo.mentions(body, sent)
    except (AttributeError, TypeError, KeyError, RecursionError):
        return Inquired("unclear")
    return Inquired("none" if none else "unclear", before=moments)
