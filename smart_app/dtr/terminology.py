"""Options and value sets, offline: expansion first, then explicit concepts."""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import QuestionnairePackage, Resource


def codes_of(value_set: Resource) -> list[dict[str, str]]:
    """Return a value set's codes; an intensional one gives none."""
    contains = (value_set.get("expansion") or {}).get("contains") or []
    found = [(one.get("system"), one) for one in contains]
    if not found:
        found = [
            (include.get("system"), one)
            for include in (value_set.get("compose") or {}).get("include") or []
            for one in include.get("concept") or []
        ]
    return [
        {
            "system": str(system or ""),
            "code": str(one["code"]),
            "display": str(one.get("display") or ""),
        }
        for system, one in found
        if one.get("code")
    ]


def for_engine(package: QuestionnairePackage) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Return the value sets as the engine takes them: url → version → codes.

    Each is given by its version and without one, since ELM may name it either way.
    """
    made: dict[str, dict[str, list[dict[str, str]]]] = {}
    for one in package.value_sets:
        codes = [{"code": c["code"], "system": c["system"]} for c in codes_of(one)]
        made.setdefault(str(one.get("url")), {})[""] = codes
        if one.get("version"):
            made[str(one["url"])][str(one["version"])] = codes
    return made


def options(item: Resource, form: Resource, package: QuestionnairePackage) -> list[Any]:
    """Return the values that a choice item offers, as they must be written back.

    They are codings, or texts, numbers, days and references as the form lists them.
    """
    if listed := [value for _, value in listed_options(item)]:
        return listed
    wanted = str(item.get("answerValueSet") or "")
    bare = wanted.split("|")[0].removeprefix("#")
    for value_set in [*(form.get("contained") or []), *package.value_sets]:
        if bare and bare in (value_set.get("id"), value_set.get("url")):
            return [{key: v for key, v in one.items() if v} for one in codes_of(value_set)]
    return []


def listed_options(item: Resource) -> list[tuple[str, Any]]:
    """Return the options that an item itself lists, each with the name of its element."""
    found = []
    for one in item.get("answerOption") or []:
        found += [(key, value) for key, value in one.items() if key.startswith("value")][:1]
    return found
