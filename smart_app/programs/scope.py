"""Stage 3: does a program ask about these orders? Rules are data; unknown asks a question.

The rules are looked up by code, diagnosis, companion codes, place, state, day and modifiers
together, never by a code alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from smart_app.cases.model import Reason, Route, ScopeFinding, Verdict
from smart_app.programs import asked as request
from smart_app.programs import conditions, coverage
from smart_app.programs.asked import Asked, Question
from smart_app.programs.conditions import Checked
from smart_app.programs.coverage import (
    NOT_ITSELF,
    CoverageKind,
    alongside,
    coverage_kind,
    which,
)
from smart_app.programs.model import Program

__all__ = [
    "NOT_ITSELF",
    "CoverageKind",
    "Question",
    "alongside",
    "coverage_kind",
    "judge",
    "which",
]


def judge(program: Program, question: Question) -> ScopeFinding:
    """Return the finding for the items of one request.

    In scope only when every rule says yes; the first rule that says no explains why; what is not
    known becomes a question, one for each thing. Every reason names its source.
    """
    asked = request.of(program, question)
    route = _route(program, question)
    if isinstance(asked, Reason):
        return _finding(program, "out_of_scope", None, (asked,))
    reasons: list[Reason] = []
    questions: list[Reason] = []
    for verdict, reason in _checked(asked):
        if verdict is False:
            assert reason
            return _finding(program, "out_of_scope", asked, (reason,), route=route)
        if reason:
            (questions if verdict is None else reasons).append(reason)
    word: Verdict = "unknown" if questions else "in_scope"
    return _finding(program, word, asked, tuple(reasons), tuple(questions), route)


def _checked(asked: Asked) -> Iterator[Checked]:
    """Yield what every rule says, in the order in which a no explains best."""
    for check in (
        _status,
        _excluded,
        _deceased,
        conditions.each(conditions.day),
        _coverage,
        _place,
        conditions.each(conditions.diagnosis),
        conditions.each(conditions.companion),
        conditions.each(conditions.purpose),
        _along,
    ):
        yield from check(asked)


def _finding(
    program: Program,
    verdict: Verdict,
    asked: Asked | None,
    reasons: tuple[Reason, ...],
    questions: tuple[Reason, ...] = (),
    route: Route | None = None,
) -> ScopeFinding:
    return ScopeFinding(
        program=program.id,
        data_version=program.version,
        verdict=verdict,
        service=asked.service.id if asked else None,
        reasons=reasons,
        questions=tuple(one.words for one in questions),
        route=route,
        open_rules=tuple(one.rule for one in questions),
        along=asked.along if asked else (),
    )


def _status(asked: Asked) -> Iterator[Checked]:
    service = asked.service
    if service.status != "active":
        words = service.note or f"{asked.program.name} lists {service.name}, but not in force."
        yield False, Reason("status", words, service.source)


def _excluded(asked: Asked) -> Iterator[Checked]:
    used = {one for item in asked.question.items for one in item.modifiers}
    for rule in asked.program.excluded:
        if used & set(rule.modifiers):
            yield False, Reason(rule.id, rule.words, rule.source)


def _deceased(asked: Asked) -> Iterator[Checked]:
    if asked.question.deceased:
        program = asked.program
        yield False, Reason("deceased", program.deceased_words, program.deceased_source)


def _coverage(asked: Asked) -> Iterator[Checked]:
    program, question = asked.program, asked.question
    rules, found = program.coverage, question.coverage
    kind = coverage_kind(program, found, question.payor_name, question.payor_unread)
    words, source = rules.words.get(kind, ""), rules.source
    named = coverage.special(program, found, question.payor_name) if found else None
    if named:
        words, source = named.words, named.source
    elif kind == "not_medicare" and found:
        beside = coverage.typed_alongside(program, found)
        if beside and beside.alone:
            words, source = beside.alone, beside.source
    verdict = {"original_medicare": True, "unknown": None, "beside": None}.get(kind, False)
    yield verdict, Reason("coverage", words, source)
    for one in rules.alongside:
        if verdict and one.id in question.alongside:
            yield True, Reason(one.id, one.words, one.source)


def _route(program: Program, question: Question) -> Route | None:
    states = set(question.states)
    return program.route_of(states.pop()) if len(states) == 1 else None


def _place(asked: Asked) -> Iterator[Checked]:
    """Check state and kind of place; a place that is not known at all is one question."""
    yield from _state(asked)
    if asked.question.places_of_service or len(set(asked.question.states)) == 1:
        yield from _site(asked)


def _state(asked: Asked) -> Iterator[Checked]:
    program, service = asked.program, asked.service
    states = sorted(set(asked.question.states))
    asking = [one for one in states if one in service.states and program.route_of(one)]
    if states and not asking:
        words, source = f"{program.name} does not ask for this service in {states[0]}.", ""
        for one in service.outside:
            if states[0] in one.states:
                words, source = one.words, one.source
        yield False, Reason("state", words, source or service.source)
    elif len(states) != 1:
        yield None, Reason("state", "In which state will the service be done?", program.source)
    else:
        route = program.route_of(states[0])
        assert route
        words = f"Done in {route.state_name}: {route.participant} decides."
        source = next(one.source for one in program.participants if one.id == route.state)
        yield True, Reason("state", words, source)


def _site(asked: Asked) -> Iterator[Checked]:
    program, service, question = asked.program, asked.service, asked.question
    places = sorted(set(question.places_of_service))
    asking = [one for one in places if one in service.places_of_service]
    if places and not asking:
        kind = program.site(places[0])
        words = f"{program.name} does not ask for this service in this kind of place."
        source = kind.source if kind else service.source
        yield False, Reason("site", kind.words if kind and kind.words else words, source)
    elif not asking or len(asking) < len(places):
        words = "In what kind of place will the service be done?"
        yield None, Reason("site", words, service.source)
    else:
        yield from _bill(asked, places)


def _bill(asked: Asked, places: list[str]) -> Iterator[Checked]:
    """Check the type of bill of hospital departments; elsewhere there is none."""
    program, service = asked.program, asked.service
    bills = asked.question.types_of_bill
    asking = [one for one in bills if _like(one, service.types_of_bill)]
    if bills and not asking and set(places) <= set(program.ccn_pos):
        words = (
            f"{program.name} asks for hospital outpatient claims of type "
            f"{', '.join(service.types_of_bill)} only, not {bills[0]}."
        )
        yield False, Reason("site", words, service.source)
    elif len(asking) < len(bills):
        words = "In what kind of place will the service be done?"
        yield None, Reason("site", words, service.source)
    else:
        kind = program.site(places[0])
        if kind and len(places) == 1:
            words = " ".join(filter(None, [f"Place: {kind.name}.", kind.words]))
            yield True, Reason("site", words, kind.source)


def _like(bill: str, forms: tuple[str, ...]) -> bool:
    """Tell whether a type of bill, with or without its leading zero, has one of the forms."""
    short = bill[1:] if len(bill) == 4 and bill[0] == "0" else bill
    return any(short[:2] == form[:2] and len(short) == len(form) for form in forms)


def _along(asked: Asked) -> Iterator[Checked]:
    if asked.along:
        words = f"{', '.join(asked.along)} goes along: it has no request of its own."
        yield True, Reason("associated", words, asked.service.companions_source)
