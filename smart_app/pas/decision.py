"""Stage 11: read a decision, per item, by ``reviewActionCode``.

``outcome`` says only that processing ended; a number says nothing about the decision. A number is
read only for an item decided A1, A2, A3 or A6; on a pended item it is the payer's own reference.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-extension-reviewAction.html
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from smart_app.cases.model import (
    FAVOURABLE,
    OPEN,
    Case,
    CaseItem,
    Decision,
    DecisionWord,
    ItemDecision,
    Resource,
)
from smart_app.fhir import dates
from smart_app.pas import echo, wanted
from smart_app.pas.echo import Sent
from smart_app.pas.names import PAS
from smart_app.pas.usable import (
    Why,
    action_codings,
    claim_responses,
    contradicted,
    doubted,
    failed,
    not_usable,
    review_actions,
    sub,
)

WORDS: dict[str, DecisionWord] = {
    "A1": "affirmed",
    "A2": "partial",
    "A3": "non_affirmed",
    "A4": "pended",
    "A6": "affirmed_modified",
    "C": "cancelled",
    "CT": "contact_payer",
    "NA": "not_required",
}
BLOCKING: tuple[DecisionWord, ...] = ("unreadable", "contact_payer", "pended")
"""Words of one item that leave the whole request undecided, the strongest first."""
REFERENCE = "extension-administrationReferenceNumber"
ERROR_PATH, ERROR_ELEMENT = "extension-errorPath", "extension-errorElement"
NUMBERED = ("A1", "A2", "A3", "A6")
APPROVALS: tuple[DecisionWord, ...] = ("affirmed", "affirmed_modified")
"""Words of an item of which no part may be denied."""
NOT_YET = ("queued", "partial")
"""Outcomes that say, of an item without any review action, that it is still being decided."""


def _extension(element: dict[str, Any], name: str) -> Any:
    for one in element.get("extension") or []:
        if one.get("url") == PAS + name:
            return next((value for key, value in one.items() if key.startswith("value")), one)
    return None


def _coding(concept: Any) -> dict[str, Any]:
    coded = concept.get("coding") if isinstance(concept, dict) else None
    return coded[0] if coded else {}


def _words_of(concept: Any) -> str:
    coding = _coding(concept)
    text = concept.get("text") if isinstance(concept, dict) else None
    return str(text or coding.get("display") or coding.get("code") or "")


def _number(
    response: Resource, item: dict[str, Any], actions: list[dict[str, Any]], code: str
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return number, where it stood, and candidates that contradict it."""
    places: list[tuple[str, Any]] = []
    places += [("reviewAction.number", one) for act in actions for one in sub(act, "number")]
    places.append(("preAuthRef", response.get("preAuthRef")))
    places.append(("authorizationNumber", _extension(item, "extension-authorizationNumber")))
    if (
        code == "A3"
    ):  # PAS 2.0.1 has it on the ClaimResponse: it is an item's where all say the same
        every = all(_says_only(one, "A3") for one in response.get("item") or [])
        holders = [item, *([response] if every else [])]
        found = [("administrationReferenceNumber", _extension(one, REFERENCE)) for one in holders]
        places += found
    candidates = [
        (where, told) for where, one in places if isinstance(one, str) and (told := one.strip())
    ]
    if not candidates:
        return None, None, ()
    different = {one for _, one in candidates}
    if len(different) > 1:
        return None, None, tuple(sorted(different))
    return candidates[0][1], candidates[0][0], ()


def _notes(response: Resource, item: dict[str, Any]) -> tuple[str, ...]:
    texts = {note.get("number"): note.get("text") for note in response.get("processNote") or []}
    return tuple(str(texts[one]) for one in item.get("noteNumber") or [] if texts.get(one))


def _match(case: Case, item: dict[str, Any]) -> tuple[CaseItem | None, bool]:
    """Return our item and whether it is traced: by our trace, else by its sequence.

    An item with other traces alone is not ours, and neither is one with the traces of two.
    """
    traces = echo.traces_of(item)
    if traces:
        several = [one for one in case.items if one.trace in traces]
        return (several[0], True) if len(several) == 1 else (None, False)
    sequence = item.get("itemSequence")
    return next((one for one in case.items if one.sequence == sequence), None), False


def item_of(case: Case, response: Resource, ours: CaseItem) -> dict[str, Any]:
    """Return what a readable answer holds of an item of ours, or nothing."""
    return next((one for one in response.get("item") or [] if _match(case, one)[0] == ours), {})


def _unsaid(response: Resource) -> DecisionWord:
    """Return the word of an item that the answer does not decide at all."""
    return "pended" if response.get("outcome") in NOT_YET else "unreadable"


