"""Stage 4: ask the payer by order-sign.

*Not asked*, *failed*, *no member* and *answered* are four different outcomes and stay so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smart_app.cases.model import ChartSnapshot, CoverageAnswer, CoverageRepetition, Resource
from smart_app.crd import cards, coverage_information, discovery, hooks, prefetch
from smart_app.errors import PayerError
from smart_app.fhir import codes, refs
from smart_app.ports import Cache, PayerHttp

NO_MEMBER = ("no-member-found", "no-active-coverage", "coverage-not-found")


@dataclass(frozen=True, slots=True)
class Call:
    """What one order-sign call is about."""

    payer_id: str
    base: str
    version: str
    fhir_base: str
    user: str
    encounter_id: str | None
    orders: tuple[Resource, ...]
    coverage: Resource


def payable(coverage: Resource, snapshot: ChartSnapshot) -> Resource:
    """Return the coverage with its payor's identifier beside the reference.

    The payor Organization is in no prefetch template, and a payer that cannot identify itself in
    the coverage answers 400.
    """
    payors = []
    for payor in coverage.get("payor") or []:
        name = refs.relative(payor)
        organization = snapshot.by_reference(name)
        identifiers = (organization or {}).get("identifier") or []
        if identifiers and "identifier" not in payor:
            first = {
                key: identifiers[0][key] for key in ("system", "value") if key in identifiers[0]
            }
            payors.append({**payor, "identifier": first})
        else:
            payors.append(payor)
    return {**coverage, "payor": payors}


def ask(
    http: PayerHttp, call: Call, snapshot: ChartSnapshot, cache: Cache, now: datetime
) -> CoverageAnswer:
    """Return the payer's answer, or why there is none; raises nothing of the payer's making."""
    try:
        answer = _post(http, call, snapshot, cache)
        if answer is None:
            return CoverageAnswer("not_asked", call.payer_id, now, why="no order-sign service")
        return _read(answer, call, now)
    except PayerError as cause:
        return CoverageAnswer("failed", call.payer_id, now, why=cause.code)


def _post(
    http: PayerHttp, call: Call, snapshot: ChartSnapshot, cache: Cache
) -> dict[str, Any] | None:
    coverage = payable(call.coverage, snapshot)
    context = hooks.context(
        call.fhir_base, call.user, str(snapshot.patient["id"]), call.encounter_id, call.orders
    )
    for again in (False, True):
        service = discovery.find(http, call.base, hooks.HOOK, cache, again=again)
        if service is None:
            return None
        filled = prefetch.resolve(service.prefetch, context, snapshot, coverage)
        version = call.version if call.version in service.versions else None
        body = json.dumps(hooks.request(context, filled, version)).encode()
        answer = http.post(service.url, body, "application/json")
        if answer.status == 200:
            if not isinstance(answer.body, dict) or not isinstance(answer.body.get("cards"), list):
                raise PayerError("not a CDS Hooks answer")
            return dict(answer.body)
        if not 400 <= answer.status < 500:
            break
    raise PayerError(f"order-sign answered {answer.status}")


def _read(answer: dict[str, Any], call: Call, now: datetime) -> CoverageAnswer:
    repetitions = _repetitions(answer, call)
    reasons = {
        coding["code"]
        for one in repetitions
        for sub in one.raw["extension"]
        if sub.get("url") == "reason"
        for coding in codes.codings(sub.get("valueCodeableConcept"))
    }
    return CoverageAnswer(
        outcome="no_member" if reasons & set(NO_MEMBER) else "answered",
        payer_id=call.payer_id,
        asked_at=now,
        repetitions=repetitions,
        cards=cards.read(answer.get("cards")),
    )


def _repetitions(answer: dict[str, Any], call: Call) -> tuple[CoverageRepetition, ...]:
    """Take only the extension, only for orders that were sent, only for the coverage sent.

    Without a system action, what the order already carries of that coverage stands confirmed.
    """
    ours = refs.of(call.coverage)

    def about_ours(order: Resource, order_ref: str) -> list[CoverageRepetition]:
        read = [
            coverage_information.read(one, order_ref)
            for one in coverage_information.extensions(order)
        ]
        return [one for one in read if one.coverage_ref == ours]

    found = {refs.of(order): about_ours(order, refs.of(order)) for order in call.orders}
    actions = answer.get("systemActions") or []
    if not isinstance(actions, list):
        raise PayerError("systemActions is no list")
    for action in actions:
        resource = action.get("resource") if isinstance(action, dict) else None
        if not isinstance(resource, dict) or not resource.get("id"):
            continue
        order_ref = f"{resource.get('resourceType')}/{resource['id']}"
        if order_ref in found and action.get("type") == "update":
            found[order_ref] = about_ours(resource, order_ref)
    return tuple(one for several in found.values() for one in several)
