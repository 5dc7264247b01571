"""What an order says beside its code: what it is ordered with, its modifiers, its own words."""

from __future__ import annotations

from typing import Any

import pytest

from smart_app.cases.model import ChartSnapshot
from smart_app.chart import orders
from smart_app.errors import NoOrder
from smart_app.fhir import codes
from tests.unit.kit import CPT, NOW

MODIFIERS = "https://ehr.example/fhir/StructureDefinition/billing-modifier"


def an_order(number: str, code: str = "64561", group: str | None = "r1", **more: Any) -> Any:
    made = {
        "resourceType": "ServiceRequest",
        "id": number,
        "status": "active",
        "code": {"coding": [{"system": CPT, "code": code}]},
        **more,
    }
    return made | ({"requisition": {"value": group}} if group else {})


def a_chart(*found: Any) -> ChartSnapshot:
    return ChartSnapshot({"resourceType": "Patient"}, {"ServiceRequest": found}, {}, NOW)


def test_companions_are_the_other_active_orders_of_the_requisition() -> None:
    ours, with_it = an_order("1"), an_order("2", "64590")
    chart = a_chart(
        ours,
        with_it,
        an_order("3", "95972", status="revoked"),
        an_order("4", "76000", "r2"),
        an_order("5", "72220", None),
        an_order("6", "64590"),
        an_order("7") | {"code": {"text": "no billing code"}},
    )
    assert orders.companions((ours,), chart) == ("64590",)
    assert orders.companions((ours, with_it), a_chart(ours, with_it)) == ()


def test_without_a_requisition_it_is_not_known_what_goes_with_an_order() -> None:
    alone = an_order("1", group=None)
    assert orders.companions((alone,), a_chart(alone, an_order("2", "64590"))) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"valueCode": "et"}, ("ET",)),
        ({"valueString": " LT "}, ("LT",)),
        ({"valueCoding": {"system": CPT, "code": "50"}}, ("50",)),
        ({"valueCodeableConcept": {"coding": [{"system": codes.HCPCS, "code": "ET"}]}}, ("ET",)),
        ({"valueBoolean": True}, ()),
    ],
)
def test_modifiers_come_from_an_extension_of_the_code(
    value: dict[str, Any], found: tuple[str, ...]
) -> None:
    extension = [{"url": MODIFIERS, **value}, {"url": "https://x/other", "valueCode": "RT"}]
    on_coding = an_order("1")
    on_coding["code"]["coding"][0]["extension"] = extension
    on_code = an_order("1")
    on_code["code"]["extension"] = extension
    assert orders.modifiers(on_coding) == orders.modifiers(on_code) == found
    assert orders.modifiers(an_order("1")) == ()


def test_the_words_of_orders_are_their_own_text() -> None:
    order = an_order("1", orderDetail=[{"text": "Steroid, 40 mg"}], note=[{"text": "left side"}])
    order["code"]["text"] = "Epidural"
    assert orders.words((order,)) == "Epidural Steroid, 40 mg left side"


def test_what_is_the_program_s_comes_before_what_goes_along() -> None:
    found = (an_order("1", "64590"), an_order("2", "64561"), an_order("3", "64484"))
    lines = orders.items(
        found, a_chart(*found), lambda code: code == "64484", {"64561": "a", "64484": "b"}.get
    )  # type: ignore[arg-type]
    assert [one.code for one in lines] == ["64561", "64484", "64590"]


def test_another_modifier_is_another_order() -> None:
    plain, changed = an_order("1"), an_order("1")
    changed["code"]["extension"] = [{"url": MODIFIERS, "valueCode": "ET"}]
    first, second = (
        orders.asks(orders.items((one,), a_chart(one), lambda _: False, lambda _: "w"))
        for one in (plain, changed)
    )
    assert first != second


FORBIDDEN = an_order("2", doNotPerform=True)


@pytest.mark.parametrize(
    ("found", "named"),
    [
        ((FORBIDDEN,), ("ServiceRequest/2",)),
        ((an_order("1"), FORBIDDEN), ("ServiceRequest/2",)),
    ],
)
def test_an_order_not_to_do_something_says_so(found: tuple[Any, ...], named: Any) -> None:
    with pytest.raises(NoOrder) as raised:
        orders.chosen(a_chart(*found), named)
    assert raised.value.say.startswith("This order says not to do it")


def test_an_order_not_to_do_something_is_never_asked_for_with_others() -> None:
    ours = an_order("1")
    chart = a_chart(ours, FORBIDDEN, an_order("3", group=None, doNotPerform=True))
    assert orders.chosen(chart, ("ServiceRequest/1",)) == (ours,)
    assert orders.chosen(chart, ("ServiceRequest/1", "ServiceRequest/2")) == (ours,)
    assert orders.chosen(chart, ()) == (ours,)
    assert orders.together(chart) == ((ours,),)
    assert orders.companions((ours,), chart) == ()
    with pytest.raises(NoOrder, match="not active"):
        orders.chosen(a_chart(FORBIDDEN), ())
