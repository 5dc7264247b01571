"""What two decisions on one request say of its items, held against each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from smart_app.cases.model import ASKING, FAVOURABLE, OPEN, Decision, ItemDecision
from smart_app.fhir import dates
from smart_app.fhir.dates import NO_DAY
from smart_app.pas.decision import word_of
from smart_app.pas.usable import DIFFER

FREE = (*FAVOURABLE, "not_required")
"""Words of an item for which a claim may be made."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def undecided(found: Decision | None) -> bool:
    """Tell whether any item of a decision is still open."""
    return found is None or not found.items or any(one.decision in OPEN for one in found.items)


def of_items(found: Decision) -> dict[str, str]:
    """Return the verdict on each item, by its trace."""
    return {one.trace: one.decision for one in found.items}


def same(one: Decision, other: Decision) -> bool:
    """Tell whether two decisions say the same of every item, numbers aside."""
    return of_items(one) == of_items(other)


def told(found: Decision) -> str:
    """Return the verdicts as one text, to be compared with what people were told before."""
    return "; ".join(f"{trace} {word}" for trace, word in sorted(of_items(found).items()))


def otherwise(typed: Decision, read: Decision) -> frozenset[str]:
    """Return the items that the payer decided otherwise than a letter says.

    What it has still to decide contradicts nothing.
    """
    said = of_items(typed)
    return frozenset(
        one.trace
        for one in read.items
        if one.decision not in OPEN and one.decision != said.get(one.trace)
    )


def contradicts(one: Decision, other: Decision) -> frozenset[str]:
    """Return the items of which two decisions say otherwise; where only one tells, it adds.

    All that the other says, where the one has nothing of any item.
    """
    mine = {item.trace: item for item in one.items}

    def differs(its: ItemDecision) -> bool:
        item = mine.get(its.trace)
        if item is None or item.decision != its.decision:
            return True
        known = _facts(item)
        return any(known.get(name, fact) != fact for name, fact in _facts(its).items())

    return frozenset(its.trace for its in other.items if differs(its))


def affirmed(found: Decision) -> frozenset[str]:
    """Return the items that a decision affirms as they were asked for."""
    return frozenset(one.trace for one in found.items if one.decision == "affirmed")


def favours(found: Decision) -> bool:
    """Tell whether a decision affirms any item at all."""
    return any(one.decision in FAVOURABLE for one in found.items)


def frees(found: Decision) -> bool:
    """Tell whether by a decision a claim for any item may be made: affirmed, or not required."""
    return any(one.decision in FREE for one in found.items)


def freed(read: Decision, present: Decision) -> frozenset[str]:
    """Return the items of which an answer affirms more than what stands, or asks for nothing."""
    free = {one.trace for one in present.items if one.decision in FREE}
    several = {one.trace for one in read.items if one.decision == "not_required"}
    return raised(read, present) | (several - free)


def differs(found: Decision) -> bool:
    """Tell whether a decision is that a payer's answers contradict each other."""
    return DIFFER in found.quarantined and not found.items


def doubtful(found: Decision) -> bool:
    """Tell whether what stands is that answers contradict each other, or may be a denial."""
    return differs(found) or (found.may_deny and not found.items)


def may_deny(found: Decision) -> bool:
    """Tell whether an answer is, or may be, that something is not affirmed."""
    denied = any(one.decision not in (*OPEN, *FREE) for one in found.items)
    return denied or doubtful(found)


def raised(letter: Decision, present: Decision) -> frozenset[str]:
    """Return the items of which a letter affirms more than the present decision."""
    said = of_items(present)
    return frozenset(
        one.trace for one in letter.items if _rank(one.decision) > _rank(said.get(one.trace, ""))
    )


def reopened(before: Decision, read: Decision) -> frozenset[str]:
    """Return the items that were affirmed and of which another decision says that they wait."""
    waits = {one.trace for one in read.items if one.decision in OPEN}
    return frozenset(one.trace for one in before.items if one.decision in FREE) & waits


