"""Which criteria apply, which are documented, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from smart_app.cases.model import Answer, Draft, Evidence, Gap, GapKind, Resource
from smart_app.dtr import enable, items

Hints = dict[str, tuple[Evidence, ...]]


def link_of(path: str) -> str:
    """Return the linkId of an answer's path."""
    return path.partition("[")[0]


def standing(draft: Draft) -> enable.Given:
    """Return the answers that stand, by linkId."""
    given: dict[str, list[Any]] = {}
    for one in draft.answers:
        if one.state in ("confirmed", "proposed") and one.value is not None:
            given.setdefault(link_of(one.path), []).append(one.value)
    return given


def answers_of(draft: Draft, link_id: str) -> tuple[Answer, ...]:
    """Return the answers of an item that stand, in order."""
    return tuple(
        one
        for one in draft.answers
        if link_of(one.path) == link_id and one.state != "cleared" and one.value is not None
    )


def missing_items(group: Resource, given: enable.Given, applies: set[str]) -> list[Resource]:
    """Return the required items of a criterion that apply and have no answer."""
    return [
        one
        for one in items.questions(group)
        if one.get("required")
        and str(one["linkId"]) in applies
        and not given.get(str(one["linkId"]))
    ]


def against(group: Resource, given: enable.Given, applies: set[str]) -> list[Resource]:
    """Return what speaks against the request: the texts that an answer itself brings up."""
    return [
        one
        for one in items.walk(group)
        if one.get("type") == "display"
        and str(one["linkId"]) in applies
        and any(given.get(question) for question in enable.questions(one))
    ]


def _unhidden(form: Resource, draft: Draft) -> Draft:
    """Return the draft without leave to send as missing what turned out to speak against it.

    Such leave takes the criterion's answers out of what is signed.
    """
    given = standing(draft)
    applies = enable.applicable(form, given)
    ended = {
        str(one["linkId"])
        for one in items.groups(form)
        if given.get(f"{one['linkId']}{items.MISSING}") and against(one, given, applies)
    }
    flags = {one + items.MISSING for one in ended}
    return replace(
        draft,
        answers=tuple(one for one in draft.answers if link_of(one.path) not in flags),
        sent_without=tuple(one for one in draft.sent_without if one not in ended),
    )


def recount(form: Resource, draft: Draft, hints: Hints | None = None) -> Draft:
    """Return the draft with gaps and inapplicable criteria found anew.

    Hints are kept from the gaps of the draft before when none are given.
    """
    draft = _unhidden(form, draft)
    before = {one.path: one.candidates for one in draft.gaps}
    given = standing(draft)
    applies = enable.applicable(form, given)
    unread = {
        link_of(one.path): one.why_empty or ""
        for one in draft.answers
        if one.state == "unavailable"
    }
    found: list[Gap] = []
    for group in items.groups(form):
        if str(group["linkId"]) not in applies:
            continue
        for item in missing_items(group, given, applies):
            link_id = str(item["linkId"])
            path = f"{link_id}[0]"
            candidates = hints.get(link_id, ()) if hints is not None else before.get(path, ())
            why = unread.get(link_id, "")
            found.append(Gap(path, _kind(link_id in unread, candidates), why, candidates))
    inapplicable = tuple(
        str(one["linkId"]) for one in items.groups(form) if str(one["linkId"]) not in applies
    )
    return replace(draft, gaps=tuple(found), not_applicable=inapplicable)


def _kind(unread: bool, candidates: tuple[Evidence, ...]) -> GapKind:
    if unread:
        return "unavailable"
    spoken = any(one.sentence for one in candidates)
    scanned = any(not one.sentence and not one.unread for one in candidates)
    if not spoken and not scanned and candidates:
        return "unavailable"
    return "silent" if spoken and not scanned else "missing"