def refusal(body: Any, sent: Sent, dismissed_text: str) -> dict[str, tuple[str, ...]]:
    """Return what a payer complains about that processed a request and decided nothing of it.

    Each complaint comes with the places that it names.

    X12's own errors (AAA) come with status 200 and ``outcome`` error. Empty when anything was
    decided or dismissed, and for what is no such answer, or one about another's request.
    https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claimresponse.html
    """
    try:
        found = claim_responses(body)
        if not_usable(found, body, sent) or found[0].get("outcome") != "error":
            return {}
        response = found[0]
        decided = any(review_actions(item) for item in response.get("item") or [])
        if decided or dismissal(response, dismissed_text) is not None:
            return {}
        return _complaints(response) or {"no reason given": ()}
    except (AttributeError, TypeError, KeyError):
        return {}


def _complaints(response: Resource) -> dict[str, tuple[str, ...]]:
    said: list[tuple[str, tuple[str, ...]]] = [
        (str(response.get("disposition") or ""), ()),
        *((_words_of(one.get("code")), _places(one)) for one in response.get("error") or []),
        *((str(one.get("text") or ""), ()) for one in response.get("processNote") or []),
    ]
    found: dict[str, tuple[str, ...]] = {}
    for words, places in said:
        if words:
            found[words] = tuple(dict.fromkeys((*found.get(words, ()), *places)))
    return found


def _places(error: dict[str, Any]) -> tuple[str, ...]:
    """Return where an error says that it is: its path, else X12's loop and segment."""
    path, element = _extension(error, ERROR_PATH), _extension(error, ERROR_ELEMENT)
    if isinstance(element, dict):  # from 2.2 on it has parts
        element = next(sub(element, "error"), None)
    return next(((one,) for one in (path, element) if isinstance(one, str) and one), ())


def _instead(line: dict[str, Any]) -> str:
    """Return what a payer affirms in the place of an item, and how many of it."""
    count = (line.get("quantity") or {}).get("value")
    code = _words_of(line.get("productOrService"))
    return code if count is None else f"{code} × {count}"


def _item_decision(
    response: Resource, item: dict[str, Any], ours: CaseItem, numbered: bool
) -> tuple[ItemDecision, tuple[str, ...]]:
    actions = review_actions(item)
    coded = action_codings(actions)
    raw = {str(one["code"]) for one in coded}
    code = raw.pop() if len(raw) == 1 else ""
    word = WORDS.get(code, _unsaid(response) if not actions else "unreadable")
    if failed(response) and code in NUMBERED:
        code, word = "", "unreadable"  # it says that it failed, and that it decided
    elif response.get("outcome") == "queued" and code in NUMBERED:
        code, word = "", "pended"  # it says that nothing was processed yet
    elif word in APPROVALS and doubted(response, item):
        code, word = "", "unreadable"
    number: str | None = None
    path: str | None = None
    rivals: tuple[str, ...] = ()
    if code in NUMBERED and numbered:
        number, path, rivals = _number(response, item, actions, code)
    stated = _extension(item, "extension-itemPreAuthPeriod") or response.get("preAuthPeriod") or {}
    first, last = dates.period(stated) if word != "pended" else (None, None)
    added = [
        _instead(one)
        for one in response.get("addItem") or []
        if item.get("itemSequence") in (one.get("itemSequence") or [])
    ]
    decided = ItemDecision(
        trace=ours.trace,
        decision=word,
        raw_code=code or None,
        number=number,
        number_path=path,
        reasons=tuple(_words_of(one) for act in actions for one in sub(act, "reasonCode") if one),
        notes=_notes(response, item),
        replaced_by=tuple(added),
        valid_from=first,
        valid_to=last,
        decided_on=dates.day(_extension(item, "extension-itemPreAuthIssueDate")),
    )
    return decided, rivals


def word_of(items: tuple[ItemDecision, ...]) -> DecisionWord:
    """Derive the request's word from its items; only all-affirmed is affirmed."""
    words = {one.decision for one in items}
    if not words:
        return "unreadable"
    if len(words) == 1:
        return words.pop()
    for blocking in BLOCKING:
        if blocking in words:
            return blocking
    if words == {"affirmed", "affirmed_modified"}:
        return "affirmed_modified"
    if words & {*FAVOURABLE}:
        return "partial"
    return "unreadable"


def dismissal(response: Resource, text: str) -> tuple[str, ...] | None:
    """Return the reasons when this payer says that it dismissed the request, else None."""
    if response.get("outcome") != "error" or response.get("item"):
        return None
    found = tuple(_complaints(response))
    return found if any(text.lower() in one.lower() for one in found) else None