def less(typed: Decision, read: Decision) -> frozenset[str]:
    """Return the items of which the payer itself, where it has decided, affirms less."""
    decided = {one.trace for one in read.items if one.decision not in OPEN}
    return raised(typed, read) & decided


def agreed(read: Sequence[Decision]) -> Decision | None:
    """Return what several answers to one request say together; None when they contradict.

    What waits contradicts nothing, and gives way to what was decided. What affirms counts only
    beside what can be read, what denies always. A number or day that only one of them tells goes
    with the verdict that they share.
    """
    useful = [one for one in read if one.items]
    said: dict[tuple[str, str], set[str]] = {}
    for item in (item for one in useful for item in one.items):
        if item.decision not in OPEN:
            said.setdefault((item.trace, "verdict"), set()).add(item.decision)
            for name, fact in _facts(item).items():
                said.setdefault((item.trace, name), set()).add(fact)
    if any(len(words) > 1 for words in said.values()):
        return None
    odd = [one for one in read if unread(one)]
    if odd and any(favours(one) for one in useful):
        denying = [_withheld(one) for one in useful if _denials(one)]
        useful = [one for one in odd if one.items] or denying or odd
    # what decided most first, then the earliest day, in whatever order they came
    useful = sorted(useful, key=lambda one: (-_decided(one), one.decided_on or date.max))
    first, *others = [*useful, *read]
    for one in others:
        if any(unread(it) for it in (first, one)):
            first = _decided_too(first, one, denials=True)
        else:
            first = with_numbers(_dated(_decided_too(first, one), one), one)
    return first


def _facts(item: ItemDecision) -> dict[str, str]:
    """Return what goes with the verdict on an item, as far as it is told."""
    days = (None, None) if _dayless(item) else (item.valid_from, item.valid_to)
    facts = {"number": item.number, "instead": item.replaced_by, "from": days[0], "to": days[1]}
    return {name: str(fact) for name, fact in facts.items() if fact}


def _denials(found: Decision) -> dict[str, ItemDecision]:
    """Return the items that a decision denies, by trace."""
    return {one.trace: one for one in found.items if one.decision == "non_affirmed"}


def _withheld(found: Decision) -> Decision:
    """Return a decision of which no approval counts: a person has to read it."""
    items = tuple(
        ItemDecision(one.trace, "unreadable") if one.decision in FAVOURABLE else one
        for one in found.items
    )
    return replace(found, items=items, word=word_of(items))


def _decided(found: Decision) -> int:
    """Return how many items a decision decides."""
    return sum(one.decision not in OPEN for one in found.items)


def _decided_too(found: Decision, other: Decision, *, denials: bool = False) -> Decision:
    """Return a decision with what another one decided of the items that wait in it.

    Of ``denials`` alone where one of them says what cannot be read.
    """
    decided = {one.trace: one for one in other.items if one.decision not in OPEN}
    given = _denials(other) if denials else decided

    def item(mine: ItemDecision) -> ItemDecision:
        theirs = given.get(mine.trace)
        if mine.decision != "pended" or theirs is None:
            return mine
        return replace(theirs, decided_on=theirs.decided_on or other.decided_on)

    items = tuple(map(item, found.items))
    if items == found.items:
        return found
    later = latest([found, other])
    agree = not _decided(found) or found.human_reviewer == other.human_reviewer
    return replace(
        found,
        items=items,
        word=word_of(items),
        notes=tuple(dict.fromkeys((*found.notes, *other.notes))),
        human_reviewer=other.human_reviewer if agree else None,
        received_at=max(found.received_at, other.received_at),
        created=later.created,
        created_on=later.created_on,
    )


def latest(several: Sequence[Decision]) -> Decision:
    """Return the decision that tells that it was made last; a day may be any hour of it."""

    def end(one: Decision) -> datetime:
        made = one.created or one.created_on
        return dates.last(made) if made else LONG_AGO

    return max(several, key=end)


