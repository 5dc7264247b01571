"""The rows of a changed Claim: the same under their old numbers, each change marked.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claim-update.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import codes
from smart_app.pas import echo, names, same
from smart_app.pas.names import concept, extension, x12

Row = dict[str, Any]
Numbers = dict[int, int]
ONE_OF_A_KIND = ("patientEvent", "admissionDates", "dischargeDates")


def unmarked(row: Row) -> Row:
    """Return a row without what it says of a change; that it is cancelled stays."""
    kept = [one for one in row.get("extension") or [] if one["url"] != names.CHANGED]
    return ({"extension": kept} if kept else {}) | _less(row, "extension")


def _less(row: Row, *members: str) -> Row:
    return {key: value for key, value in row.items() if key not in members}


def marked(row: Row, change: str) -> Row:
    """Return a row that says what happened to it: ``added`` or ``changed``."""
    told = [*(row.get("extension") or []), {"url": names.CHANGED, "valueCode": change}]
    return {**row, "extension": told}


def certified(code: str) -> Row:
    """Return the kind of certification that is asked for, ``3`` to cancel."""
    return extension("extension-certificationType", valueCodeableConcept=x12("1322", code))


def cancelled(row: Row) -> Row:
    """Return a row that is cancelled now, or was before; an item's certification says so too."""
    bare = unmarked(row)
    if echo.is_cancelled(row):
        return bare
    if "productOrService" in bare:
        kept = [one for one in bare["extension"] if one["url"] != names.CERTIFICATION]
        bare = {**bare, "extension": [*kept, certified("3")]}
    flag = {"url": names.CANCELLED, "valueBoolean": True}
    return {**marked(bare, "changed"), "modifierExtension": [flag]}


def renumber(
    before: list[Row], after: list[Row], key: Callable[[Row], object]
) -> tuple[Numbers, list[Row]]:
    """Return the new numbers of rows, and the rows of both Claims under them.

    A row is known by its key; one that is in the Claim before alone stays, for what is cancelled,
    and is the principal no more.
    """
    known = {key(row): row["sequence"] for row in before}
    last = max(known.values(), default=0)
    numbers: Numbers = {}
    for row in after:
        if key(row) not in known:
            last += 1
            known[key(row)] = last
        numbers[row["sequence"]] = known[key(row)]
    made = {row["sequence"]: _less(row, "type") for row in before}
    made |= {
        numbers[row["sequence"]]: {**row, "sequence": numbers[row["sequence"]]} for row in after
    }
    return numbers, [made[number] for number in sorted(made)]


def used(rows: list[Row], items: list[Row], member: str) -> list[Row]:
    """Return the rows that any item refers to."""
    wanted = {number for item in items for number in item.get(member) or []}
    return [row for row in rows if row["sequence"] in wanted]


def member(row: Row) -> object:
    """Return who a row of the care team is."""
    return row["provider"]["reference"]


def diagnosis(row: Row) -> object:
    """Return which diagnosis a row holds."""
    return codes.code_in(row["diagnosisCodeableConcept"], [codes.ICD10CM])


def _value(row: Row) -> object:
    """Return what a row of supporting information is: its kind, and what it says or points at."""
    kind = codes.code_in(row["category"], [names.TEMP])
    said = {key: one for key, one in row.items() if key.startswith(("value", "timing"))}
    return kind, repr(sorted(said.items()))


def _alike(row: Row, papers: Mapping[str, Resource]) -> object:
    """Return what a row may be a later state of, or None: there is one event, and one form."""
    kind = codes.code_in(row["category"], [names.TEMP])
    if kind in ONE_OF_A_KIND:
        return kind
    paper = papers.get(row.get("valueReference", {}).get("reference", ""), {})
    return paper.get("questionnaire")


def information(
    before: list[Row], after: list[Row], papers: Mapping[str, Resource]
) -> tuple[Numbers, list[Row]]:
    """Return the new numbers of supporting information, and the rows of both Claims.

    ``papers`` are the entries of both. What holds the same is the same row; a later state of one
    is changed; the rest is added, or cancelled.
    """
    open_rows = {row["sequence"]: row for row in before if not echo.is_cancelled(row)}
    made = {row["sequence"]: cancelled(row) for row in before}
    numbers: Numbers = {}
    for key in (_value, lambda row: _alike(row, papers)):
        for row in after:
            found = _match(row, open_rows.values(), key) if row["sequence"] not in numbers else None
            if found is not None:
                numbers[row["sequence"]] = found
                made[found] = _kept(open_rows.pop(found), row)
    last = max(made, default=0)
    for row in after:
        if row["sequence"] not in numbers:
            last += 1
            numbers[row["sequence"]] = last
            made[last] = marked(_controlled(row, last), "added")
    return numbers, [made[number] for number in sorted(made)]


def _match(row: Row, several: Iterable[Row], key: Callable[[Row], object]) -> int | None:
    wanted = key(row)
    return next((one["sequence"] for one in several if wanted and key(one) == wanted), None)


def _kept(before: Row, after: Row) -> Row:
    """Return a row that was there: as it was, or with what it says or points at now."""
    if _value(before) == _value(after):
        return unmarked(before)
    said = {key: one for key, one in after.items() if key.startswith(("value", "timing"))}
    held = {
        key: one for key, one in unmarked(before).items() if not key.startswith(("value", "timing"))
    }
    return marked(held | said, "changed")


def control(number: str, sequence: int) -> str:
    """Return a paper's control number under a row: it ends with the row's, as no other's does."""
    return f"{number.rpartition('-')[0]}-{sequence}"


def _controlled(row: Row, sequence: int) -> Row:
    """Return an added row under its number, which its paper's control number ends with."""
    told = [one for one in row.get("extension") or [] if one["url"] == names.INFORMATION]
    for part in (part for one in told for part in one["extension"]):
        if part["url"] == "controlNumber":
            part["valueString"] = control(part["valueString"], sequence)
    return {**row, "sequence": sequence}


def items(
    before: list[Row], after: list[Row], differ: frozenset[str], numbers: Mapping[str, Numbers]
) -> list[Row]:
    """Return the items of both Claims by their trace, each change marked.

    ``differ`` are the traces whose order says something else, ``numbers`` the new numbers of what
    items refer to, by member.
    """
    known = {same.trace(row): row for row in before}
    made = {row["sequence"]: cancelled(row) for row in before}
    last = max(made, default=0)
    for row in after:
        prior = known.get(same.trace(row))
        if prior is None:
            last += 1
        number = prior["sequence"] if prior else last
        fresh = {**row, "sequence": number} | _renumbered(row, numbers)
        if prior is None:
            made[number] = marked(fresh, "added")
        elif fresh != unmarked(prior) or same.trace(row) in differ:
            made[number] = marked(fresh, "changed")
        else:
            made[number] = fresh
    return [made[number] for number in sorted(made)]


def _renumbered(row: Row, numbers: Mapping[str, Numbers]) -> Row:
    return {
        member: sorted(found[one] for one in row[member])
        for member, found in numbers.items()
        if member in row
    }


def related(reference: Row, relationship: str) -> list[Row]:
    """Return how a Claim names the one that it updates."""
    system = names.RELATED if relationship == "prior" else names.REPLACES
    return [{"claim": reference, "relationship": concept(system, relationship)}]