def read(case: Case, body: Any, sent: Sent, *, dismissed_text: str, now: datetime) -> Decision:
    """Return the decision that an answer holds; what cannot be read is ``unreadable``.

    An answer about another member or request is quarantined: nothing of it is used. So is one
    whose shape is not a ClaimResponse's, one that answers an item twice, and one that holds what
    speaks against its own decisions.
    """
    try:
        return _read(case, body, sent, dismissed_text, now)
    except (AttributeError, TypeError, KeyError, RecursionError):
        return unusable(case, "malformed", now)


def _read(case: Case, body: Any, sent: Sent, dismissed_text: str, now: datetime) -> Decision:
    responses = claim_responses(body)
    if why := not_usable(responses, body, sent):
        return unusable(case, why, now)
    response = responses[0]
    reasons = dismissal(response, dismissed_text)
    if reasons is not None:
        items = tuple(ItemDecision(one.trace, "dismissed", notes=reasons) for one in case.items)
        return _decision(case, items, "dismissed", now, response, notes=reasons)
    if why := contradicted(body, response):
        return unusable(case, why, now)
    response = echo.asked(response, sent)
    matched: dict[str, tuple[dict[str, Any], CaseItem, bool]] = {}
    for item in response.get("item") or []:
        ours, traced = _match(case, item)
        if ours is None:
            return unusable(case, "foreign item", now)
        if ours.trace in matched:
            return unusable(case, "item twice", now)
        matched[ours.trace] = item, ours, traced
    named, unsaid = echo.identified(response, sent), _unsaid(response)
    sure = named or echo.referred(response, sent)
    found: dict[str, ItemDecision] = {}
    rivals: tuple[str, ...] = ()
    for item, ours, traced in matched.values():
        decided, more = _item_decision(response, item, ours, traced or named)
        found[ours.trace] = decided if traced or sure else _unsure(decided)
        rivals += more
    items = tuple(found.get(one.trace, ItemDecision(one.trace, unsaid)) for one in case.items)
    if matched and not sure and not any(traced for _, _, traced in matched.values()):
        response = {}  # its dates and notes are not surely about this request either
    notes = tuple(str(one.get("text")) for one in response.get("processNote") or [])
    made = _decision(case, items, word_of(items), now, response, notes=notes, quarantined=rivals)
    open_to = any(one.decision in OPEN for one in items)
    return replace(made, wanted=wanted.read(case, body, response) if open_to else ())


def unusable(case: Case, why: Why, now: datetime) -> Decision:
    """Return what an answer decides of which nothing may be used."""
    return _decision(case, (), "unreadable", now, {}, quarantined=(why,))


def _unsure(found: ItemDecision) -> ItemDecision:
    """Return what counts of an item whose answer echoes nothing of our request: that it waits."""
    return ItemDecision(found.trace, "pended" if found.decision == "pended" else "unreadable")


def _decision(
    case: Case,
    items: tuple[ItemDecision, ...],
    word: DecisionWord,
    now: datetime,
    response: Resource,
    notes: tuple[str, ...] = (),
    quarantined: tuple[str, ...] = (),
) -> Decision:
    issued = min((one.decided_on for one in items if one.decided_on), default=None)
    own = tuple(replace(one, decided_on=None) if one.decided_on == issued else one for one in items)
    reviewer = _extension(response, "extension-claimResponseReviewer")
    human = next(sub(reviewer, "wasHumanReviewedFlag"), None) if reviewer else None
    stated = response.get("created")
    created = dates.moment(stated)
    return Decision(
        id=str(uuid.uuid4()),
        case=case.id,
        items=own,
        received_at=now,
        source="pas",
        decided_on=issued,
        created=created,
        created_on=None if created else dates.day(stated),
        payer_reference=_reference(response) if word == "pended" else None,
        human_reviewer=human if isinstance(human, bool) else None,
        word=word,
        notes=notes,
        quarantined=quarantined,
    )


def _reference(response: Resource) -> str | None:
    """Return the number under which a payer keeps what it has not decided.

    PAS 2.0.1 has it on the ClaimResponse: there it is a reference while no item is decided.
    """
    items = response.get("item") or []
    holders = [one for one in items if _says_only(one, "A4")]
    if len(holders) == len(items):
        holders.append(response)
    for one in holders:
        found = _extension(one, REFERENCE)
        if isinstance(found, str) and found.strip():
            return found.strip()
    return None


def _says_only(item: dict[str, Any], code: str) -> bool:
    """Tell whether an item says one code, or none."""
    return {one["code"] for one in action_codings(review_actions(item))} <= {code}
