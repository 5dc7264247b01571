"""The same service asked for twice, though by two orders: one that a person entered, one more.

What a person enters has no order in the chart, so that the chart's own order of the same service
may come later, or another person enter it with another day. A payer dismisses the second request.
"""

from __future__ import annotations

from datetime import date, timedelta

from smart_app.cases.model import OPEN, Case, CaseItem, entered_here

NEAR = timedelta(days=14)
UNDECIDED = ("none", *OPEN)
NOT_TAKEN = ("rejected", "cancelled")
"""Submissions that no payer has, so that no decision is awaited."""


def stands(case: Case) -> bool:
    """Tell whether a case was sent, and no newer one took its place."""
    return not case.closed and case.tracks.submission != "none"


def of(
    items: tuple[CaseItem, ...], planned: date | None, sent: Case, today: date
) -> frozenset[str]:
    """Return the orders of an unsent request that a sent case, still open, has asked for."""
    if not stands(sent) or not _same_time(planned, sent, today):
        return frozenset()
    return frozenset(
        one.order_ref
        for one in items
        for other in sent.items
        if one.code == other.code and (entered_here(one.order_ref) or entered_here(other.order_ref))
    )


def _same_time(planned: date | None, sent: Case, today: date) -> bool:
    """Tell whether a request is about the same time as a sent one, or that one is undecided.

    An order without a day may be for any day from the one on which it is asked for, so it is the
    same until some days after the other one's.
    """
    if sent.tracks.decision in UNDECIDED and sent.tracks.submission not in NOT_TAKEN:
        return True
    if planned and sent.planned_date:
        return abs(planned - sent.planned_date) <= NEAR
    begun = sent.created_at.date()
    return min(today, planned or today) - max(begun, sent.planned_date or begun) <= NEAR
