"""Types that cross a stage border.

Frozen dataclasses with slots. Times are aware UTC, dates are local to the site. Chart and payer
content stays raw R4 JSON (``dict``): nothing here re-serialises it. Sequences are tuples, so that a
stage's output can be hashed, stored and replayed. Fields may be added, never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

Resource = dict[str, Any]
Value = Any
"""An answer value: bool, int, float, str, or an R4 Coding, Quantity or Reference as a dict."""


@dataclass(frozen=True, slots=True)
class Coding:
    """A code of a code system; ``words`` are our own plain words, never a licensed descriptor."""

    system: str
    code: str
    words: str = ""


# Stage 2 -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChartSnapshot:
    """What one read of the chart gave: raw resources by type, and why a type is missing."""

    patient: Resource
    resources: dict[str, tuple[Resource, ...]]
    unavailable: dict[str, str]
    read_at: datetime
    left_out: tuple[str, ...] = ()

    def of(self, resource_type: str) -> tuple[Resource, ...]:
        """Return the resources of a type; an empty tuple when none, or when unavailable."""
        return self.resources.get(resource_type, ())

    def by_reference(self, reference: str | None) -> Resource | None:
        """Return the resource that a relative reference ``Type/id`` names, or None."""
        kind, _, rest = (reference or "").partition("/")
        wanted = rest.split("/")[0]
        if self.patient and kind == "Patient" and self.patient.get("id") == wanted:
            return self.patient
        return next((one for one in self.of(kind) if one.get("id") == wanted), None)

    def by_references(self, references: Iterable[str]) -> tuple[Resource, ...]:
        """Return the resources that references name, as far as they are here."""
        return tuple(found for one in references if (found := self.by_reference(one)))

    def unread(self, resource_type: str) -> tuple[str, ...]:
        """Return the single resources of a type that are there and could not be read."""
        return tuple(one for one in self.unavailable if one.startswith(f"{resource_type}/"))


# Stage 3 -----------------------------------------------------------------------------------------

Verdict = Literal["in_scope", "out_of_scope", "unknown"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that led to a finding, in words, with its source and dates."""

    rule: str
    words: str
    source: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Who decides and who numbers, by the state in which the service is delivered."""

    state: str
    state_name: str
    participant: str
    mac: str
    mac_name: str
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScopeFinding:
    """Whether a program asks for prior authorization of these orders, and why.

    ``open_rules`` are the rules that ask the questions, in their order. ``along`` are codes that
    have no request of their own.
    """

    program: str
    data_version: str
    verdict: Verdict
    service: str | None = None
    reasons: tuple[Reason, ...] = ()
    questions: tuple[str, ...] = ()
    route: Route | None = None
    open_rules: tuple[str, ...] = ()
    along: tuple[str, ...] = ()


# Stage 4 -----------------------------------------------------------------------------------------

CoverageOutcome = Literal["answered", "not_asked", "failed", "no_member"]


@dataclass(frozen=True, slots=True)
class CoverageRepetition:
    """One repetition of ``ext-coverage-information``; field names are the sub-extensions'."""

    raw: Resource
    order_ref: str
    coverage_ref: str
    covered: str | None
    pa_needed: str | None
    doc_needed: tuple[str, ...]
    doc_purpose: tuple[str, ...]
    info_needed: tuple[str, ...]
    questionnaires: tuple[str, ...]
    assertion_id: str | None
    satisfied_pa_id: str | None = None
    reasons: tuple[str, ...] = ()
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A CDS Hooks card, as text to show; ``detail`` is GitHub-flavoured Markdown."""

    summary: str
    detail: str
    indicator: str
    source: str


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """What the payer said about coverage and prior authorization (CRD)."""

    outcome: CoverageOutcome
    payer_id: str
    asked_at: datetime | None = None
    why: str | None = None
    repetitions: tuple[CoverageRepetition, ...] = ()
    cards: tuple[Card, ...] = ()
    coverage_ref: str | None = None

    def said_of(self, order_ref: str) -> tuple[Resource, ...]:
        """Return the payer's own extensions about an order."""
        return tuple(one.raw for one in self.repetitions if one.order_ref == order_ref)


# Stages 5 and 6 ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuestionnairePackage:
    """A DTR package: raw Questionnaire, Library, ValueSet and payer's draft responses."""

    questionnaires: tuple[Resource, ...]
    libraries: tuple[Resource, ...] = ()
    value_sets: tuple[Resource, ...] = ()
    payer_responses: tuple[Resource, ...] = ()
    origin: Literal["payer", "local"] = "payer"
    version: str = ""
    warnings: tuple[str, ...] = ()


