"""What happens inside one process: a form answered, a request built."""

from __future__ import annotations

import gc
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smart_app import requesting
from smart_app.cases.model import Case, ChartSnapshot, Resource
from smart_app.dtr import package, populate
from smart_app.dtr.engine.pool import EnginePool
from smart_app.fhir import refs
from smart_app.flow import Flow
from smart_app.pas import lint
from smart_app.pas.versions import LATEST
from smart_app.world import World
from tools.bench.rows import ROUNDS, Row, median, milliseconds

CPT = "http://www.ama-assn.org/go/cpt"
FORM = "esi"
ITEMS, DOCUMENTS = 20, 40


def _chart(size: int) -> ChartSnapshot:
    """Return a chart of so many measures, a problem and an order."""
    subject = {"reference": "Patient/p"}
    measures = tuple(
        {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": f"{number % 300}-1"}]},
            "subject": subject,
            "effectiveDateTime": "2026-10-01T09:00:00Z",
            "valueQuantity": {"value": number % 10, "unit": "1"},
        }
        for number in range(size)
    )
    order = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "active",
        "intent": "order",
        "subject": subject,
        "code": {"coding": [{"system": CPT, "code": "62323"}]},
    }
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1948-03-02"}
    kinds = ("Condition", "DiagnosticReport", "Procedure", "MedicationRequest", "CarePlan")
    resources: dict[str, Any] = {kind: () for kind in kinds}
    resources |= {"Observation": measures, "ServiceRequest": (order,)}
    return ChartSnapshot(patient, resources, {}, datetime.now(UTC))


def _fill(engines: EnginePool, form: Any, chart: ChartSnapshot) -> None:
    populate.fill(
        form,
        chart,
        orders=chart.of("ServiceRequest"),
        coverage=None,
        engine=engines,
        now=chart.read_at,
        zone="UTC",
        hints={},
    )


def forms(programs: Path) -> list[Row]:
    """Return how long a form of 40 items takes over charts of 2,000 and 20,000 resources."""
    form = package.local(programs / f"wiser/forms/{FORM}.package.json")
    engines = EnginePool(size=ROUNDS + 4)
    try:
        small, large = _chart(2_000), _chart(20_000)
        _fill(engines, form, small)
        quick = median(lambda: _fill(engines, form, small), 5)
        slow = milliseconds(lambda: _fill(engines, form, large))
    finally:
        engines.close()
    growth = round(slow / max(quick, 0.001), 2)
    return [
        Row("form answered from 2,000 resources", quick, "ms", 150, "worker started before"),
        Row("ten times the chart takes", growth, "×", 10, "linear is 10"),
    ]


def _widened(case: Case, chart: ChartSnapshot) -> tuple[Case, ChartSnapshot]:
    """Return a case of 20 items, copies of the first, and 40 documents of their own content."""
    order, document = chart.by_reference(case.items[0].order_ref), chart.of("DocumentReference")[0]
    assert order
    orders = tuple(order | {"id": f"s{at}"} for at in range(ITEMS))
    papers = tuple(
        document
        | {"id": f"d{at}", "date": f"2026-09-01T10:{at:02}:00Z", "description": f"Note {at}"}
        | {
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain",
                        "data": b64encode(b"%d" % at * 900).decode(),
                    }
                }
            ]
        }
        for at in range(DOCUMENTS)
    )
    items = tuple(
        replace(case.items[0], trace=f"{case.items[0].trace}-{at}", sequence=at + 1, order_ref=ref)
        for at, ref in enumerate(map(refs.of, orders))
    )
    resources = chart.resources | {"ServiceRequest": orders, "DocumentReference": papers}
    wide = replace(case, items=items, along=(), also_sent=tuple(map(refs.of, papers)))
    return wide, replace(chart, resources=resources)


def request(world: World, case_id: str) -> list[Row]:
    """Return how long a request takes to be built and linted: of one item, and of many."""
    flow, case = Flow(world), world.store.case(case_id)
    found, signed = flow.draft(case), world.store.latest(case_id, "response", dict)
    assert found and signed and case.signed_by
    draft, person, chart = found[1], case.signed_by, flow.kept(case)

    def build(case: Case, chart: ChartSnapshot) -> Resource:
        bundle = requesting.build(world, case, signed, draft, person, chart)
        bundle["entry"][0]["resource"]["identifier"][0]["value"] = case_id
        faults = lint.faults(bundle, LATEST)
        assert not faults, faults
        return bundle

    gc.freeze()  # as the app does once it has started
    wide = _widened(case, chart)
    held = Counter(one["resource"]["resourceType"] for one in build(*wide)["entry"])
    assert (held["ServiceRequest"], held["DocumentReference"]) == (ITEMS, DOCUMENTS), held
    took = "one item", median(lambda: build(case, chart))
    took_wide = f"{ITEMS} items, {DOCUMENTS} documents", median(lambda: build(*wide))
    return [
        Row(f"request of {words}, built and linted", milliseconds, "ms", 20)
        for words, milliseconds in (took, took_wide)
    ]
