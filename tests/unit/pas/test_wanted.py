"""What a payer asks for before it decides, in the shapes of both versions of the guide."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import Decision, Wanted
from smart_app.pas.wanted import LINE, UNKNOWN
from tests.unit.kit import a_case
from tests.unit.pas.test_decision import an_answer, an_answer_item, read

NUMBER = {"system": "urn:payer", "value": "ACN-1"}


def a_wish(code: str | None = "11506-3", **more: Any) -> dict[str, Any]:
    """Return a CommunicationRequest."""
    made: dict[str, Any] = {
        "resourceType": "CommunicationRequest",
        "id": "w1",
        "identifier": [NUMBER],
        "category": [
            {"coding": [{"system": "https://codesystem.x12.org/005010/755", "code": "15"}]}
        ],
        "extension": [{"url": LINE, "valuePositiveInt": 1}],
    }
    if code:
        made["payload"] = [{"contentString": code}]
    return made | more


def asking(wish: dict[str, Any], *, inside: bool = False, code: str = "A4") -> dict[str, Any]:
    """Return an answer that asks for something, contained or beside it."""
    reference = {"reference": "#w1" if inside else "urn:uuid:w1"}
    held = {"contained": [wish]} if inside else {}
    body = an_answer(an_answer_item(code), communicationRequest=[reference], **held)
    if not inside:
        body["entry"].append({"fullUrl": "urn:uuid:w1", "resource": wish})
    return body


def wanted(body: Any) -> tuple[Wanted, ...]:
    found: Decision = read(a_case(), body)
    return found.wanted


@pytest.mark.parametrize("inside", [True, False])
def test_a_document_by_its_code(inside: bool) -> None:
    (found,) = wanted(asking(a_wish(), inside=inside))
    assert (found.number, found.system, found.kind) == ("ACN-1", "urn:payer", "documents")
    assert (found.code, found.lines) == ("11506-3", (1,))


def test_the_line_stands_on_the_payload_in_older_versions() -> None:
    payload = {"contentString": "11506-3", "extension": [{"url": LINE, "valuePositiveInt": 1}]}
    (found,) = wanted(asking(a_wish(None, extension=[], payload=[payload])))
    assert found.lines == (1,)


def test_a_report_type_alone_is_a_code() -> None:
    (found,) = wanted(asking(a_wish(None)))
    assert found.code == "15"


def test_a_form_knows_what_it_is_about() -> None:
    (found,) = wanted(asking(a_wish("102089-0")))
    assert (found.kind, found.context) == ("form", "trace-1")


@pytest.mark.parametrize("code", ["A1", "A3"])
def test_what_is_decided_asks_for_nothing(code: str) -> None:
    assert wanted(asking(a_wish(), code=code)) == ()


@pytest.mark.parametrize(
    "wish",
    [
        a_wish(identifier="x"),
        a_wish(payload="x"),
        {"resourceType": "Patient", "id": "w1"},
        a_wish(extension=5),
    ],
)
def test_what_cannot_be_read_is_something_and_hides_nothing_else(wish: dict[str, Any]) -> None:
    body = asking(wish)
    body["entry"].append({"fullUrl": "urn:uuid:w2", "resource": a_wish(id="w2")})
    body["entry"][0]["resource"]["communicationRequest"] += [{"reference": "urn:uuid:w2"}]
    found = read(a_case(), body)
    assert (found.word, [one.number for one in found.wanted]) == ("pended", ["", "ACN-1"])


def test_what_is_not_here_is_something() -> None:
    body = asking(a_wish())
    del body["entry"][1]
    assert wanted(body) == (UNKNOWN,)


def test_what_has_no_number_is_told() -> None:
    (found,) = wanted(asking(a_wish(identifier=[])))
    assert (found.number, found.code) == ("", "11506-3")


def test_older_versions_ask_for_several_at_once() -> None:
    payload = [{"contentString": "11506-3"}, {"contentString": "18842-5"}]
    found = wanted(asking(a_wish(payload=payload)))
    assert [(one.number, one.code) for one in found] == [("ACN-1", "11506-3"), ("ACN-1", "18842-5")]


@pytest.mark.parametrize(("second", "lines"), [(2, (1, 2)), (None, ())])
def test_the_same_for_another_item_is_one_wish(second: int | None, lines: tuple[int, ...]) -> None:
    about = [{"url": LINE, "valuePositiveInt": second}] if second else []
    payload = [
        {"contentString": "11506-3", "extension": [{"url": LINE, "valuePositiveInt": 1}]},
        {"contentString": "11506-3", "extension": about},
    ]
    (found,) = wanted(asking(a_wish(payload=payload, extension=[])))
    assert found.lines == lines


def test_a_form_about_the_whole_request_is_known_by_the_number_of_the_request() -> None:
    body = asking(a_wish("102089-0", extension=[]))
    response = body["entry"][0]["resource"]
    response["identifier"] = [{"value": "the request"}]
    found = read(a_case(orders=2), body)
    assert [one.context for one in found.wanted] == ["the request"]


def test_a_reference_of_an_odd_shape_hides_nothing_else() -> None:
    body = asking(a_wish())
    body["entry"][0]["resource"]["communicationRequest"] += [{"display": "see our portal"}]
    assert [one.number for one in wanted(body)] == ["ACN-1", ""]


def test_the_same_form_for_another_item_is_another_one() -> None:
    line = {"url": LINE, "valuePositiveInt": 2}
    body = asking(a_wish("102089-0"))
    second = a_wish("102089-0", id="w2", extension=[line])
    body["entry"].append({"fullUrl": "urn:uuid:w2", "resource": second})
    body["entry"][0]["resource"]["communicationRequest"] += [{"reference": "urn:uuid:w2"}]
    found = read(a_case(orders=2), body).wanted
    assert [one.context for one in found] == ["trace-1", "trace-2"]
    assert found[0].key != found[1].key


def test_lines_are_a_set() -> None:
    def form(*lines: int) -> tuple[Wanted, ...]:
        about = [{"url": LINE, "valuePositiveInt": one} for one in lines]
        return read(a_case(orders=2), asking(a_wish("102089-0", extension=about))).wanted

    assert form(1, 2) == form(2, 1) == form(1, 2, 1)
