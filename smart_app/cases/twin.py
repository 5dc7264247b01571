"""The same service asked for twice, though by two orders: one that a person entered, one more.

What a person enters has no order in the chart, so that the chart's own order of the same service
may come later, or another person enter it with another day. A payer dismisses the second request.
"""

from __future__ import annotations

from datetime import timedelta

from smart_app.cases.model import ENTERED, Case

NEAR = timedelta(days=14)
UNDECIDED = ("none", "pended", "unreadable")


def of(case: Case, sent: Case) -> bool:
    """Tell whether a case asks for what a sent one, still open, has asked for."""
    if sent.closed or sent.id == case.id or sent.tracks.submission == "none":
        return False
    refs = (*case.order_refs, *sent.order_refs)
    by_hand = any(one.startswith(ENTERED) for one in refs)
    shared = {one.code for one in case.items} & {one.code for one in sent.items}
    if not by_hand or not shared:
        return False
    if sent.tracks.decision in UNDECIDED or case.planned_date is None or sent.planned_date is None:
        return True
    return abs(case.planned_date - sent.planned_date) <= NEAR
