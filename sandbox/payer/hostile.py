"""Packages whose logic is missing or does harm: what a client's sandbox must stop."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

from sandbox.payer.r4 import Json, mapping, objects

ELM = "application/elm+json"
INTEGER = "{urn:hl7-org:elm-types:r1}Integer"
BOOLEAN = "{urn:hl7-org:elm-types:r1}Boolean"
SOURCES = 12
ROWS = 40
DOUBLINGS = 40


def spoil(package: Json, mode: str) -> Json:
    """Return the package as the mode wants it: *no-elm*, *loop*, *memory*, or as it is."""
    if mode not in ("no-elm", "loop", "memory"):
        return package
    made = copy.deepcopy(package)
    for entry in objects(made.get("entry")):
        library = mapping(entry.get("resource"))
        if library.get("resourceType") == "Library":
            _spoil_library(library, mode)
    return made


def _spoil_library(library: Json, mode: str) -> None:
    content = objects(library.get("content"))
    if mode == "no-elm":
        library["content"] = [one for one in content if one.get("contentType") != ELM]
        return
    for one in content:
        if one.get("contentType") == ELM and one.get("data"):
            elm = json.loads(base64.b64decode(one["data"]))
            _replace(elm, mode)
            one["data"] = base64.b64encode(json.dumps(elm).encode()).decode()


def _replace(elm: Json, mode: str) -> None:
    """Put the harmful expression in the place of every define but Patient and functions."""
    statements = mapping(elm.get("library")).setdefault("statements", {"def": []})
    definitions = objects(statements.get("def"))
    for one in definitions:
        if one.get("name") != "Patient" and one.get("type") != "FunctionDef":
            one["expression"] = _endless() if mode == "loop" else _reference(DOUBLINGS)
    if mode == "memory" and definitions:
        definitions += [_doubling(step) for step in range(DOUBLINGS + 1)]
        statements["def"] = definitions


def _integer(value: int) -> Json:
    return {"type": "Literal", "valueType": INTEGER, "value": str(value)}


def _numbers(count: int) -> Json:
    return {"type": "List", "element": [_integer(one) for one in range(count)]}


def _endless() -> Json:
    """Return a test inside a test inside a test …: time without end, next to no memory."""
    condition: Json = {"type": "Literal", "valueType": BOOLEAN, "value": "false"}
    for number in range(SOURCES):
        query = {
            "type": "Query",
            "source": [{"alias": f"S{number}", "expression": _numbers(ROWS)}],
            "relationship": [],
            "where": condition,
        }
        condition = {"type": "Exists", "operand": query}
    return condition


def _name(step: int) -> str:
    return f"Sandbox doubling {step}"


def _reference(step: int) -> Json:
    return {"type": "ExpressionRef", "name": _name(step)}


def _doubling(step: int) -> dict[str, Any]:
    """Return a define whose list is twice as long as the step's before, which it reads once.

    The query's only source is a list of that one list, so that its alias names the whole of it.
    """
    expression: Json = _numbers(64)
    if step:
        alias = {"type": "AliasRef", "name": "Before"}
        twice = {"type": "Flatten", "operand": {"type": "List", "element": [alias, alias]}}
        once = {"type": "List", "element": [_reference(step - 1)]}
        query = {
            "type": "Query",
            "source": [{"alias": "Before", "expression": once}],
            "relationship": [],
            "return": {"distinct": False, "expression": twice},
        }
        expression = {"type": "SingletonFrom", "operand": query}
    return {
        "name": _name(step),
        "context": "Patient",
        "accessLevel": "Public",
        "expression": expression,
    }
