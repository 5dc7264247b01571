"""Stage 12: the numbers of the decision that stands, and which of them count no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from smart_app.answers import Answers
from smart_app.cases import states
from smart_app.cases.model import UNCOUNTED, Case, Decision, Tracks, UtnRecord
from smart_app.pas import verdicts
from smart_app.utn import record as utn


def _utn_track(tracks: Tracks, missing: tuple[str, ...], kept: list[UtnRecord]) -> Tracks:
    """Return the tracks after the numbers of the present decision."""
    idle = "none" if tracks.utn in ("none", "awaited") else "superseded"
    wanted = "awaited" if missing else "recorded" if kept else idle
    return tracks if tracks.utn == wanted else states.move(tracks, utn=wanted)


class Numbering(Answers):
    """The numbers of a case, and the tracks that hang on them."""

    def numbered(
        self, db: sa.Connection, case: Case, found: Decision, *, again: bool = False
    ) -> tuple[Case, list[UtnRecord]]:
        """Save the case with the tracks of a decision; return it and the numbers that count.

        What is said ``again`` and moves nothing leaves the case as it is, so that a page which
        somebody has open stays true.
        """
        before = case.tracks
        self.world.metrics.decided(db, case, found)
        records, refused = self._numbers(case, found)
        kept = [one for one in records if self.store.add_utn(db, case.id, one)]
        elsewhere = {one.number for one in records} - {one.number for one in kept}
        self._refused(db, case, {*refused, *elsewhere})
        self._supersede(db, case, {one.number for one in kept})
        tracks = states.move(before, decision=found.word)
        tracks = _utn_track(tracks, utn.missing(found, tuple(kept)), kept)
        if tracks.utn == "recorded" and before.utn != "recorded":
            self.note(db, case, "number", count=len(kept))
        if found.word == "pended" and tracks.submission == "received":
            tracks = states.move(tracks, submission="pended")
        elif found.word != "pended" and tracks.submission == "pended":
            tracks = states.move(tracks, submission="received")
        elif found.word == "cancelled" and tracks.submission == "cancelling":
            tracks = states.move(tracks, submission="cancelled")
        ready = (
            found.word == "affirmed"
            and tracks.submission not in UNCOUNTED
            and tracks.utn == "recorded"
            and len(kept) == 1
            and kept[0].holds
        )
        tracks = states.move(tracks, claim="ready" if ready else "hold")
        still = again and tracks == before
        return (case if still else self.store.save(db, replace(case, tracks=tracks))), kept

    def _refused(self, db: sa.Connection, case: Case, numbers: set[str]) -> None:
        """Tell that numbers were not used, once: a payer may repeat them for weeks."""
        said = self.store.blind("refused", *sorted(numbers))
        events = self.world.audit.events(case.id)
        told = [one.facts.get("said") for one in events if one.kind == "number_refused"]
        if numbers and told[-1:] != [said]:
            self.note(db, case, "number_refused", count=len(numbers), said=said)

    def _supersede(self, db: sa.Connection, case: Case, current: set[str]) -> None:
        """Mark a case's earlier numbers as replaced: they belong to another decision."""
        for one in self.store.utns(case.id):
            if one.number not in current and one.status == "active":
                self.store.add_utn(db, case.id, replace(one, status="superseded"))

    def _numbers(
        self, case: Case, found: Decision
    ) -> tuple[tuple[UtnRecord, ...], tuple[str, ...]]:
        rule = self.world.program.number
        form = utn.NumberForm(case.program, rule.pattern, rule.expected, rule.window_days)
        site = self.world.sites.of_id(case.site)
        member = self.store.blind("member", self.member(case))
        known = tuple(self.store.utns(case.id))
        return utn.record(found, form, member, self._told_on(case, found, site.time_zone), known)

    def _told_on(self, case: Case, found: Decision, zone: str) -> date:
        """Return the first day on which these verdicts were known, in the site's zone.

        A later answer that adds a number is no later decision. What a payer dates before the day
        on which the request was signed is not dated.
        """
        told = [found]
        versions = self.versions(case)
        begun = versions[-1].created_at if versions else case.created_at.timestamp()
        for one in reversed(self.store.history(case.id, "decision", Decision)):
            if one.id == found.id:
                continue
            if not verdicts.same(one, found) or one.received_at.timestamp() < begun:
                break
            told.append(one)
        first = datetime.fromtimestamp(begun, ZoneInfo(zone)).replace(hour=0, minute=0, second=0)
        made = [one.created for one in told if one.created and one.created >= first]
        moments = (*made, *(one.received_at for one in told))
        return min(moments).astimezone(ZoneInfo(zone)).date()
