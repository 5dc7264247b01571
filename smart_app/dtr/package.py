"""Stage 5: the payer's form, tolerant on the wire.

https://hl7.org/fhir/us/davinci-dtr/STU2/specification.html#questionnaire-package-operation
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any, Literal

from smart_app.cases.model import QuestionnairePackage, Resource
from smart_app.dtr import shape
from smart_app.errors import NoForm, PackageError
from smart_app.fhir import codes
from smart_app.ports import PayerHttp

FHIR_JSON = "application/fhir+json"
ELM = "application/elm+json"
BUNDLE_NAMES = ("packagebundle", "return", "package")
OPERATION = "/Questionnaire/$questionnaire-package"


def request_body(
    coverage: Resource,
    orders: tuple[Resource, ...],
    referenced: tuple[Resource, ...],
    context: str | None,
    questionnaires: tuple[str, ...],
) -> Resource:
    """Return the operation's input (DTR 2.0.1); ``context`` is the coverage-assertion-id."""
    parts: list[dict[str, Any]] = [{"name": "coverage", "resource": coverage}]
    parts += [{"name": "order", "resource": one} for one in orders]
    parts += [{"name": "referenced", "resource": one} for one in referenced]
    parts += [{"name": "questionnaire", "valueCanonical": one} for one in questionnaires]
    if context:
        parts.append({"name": "context", "valueString": context})
    return {"resourceType": "Parameters", "parameter": parts}


def _bundles(body: Resource) -> list[Resource]:
    if body.get("resourceType") == "Bundle":
        return [body]
    return [
        part["resource"]
        for part in codes.objects(body.get("parameter"))
        if str(part.get("name", "")).lower() in BUNDLE_NAMES
        and isinstance(part.get("resource"), dict)
    ]


def _of_bundle(bundle: Resource, origin: Literal["payer", "local"]) -> QuestionnairePackage:
    kinds: dict[str, list[Resource]] = {}
    for entry in codes.objects(bundle.get("entry")):
        resource = entry.get("resource")
        if isinstance(resource, dict):
            kinds.setdefault(str(resource.get("resourceType")), []).append(resource)
    forms = kinds.get("Questionnaire", [])
    if not forms or not forms[0].get("item") or not forms[0].get("url"):
        raise PackageError("no questionnaire with items")
    shape.check(forms[0])
    libraries = tuple(kinds.get("Library", ()))
    warnings = tuple(
        f"library {one.get('name') or one.get('id')} has no ELM"
        for one in libraries
        if elm(one) is None
    )
    return QuestionnairePackage(
        questionnaires=tuple(forms),
        libraries=libraries,
        value_sets=tuple(kinds.get("ValueSet", ())),
        payer_responses=tuple(kinds.get("QuestionnaireResponse", ())),
        origin=origin,
        version=str(forms[0].get("version") or ""),
        warnings=warnings,
    )


def elm(library: Resource) -> Resource | None:
    """Return a library's ELM, or None when it carries none that can be read."""
    for content in codes.objects(library.get("content")):
        if content.get("contentType") == ELM and content.get("data"):
            try:
                found = json.loads(base64.b64decode(content["data"]))
            except (TypeError, binascii.Error, ValueError, RecursionError):
                return None
            return found if isinstance(found, dict) and "library" in found else None
    return None


def read(body: Any, status: int) -> QuestionnairePackage:
    """Return the package of an answer; raises PackageError when there is none to use."""
    if status != 200 or not isinstance(body, dict):
        raise PackageError(f"status {status}")
    bundles = _bundles(body)
    if not bundles:
        raise PackageError("no package in the answer")
    return _of_bundle(bundles[0], "payer")


def fetch(http: PayerHttp, base_url: str, body: Resource) -> QuestionnairePackage:
    """Ask for the form; raises PackageError or PayerError."""
    answer = http.post(base_url.rstrip("/") + OPERATION, json.dumps(body).encode(), FHIR_JSON)
    return read(answer.body, answer.status)


def local(path: Path) -> QuestionnairePackage:
    """Return the program's own form; raises PackageError."""
    if not path.is_file():
        raise NoForm
    try:
        return _of_bundle(json.loads(path.read_text()), "local")
    except (OSError, ValueError) as cause:
        raise PackageError(path.name) from cause
