"""``$submit-attachment``: what a client sends after it was asked for more.

https://hl7.org/fhir/us/davinci-cdex/STU2.1/OperationDefinition-submit-attachment.html
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.payer import answers, forms, participants, r4
from sandbox.payer.asking import FORM, Ask
from sandbox.payer.outcome import Faults, Refused
from sandbox.payer.r4 import Json, mapping, objects
from sandbox.payer.submission import Submission

IDENTIFIERS = (
    "TrackingId", "AdminRefNumber", "PayerId", "OrganizationId", "ProviderId", "MemberId",
)  # fmt: skip
OTHERS = ("AttachTo", "ServiceDate", "Attachment", "Final")
NEEDED = ("TrackingId", "AttachTo", "PayerId", "MemberId", "Attachment")
LOINC = "http://loinc.org"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One paper: the items that it is for, its LOINC code if any, and the resource."""

    lines: tuple[str, ...]
    code: str | None
    content: Json


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, checked for its shape; ``ids`` are the identifiers' values by name."""

    ids: dict[str, str]
    attachments: tuple[Attachment, ...]
    final: bool

    def view(self) -> Json:
        """Return what was sent as the sandbox's state shows it."""
        return {
            "tracking_id": self.ids["TrackingId"],
            "final": self.final,
            "attachments": [
                {
                    "lines": list(one.lines),
                    "code": one.code,
                    "type": one.content["resourceType"],
                    "sha256": hashlib.sha256(
                        json.dumps(one.content, sort_keys=True).encode()
                    ).hexdigest(),
                }
                for one in self.attachments
            ],
        }


def at(name: str) -> str:
    """Return where a parameter stands."""
    return f"Parameters.parameter.where(name='{name}')"


def read(body: Any) -> Sent:
    """Return what was sent; raises Refused (422) naming every fault of its shape."""
    faults, parameters = Faults(), mapping(body)
    faults.need(
        parameters.get("resourceType") == "Parameters", "", "the body is no Parameters", "structure"
    )
    by_name: dict[str, list[Json]] = {}
    for one in objects(parameters.get("parameter")):
        by_name.setdefault(str(one.get("name")), []).append(one)
    for name, found in by_name.items():
        faults.need(name in IDENTIFIERS + OTHERS, at(name), "no such parameter", "not-supported")
        once = len(found) == 1 or name == "Attachment"
        faults.need(once, at(name), "stands more than once", "structure")
    for name in NEEDED:
        faults.need(name in by_name, at(name), "is required", "required")
    faults.need(
        "OrganizationId" in by_name or "ProviderId" in by_name,
        at("OrganizationId"),
        "OrganizationId or ProviderId is required",
        "required",
    )
    sent = Sent(
        _ids(by_name, faults),
        tuple(_attachment(one, faults) for one in by_name.get("Attachment", [])),
        _final(by_name, faults),
    )
    _purpose(by_name, faults)
    if faults.found:
        raise Refused(422, faults.found)
    return sent


def _ids(by_name: dict[str, list[Json]], faults: Faults) -> dict[str, str]:
    found = {}
    for name in IDENTIFIERS:
        for one in by_name.get(name, []):
            identifier = mapping(one.get("valueIdentifier"))
            if faults.need(
                identifier.get("value"), at(name), "an Identifier with a value", "value"
            ):
                found[name] = str(identifier["value"])
    return found


def _final(by_name: dict[str, list[Json]], faults: Faults) -> bool:
    said = by_name.get("Final", [{"valueBoolean": True}])[0].get("valueBoolean")
    faults.need(isinstance(said, bool), at("Final"), "must be a boolean", "value")
    return said is True


def _purpose(by_name: dict[str, list[Json]], faults: Faults) -> None:
    for one in by_name.get("AttachTo", []):
        faults.need(
            one.get("valueCode") == "preauthorization",
            at("AttachTo"),
            "must be preauthorization",
            "not-supported",
        )


