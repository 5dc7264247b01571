"""Search the notes for what a criterion asks about, and show the sentence.

Free text never answers by itself: what is found is a hint that a person confirms.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from smart_app.cases.model import ChartSnapshot, Evidence, Resource
from smart_app.chart import documents
from smart_app.errors import ConfigError
from smart_app.fhir import refs

SENTENCE = re.compile(r"(?:[^.!?\n]|\.(?=\d))+[.!?]?")  # the point of 1.38 ends nothing
MOST = 3  # hints a criterion


@dataclass(frozen=True, slots=True)
class Terms:
    """What to look for: every group must be met by one of its phrases in the sentence."""

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
                marks = tuple(one for one in wanted.phrases if one.lower() in sentence.lower())
                if marks and len([one for one in hints if one.sentence]) < MOST:
                    hints.append(_evidence(chart, document, sentence, marks))
        if hints or unread:
            found[link_id] = (*hints, *unread[:MOST])
    return found
