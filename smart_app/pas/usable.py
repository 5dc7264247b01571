"""Whether anything of an answer may be used, and why not.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-profile-claimresponse.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from smart_app.cases.model import Resource
from smart_app.pas import echo
from smart_app.pas.echo import Sent
from smart_app.pas.names import PAS, X12

Why = Literal[
    "another member",
    "another request",
    "not active",
    "several ClaimResponses",
    "no ClaimResponse",
    "malformed",
    "foreign item",
    "item twice",
    "an error beside it",
    "an unknown modifier",
    "another decision of the whole",
    "another decision of a part",
    "a list that is not whole",
    "answers that differ",
]
"""Why nothing of an answer may be used; ``formatters`` has words for each."""
ELSEWHERE: tuple[Why, ...] = ("another member", "another request", "not active")
"""Why an answer tells nothing of a request: it is another's, or does not stand."""


def sub(extension: dict[str, Any], name: str) -> Iterator[Any]:
    """Yield the values of sub-extensions, by relative or absolute URL."""
    for one in extension.get("extension") or []:
        if str(one.get("url", "")).removeprefix(PAS).removeprefix("extension-") == name:
            yield next((value for key, value in one.items() if key.startswith("value")), None)


def review_actions(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the review actions of an item, or of what stands over or under it."""
    return [
        found
        for adjudication in item.get("adjudication") or []
        for found in adjudication.get("extension") or []
        if found.get("url") == PAS + "extension-reviewAction"
    ]


def action_codings(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the codings of X12's own review action: a payer's local code decides nothing."""
    return [
        coding
        for action in actions
        for concept in sub(action, "reviewActionCode")
        for coding in (concept or {}).get("coding") or []
        if coding.get("code") and coding.get("system") in (None, X12 + "306")
    ]


def claim_responses(body: Any) -> list[Resource]:
    """Return the ClaimResponses of an answer: a PAS Bundle, or a bare resource."""
    if not isinstance(body, dict):
        return []
    several = [body, *(entry.get("resource") for entry in body.get("entry") or [])]
    return [
        one
        for one in several
        if isinstance(one, dict) and one.get("resourceType") == "ClaimResponse"
    ]


def codes_within(value: Any) -> set[str]:
    """Return the review action codes of all that stands in a part of an answer, however deep."""
    return {code for one in echo.walk(value) for code in _codes(one)}


AFFIRMS = {"A1": {"A1"}, "A6": {"A1", "A6"}}
"""What a line may say that stands in the place of an affirmed item."""


def _codes(element: dict[str, Any]) -> set[str]:
    """Return the review action codes of an item, or of what stands over or under it."""
    return {str(one["code"]) for one in action_codings(review_actions(element))}


def contradicted(body: Any, response: Resource) -> Why | None:
    """Return what an answer holds that speaks against its own decisions, if anything does.

    A modifier extension may turn the meaning of all around it, and the guide knows none here.
    """
    issues = [
        issue
        for one in echo.walk(body)
        if one.get("resourceType") == "OperationOutcome"
        for issue in one.get("issue") or []
    ]
    if any(one.get("severity") in ("fatal", "error") for one in issues):
        return "an error beside it"
    if any(one.get("modifierExtension") for one in echo.walk(response)):
        return "an unknown modifier"
    items = response.get("item") or []
    added = response.get("addItem") or []
    codes = {code for item in items for code in _codes(item)}
    parted = {"A2"} if len(codes) > 1 else set()  # decided in part says that its items differ
    if codes and _codes(response) - codes - parted:
        return "another decision of the whole"
    for item in items:
        inner = codes_within(item.get("detail"))
        if _codes(item) not in (set(), {"A2"}) and inner - _codes(item):
            return "another decision of a part"
        instead = _instead(items, item, added)
        if any(_codes(item) == {code} and instead - fits for code, fits in AFFIRMS.items()):
            return "another decision of a part"
    return None


def _instead(
    items: list[dict[str, Any]], item: dict[str, Any], added: list[dict[str, Any]]
) -> set[str]:
    """Return the codes of the lines that a payer puts in the place of an item.

    One that names no item of the answer may be meant for each of them.
    """
    others = {one.get("itemSequence") for one in items} - {item.get("itemSequence")}
    lines = [
        one for one in added if not one.get("itemSequence") or set(one["itemSequence"]) - others
    ]
    return codes_within(lines)


def not_usable(responses: list[Resource], body: Any, sent: Sent) -> Why | None:
    """Return why an answer is none about this request, if it is not."""
    if len(responses) != 1:
        return "several ClaimResponses" if responses else "no ClaimResponse"
    if sum(one.get("resourceType") == "ClaimResponse" for one in echo.walk(body)) > 1:
        return "several ClaimResponses"
    if responses[0].get("status") not in (None, "active"):
        return "not active"  # withdrawn by the payer, or not yet meant
    if echo.other_member(body, sent):
        return "another member"
    return "another request" if echo.another(responses[0], sent) else None
