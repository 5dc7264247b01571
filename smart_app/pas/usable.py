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
    "an earlier version",
    "not active",
    "another use",
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
    "a second sending",
]
"""Why nothing of an answer may be used; ``formatters`` has words for each."""
DIFFER: Why = "answers that differ"
"""Why none of several answers is used, that contradict each other."""
SECOND: Why = "a second sending"
"""Why a dismissal is not used of a request that was sent twice."""
STRAY: tuple[Why, ...] = ("another member", "another request")
"""Why an answer is another's; what does not stand may be a withdrawal."""
SUPERSEDED: Why = "an earlier version"
"""Why an answer may be about what a request was before a change."""
NOT_STANDING: tuple[Why, ...] = ("not active", DIFFER)
"""Why an answer takes back what was affirmed, as far as anybody can tell."""
ELSEWHERE: tuple[Why, ...] = (*STRAY, SUPERSEDED, "not active")
"""Why an answer tells nothing of a request: it is another's, or of before, or does not stand."""
USE = "preauthorization"
"""The one use of an answer that the guide allows: another says what would be paid, or was."""
WITHDRAWN = ("cancelled", "draft", "entered-in-error")
"""FHIR's words for what does not stand; a word that it does not know proves nothing."""
TRACE = PAS + "extension-itemTraceNumber"
BARE = ("id", "itemSequence", "extension", "adjudication")
SAID_OF_ALL = ("disposition", "processNote", "preAuthRef")
"""What a result may say of all its items without a review action."""


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


def failed(response: Resource) -> bool:
    """Tell whether an answer says that processing failed: then nothing counts as decided."""
    return response.get("outcome") == "error" or bool(response.get("error"))


def withdrawn(response: Resource) -> bool:
    """Tell whether an answer says itself that it does not stand."""
    return response.get("status") in WITHDRAWN


def leaves_open(response: Resource, item: dict[str, Any], sequence: int) -> bool:
    """Tell whether an answer surely decides nothing of an item: it waits, or is not mentioned.

    ``item`` is empty where the answer has none. A decision may stand in another system, another
    place or in words alone: all that is not known to say nothing may be one.
    """
    items, added = response.get("item") or [], response.get("addItem") or []
    whole = {"adjudication": response.get("adjudication")}
    lines = _lines(items, item or {"itemSequence": sequence}, added)
    if failed(response) or lines or not (_waits(item) and _waits(whole)):
        return False
    if review_actions(item) or review_actions(whole):
        return True
    traces_alone = all(one.get("url") == TRACE for one in item.get("extension") or [])
    decided = any(review_actions(one) for one in items)  # what is said of all is said of these
    told = not decided and any(response.get(key) for key in SAID_OF_ALL)
    return set(item) <= {*BARE} and traces_alone and not told


def _waits(part: dict[str, Any]) -> bool:
    """Tell whether all that a part of an answer says of a decision is that it waits, or nothing."""
    within = list(echo.walk(part))
    actions = [one for one in within if "reviewaction" in str(one.get("url")).casefold()]
    waits = all(_x12(one) == {"A4"} for one in actions)
    return waits and all(_as_submitted(one) for one in _plain(part))


def _plain(part: Any) -> list[dict[str, Any]]:
    """Return the adjudications in a part of an answer that have no review action."""
    return [
        one
        for element in echo.walk(part)
        for one in element.get("adjudication") or []
        if not review_actions({"adjudication": [one]})
    ]


def doubted(response: Resource, item: dict[str, Any]) -> bool:
    """Tell whether an adjudication beside an item's review action may speak against it.

    It may stand under the item, in a line in its place, or over all. Only amounts certainly do not.
    """
    lines = _lines(response.get("item") or [], item, response.get("addItem") or [])
    whole = {"adjudication": response.get("adjudication")}
    acting = [
        one for one in item.get("adjudication") or [] if review_actions({"adjudication": [one]})
    ]
    named = all(_category(one) <= AMOUNTS for one in acting)
    return not (named and all(_amount(one) for one in _plain([item, lines, whole])))


def _x12(part: Any) -> set[str]:
    """Return the codes in a part of an answer that are, or may be, X12's own review actions."""
    codings = (one for one in echo.walk(part) if one.get("system") in (None, X12 + "306"))
    return {str(one["code"]) for one in codings if one.get("code")}


def _as_submitted(adjudication: dict[str, Any]) -> bool:
    """Tell whether an adjudication only repeats what was submitted, as FHIR demands one."""
    return _category(adjudication) == {"submitted"} and set(adjudication) <= {*COUNTED}


COUNTED = ("id", "category", "amount", "value")
"""What an adjudication holds that tells an amount and gives no reason."""
AMOUNTS = {
    *("submitted", "copay", "eligible", "deductible", "unallocdeduct"),
    *("eligpercent", "tax", "benefit"),
}
"""FHIR's own categories, none of which decides. https://hl7.org/fhir/R4/valueset-adjudication.html"""


def _amount(adjudication: dict[str, Any]) -> bool:
    """Tell whether an adjudication tells an amount and nothing else."""
    category = _category(adjudication)
    known = not adjudication.get("category") or bool(category) and category <= AMOUNTS
    return known and set(adjudication) <= {*COUNTED}


def _category(adjudication: dict[str, Any]) -> set[Any]:
    return {one["code"] for one in echo.walk(adjudication.get("category")) if "code" in one}


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
    codes, whole = {code for item in items for code in _codes(item)}, _codes(response)
    parted = {"A2"} if len(codes) > 1 else set()  # decided in part says that its items differ
    if codes and whole - codes - parted:
        return "another decision of the whole"
    for item in items:
        inner = codes_within(item.get("detail"))
        if _codes(item) not in (set(), {"A2"}) and inner - _codes(item):
            return "another decision of a part"
        instead = codes_within(_lines(items, item, added))
        if any(_codes(item) == {code} and instead - fits for code, fits in AFFIRMS.items()):
            return "another decision of a part"
    return None


def _lines(
    items: list[dict[str, Any]], item: dict[str, Any], added: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the lines that a payer puts in the place of an item.

    One that names no item of the answer may be meant for each of them.
    """
    others = {one.get("itemSequence") for one in items} - {item.get("itemSequence")}
    return [
        one for one in added if not one.get("itemSequence") or set(one["itemSequence"]) - others
    ]


def not_usable(responses: list[Resource], body: Any, sent: Sent) -> Why | None:
    """Return why an answer is none about this request, if it is not."""
    if len(responses) != 1:
        return "several ClaimResponses" if responses else "no ClaimResponse"
    if len(echo.results(body)) > 1:
        return "several ClaimResponses"
    if responses[0].get("status") not in (None, "active"):
        return "not active"  # withdrawn by the payer, or not yet meant
    if responses[0].get("use") not in (None, USE):
        return "another use"
    if echo.other_member(body, sent):
        return "another member"
    return "another request" if echo.another(responses[0], sent) else None
