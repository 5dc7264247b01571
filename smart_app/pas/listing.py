"""The list of results that answers an inquiry: what wraps them, and whether it is whole."""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import Resource

WRAPPED = ("ClaimResponse", "Bundle", "Parameters")


def results(body: Any) -> list[Resource] | None:
    """Return each ClaimResponse of an answer as a Bundle of its own, whatever wraps it.

    None when the answer is no list of results at all.
    """
    if not isinstance(body, dict):
        return None
    kind = body.get("resourceType")
    if kind == "ClaimResponse":
        return [{"resourceType": "Bundle", "entry": [{"resource": body}]}]
    if kind not in ("Bundle", "Parameters") or _partial(body):
        return None
    inner = _inside(body)
    if inner is None or any(complains(one) for one in inner):
        return None
    beside = [
        one for one in _entries(body, inner) if one["resource"]["resourceType"] not in WRAPPED
    ]
    found: list[Resource] = []
    for one in inner:
        if one.get("resourceType") == "ClaimResponse":
            found.append({"resourceType": "Bundle", "entry": [{"resource": one}, *beside]})
        elif one.get("resourceType") in ("Bundle", "Parameters"):
            nested = results(one)
            if nested is None:
                return None
            found += nested
    return found


def _entries(body: Resource, inner: list[Resource]) -> list[dict[str, Any]]:
    """Return what an answer wraps as entries, under the names by which they refer to each other."""
    named = {id(one.get("resource")): one.get("fullUrl") for one in body.get("entry") or []}
    return [
        {"fullUrl": url, "resource": one} if (url := named.get(id(one))) else {"resource": one}
        for one in inner
    ]


def _partial(body: Resource) -> bool:
    """Tell whether an answer says itself that it does not hold everything."""
    links = {one.get("relation") for one in body.get("link") or []}
    modes = [(one.get("search") or {}).get("mode", "match") for one in body.get("entry") or []]
    total = body.get("total")  # counts matches alone, not what comes along with them
    return "next" in links or (isinstance(total, int) and total > modes.count("match"))


def _inside(body: Resource) -> list[Resource] | None:
    """Return the resources that an answer wraps, or None when a part of it holds none."""
    if body["resourceType"] == "Bundle":
        found = [entry.get("resource") for entry in body.get("entry") or []]
    else:
        found = [one for part in body.get("parameter") or [] for one in _parts(part)]
    inner = [one for one in found if isinstance(one, dict) and one.get("resourceType")]
    return inner if len(inner) == len(found) else None


def _parts(parameter: dict[str, Any]) -> list[Any]:
    """Return a parameter's resource, or those of its parts; values that are none stay out."""
    if "part" in parameter:
        return [one for part in parameter["part"] for one in _parts(part)]
    return [] if any(key.startswith("value") for key in parameter) else [parameter.get("resource")]


def complains(resource: Resource) -> bool:
    """Tell whether a resource reports more than information: a warning may say "incomplete"."""
    severities = {one.get("severity") for one in resource.get("issue") or []}
    return resource.get("resourceType") == "OperationOutcome" and severities != {"information"}


def whole(body: Resource) -> bool:
    """Tell whether an answer is a list of results and nothing else, in a shape of the guide.

    Only what such a list does not hold is certainly not there. PAS 2.0.1 and 2.1.0 answer one
    response Bundle, 2.2.1 Parameters of them; some payers answer a search's Bundle.
    """
    kind = body["resourceType"]
    if kind == WRAPPED[0]:
        return False
    inner = _inside(body) or []
    kinds = {one["resourceType"] for one in inner}
    if kind == "Parameters":
        known = kinds <= set(WRAPPED) and not any(map(_remarks, body.get("parameter") or []))
    elif body.get("type") == "searchset":
        known = kinds <= {"ClaimResponse", "Bundle"} and isinstance(body.get("total", 0), int)
    else:
        known = body.get("type") == "collection" and "OperationOutcome" not in kinds
        known = known and "total" not in body
    return known and all(whole(one) for one in inner if one["resourceType"] in WRAPPED[1:])


def _remarks(parameter: dict[str, Any]) -> bool:
    """Tell whether a parameter holds a value, which may say anything."""
    if "part" in parameter:
        return any(map(_remarks, parameter["part"]))
    return any(key.startswith("value") for key in parameter)
