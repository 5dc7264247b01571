"""What a program is made of: dated rules, each with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from smart_app.cases.model import Route


@dataclass(frozen=True, slots=True)
class ServiceCode:
    """A billing code of a service, for the days on which it counts."""

    code: str
    system: str
    words: str
    since: date | None
    until: date | None
    add_on: bool
    condition: str | None
    requires_with: tuple[str, ...]
    source: str

    def counts(self, on: date) -> bool:
        """Tell whether the code counts on a day."""
        return self.since is not None and self.since <= on <= (self.until or date.max)


@dataclass(frozen=True, slots=True)
class ExcludedDiagnosis:
    """Diagnoses for which a service's code means something else; ``codes`` may be beginnings."""

    codes: tuple[str, ...]
    beside_listed: str
    words: str
    question: str
    source: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """What tells that a code of several uses is ordered for the service's own use."""

    codes: tuple[str, ...]
    words: str
    question: str
    diagnoses: tuple[str, ...]
    order_words: tuple[str, ...]
    unclear_words: tuple[str, ...]
    not_with: tuple[str, ...]
    words_not: str
    source: str


@dataclass(frozen=True, slots=True)
class Outside:
    """States in which a service is not asked about, and why."""

    states: tuple[str, ...]
    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service that the program asks about, and under which conditions."""

    id: str
    name: str
    status: str
    codes: tuple[ServiceCode, ...]
    states: tuple[str, ...]
    places_of_service: tuple[str, ...]
    types_of_bill: tuple[str, ...]
    diagnoses: tuple[str, ...]
    diagnoses_source: str
    excluded_diagnoses: tuple[ExcludedDiagnosis, ...]
    companions: tuple[str, ...]
    companions_source: str
    purposes: tuple[Purpose, ...]
    outside: tuple[Outside, ...]
    since: date | None
    until: date | None
    source: str
    note: str
    form: str | None

    def code(self, code: str, on: date | None = None) -> ServiceCode | None:
        """Return the entry of a code, the one that counts on a day if any does, or None."""
        entries = [one for one in self.codes if one.code == code]
        counting = [one for one in entries if on and one.counts(on)]
        return next(iter(counting or entries), None)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Codes that people take for the program's, and where they stand."""

    codes: tuple[str, ...]
    words: str
    source: str
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Special:
    """A payer that is outside whatever its type says."""

    id: str
    name: str
    payors: tuple[str, ...]
    types: tuple[str, ...]
    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Alongside:
    """A coverage beside Medicare that changes nothing about the request but is told."""

    id: str
    types: tuple[str, ...]
    words: str
    alone: str
    source: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """Claims that are never selected, known by a modifier or by people only."""

    id: str
    name: str
    words: str
    modifiers: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class SiteKind:
    """A place of service, and whether the program asks there."""

    pos: str
    name: str
    inside: bool
    source: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class DecisionWord:
    """A decision that a reviewer may give, from a day on."""

    word: str
    words: str
    source: str
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How a reviewer, or the MAC behind it, is reached."""

    id: str
    name: str
    full_name: str
    website: str
    portal: str
    telephone: str
    source: str
    fax: str | None = None
    email: str | None = None
    mail: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimModifier:
    """Which modifier a claim bears after a decision, and which notice the patient was given."""

    when: str
    words: str
    modifier: str
    notice: str
    source: str


@dataclass(frozen=True, slots=True)
class NumberRule:
    """The program's number: its form, its window, and which one a resubmission quotes."""

    words: str
    pattern: re.Pattern[str]
    expected: re.Pattern[str]
    window_days: int
    quote: str
    source: str


@dataclass(frozen=True, slots=True)
class ClaimPlace:
    """Where the number goes on one claim form."""

    form: str
    words: str
    claim: str
    field: str
    position: str
    text: str
    source: str
    facility_words: str = ""


@dataclass(frozen=True, slots=True)
class CoverageRules:
    """Which coverages are the program's, by payer type, and the sentence for each outcome."""

    original_medicare: tuple[str, ...]
    managed: tuple[str, ...]
    beside_medicare: tuple[str, ...]
    special: tuple[Special, ...]
    alongside: tuple[Alongside, ...]
    words: dict[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Program:
    """One program, all of it data."""

    id: str
    name: str
    version: str
    source: str
    since: date
    requests_from: date
    until: date | None
    states: tuple[str, ...]
    voluntary: str
    services: tuple[Service, ...]
    elsewhere: tuple[Elsewhere, ...]
    routes: tuple[Route, ...]
    participants: tuple[Contact, ...]
    macs: tuple[Contact, ...]
    coverage: CoverageRules
    deceased_words: str
    deceased_source: str
    excluded: tuple[Excluded, ...]
    sites: tuple[SiteKind, ...]
    decisions: tuple[DecisionWord, ...]
    standard_days: int
    expedited_days: int
    clock_words: str
    expedited_words: str
    number: NumberRule
    claim_places: tuple[ClaimPlace, ...]
    claim_modifiers: tuple[ClaimModifier, ...]
    claim_source: str
    facility_claim_pos: tuple[str, ...]
    ccn_pos: tuple[str, ...]
    ptan_pos: tuple[str, ...]
    folder: Path

    @property
    def forms(self) -> Path:
        """Return the folder of the program's own forms."""
        return self.folder / "forms"

    def service_of(self, code: str) -> Service | None:
        """Return the service that lists a code, or None."""
        return next((one for one in self.services if one.code(code)), None)

    def companion_of(self, code: str) -> tuple[Service, ...]:
        """Return the services with which a code goes along."""
        return tuple(one for one in self.services if code in one.companions)

    def elsewhere_of(self, code: str) -> Elsewhere | None:
        """Return where a code stands that people take for the program's, or None."""
        return next((one for one in self.elsewhere if code in one.codes), None)

    def route_of(self, state: str | None) -> Route | None:
        """Return who decides for a state, or None when the program is not there."""
        return next((one for one in self.routes if one.state == state), None)

    def site(self, pos: str) -> SiteKind | None:
        """Return what a place of service is, or None when the program does not name it."""
        return next((one for one in self.sites if one.pos == pos), None)

    def _entry(self, code: str) -> ServiceCode | None:
        service = self.service_of(code)
        return service.code(code) if service else None

    def is_add_on(self, code: str) -> bool:
        """Tell whether a code is an add-on to another."""
        entry = self._entry(code)
        return bool(entry and entry.add_on)

    def words(self, code: str) -> str:
        """Return our own plain words for a code, or an empty string."""
        entry = self._entry(code)
        return entry.words if entry else ""
