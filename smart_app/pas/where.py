"""Find the part of a request that a payer's path means.

Payers write paths as the standard says, older FHIR's XPath, or something close to either; X12's
own errors name a loop. What cannot be followed in the request that was sent means nothing.
https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-extension-errorPath.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from smart_app.cases.model import Part, Resource, Subject
from smart_app.fhir import codes
from smart_app.pas import names, papers

LONGEST = 300
"""Characters of a path: no element of a request lies deeper."""
_CAST = re.compile(r"\.(?:ofType|as)\((\w{1,40})\)|\.where\(resource is (\w{1,40})\)")
_AS = re.compile(r"\(([^()]{1,100}) as (\w{1,40})\)")
_ROW = re.compile(r"\.where\(sequence ?= ?'?(\d{1,4})'?\)")
_STEP = re.compile(r"(\w{1,60})(?:\[(\d{1,4})\]|\{(\d{1,4})\})?")
_LOOP = re.compile(r"(2000F|20[01]\d[A-F]{1,2}\d?)(?:-|$)")
LOOPS: dict[str, Subject] = {
    "2010A": "insurer",
    "2010B": "provider",
    "2010C": "patient",
    "2010D": "patient",
    "2010EA": "team",
    "2010F": "team",
    "2000F": "item",
}
"""X12 278's loops that a request of ours fills."""
SUBJECTS: dict[str, Subject] = {
    "item": "item",
    "diagnosis": "diagnosis",
    "supportingInfo": "information",
    "careTeam": "team",
    "patient": "patient",
    "insurance": "coverage",
    "provider": "provider",
    "insurer": "insurer",
}
"""The elements of a Claim that are about something of their own."""
ELEMENTS = {
    "productOrService": "code",
    "code": "code",
    "codeCodeableConcept": "code",
    "modifier": "modifiers",
    "quantity": "units",
    "quantityQuantity": "units",
    "servicedDate": "planned",
    "servicedPeriod": "planned",
    "serviced": "planned",
    "occurrenceTiming": "planned",
    "locationCodeableConcept": "place",
    "location": "place",
    "diagnosisSequence": "diagnosis",
    "informationSequence": "information",
    "careTeamSequence": "team",
    "identifier": "number",
    "subscriberId": "number",
    "name": "name",
    "birthDate": "born",
    "gender": "sex",
    "address": "address",
    "telecom": "contact",
    "contact": "contact",
}
"""FHIR's names of what is in a part, and ours."""
Step = tuple[str, int | None, bool]
"""A name of a path, its index or sequence, and whether it is a sequence."""


def part(path: str, request: Resource) -> Part | None:
    """Return the part of a request Bundle that a path means, or None."""
    if len(path) > LONGEST:
        return None
    if loop := _LOOP.match(path):
        found = LOOPS.get(loop[1])
        return Part(found) if found else None
    steps = _steps(path)
    return _Sent(tuple(request["entry"])).follow(steps) if steps else None


def _steps(path: str) -> list[Step]:
    """Return the steps of a path; XPath counts from 1."""
    xpath = path.startswith("/") or "/f:" in path
    text = path.strip().replace("f:", "").strip("/").replace("/", ".") if xpath else path.strip()
    text = _CAST.sub(lambda one: f".{one[1] or one[2]}", text)
    text = _AS.sub(r"\1.\2", text)
    text = _ROW.sub(r"{\1}", text).replace(".first()", "[0]")
    found: list[Step] = []
    for one in filter(None, text.split(".")):
        step = _STEP.match(one)
        if step is None:
            break  # what is deeper is not ours to know
        index = int(step[2]) - xpath if step[2] else None
        found.append((step[1], int(step[3]) if step[3] else index, bool(step[3])))
    return found


