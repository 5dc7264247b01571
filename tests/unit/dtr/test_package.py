"""A payer's form that could not be shown is refused when it comes, never stored."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

import smart_app
from smart_app.dtr import package
from smart_app.errors import NoForm, PackageError
from tests.unit.dtr.forms import a_group, a_question

LOCAL = Path(smart_app.__file__).parent / "programs/wiser/forms/esi.package.json"


def answer(*items: Any, **more: Any) -> dict[str, Any]:
    """Return a payer's answer with a form."""
    form = {"resourceType": "Questionnaire", "url": "http://payer.example/form", "item": [*items]}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": form | more}]}
    parameter = [{"name": "PackageBundle", "resource": bundle}]
    return {"resourceType": "Parameters", "parameter": parameter}


def nested(depth: int) -> dict[str, Any]:
    """Return a question below so many groups."""
    item = a_question("deep")
    for number in range(depth):
        item = a_group(f"g{number}", item)
    return item


def without(item: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != key}


CODED = [{"valueCoding": {"code": "a"}}, {"valueInteger": 3}]


@pytest.mark.parametrize(
    "item",
    [
        a_group("g", a_question("q")),
        a_question("q", "choice", answerOption=CODED),
        a_question("q", item=[{"linkId": "words", "type": "display"}]),
        a_question("q", "string", maxLength=20),
        nested(5),
    ],
)
def test_a_form_that_can_be_shown_is_taken(item: dict[str, Any]) -> None:
    found = package.read(answer(item), 200)
    assert (found.origin, found.questionnaires[0]["item"]) == ("payer", [item])


@pytest.mark.parametrize(
    "item",
    [
        a_group("g", without(a_question("q"), "type")),
        a_group("g", without(a_question("q"), "linkId")),
        a_group("g", a_question("")),
        a_group("g", a_question("q") | {"linkId": 7}),
        a_group("g", a_question("q[0]")),
        a_group("g", a_question("q"), a_question("q")),
        a_group("g", a_question("q", "essay")),
        without(a_group("g", a_question("q")), "type"),
        a_question("q", "choice", answerOption=["a", "b"]),
        a_question("q", "choice", answerOption={"valueString": "a"}),
        a_question("q", "choice", answerOption=[{"code": "a"}]),
        a_question("q", enableWhen=["g"]),
        a_question("q", extension={"url": "x"}),
        a_question("q", "string", maxLength="many"),
        a_question("q", item={"linkId": "r", "type": "boolean"}),
        "q",
        nested(50),
    ],
    ids=str,
)
def test_a_form_that_cannot_be_shown_is_refused(item: Any) -> None:
    with pytest.raises(PackageError):
        package.read(answer(item), 200)


def test_what_a_form_contains_is_checked() -> None:
    with pytest.raises(PackageError):
        package.read(answer(a_question("q"), contained=["options"]), 200)


def test_an_entry_that_is_none_is_passed_over() -> None:
    told = answer(a_question("q"))
    told["parameter"][0]["resource"]["entry"].insert(0, "odd")
    assert package.read(told, 200).questionnaires


def test_logic_nested_without_end_is_no_logic() -> None:
    deep = base64.b64encode(b"[" * 200_000).decode()
    content = [{"contentType": package.ELM, "data": deep}]
    assert package.elm({"resourceType": "Library", "content": content}) is None


def test_medicares_own_list_can_be_shown() -> None:
    assert package.local(LOCAL).origin == "local"


def test_a_service_without_a_form_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoForm) as raised:
        package.local(tmp_path / "vns.package.json")
    assert "own portal, fax or mail" in raised.value.do
