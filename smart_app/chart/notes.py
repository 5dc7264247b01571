"""Read the notes whose text the chart holds apart, each a Binary that its attachment names.

Only what lies under the FHIR base is asked for, the newest first, bounded in number and size. What
could not be read is *unavailable*; its document stays, without content.
https://hl7.org/fhir/R4/binary.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from smart_app.cases.model import Resource
from smart_app.chart import documents
from smart_app.errors import ChartUnavailable
from smart_app.ports import EhrReader

MOST = 60  # notes of one chart
LARGEST = 4_000_000  # of one note, in characters of base64
TOTAL = 24_000_000
_BINARY = re.compile(
    r"(?:https?://[^?#]+/)?Binary/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
"""An address that reads one Binary and asks for nothing else; the client holds it to the base."""


def fetch(
    reader: EhrReader, found: Sequence[Resource], pool: ThreadPoolExecutor
) -> tuple[list[Resource], dict[str, str]]:
    """Return the documents with what could be read of their notes, and why others were not."""
    newest = sorted(found, key=lambda one: str(one.get("date") or ""), reverse=True)
    wanted = [(one, apart) for one in newest if (apart := _apart(one))]
    tasks = [pool.submit(_read, reader, apart) for _, apart in wanted[:MOST]]
    read: dict[str, Resource] = {}
    unavailable: dict[str, str] = {}
    size = 0
    for number, (document, apart) in enumerate(wanted):
        try:
            if number >= MOST:
                raise ChartUnavailable("more notes than the bound")
            content = tasks[number].result()
            size += len(content["data"])
            if size > TOTAL:
                raise ChartUnavailable("the notes are larger than the bound")
            read[document["id"]] = _with(document, apart, content)
        except ChartUnavailable as cause:
            unavailable[f"Binary/of-{document['id']}"] = cause.detail
    return [read.get(one["id"], one) for one in found], unavailable


def _apart(document: Resource) -> dict[str, Any] | None:
    """Return the attachment that must be fetched to read a document: its text before all else."""
    if document.get("status") != "current" or documents.text_of(document) is not None:
        return None
    linked = [
        one for one in documents.attachments(document) if one.get("url") and not one.get("data")
    ]
    texts = [one for one in linked if documents.is_text(one)]
    return next(iter(texts or ([] if documents.held(document) else linked)), None)


def _read(reader: EhrReader, attachment: dict[str, Any]) -> Resource:
    url, stated = str(attachment["url"]), attachment.get("size")
    named = _BINARY.fullmatch(url)
    if not named:
        raise ChartUnavailable("no Binary")
    if isinstance(stated, int) and stated * 4 // 3 > LARGEST:
        raise ChartUnavailable("the note is larger than the bound")
    found = reader.read(url)
    data = found.get("data")
    if found.get("resourceType") != "Binary" or found.get("id", named[1]) != named[1]:
        raise ChartUnavailable("not that Binary")
    if not isinstance(data, str) or not data or len(data) > LARGEST:
        raise ChartUnavailable("no content within the bound")
    return found


def _with(document: Resource, apart: dict[str, Any], content: Resource) -> Resource:
    """Return a document that holds what was read in the place of what named it."""
    kind = apart.get("contentType") or content.get("contentType")
    filled = apart | {"data": content["data"]} | ({"contentType": kind} if kind else {})
    contents = [
        one | {"attachment": filled} if one.get("attachment") is apart else one
        for one in document["content"]
    ]
    return document | {"content": contents}