@dataclass(frozen=True, slots=True)
class _Sent:
    """The entries of a request that was sent, the Claim first."""

    entries: tuple[dict[str, Any], ...]

    @property
    def claim(self) -> Resource:
        found: Resource = self.entries[0]["resource"]
        return found

    def follow(self, steps: list[Step]) -> Part | None:
        """Return what steps lead to, from a Bundle, a resource or a Claim's element."""
        (name, index, _), rest = steps[0], steps[1:]
        if name == "Bundle":
            return self.follow(rest) if rest else Part("request")
        if name != "entry":
            return self._typed(steps)
        rest = rest[1:] if rest and rest[0][0] == "resource" else rest
        kind = rest[0][0] if rest and rest[0][0][:1].isupper() else ""
        if index is None or not 0 <= index < len(self.entries):
            return self._typed(rest) if kind else None
        entry = self.entries[index]
        if kind and kind != entry["resource"]["resourceType"]:
            return self._typed(rest)  # it counts otherwise than we do
        return self._of(entry, rest[1:] if kind else rest)

    def _typed(self, steps: list[Step]) -> Part | None:
        """Return what steps lead to that begin with a kind of resource, or in the Claim."""
        kind = steps[0][0]
        if not kind[:1].isupper():
            return self._in_claim(steps)
        several = [one for one in self.entries if one["resource"]["resourceType"] == kind]
        if kind == "Claim" or len(several) == 1:
            return self._of(several[0], steps[1:])
        return None

    def _of(self, entry: dict[str, Any], rest: list[Step]) -> Part | None:
        kind, url = entry["resource"]["resourceType"], entry["fullUrl"]
        element = ELEMENTS.get(rest[0][0], "") if rest else ""
        if entry == self.entries[0]:
            return self._in_claim(rest)
        if kind in ("Patient", "Coverage"):
            return Part("patient" if kind == "Patient" else "coverage", element=element)
        for subject in ("provider", "insurer"):
            if self.claim.get(subject, {}).get("reference") == url:
                return Part(SUBJECTS[subject], element=element)
        for row in self.claim["item"]:
            if _points(row, url):
                return self._row("item", row, element)
        for row in self.claim.get("supportingInfo") or []:
            if _points(row, url):
                return self._row("information", row, "")
        if kind in ("Practitioner", "PractitionerRole", "Organization"):
            return Part("team", element=element)
        return Part("request", element="planned") if kind == "Encounter" else None

    def _in_claim(self, steps: list[Step]) -> Part | None:
        """Return what steps lead to within the Claim."""
        if not steps:
            return Part("request")
        (name, index, by_sequence), rest = steps[0], steps[1:]
        subject, several = SUBJECTS.get(name), self.claim.get(name)
        if subject is None:
            return Part("request") if several else None
        element = ELEMENTS.get(rest[0][0], "") if rest else ""
        if subject == "coverage" or not isinstance(several, list):
            return Part(subject, element=element)
        if by_sequence:
            rows = [one for one in several if one["sequence"] == index]
        elif index is None:
            rows = several if len(several) == 1 else []
        else:
            rows = several[index : index + 1]
        return self._row(subject, rows[0], element) if rows else Part(subject, element=element)

    def _row(self, subject: Subject, row: dict[str, Any], element: str) -> Part:
        if subject == "item":
            label = next((one["code"] for one in codes.codings(row.get("productOrService"))), "")
        elif subject == "diagnosis":
            label = codes.code_in(row.get("diagnosisCodeableConcept"), [codes.ICD10CM]) or ""
        elif subject == "information":
            if codes.code_in(row.get("category"), [names.TEMP]) == "patientEvent":
                return Part("request", element="planned")
            label = self._paper((row.get("valueReference") or {}).get("reference", ""))
        else:
            return Part(subject, element=element)
        return Part(subject, row["sequence"], label, element)

    def _paper(self, url: str) -> str:
        """Return what a document of the request is called; the form's answers have no name."""
        held: Resource = next(
            (one["resource"] for one in self.entries if one["fullUrl"] == url), {}
        )
        return papers.title(held) if held.get("resourceType") == "DocumentReference" else ""


def _points(row: dict[str, Any], url: str) -> bool:
    """Tell whether a row of the Claim points at an entry."""
    told = [row, *(row.get("extension") or [])]
    return any((one.get("valueReference") or {}).get("reference") == url for one in told)
