"""What a service asks of each code: its day, its diagnosis, its companion, its purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smart_app.cases.model import CaseItem, Reason
from smart_app.programs.asked import Asked, plain
from smart_app.programs.model import ExcludedDiagnosis

Checked = tuple[bool | None, Reason | None]


def each(rule: Callable[[Asked, CaseItem], Checked]) -> Callable[[Asked], Iterator[Checked]]:
    """Return a check of a request out of a check of one of its codes.

    A code that is refused takes the request with it: what can go alone has to be ordered apart.
    """

    def check(asked: Asked) -> Iterator[Checked]:
        found = [rule(asked, item) for item in asked.own]
        refused = [reason for verdict, reason in found if verdict is False]
        if refused and refused[0]:
            yield False, _apart(refused[0]) if len(refused) < len(found) else refused[0]
            return
        open_ones = [one for one in found if one[0] is None]
        yield (open_ones or found)[0]

    return check


def _apart(reason: Reason) -> Reason:
    words = f"{reason.words} Order the other code on its own."
    return Reason(reason.rule, words, reason.source, reason.since, reason.until)


def day(asked: Asked, item: CaseItem) -> Checked:
    """Check a code's dates; the program's and the service's own end first, if they do."""
    entry, program, on = asked.entry(item), asked.program, asked.question.on
    first = max(entry.since or program.since, program.since)
    ends = [one for one in (entry.until, asked.service.until, program.until) if one]
    last = min(ends) if ends else None
    if on < first:
        words = (
            f"{program.name} covers {item.code} from {first.day} {first:%b %Y} on, and the "
            "planned day is earlier."
        )
        return False, Reason("date", words, entry.source, first, last)
    if last and on > last:
        words = f"{program.name} covers {item.code} until {last.day} {last:%b %Y} only."
        return False, Reason("date", words, entry.source, first, last)
    words = f"{item.code} belongs to a {program.name} service: {asked.service.name}."
    return True, Reason("code", words, entry.source, first, last)


def diagnosis(asked: Asked, item: CaseItem) -> Checked:
    """Check a code's diagnoses; a line without one of its own has those of the request."""
    service = asked.service
    if not service.diagnoses:
        return True, None
    request = [one.code for line in asked.question.items for one in line.diagnoses]
    found = [plain(one) for one in [one.code for one in item.diagnoses] or request]
    if not found:
        words = f"Which diagnosis is {item.code} for?"
        return None, Reason("diagnosis", words, service.diagnoses_source)
    listed = {plain(one): one for one in service.diagnoses}
    hits = [listed[one] for one in found if one in listed]
    excluded = _excluded(asked, found)
    if not hits:
        words = (
            f"{asked.program.name} asks for {item.code} only for other diagnoses than the order's."
        )
        if excluded:
            return False, Reason("diagnosis", excluded.words, excluded.source)
        return False, Reason("diagnosis", words, service.diagnoses_source)
    if excluded and excluded.beside_listed == "ask":
        return None, Reason("diagnosis", excluded.question, excluded.source)
    words = f"{hits[0]} is a diagnosis for which {item.code} is asked about."
    return True, Reason("diagnosis", words, service.diagnoses_source)


def _excluded(asked: Asked, found: list[str]) -> ExcludedDiagnosis | None:
    for one in asked.service.excluded_diagnoses:
        if any(code.startswith(plain(begin)) for code in found for begin in one.codes):
            return one
    return None


def companion(asked: Asked, item: CaseItem) -> Checked:
    """Check that a code is ordered with the code that makes it the program's."""
    entry = asked.entry(item)
    if not entry.requires_with:
        return True, None
    needed = " or ".join(entry.requires_with)
    if set(entry.requires_with) & asked.together:
        words = f"{item.code} is ordered together with {needed}."
        return True, Reason("companion", words, entry.source)
    if asked.question.companion_codes is None:
        words = f"Is {item.code} ordered together with {needed}, or alone?"
        return None, Reason("companion", words, entry.source)
    words = f"{item.code} counts {entry.condition or f'only together with {needed}'}."
    return False, Reason("companion", words, entry.source)


def purpose(asked: Asked, item: CaseItem) -> Checked:
    """Check what a code of several uses is ordered for; when the order does not tell, ask."""
    for one in asked.service.purposes:
        if item.code not in one.codes:
            continue
        if set(one.not_with) & asked.together:
            return False, Reason("purpose", one.words_not, one.source)
        said = asked.question.order_words.lower()
        request = [d.code for line in asked.question.items for d in line.diagnoses]
        found = [plain(d) for d in [d.code for d in item.diagnoses] or request]
        begins = tuple(plain(d) for d in one.diagnoses)
        told = any(word in said for word in one.order_words) or any(
            code.startswith(begins) for code in found
        )
        if told and not any(word in said for word in one.unclear_words):
            return True, Reason("purpose", one.words, one.source)
        return None, Reason("purpose", one.question, one.source)
    return True, None
