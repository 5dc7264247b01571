"""What the payer itself says beside a letter, and what people were told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from smart_app.cases import codec
from smart_app.cases.model import (
    ASKING,
    FAVOURABLE,
    OPEN,
    Case,
    Decision,
    Event,
    ItemDecision,
)
from smart_app.errors import LetterError
from smart_app.pas import verdicts
from smart_app.pas.usable import DIFFER
from smart_app.steps import Steps

TYPED = ("letter", "portal")
BESIDE = "beside"
"""Where the payer's own answers are kept that came beside a letter, taken or not."""
WAITING = "beside_waiting"
"""Where those are kept that decided nothing that counts: what comes after them is said anew."""
AT_ODDS = ("answers_disagree", "answers_agree")
"""What people are told of answers that contradict each other, and when they no longer do."""
UNCLEAR = ("answer_unclear", "answer_clear")
"""What people are told of an answer after a letter that only they can read, and when it ends."""
OLDER = ("older_listed", "older_gone")
"""What people are told of an answer that was overtaken, and when the payer gives it no more."""
RENUMBERED = "number_differs"
"""What people are told of a number that the payer gives otherwise than a letter."""
WARNED = ("sources_disagree", RENUMBERED, AT_ODDS[0], UNCLEAR[0], OLDER[0])
"""What a page warns of, so that a letter cannot be entered from a page that did not."""


def said(found: Decision) -> tuple[Any, ...]:
    """Return what makes a decision a new one: the day counts, since the window hangs on it."""
    doubt = found.may_deny, found.supersedes
    return found.items, found.word, found.quarantined, found.decided_on, found.wanted, doubt


def hashed(found: Decision) -> str:
    """Return by what an answer is known again: what it says, and when it was made."""
    made = found.created or found.created_on
    return codec.sha256(f"{made} {found.word} {found.items}".encode())