AnswerOrigin = Literal["auto", "override", "manual", "payer"]
AnswerState = Literal["proposed", "confirmed", "cleared", "unavailable"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an answer, or a hint of one, stands in the chart; ``unread``: where it may stand."""

    resource_ref: str
    kind: str
    version: str | None = None
    date: str | None = None
    author: str | None = None
    sentence: str | None = None
    title: str | None = None
    marks: tuple[str, ...] = ()
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; ``path`` is a linkId with repeat index, such as ``severity-score[0]``."""

    path: str
    value: Value
    origin: AnswerOrigin
    state: AnswerState = "confirmed"
    author: str | None = None
    authored_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    why_empty: str | None = None
    was: Value = None


GapKind = Literal["missing", "unavailable", "silent"]


@dataclass(frozen=True, slots=True)
class Gap:
    """An applicable required item without an answer.

    ``silent``: the chart does not say in a form that answers; ``candidates`` show what notes say.
    """

    path: str
    kind: GapKind
    words: str = ""
    candidates: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ConflictOption:
    """One of the values that sources disagree about."""

    key: str
    words: str
    value: Value
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources disagree about a detail of the request; a person must settle it before sending.

    ``why`` is a word that the page has a sentence for; ``named`` is what the chart names beside
    the options.
    """

    field: str
    question: str
    why: str
    options: tuple[ConflictOption, ...]
    chosen: str | None = None
    chosen_by: str | None = None
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as far as it is answered.

    ``left_over`` are questions and answers of a person to an earlier form that this one does not
    take.
    """

    questionnaire: str
    revision: int
    answers: tuple[Answer, ...]
    gaps: tuple[Gap, ...] = ()
    not_applicable: tuple[str, ...] = ()
    sent_without: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    form_origin: Literal["payer", "local"] = "payer"
    left_over: tuple[tuple[str, Answer], ...] = ()

    def answer(self, path: str) -> Answer | None:
        """Return the answer at a path, or None."""
        return next((one for one in self.answers if one.path == path), None)


@dataclass(frozen=True, slots=True)
class Newer:
    """What a later look at the chart found otherwise: kept beside until a person decides.

    ``draft`` is what the chart alone answers; ``changes`` are (what, before, now); ``state`` is
    ``open``, ``taken`` or ``kept``.
    """

    since: datetime
    chart: ChartSnapshot
    draft: Draft
    changes: tuple[tuple[str, str, str], ...]
    state: Literal["open", "taken", "kept"] = "open"


# People ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: the EHR's user, from a validated id_token."""

    fhir_user: str
    name: str
    npi: str | None = None
    may_sign: bool = True


# Case --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service is delivered, as a facility of the site's file."""

    facility_id: str
    name: str
    pos: str
    state: str
    tob: str | None = None
    npi: str | None = None
    ptan: str | None = None
    ccn: str | None = None
    address: dict[str, Any] = field(default_factory=dict)
    location_ref: str | None = None


ENTERED = "ServiceRequest/entered-"
"""How the reference of an order begins that a person entered: only we know it."""


def entered_here(order_ref: str) -> bool:
    """Tell whether an order is one that a person entered: nothing can be written to it."""
    return order_ref.startswith(ENTERED)


@dataclass(frozen=True, slots=True)
class CaseItem:
    """One service line; ``trace`` is our join key, echoed by the payer as itemTraceNumber."""

    trace: str
    sequence: int
    order_ref: str
    coding: tuple[Coding, ...]
    units: float = 1
    unit: str | None = None
    modifiers: tuple[str, ...] = ()
    diagnoses: tuple[Coding, ...] = ()
    place: Place | None = None
    add_on: bool = False

    @property
    def code(self) -> str:
        """Return the billing code (the first coding)."""
        return self.coding[0].code


@dataclass(frozen=True, slots=True)
class Tracks:
    """The case's tracks (design 4); ``cases.states`` holds the moves."""

    documentation: str = "none"
    submission: str = "none"
    decision: str = "none"
    utn: str = "none"
    chart: str = "none"
    claim: str = "hold"


@dataclass(frozen=True, slots=True)
class Case:
    """One request for one patient's orders, from first look to claim.

    ``urgency`` says why an expedited one cannot wait. ``items`` are what is asked for. ``along``
    are the lines of its orders that have no request of their own: no payer hears of them as items,
    and no number goes to their orders. ``dropped`` were asked for before a change; ``moved`` when
    one has put the service to another day than its orders said.
    """

    id: str
    site: str
    iss: str
    patient_ref: str
    order_refs: tuple[str, ...]
    attempt: int
    revision: int
    program: str
    program_version: str
    scope: ScopeFinding
    items: tuple[CaseItem, ...]
    tracks: Tracks
    created_at: datetime
    coverage_ref: str | None = None
    payer_id: str | None = None
    channel: str | None = None
    owner: str | None = None
    expedited: bool = False
    urgency: str | None = None
    planned_date: date | None = None
    due_at: datetime | None = None
    due_rule: str | None = None
    prior_case_id: str | None = None
    conflicts: tuple[Conflict, ...] = ()
    left_unsent: tuple[str, ...] = ()
    also_sent: tuple[str, ...] = ()
    along: tuple[CaseItem, ...] = ()
    dropped: tuple[CaseItem, ...] = ()
    moved: bool = False
    signed_by: Person | None = None
    launch_id: str | None = None
    closed: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the orders of all lines, what is asked for first."""
        return tuple(one.order_ref for one in (*self.items, *self.along))

    @property
    def asking(self) -> tuple[str, ...]:
        """Return the orders that the case is about, without those that a change took out."""
        gone = {one.order_ref for one in self.dropped} - {*self.lines}
        return tuple(one for one in self.order_refs if one not in gone)


AMENDING = ("updating", "cancelling")
"""Submissions of requests of which the payer is being told that they are changed or withdrawn."""
UNCOUNTED = (*AMENDING, "cancelled")
"""Submissions of requests on which nothing counts that was decided."""


# Stages 10 to 12 ---------------------------------------------------------------------------------

SubmissionOutcome = Literal["received", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class Submission:
    """One send to a payer; ``started_at`` is durable before the first byte leaves."""

    case: str
    identifier: str
    channel: str
    payer_id: str
    kind: Literal["initial", "resubmission", "update", "cancel", "inquiry", "attachment"]
    body_sha256: str
    started_at: datetime
    previous: str | None = None
    ended_at: datetime | None = None
    outcome: SubmissionOutcome | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a request is to become; ``identifier`` is the Claim's that says so to the payer."""

    identifier: str
    items: tuple[CaseItem, ...]
    planned_date: date | None
    left_unsent: tuple[str, ...]
    also_sent: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came back from a channel: the parsed body, or the refusal in words.

    ``places`` are where each of the ``faults`` stands, in the payer's words for it (FHIRPath).
    """

    outcome: SubmissionOutcome
    status: int | None = None
    body: Resource | None = None
    faults: tuple[str, ...] = ()
    places: tuple[tuple[str, ...], ...] = ()


Subject = Literal[
    "item",
    "diagnosis",
    "information",
    "patient",
    "coverage",
    "provider",
    "insurer",
    "team",
    "request",
]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a request: which row of which subject, and what of it.

    ``number`` is the row's own, where there are several; ``label`` is what the request calls it.
    """

    subject: Subject
    number: int | None = None
    label: str = ""
    element: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a payer remarks beside an answer, in codes, and the place in the request.

    Its own words stay in the answer: they may name a patient.
    """

    code: str
    place: str


DecisionWord = Literal[
    "affirmed",
    "affirmed_modified",
    "partial",
    "non_affirmed",
    "pended",
    "dismissed",
    "cancelled",
    "contact_payer",
    "not_required",
    "unreadable",
]
ASKING = ("unreadable", "contact_payer")
"""Words of an item that a person has to read, or to call about."""
OPEN = ("pended", *ASKING)
"""Words of an item that the payer has still to decide, or to say so that it can be read."""
NUMBERLESS = ("dismissed", "cancelled", "not_required")
"""Words of a decision upon which no number comes."""
FAVOURABLE = ("partial", "affirmed_modified", "affirmed")
"""Words of an item that is affirmed at all, the least first."""


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """The payer's decision on one item, by ``reviewActionCode``; the number stands apart.

    ``decided_on`` is its day where that is not the decision's own.
    """

    trace: str
    decision: DecisionWord
    raw_code: str | None = None
    number: str | None = None
    number_path: str | None = None
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    decided_on: date | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a payer wants to see before it decides; ``number`` is what it is to be sent under.

    Without a number nothing can be sent that the payer would find.
    ``code`` is a LOINC attachment code, or an X12 report type where the payer gives no other;
    ``report`` is the report type in any case, ``modifiers`` narrow what the code means (LOINC).
    ``context`` is the trace number that a form is asked for by. ``lines`` are items' sequences.
    """

    number: str
    system: str
    kind: Literal["documents", "form"]
    code: str
    words: str
    lines: tuple[int, ...] = ()
    context: str | None = None
    report: str = ""
    modifiers: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """Return what tells a wish from another: several may be asked for under one number.

        The same form for another item is another one.
        """
        about = map(str, sorted({*self.lines})) if self.kind == "form" else self.modifiers
        return (self.number, self.kind, self.code, *about)


@dataclass(frozen=True, slots=True)
class Addition:
    """What a person sent because the payer wanted it: documents, a signed form, or both.

    ``form`` is the canonical of the form that was answered.
    """

    identifier: str
    wanted: Wanted
    documents: tuple[str, ...]
    by: str
    at: datetime
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """A person's word that what a payer wants cannot be provided, and why."""

    number: str
    why: str
    by: str
    at: datetime
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ticks:
    """Which documents go along with a form that was asked for later, as a person chose."""

    left_unsent: tuple[str, ...]
    also_sent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of a payer on a case, per item, from PAS, a letter or a portal.

    ``decided_on`` is its day, of several the first; it holds for each item without one of its own.
    ``taken_back`` are the items of a letter on which the payer's own answer stands instead.
    ``created`` is the moment at which the payer made it, ``created_on`` the day where it tells no
    moment. ``may_deny`` is one of which nothing can be used, and which may affirm less.
    """

    id: str
    case: str
    items: tuple[ItemDecision, ...]
    received_at: datetime
    source: Literal["pas", "letter", "portal"]
    decided_on: date | None = None
    document_sha256: str | None = None
    payer_reference: str | None = None
    human_reviewer: bool | None = None
    supersedes: str | None = None
    word: DecisionWord = "unreadable"
    notes: tuple[str, ...] = ()
    quarantined: tuple[str, ...] = ()
    entered_by: str | None = None
    created: datetime | None = None
    created_on: date | None = None
    taken_back: tuple[str, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    may_deny: bool = False


@dataclass(frozen=True, slots=True)
class UtnRecord:
    """A number that a program gave to items; unique by (member, number).

    ``valid_from`` and ``valid_to`` are None when no day of service is left by what the payer says.
    """

    number: str
    program: str
    member_hash: str
    traces: tuple[str, ...]
    decision_id: str
    verdict: DecisionWord
    decided_on: date
    valid_from: date | None = None
    valid_to: date | None = None
    previous: str | None = None
    status: Literal["active", "superseded", "expired"] = "active"
    warnings: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether there is any day of service on which the number may be used."""
        return self.valid_from is not None and self.valid_to is not None


# Stages 13 and 14 --------------------------------------------------------------------------------

DOCUMENT, ORDER = "DocumentReference.create", "ServiceRequest.update"
"""Rungs of a site's write-back ladder."""
TAKE_BACK = "ServiceRequest.take_back"
"""The rung of an order from which a number is taken, since its decision no longer stands."""
WriteOutcome = Literal[
    "filed_and_read_back",
    "accepted_unverified",
    "draft_awaiting_signature",
    "notified_only",
    "refused",
    "unknown",
    "manual_pending",
    "manual_confirmed",
]


@dataclass(frozen=True, slots=True)
class WriteReceipt:
    """Which rung of the write-back ladder was used, and what is known of its effect.

    ``decision`` is what was written. ``carries`` tells whether an order bears a number of the case,
    or may: None when this attempt told nothing about it.
    """

    rung: str
    outcome: WriteOutcome
    written_at: datetime
    resource_ref: str | None = None
    version: str | None = None
    read_back_sha256: str | None = None
    where_people_see_it: str = ""
    why: str | None = None
    decision: str | None = None
    carries: bool | None = None


ClaimState = Literal[
    "ready",
    "hold_decision",
    "hold_number",
    "hold_window",
    "outside_window",
    "review_expected",
    "number_with_abn",
    "hold_review",
]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the number goes on one claim form."""

    form: str
    form_words: str
    field: str
    position: str
    text: str
    this_claim: bool
    source: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check on the claim card: passed, failed, or not yet known."""

    words: str
    passed: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """What the biller needs: whose claim, which number, which field, which dates."""

    whose_claim: Literal["facility", "professional", "unknown"]
    state: ClaimState
    number: str | None
    placements: tuple[Placement, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    modifiers: tuple[tuple[str, str, str, bool], ...] = ()
    checks: tuple[Check, ...] = ()
    chain: tuple[UtnRecord, ...] = ()


TaskState = Literal["due", "leased", "parked", "done"]


@dataclass(frozen=True, slots=True)
class Task:
    """A leased piece of work; carries ids, never PHI."""

    key: str
    kind: str
    case: str
    run_at: datetime
    attempt: int
    max_attempts: int
    state: TaskState = "due"
    lease_until: datetime | None = None
    owner: str | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's history: what happened, who did it; words come from formatters."""

    kind: str
    at: datetime
    who: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
