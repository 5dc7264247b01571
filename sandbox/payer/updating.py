"""How a recorded request is changed by an update: what stays, what is cancelled, what is new."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.payer import update_rules, verdicts
from sandbox.payer.outcome import Fault, Faults, Refused
from sandbox.payer.r4 import objects
from sandbox.payer.request import Request
from sandbox.payer.submission import Submission

AT = "Bundle.entry[0].resource.related"
CLOSED = ("dismissed", "rejected", "non-affirmed", "cancelled")


def prior(request: Request, known: Iterable[Submission]) -> Submission:
    """Return the recorded request that an update changes; raises Refused (404, 422)."""
    named = request.prior
    found = [
        one
        for one in known
        if named is not None
        and named.means(one.request.identifier, one.request.claim_url)
        and one.request.member == request.member
    ]
    if not found:
        raise Refused(404, [Fault("not-found", AT, "the prior request is not known here")])
    one = found[-1]
    if one.replaced_by:
        raise _refused("the prior request was changed since: name the latest request")
    if one.decision in CLOSED:
        raise _refused(f"the prior request is {one.decision}: send a new request")
    return one


def _refused(text: str) -> Refused:
    return Refused(422, [Fault("business-rule", AT, text)])


def carry(made: Submission, old: Submission) -> list[int]:
    """Take over what an update leaves as it was; return the items to decide anew.

    Raises Refused (422) naming every fault.
    """
    request, faults = made.request, Faults()
    anew = update_rules.against(request.claim, old.request.claim, request.version, faults)
    if faults.found:
        raise Refused(422, faults.found)
    made.kind = "cancel" if request.prior and request.prior.whole else "update"
    made.prior, made.reference = old.id, old.reference
    made.utn, made.utn_at, made.decided_on = old.utn, old.utn_at, old.decided_on
    made.after, made.attachments = old.after, old.attachments
    made.reasons, made.then, made.decide_at = old.reasons, old.then, old.decide_at
    for row in objects(request.claim.get("item")):
        sequence = int(row["sequence"])
        if update_rules.cancelled(row):
            made.codes[sequence] = "C"
        elif sequence not in anew:
            made.codes[sequence] = old.codes[sequence]
    made.asks = [ask for ask in old.asks if made.codes.get(ask.item.sequence) == "A4"]
    return [item.sequence for item in request.items if item.sequence in anew]


def settle(made: Submission, now: str) -> None:
    """Say what an update has come to that only cancelled."""
    made.decision = verdicts.word(list(made.codes.values()))
    made.changed_at = now
    if not {"A2", "A3"} & set(made.codes.values()):
        made.reasons = ()
    if made.decision != "pended":
        made.decide_at = None
    if not made.numbered:
        made.utn_at = None
