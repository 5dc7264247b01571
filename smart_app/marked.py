"""Which orders bear a number of a case, as far as is known, and whether they may."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from smart_app.cases.model import ORDER, Case, CaseItem, Decision, UtnRecord, WriteReceipt


def number_for(trace: str, found: Decision, numbers: Iterable[UtnRecord]) -> UtnRecord | None:
    """Return the number that an order may carry: only an affirmed one's, if it holds on any day."""
    decided = next((one for one in found.items if one.trace == trace), None)
    number = next((one for one in numbers if trace in one.traces), None)
    if decided is None or number is None or not number.holds:
        return None
    return number if decided.decision == "affirmed" else None


def carrying(writes: list[WriteReceipt]) -> set[str]:
    """Return the orders that bear a number of the case in the chart, or may bear one."""
    known = {one.resource_ref: one.carries for one in writes if one.carries is not None}
    return {ref for ref, carries in known.items() if ref and carries}


def about(
    writes: list[WriteReceipt], rung: str, item: CaseItem, found: Decision
) -> WriteReceipt | None:
    """Return what is known last of a rung of one order and one decision."""
    wanted = (rung, item.order_ref, found.id)
    known = [one for one in writes if (one.rung, one.resource_ref, one.decision) == wanted]
    return known[-1] if known else None


def wrong(
    item: CaseItem, found: Decision, number: UtnRecord | None, writes: list[WriteReceipt]
) -> bool:
    """Tell whether an order may bear a number that the decision does not give it.

    One that could not be given its number, and bears one, bears that of an older decision.
    """
    if item.order_ref not in carrying(writes):
        return False
    last = about(writes, ORDER, item, found)
    refused = last is not None and last.outcome == "refused" and last.carries is not False
    return number is None or refused


def wrongly_marked(
    case: Case,
    found: Decision | None,
    numbers: Collection[UtnRecord],
    writes: list[WriteReceipt],
) -> bool:
    """Tell whether an order may bear a number that the decision which stands does not give it."""
    return found is not None and any(
        wrong(item, found, number_for(item.trace, found, numbers), writes)
        for item in (*case.items, *case.dropped)
    )
