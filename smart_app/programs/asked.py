"""What is asked: the facts of a request, and the one service that its codes belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from smart_app.cases.model import CaseItem, Reason, Resource
from smart_app.programs.model import Program, Service, ServiceCode


@dataclass(frozen=True, slots=True)
class Question:
    """What the judgement is about: the facts it may use, each of which may be unknown.

    ``states``, ``places_of_service`` and ``types_of_bill`` are those of every place that may be
    meant. ``companion_codes`` are ordered together with the items, None when that is not known.
    ``alongside`` names what stands beside the coverage, ``order_words`` is the orders' own text.
    """

    items: tuple[CaseItem, ...]
    coverage: Resource | None
    payor_name: str
    states: tuple[str, ...]
    places_of_service: tuple[str, ...]
    on: date
    payor_unread: bool = False
    companion_codes: tuple[str, ...] | None = ()
    types_of_bill: tuple[str, ...] = ()
    alongside: tuple[str, ...] = ()
    deceased: bool = False
    order_words: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of one service: ``own`` lines are its codes, ``along`` are codes that go along."""

    program: Program
    service: Service
    question: Question
    own: tuple[CaseItem, ...]
    along: tuple[str, ...]

    def entry(self, item: CaseItem) -> ServiceCode:
        """Return a line's code in the service, as it counts on the day."""
        found = self.service.code(item.code, self.question.on)
        assert found
        return found

    @property
    def together(self) -> set[str]:
        """Return every code that is ordered in this request."""
        codes = {item.code for item in self.question.items}
        return codes | set(self.question.companion_codes or ())


def plain(diagnosis: str) -> str:
    """Return a diagnosis code as it is compared: with or without its dot, in any case."""
    return diagnosis.replace(".", "").strip().upper()


def of(program: Program, question: Question) -> Asked | Reason:
    """Return the service that all codes belong to, or why there is none.

    A code alone does not tell: 64568 is a service of its own, and goes along with another.
    """
    codes = [item.code for item in question.items]
    known = [one for one in codes if program.service_of(one) or program.companion_of(one)]
    strangers = [one for one in codes if one not in known]
    services = {one.id: one for code in codes if (one := program.service_of(code))}
    if strangers or not codes:
        return _stranger(program, codes, strangers)
    if not services:
        return _only_along(program, codes)
    fitting = [one for one in services.values() if _takes(one, codes)]
    if len(fitting) != 1 or _of_its_own(program, fitting[0], question.items):
        return _several(program, list(services.values()), codes)
    service = fitting[0]
    own = tuple(item for item in question.items if service.code(item.code))
    along = tuple(item.code for item in question.items if not service.code(item.code))
    return Asked(program, service, question, own, along)


def _takes(service: Service, codes: list[str]) -> bool:
    return all(service.code(one) or one in service.companions for one in codes)


def _of_its_own(program: Program, service: Service, items: tuple[CaseItem, ...]) -> bool:
    """Tell whether a line that goes along is ordered for a diagnosis of its own service."""
    for item in items:
        other = program.service_of(item.code)
        if other is None or other is service:
            continue
        listed = {plain(one) for one in other.diagnoses}
        if listed & {plain(one.code) for one in item.diagnoses}:
            return True
    return False


def _stranger(program: Program, codes: list[str], strangers: list[str]) -> Reason:
    for code in strangers:
        elsewhere = program.elsewhere_of(code)
        if elsewhere:
            rule = "other_program" if elsewhere.program else "code"
            return Reason(rule, elsewhere.words, elsewhere.source)
    listed = ", ".join(strangers or codes) or "An order without a code"
    return Reason("code", f"{listed} is not a {program.name} service.", program.source)


def _only_along(program: Program, codes: list[str]) -> Reason:
    found = program.companion_of(codes[0])
    with_what = " or ".join(one.name for one in found[:2])
    words = (
        f"{', '.join(codes)} has no request of its own: it goes along with {with_what}, "
        "and is paid or denied with it."
    )
    return Reason("associated", words, found[0].companions_source)


def _several(program: Program, services: list[Service], codes: list[str]) -> Reason:
    names = " and ".join(one.name for one in services)
    if len(services) == 1:
        apart = [one for one in codes if not _takes(services[0], [one])]
        words = f"{', '.join(apart)} does not go along with {names}: order it apart."
        return Reason("associated", words, services[0].companions_source)
    words = f"One request is about one {program.name} service, not {names}: order them apart."
    return Reason("one_service", words, program.source)
