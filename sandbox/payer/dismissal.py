"""Why a request is dismissed unseen: not this participant's, not of the model, or sent twice.

https://www.cms.gov/priorities/innovation/files/wiser-provider-supplier-guide.pdf section 3
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.payer import participants
from sandbox.payer.request import Request
from sandbox.payer.submission import Submission


def outside(request: Request) -> str | None:
    """Return why the request is none for this participant, or None."""
    route = participants.route(request.state)
    if route is None:
        return "the service is not delivered in a state of the model"
    named = participants.named(
        request.insurer.get("name"),
        *(str(one.get("value")) for one in request.insurer.get("identifier") or []),
    )
    if named not in (None, route.participant):
        return f"{request.state} is reviewed by {route.participant}, not by {named}"
    unknown = [one.code for one in request.items if not participants.service(one.code)]
    if unknown:
        return f"{unknown[0]} is not a service of the model"
    services = {str(participants.service(one.code)) for one in request.items}
    if not all(participants.reviewed(one, request.state) for one in services):
        return f"the service is not reviewed in {request.state}"
    return None


def twin(request: Request, others: Iterable[Submission]) -> str | None:
    """Return that the same was asked before and is not decided yet, or None."""
    wanted = {one.code for one in request.items}
    for one in others:
        if (
            one.decision == "pended"
            and one.request.member == request.member
            and wanted & {item.code for item in one.request.items}
        ):
            return "duplicate of a request that is not decided yet"
    return None