class Beside(Steps):
    """The payer's own answers, and the letters that people entered."""

    def decided(self, case: Case) -> str:
        """Return what a page was made from: a case's present decision, and the contradictions."""
        found = self.store.latest(case.id, "decision", Decision)
        told = sum(one.kind in WARNED for one in self.world.audit.events(case.id))
        return f"{found.id if found else ''}:{told}"

    def known(self, case: Case, read: Decision) -> bool:
        """Tell whether an answer was taken, or told of, before."""
        if read.items:
            return any(said(one) == said(read) for one in self.wire(case, WAITING))
        kinds = (AT_ODDS[0], "quarantined")
        told = [one.facts.get("said") for one in self._told(case, kinds)]
        told += [one.document_sha256 for one in self.store.history(case.id, "decision", Decision)]
        return read.document_sha256 is not None and read.document_sha256 in told

    def not_used(self, db: sa.Connection, case: Case, read: Decision) -> None:
        """Say why an answer was not used: the same once, and one reason ever more seldom."""
        why = read.quarantined[0]
        if why == DIFFER:
            self.begun(db, case, AT_ODDS, read.document_sha256)
            return
        told = [one for one in self._told(case, ("quarantined",)) if one.facts.get("why") == why]
        known = {one.facts.get("said") for one in told}
        pause = timedelta(days=2 ** min(len(told), 9))  # it may be said daily, in other words
        late = not told or self.world.clock.now() - told[-1].at > pause
        if late and read.document_sha256 not in known - {None}:
            self.note(db, case, "quarantined", why=why, said=read.document_sha256)

    def unclear(self, db: sa.Connection, case: Case, read: Decision, late: frozenset[str]) -> None:
        """Warn of an answer beside a letter that a person has to read or to call about.

        The letter stands. What its author could know is not told again.
        """
        if read.items:
            odd = bool(read.quarantined)  # numbers that contradict each other
            asks = {one.trace for one in read.items if odd or one.decision in ASKING}
            if asks - late:
                self.begun(db, case, UNCLEAR, verdicts.told(read))
            elif not asks:
                self.ended(db, case, UNCLEAR)
            return
        events = self.world.audit.events(case.id)
        said = [one.facts.get("said") for one in events if one.kind == "quarantined"]
        if self._told(case, UNCLEAR) or read.document_sha256 not in said:
            self.begun(db, case, UNCLEAR, read.document_sha256)

    def begun(
        self, db: sa.Connection, case: Case, kinds: tuple[str, str], said: str | None
    ) -> None:
        """Tell people of what keeps the payer's answers from being used, unless they know of it.

        A letter ends it: whoever entered that letter knew what was ``said`` until then, no more.
        """
        told = self._told(case, kinds, "letter")
        if told and told[-1].kind == kinds[0]:
            return
        known = next((one for one in reversed(told) if one.kind != "letter"), None)
        if known is None or known.kind != kinds[0] or said != known.facts.get("said", ""):
            self.note(db, case, kinds[0], said=said)

    def ended(self, db: sa.Connection, case: Case, kinds: tuple[str, str]) -> None:
        """Tell people, who were told of it, that the payer's answers may be used again."""
        if [one.kind for one in self._told(case, kinds)][-1:] == [kinds[0]]:
            self.note(db, case, kinds[1])

    def older(self, db: sa.Connection, case: Case, read: Decision) -> None:
        """Tell people of an answer that was overtaken: the same once a day, two may alternate.

        At once where a letter, a change or another decision came since.
        """
        told = self._told(case, OLDER, "letter", "updated", "decided")
        if [one.kind for one in told][-1:] == [OLDER[0]]:
            return
        latest, word = told[-2:], hashed(read)
        same = [one for one in latest if one.facts.get("said") == word]
        if not same or self.world.clock.now() - same[0].at > timedelta(days=1):
            self.note(db, case, OLDER[0], said=word)

    def _told(self, case: Case, kinds: tuple[str, ...], *more: str) -> list[Event]:
        return [one for one in self.world.audit.events(case.id) if one.kind in (*kinds, *more)]

    def disagree(self, db: sa.Connection, case: Case, typed: Decision, own: Decision) -> None:
        """Tell people that the payer's own answer contradicts a letter, and in what."""
        said = verdicts.told(own)
        self.note(db, case, "sources_disagree", typed=typed.word, word=own.word, said=said)

    def late(self, case: Case, read: Decision) -> frozenset[str]:
        """Return the items of which the payer still says what it said when the last letter came.

        Whoever entered that letter could know it. What it decided on another day, or after it had
        said something else, is said anew.
        """
        letters = [one.at for one in self.world.audit.events(case.id) if one.kind == "letter"]
        wire = self.wire(case, WAITING)
        before = [one for one in wire if letters and one.received_at <= letters[-1]]
        known = {None, *(one.decided_on for one in before)}
        if not before or read.decided_on not in known:
            return frozenset()
        return verdicts.unchanged(read, wire[len(before) - 1 :])

    def wire(self, case: Case, *more: str) -> list[Decision]:
        """Return what the payer itself said of a case's items, oldest first."""
        found = [
            one
            for stage in ("decision", BESIDE, *more)
            for one in self.store.history(case.id, stage, Decision)
            if one.source not in TYPED and one.items
        ]
        return sorted(found, key=lambda one: one.received_at)

    def keep(self, db: sa.Connection, case: Case, read: Decision, stage: str) -> None:
        """Keep what the payer says beside a letter, when it says something new."""
        known = self.wire(case, WAITING)
        if not known or said(known[-1]) != said(read):
            self.store.put(db, case.id, stage, read)

    def _since(self, case: Case, kind: str) -> list[Event]:
        """Return what people were told of a kind since the last letter."""
        since: list[Event] = []
        for one in self.world.audit.events(case.id):
            since = [] if one.kind == "letter" else [*since, one]
        return [one for one in since if one.kind == kind]

    def told_of(self, case: Case, read: Decision) -> bool:
        """Tell whether people know already that this answer contradicts the last letter."""
        said = verdicts.told(read)
        told = self._since(case, "sources_disagree")
        return any(one.facts.get("said") == said for one in told)

    def withheld(self, case: Case) -> frozenset[str]:
        """Return the items whose number counts no more until a person enters it again."""
        told = [one for one in self._since(case, RENUMBERED) if not one.facts.get("refused")]
        return frozenset(trace for one in told for trace in str(one.facts["traces"]).split())

    def retreats(self, case: Case, typed: Decision, read: Decision) -> bool:
        """Tell whether a payer has yet to decide again what it, and a letter, had affirmed."""
        letter, now = verdicts.of_items(typed), verdicts.of_items(read)
        items = [item for one in self.wire(case, WAITING) for item in one.items]
        decided = {item.trace: item.decision for item in items if item.decision not in OPEN}
        return any(
            word in FAVOURABLE and letter.get(trace) in FAVOURABLE and now.get(trace) in OPEN
            for trace, word in decided.items()
        )

    def with_true_numbers(self, found: Decision) -> Decision:
        """Return a decision without what is no number: a payer's own reference."""
        items = tuple(
            replace(one, number=None, number_path=None)
            if one.number and not self._is_number(one.number)
            else one
            for one in found.items
        )
        return replace(found, items=items)

    def renumbered(self, case: Case, typed: Decision, read: Decision) -> frozenset[str]:
        """Return the items to which the payer gives another number than the letter that stands.

        What it had said before that letter came, its author could know.
        """
        letters = [one.at for one in self.world.audit.events(case.id) if one.kind == "letter"]
        wire = self.wire(case, WAITING)
        before = [one for one in wire if letters and one.received_at <= letters[-1]]
        known = {(item.trace, item.number) for one in before for item in one.items}
        found = verdicts.renumbered(typed, read)
        return frozenset(
            trace
            for trace, other in found.items()
            if (trace, other) not in known and self._is_number(other)
        )

    def _is_number(self, value: str) -> bool:
        """Tell whether a value may be a number at all: a payer's own reference is none."""
        return self.world.program.number.pattern.match(value) is not None

    def mistyped(self, case: Case, letter: Decision) -> frozenset[str]:
        """Return the items of which the payer's own number is another than a letter's.

        None when people were told of it and entered the same letter again.
        """

        def verdict(item: ItemDecision) -> tuple[str, str]:
            return item.trace, "favourable" if item.decision in FAVOURABLE else item.decision

        given = {
            verdict(item): item.number
            for one in self.wire(case, WAITING)
            for item in one.items
            if item.number and self._is_number(item.number)
        }
        other = frozenset(
            one.trace
            for one in letter.items
            if one.number and given.get(verdict(one), one.number) != one.number
        )
        told = {
            said
            for one in self._since(case, RENUMBERED)
            for said in str(one.facts.get("numbers", "")).split()
        }
        return other if set(self.blinded(letter, other).split()) - told else frozenset()

    def blinded(self, letter: Decision, traces: frozenset[str]) -> str:
        """Return by what a letter's numbers of some items are known again, and by nobody read."""
        numbered = [one for one in letter.items if one.trace in traces]
        return " ".join(self.store.blind(one.trace, str(one.number)) for one in numbered)

    def denials(self, case: Case, letter: Decision) -> tuple[Decision, ...]:
        """Return the payer's own decisions that a letter would turn into an affirmation.

        None when people were told of each of these contradictions and entered the letter again.
        """
        present = self.store.latest(case.id, "decision", Decision)
        if present is None:
            return ()
        raised, found = verdicts.raised(letter, present), []
        for one in reversed(self.wire(case, WAITING)):
            if raised & verdicts.less(letter, one):
                found.append(one)
            # of an item the last word counts, though the answer as a whole was still waiting
            raised -= {item.trace for item in one.items if item.decision not in OPEN}
        return () if all(self.told_of(case, one) for one in found) else tuple(found)

    def check_numbers(self, case: Case, letter: Decision) -> None:
        """Raise LetterError when a number of another verdict is typed in as an affirmation's.

        What the payer itself said of it counts for ever, an earlier letter while it stands.
        """
        present = self.store.latest(case.id, "decision", Decision)
        known = [*self.wire(case, WAITING), *([present] if present else [])]
        said = {(i.trace, i.number): i.decision for one in known for i in one.items if i.number}
        for one in letter.items:
            told = said.get((one.trace, one.number or ""), "affirmed")
            if one.decision == "affirmed" and told != "affirmed":
                raise LetterError(
                    "a number of another verdict",
                    say="That number came with a decision that was no affirmation.",
                    do="Compare it with the letter. If the letter has no other number, leave it "
                    "empty and ask the payer.",
                )