def _dated(found: Decision, other: Decision) -> Decision:
    """Return a decision with a whole period of another one where its own leaves no day."""
    given = {one.trace: one for one in other.items}

    def item(mine: ItemDecision) -> ItemDecision:
        theirs = given.get(mine.trace)
        if theirs is None or not _dayless(mine) or theirs.decision != mine.decision:
            return mine
        if not (theirs.valid_from and theirs.valid_to) or theirs.number not in (None, mine.number):
            return mine
        return replace(mine, valid_from=theirs.valid_from, valid_to=theirs.valid_to)

    return replace(found, items=tuple(map(item, found.items)))


def _dayless(item: ItemDecision) -> bool:
    """Tell whether an item's period is one of which nobody can tell any day."""
    return (item.valid_from, item.valid_to) == NO_DAY


def unread(found: Decision) -> bool:
    """Tell whether an answer says what cannot be read, or counted."""
    odd = any(one.decision in ASKING for one in found.items)
    return odd or not found.items or bool(found.quarantined)


def _rank(word: str) -> int:
    """Return how much of an item a word affirms: all, with changes, a part, nothing."""
    return FAVOURABLE.index(word) if word in FAVOURABLE else -1


def unchanged(read: Decision, earlier: Collection[Decision]) -> frozenset[str]:
    """Return the items of which an answer says what all of the earlier ones said."""
    said = [of_items(one) for one in earlier]
    return frozenset(
        one.trace
        for one in read.items
        if said and all(words.get(one.trace) == one.decision for words in said)
    )


def with_numbers(found: Decision, numbered: Decision) -> Decision:
    """Return a decision with the numbers that another one gives to the same verdicts.

    The days that the other states for a number hold for the same number here, and so does an
    item's own day of decision where this decision states none.
    """
    dated = found.decided_on is not None
    given = {one.trace: one for one in numbered.items}

    def item(mine: ItemDecision) -> ItemDecision:
        theirs = given.get(mine.trace)
        if theirs is None or theirs.decision != mine.decision:
            return mine
        if mine.number and theirs.number and mine.number != theirs.number:
            return mine
        days = mine.valid_from or theirs.valid_from, mine.valid_to or theirs.valid_to
        if _dayless(mine) or _dayless(theirs):  # what no day is left of holds until it is mended
            days = mine.valid_from, mine.valid_to
        return replace(
            mine,
            number=mine.number or theirs.number,
            number_path=mine.number_path or theirs.number_path,
            valid_from=days[0],
            valid_to=days[1],
            replaced_by=mine.replaced_by or theirs.replaced_by,
            decided_on=mine.decided_on or (None if dated else theirs.decided_on),
        )

    return replace(found, items=tuple(item(one) for one in found.items))


def renumbered(typed: Decision, read: Decision) -> dict[str, str]:
    """Return the other numbers that an answer gives to a letter's own verdicts, by trace."""
    given = {one.trace: one for one in read.items if one.number}
    return {
        one.trace: theirs.number
        for one in typed.items
        if (theirs := given.get(one.trace)) and theirs.number and one.number
        if theirs.decision == one.decision and theirs.number != one.number
    }


def unnumbered(found: Decision, traces: Collection[str]) -> Decision:
    """Return a decision without the numbers of some items."""
    items = tuple(
        replace(one, number=None, number_path=None, valid_from=None, valid_to=None)
        if one.trace in traces
        else one
        for one in found.items
    )
    return replace(found, items=items)


def take_back(typed: Decision, read: Decision, traces: Collection[str]) -> Decision:
    """Return what a letter says, but of some items what the payer itself decided.

    It stays a typed decision: what the payer affirms beyond it waits for a person.
    """
    theirs = {one.trace: one for one in read.items if one.trace in traces}
    items = tuple(theirs.get(one.trace, one) for one in with_numbers(typed, read).items)
    whole = replace(typed, items=items)
    return replace(
        whole,
        id=read.id,
        word=word_of(items),
        received_at=read.received_at,
        created=read.created,
        created_on=read.created_on,
        # the day begins the window of what is still affirmed
        decided_on=typed.decided_on if affirmed(whole) else read.decided_on,
        human_reviewer=read.human_reviewer,
        taken_back=tuple(sorted({*typed.taken_back, *traces})),
    )
