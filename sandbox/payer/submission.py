"""One recorded request and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sandbox.payer import verdicts
from sandbox.payer.asking import Ask
from sandbox.payer.r4 import Json
from sandbox.payer.request import Item, Request

WINDOW = timedelta(days=119)


@dataclass
class Submission:
    """A request as received and as it stands; guarded by the office's lock.

    ``codes`` holds the X12 306 code of each item, by sequence; none while dismissed or rejected.
    """

    id: str
    request: Request
    bundle_sha256: str
    received_at: str
    reference: str
    kind: str = "initial"
    prior: str | None = None
    replaced_by: str | None = None
    decision: str = "pended"
    codes: dict[int, str] = field(default_factory=dict)
    then: str = "affirm"
    after: str = "affirm"
    asks: list[Ask] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    whole: bool = False
    decide_at: float | None = None
    decided_on: date | None = None
    utn: str | None = None
    utn_at: float | None = None
    reasons: tuple[str, ...] = ()
    changed_at: str = ""
    answers: dict[str, Json] = field(default_factory=dict)

    @property
    def numbered(self) -> bool:
        """Tell whether any item was decided in a way that carries a number."""
        return any(code in verdicts.NUMBERED for code in self.codes.values())

    @property
    def window(self) -> tuple[date, date] | None:
        """Return the first and last date of service that the decision covers."""
        if self.decided_on is None or not self.numbered:
            return None
        return self.decided_on, self.decided_on + WINDOW

    @property
    def open_asks(self) -> list[Ask]:
        """Return what was asked for and is still to come."""
        return [one for one in self.asks if not one.done] if self.decision == "pended" else []

    @property
    def awaits_number(self) -> bool:
        """Tell whether a number is still to come."""
        return self.utn is None and self.window is not None and not self.replaced_by

    def code(self, item: Item) -> str | None:
        """Return the item's decision code, or None for a request that has none."""
        return self.codes.get(item.sequence)

    def view(self) -> dict[str, Any]:
        """Return the submission as the sandbox's state shows it."""
        request = self.request
        return {
            "id": self.id,
            "version": request.version.name,
            "kind": self.kind,
            "prior": self.prior,
            "replaced_by": self.replaced_by,
            "claim_identifier": request.identifier.get("value"),
            "bundle_sha256": self.bundle_sha256,
            "received_at": self.received_at,
            "member": request.member,
            "state": request.state,
            "ptan": list(request.ptans),
            "items": [
                {
                    "sequence": one.sequence,
                    "code": one.code,
                    "trace": one.trace.get("value"),
                    "review_action": self.code(one),
                }
                for one in request.items
            ],
            "decision": self.decision,
            "reasons": list(self.reasons),
            "utn": self.utn if self.numbered else None,
            "utn_awaited": self.awaits_number,
            "reference": self.reference,
            "asks": [one.view() for one in self.asks],
            "attachments": self.attachments,
        }
