"""Whatever an order or appointment of a chart looks like: no crash, and the others go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from smart_app.cases.model import Resource
from smart_app.chart import places, snapshot, writeback
from smart_app.chart.orders import chosen, companions, items, particulars_told, words
from smart_app.errors import NoOrder, SeveralOrders
from smart_app.fhir.codes import HCPCS
from tests.conformance.any_json import MANY, fed, spoiled
from tests.unit.chart.test_marking import NUMBER, RECORD, a_mark, satisfied_by
from tests.unit.dtr.forms import PATIENT
from tests.unit.front import PLACES, WISER, an_appointment, an_order
from tests.unit.kit import NOW, FakeChart

BESIDE = an_order("2")
LEFT = {"coding": [{"system": HCPCS, "code": "LT", "display": "Left"}], "extension": [{"url": "x"}]}


def full() -> Resource:
    """Return an order that says all that is looked into."""
    return an_order(
        meta={"versionId": "1"},
        bodySite=[LEFT],
        orderDetail=[LEFT],
        reasonReference=[{"reference": "Condition/1"}],
        requisition={"system": "s", "value": "r1"},
        quantityQuantity={"value": 2},
        occurrencePeriod={"start": "2026-12-10"},
        note=[{"text": "by phone"}],
        extension=[{"url": "x", "extension": [{"url": "y"}]}],
        authoredOn="2026-11-20",
    )


def use(*held: Any) -> None:
    """Read a chart and do with its orders what the line does."""
    chart = FakeChart({"Patient/p1": PATIENT} | {f"X/{n}": one for n, one in enumerate(held)})
    chart.search = lambda kind, _: [  # type: ignore[method-assign]
        one for one in held if one.get("resourceType") == kind
    ]
    with ThreadPoolExecutor(2) as pool:
        found = snapshot.read(chart, "p1", pool, NOW)
    for named in ((), ("ServiceRequest/2",)):
        try:
            asked = chosen(found, named)
            items(asked, found, WISER.is_add_on, WISER.words)
        except SeveralOrders as cause:
            asked = tuple(one for group in cause.groups for one in group)
        except NoOrder:
            continue
        for order in asked:
            particulars_told(order)
        companions(asked, found)
        words(asked)
        places.find(asked, found, PLACES)


@fed(MANY, spoiled(full))
def test_an_order_beside_a_sound_one(odd: Any) -> None:
    use(odd, BESIDE)


@fed(MANY, spoiled(lambda: an_appointment("office")))
def test_an_appointment(odd: Any) -> None:
    use(odd, BESIDE)


@fed(MANY, spoiled(full))
def test_an_order_that_bears_a_number_is_freed_of_it(odd: Any) -> None:
    named = {key: full()[key] for key in ("resourceType", "id", "subject", "meta")}
    order = odd | named | {"extension": [satisfied_by(NUMBER)]}
    chart = FakeChart({"ServiceRequest/1": order})
    for signed in (full(), odd | named):
        chart.held["ServiceRequest/1"] = order
        assert writeback.restore_order(chart, a_mark(signed=signed)).carries is False
    chart.held["ServiceRequest/1"] = odd | named
    assert writeback.update_order(chart, a_mark(signed=full()), RECORD).outcome in (
        "filed_and_read_back",
        "refused",
    )