def _attachment(parameter: Json, faults: Faults) -> Attachment:
    here, parts = at("Attachment"), objects(parameter.get("part"))
    names = [str(one.get("name")) for one in parts]
    known = set(names) <= {"LineItem", "Code", "Content"}
    faults.need(known, here, "has only LineItem, Code and Content", "not-supported")
    faults.need(names.count("Content") == 1, here, "exactly one Content is required", "required")
    faults.need(names.count("Code") <= 1, here, "no more than one Code", "structure")
    content: Json = {"resourceType": ""}
    lines, code = [], None
    for one in parts:
        if one.get("name") == "LineItem":
            lines.append(str(one.get("valueString")))
        elif one.get("name") == "Code":
            code = r4.code_in(one.get("valueCodeableConcept"), LOINC)
            faults.need(code, here, f"Code needs a code of {LOINC}", "code-invalid")
        elif one.get("name") == "Content":
            content = {"resourceType": "", **mapping(one.get("resource"))}
            _content(content, faults)
    return Attachment(tuple(lines), code, content)


def _content(content: Json, faults: Faults) -> None:
    here, kind = at("Attachment"), content["resourceType"]
    if kind == "DocumentReference":
        papers = [mapping(one.get("attachment")) for one in objects(content.get("content"))]
        faults.need(
            papers and all(one.get("data") for one in papers),
            here,
            "a document needs its data",
            "required",
        )
    elif kind == "QuestionnaireResponse":
        finished = content.get("status") in ("completed", "amended")
        faults.need(finished, here, "only finished answers are taken", "value")
        faults.need(content.get("questionnaire"), here, "which form is answered?", "required")
    else:
        faults.add(here, "Content is a DocumentReference or a QuestionnaireResponse", "value")


def check(sent: Sent, ask: Ask, one: Submission, forms_dir: Path | str) -> None:
    """Hold what was sent against what was asked; raises Refused (422) naming every fault."""
    faults, ids, request = Faults(), sent.ids, one.request
    insurer = {str(row.get("value")) for row in objects(request.insurer.get("identifier"))}
    known = {
        "PayerId": insurer,
        "MemberId": {request.member},
        "OrganizationId": request.organizations,
        "ProviderId": request.npis,
        "AdminRefNumber": {one.reference},
    }
    for name, values in known.items():
        wrong = name in ids and ids[name] not in values
        faults.need(not wrong, at(name), "is not that of the request", "business-rule")
    sequences, about = {str(item.sequence) for item in request.items}, str(ask.item.sequence)
    for paper in sent.attachments:
        here = at("Attachment")
        faults.need(set(paper.lines) <= sequences, here, "no item has this LineItem", "value")
        faults.need(
            about in paper.lines or not paper.lines, here, f"is about item {about}", "value"
        )
    if ask.code == FORM:
        _form(sent, ask, request.member, forms_dir, faults)
    else:
        for paper in sent.attachments:
            right = paper.code == ask.code
            faults.need(right, at("Attachment"), f"Code must be {ask.code}", "code-invalid")
    if faults.found:
        raise Refused(422, faults.found)


def _form(sent: Sent, ask: Ask, member: str, forms_dir: Path | str, faults: Faults) -> None:
    """A form is answered by that form, finished, once; documents may stand beside it."""
    kind = "QuestionnaireResponse"
    came = [one for one in sent.attachments if one.content["resourceType"] == kind]
    if not faults.need(len(came) == 1, at("Attachment"), "one form was asked for", "business-rule"):
        return
    right = came[0].code in (None, FORM)
    faults.need(right, at("Attachment"), f"Code was {FORM}", "code-invalid")
    service = participants.service(ask.item.code) or ""
    package, canonical = forms.package(forms_dir, service), forms.canonical(forms_dir, service)
    if package and canonical:
        form, trace = forms.questionnaire(package), str(ask.item.trace.get("value"))
        checked = answers.check(came[0].content, form, canonical, member, trace)
        faults.found.extend(checked.found)
