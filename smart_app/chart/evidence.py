"""Search the notes for what a criterion asks about, and show the sentence.

Free text never answers by itself: what is found is a hint that a person confirms.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from smart_app.cases.model import ChartSnapshot, Evidence, Resource
from smart_app.chart import documents
from smart_app.errors import ConfigError
from smart_app.fhir import refs

SENTENCE = re.compile(r"(?:[^.!?\n]|\.(?=\d))+[.!?]?")  # the point of 1.38 ends nothing
MOST = 3  # hints a criterion
LED_BY = re.compile(r"(?:\b\d+(?:\.\d+)?\s?)?\w*$")
"""What is shown with a phrase: the number before it, and the beginning of its word."""
NEAR = 40  # characters before a phrase: a note may be one word of megabytes


@dataclass(frozen=True, slots=True)
class Terms:
    """What to look for: a sentence that holds one of the phrases; scans may hold more."""

    phrases: tuple[str, ...]
    scans: bool


EvidenceTerms = dict[str, Terms]


def load_terms(path: Path) -> EvidenceTerms:
    """Read a form's search terms by linkId; raises ConfigError. No file means no terms."""
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as cause:
        raise ConfigError(f"{path.name}: {cause}") from cause
    return {
        link_id: Terms(tuple(one["phrases"]), bool(one.get("scans", False)))
        for link_id, one in table.items()
    }


@cache
def _looked_for(phrase: str) -> re.Pattern[str]:
    """Return what finds a phrase, to the end of its word.

    Capitals are a word of their own, and a number that goes on is another number, or a date.
    """
    begins, ends = (r"\b", r"\b") if phrase.isupper() else ("", r"\w*")
    ends = r"(?![\d/])" if phrase[-1].isdigit() else ends
    return re.compile(begins + re.escape(phrase) + ends, re.IGNORECASE)


def _marks(wanted: Terms, sentence: str) -> tuple[str, ...]:
    """Return what was looked for, as it stands in a sentence."""
    found: list[str] = []
    for phrase in wanted.phrases:
        for one in _looked_for(phrase).finditer(sentence):
            led = LED_BY.search(sentence, max(0, one.start() - NEAR), one.start())
            found.append((led[0] if led else "") + one[0])
    return tuple(dict.fromkeys(found))


def _evidence(
    chart: ChartSnapshot,
    document: Resource,
    sentence: str | None,
    marks: tuple[str, ...],
    unread: bool = False,
) -> Evidence:
    return Evidence(
        resource_ref=refs.of(document),
        kind="DocumentReference",
        version=refs.version_of(document),
        date=str(document.get("date") or "")[:10] or None,
        author=documents.author(document, chart),
        sentence=sentence,
        title=documents.title(document),
        marks=marks,
        unread=unread,
    )


def find(chart: ChartSnapshot, terms: EvidenceTerms) -> dict[str, tuple[Evidence, ...]]:
    """Return, by linkId, the newest sentences that hold a phrase, and scans that may hold more.

    A note whose content could not be read may hold what any criterion asks for.
    """
    current = [one for one in chart.of("DocumentReference") if one.get("status") == "current"]
    newest = sorted(current, key=lambda one: str(one.get("date") or ""), reverse=True)
    texts = [(one, documents.text_of(one)) for one in newest if documents.held(one)]
    unread = [
        _evidence(chart, one, None, (), unread=True) for one in newest if not documents.held(one)
    ]
    found: dict[str, tuple[Evidence, ...]] = {}
    for link_id, wanted in terms.items():
        hints: list[Evidence] = []
        for document, text in texts:
            if text is None:
                if wanted.scans:
                    hints.append(_evidence(chart, document, None, ()))
                continue
            for match in SENTENCE.finditer(text):
                sentence = match[0].strip()
                marks = _marks(wanted, sentence)
                if marks and len([one for one in hints if one.sentence]) < MOST:
                    hints.append(_evidence(chart, document, sentence, marks))
        if hints or unread:
            found[link_id] = (*hints, *unread[:MOST])
    return found
