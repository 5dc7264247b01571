"""Which coverage is the program's: by payer type, by the payer's name, never by a number alone."""

from __future__ import annotations

from typing import Literal

from smart_app.cases.model import Resource
from smart_app.fhir import codes
from smart_app.programs.model import Alongside, Program, Special

CoverageKind = Literal[
    "original_medicare", "managed", "excluded", "beside", "not_medicare", "unknown"
]
NOT_ITSELF = ("beside", "not_medicare")


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
    if special(program, coverage, payor_name):
        return "excluded"
    rules, code = program.coverage, _type(coverage)
    if code in rules.original_medicare:
        return "unknown" if payor_unread else "original_medicare"
    if code in rules.managed:
        return "managed"
    if code in rules.beside_medicare:
        return "beside"
    if code is None or code.startswith("1"):
        return "unknown"
    return "not_medicare"


def _type(coverage: Resource) -> str | None:
    return codes.code_in(coverage.get("type"), [codes.SOPT])


def special(program: Program, coverage: Resource, payor_name: str) -> Special | None:
    """Return the payer outside the program that a coverage names, or None."""
    names = " ".join([payor_name, *(str(one.get("name")) for one in coverage.get("class") or [])])
    kind = _type(coverage)
    for one in program.coverage.special:
        if kind in one.types or any(word.lower() in names.lower() for word in one.payors):
            return one
    return None


def typed_alongside(program: Program, coverage: Resource) -> Alongside | None:
    """Return what a coverage is beside Medicare by its payer type, or None."""
    kind = _type(coverage)
    return next((one for one in program.coverage.alongside if kind in one.types), None)


def alongside(
    program: Program, counted: Resource | None, others: tuple[Resource, ...]
) -> tuple[str, ...]:
    """Return the ids of what other active coverages say beside the one that counts."""
    found = [one.id for other in others if (one := typed_alongside(program, other))]
    if counted and any(_before(other, counted) for other in others):
        found.append("secondary")
    return tuple(dict.fromkeys(found))


def _before(other: Resource, counted: Resource) -> bool:
    """Tell whether another coverage is said to pay before the one that counts."""
    first, second = _order(other), _order(counted)
    return first is not None and second is not None and first < second


def _order(coverage: Resource) -> int | None:
    value = coverage.get("order")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


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
