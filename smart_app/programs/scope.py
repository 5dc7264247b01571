"""Stage 3: does a program ask about these orders? Rules are data; unknown asks a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from smart_app.cases.model import CaseItem, Reason, Resource, Route, ScopeFinding
from smart_app.fhir import codes
from smart_app.programs.base import Program, Service

CoverageKind = Literal[
    "original_medicare", "managed", "excluded", "beside", "not_medicare", "unknown"
]
NOT_ITSELF = ("beside", "not_medicare")


@dataclass(frozen=True, slots=True)
class Question:
    """What the judgement is about: the facts it may use, each of which may be unknown."""

    items: tuple[CaseItem, ...]
    coverage: Resource | None
    payor_name: str
    states: tuple[str, ...]
    places_of_service: tuple[str, ...]
    on: date
    payor_unread: bool = False


def coverage_kind(
    program: Program, coverage: Resource | None, payor_name: str, payor_unread: bool = False
) -> CoverageKind:
    """Tell Original Medicare from what is not; a Medicare number alone proves neither.

    A payor that could not be read may be a special program's. A plan *beside* Medicare, such as
    Medigap, supposes a Medicare coverage and is none. https://nahdo.org/sopt is the payer
    typology of ``Coverage.type``.
    """
    if coverage is None:
        return "unknown"
    names = " ".join([payor_name, *(str(one.get("name")) for one in coverage.get("class") or [])])
    if any(word.lower() in names.lower() for word in program.excluded_payors):
        return "excluded"
    code = codes.code_in(coverage.get("type"), [codes.SOPT])
    if code in program.original_medicare:
        return "unknown" if payor_unread else "original_medicare"
    if code in program.managed:
        return "managed"
    if code in program.beside_medicare:
        return "beside"
    if code is None or code.startswith("1"):
        return "unknown"
    return "not_medicare"


def which(kinds: list[CoverageKind]) -> int | None:
    """Return which of several active coverages counts, or None when a person must say.

    A plan beats Original Medicare, since it takes its place. What stands beside Medicare, or is
    another insurer's, is not Medicare itself; what is not known may be.
    """
    plans = [number for number, kind in enumerate(kinds) if kind == "managed"]
    medicare = [number for number, kind in enumerate(kinds) if kind not in NOT_ITSELF]
    for found in (plans, medicare):
        if len(found) == 1:
            return found[0]
    if medicare or not kinds:
        return None
    return kinds.index("beside") if "beside" in kinds else 0


def judge(program: Program, question: Question) -> ScopeFinding:
    """Return the finding for the items of one request.

    In scope only when every rule says yes; the first rule that says no explains why; what is not
    known becomes a question. Source: the program's guide, named in each reason.
    """
    services = {
        service.id: service for item in question.items if (service := _service(program, item))
    }
    if not services or len(services) > 1 or any(not _service(program, i) for i in question.items):
        return _finding(program, "out_of_scope", None, (_not_listed(program, question),))
    service = next(iter(services.values()))
    reasons: list[Reason] = []
    questions: list[Reason] = []
    route = _route(program, question)
    for check in (_status, _dates, _coverage, _state, _sites, _diagnoses):
        verdict, reason = check(program, service, question)
        if verdict is False:
            assert reason
            return _finding(program, "out_of_scope", service, (reason,), route=route)
        if verdict is None:
            assert reason
            questions.append(reason)
        elif reason:
            reasons.append(reason)
    verdict_word: Literal["unknown", "in_scope"] = "unknown" if questions else "in_scope"
    return _finding(program, verdict_word, service, tuple(reasons), tuple(questions), route)


def _finding(
    program: Program,
    verdict: Literal["in_scope", "out_of_scope", "unknown"],
    service: Service | None,
    reasons: tuple[Reason, ...],
    questions: tuple[Reason, ...] = (),
    route: Route | None = None,
) -> ScopeFinding:
    return ScopeFinding(
        program=program.id,
        data_version=program.version,
        verdict=verdict,
        service=service.id if service else None,
        reasons=reasons,
        questions=tuple(one.words for one in questions),
        route=route,
        open_rules=tuple(one.rule for one in questions),
    )


Checked = tuple[bool | None, Reason | None]


def _service(program: Program, item: CaseItem) -> Service | None:
    return program.service_of(item.code)


def _not_listed(program: Program, question: Question) -> Reason:
    listed = ", ".join(item.code for item in question.items)
    return Reason("code", f"{listed} is not a {program.name} service.", program.source)


def _status(program: Program, service: Service, question: Question) -> Checked:
    if service.status != "active":
        words = f"{program.name} lists this service, but it is not in force."
        return False, Reason("status", words, service.source)
    return True, Reason("code", f"{service.name} is a {program.name} service.", service.source)


def _dates(program: Program, service: Service, question: Question) -> Checked:
    for item in question.items:
        entry = service.code(item.code)
        assert entry
        ends = [one for one in (entry.until, service.until, program.until) if one]
        if question.on < entry.since or (ends and question.on > min(ends)):
            words = f"{program.name} does not cover {item.code} on the planned day."
            return False, Reason("date", words, entry.source, entry.since, entry.until)
    return True, None


def _coverage(program: Program, service: Service, question: Question) -> Checked:
    kind = coverage_kind(program, question.coverage, question.payor_name, question.payor_unread)
    words = {
        "managed": "The patient's Medicare plan is Medicare Advantage, which has its own rules.",
        "excluded": "Railroad Medicare and other special programs are outside this model.",
        "not_medicare": "The patient's coverage is not Original Medicare.",
        "beside": "The chart shows a plan beside Medicare. Is there Original Medicare as well?",
        "unknown": "Is the patient covered by Original Medicare (Part B, no Advantage plan)?",
        "original_medicare": "The chart shows Original Medicare coverage.",
    }[kind]
    verdict = {"original_medicare": True, "unknown": None, "beside": None}.get(kind, False)
    return verdict, Reason("coverage", words, program.source)


def _route(program: Program, question: Question) -> Route | None:
    states = set(question.states)
    return program.route_of(states.pop()) if len(states) == 1 else None


def _state(program: Program, service: Service, question: Question) -> Checked:
    states = set(question.states)
    if len(states) != 1:
        return None, Reason("state", "In which state will the service be done?", program.source)
    state = next(iter(states))
    route = program.route_of(state)
    if route is None or state not in service.states:
        words = f"{program.name} does not ask for this service in {state}."
        return False, Reason("state", words, service.source)
    words = f"Done in {route.state_name}: {route.participant} decides."
    return True, Reason("state", words, program.source)


def _sites(program: Program, service: Service, question: Question) -> Checked:
    listed = set(service.places_of_service)
    if question.places_of_service and not listed & set(question.places_of_service):
        words = f"{program.name} does not ask for this service in this kind of place."
        return False, Reason("site", words, service.source)
    return True, None


def _diagnoses(program: Program, service: Service, question: Question) -> Checked:
    if not service.diagnoses:
        return True, None
    found = {one.code for item in question.items for one in item.diagnoses}
    if not found:
        return None, Reason("diagnosis", "Which diagnosis is the order for?", service.source)
    if not found & set(service.diagnoses):
        words = f"{program.name} asks for this service only for other diagnoses."
        return False, Reason("diagnosis", words, service.source)
    return True, None
