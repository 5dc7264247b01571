"""Which entries of two requests are the same real thing, whatever they are named.

Each real thing has one entry, and keeps its name from one submission to the next.
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/specification.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from smart_app.cases.model import Resource
from smart_app.fhir import codes, refs
from smart_app.pas import echo
from smart_app.pas.graph import entry
from smart_app.pas.names import PAS

PAPERS = {
    "DocumentReference": ("type", "category", "date", "description", "content"),
    "QuestionnaireResponse": ("questionnaire", "item"),
}
"""What a paper is by, and the members in which two of them must agree to be one."""
NUMBERED = ("Organization", "Practitioner")


def head(request: Resource) -> Resource:
    """Return the Claim of a request Bundle."""
    found: Resource = request["entry"][0]["resource"]
    return found


def entries(request: Resource) -> dict[str, Resource]:
    """Return what stands beside the Claim, by fullUrl; the Claim before it is none of it."""
    every = {one["fullUrl"]: one["resource"] for one in request["entry"]}
    return {url: one for url, one in every.items() if one["resourceType"] != "Claim"}


def trace(item: dict[str, Any]) -> str:
    """Return the trace of an item of ours."""
    return min(echo.traces_of(item), default="")


def ordered(claim: Resource) -> dict[str, str]:
    """Return the traces of items by the entries of their orders."""
    found = {}
    for item in claim["item"]:
        for one in codes.objects(item.get("extension")):
            if one["url"] == PAS + "extension-requestedService":
                found[one["valueReference"]["reference"]] = trace(item)
    return found


class Things:
    """The entries of a request by what they are."""

    def __init__(self, request: Resource) -> None:
        self.entries = entries(request)
        self.traces = ordered(head(request))

    def what(self, url: str) -> str:
        """Return what an entry is: two of the same are one real thing."""
        one = self.entries[url]
        kind = one["resourceType"]
        if url in self.traces:
            return f"the order of {self.traces[url]}"
        if kind in NUMBERED:
            known = sorted((x["system"], x["value"]) for x in one["identifier"])
            return json.dumps([kind, known])
        if kind == "PractitionerRole":
            return f"a role of {self.what(one['practitioner']['reference'])}"
        if kind in PAPERS:
            held = _renamed([one.get(key) for key in PAPERS[kind]], self._meant(one))
            return json.dumps([kind, held], sort_keys=True)
        return str(kind)  # of patient, coverage and visit there is one

    def _meant(self, paper: Resource) -> dict[str, str]:
        """Return what the entries are that a paper refers to: their names change each time."""
        named = {one["reference"] for one in refs.walk(paper)} & self.entries.keys()
        return {
            url: self.what(url) for url in named if self.entries[url]["resourceType"] not in PAPERS
        }


def pairs(prior: Resource, new: Resource) -> dict[str, str]:
    """Return the names that the entries of a new request had in the one before."""
    before, after = Things(prior), Things(new)
    known = {before.what(url): url for url in before.entries}
    return {url: known[what] for url in after.entries if (what := after.what(url)) in known}


def _renamed(value: Any, named: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(one, named) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _renamed(one, named) for key, one in value.items()}
    if isinstance(value.get("reference"), str):
        made["reference"] = named.get(value["reference"], value["reference"])
    return made


def renamed(new: Resource, named: Mapping[str, str]) -> Resource:
    """Return a request whose entries have the names that they had before."""
    several = [
        entry(named.get(one["fullUrl"], one["fullUrl"]), _renamed(one["resource"], named))
        for one in new["entry"]
    ]
    return {**new, "entry": several}
