"""Which number a new request quotes of one that was decided before.

https://hl7.org/fhir/us/davinci-pas/2.2.1/en/StructureDefinition-extension-administrationReferenceNumber.html
"""

from __future__ import annotations

from smart_app.cases.model import FAVOURABLE, Case, Decision, UtnRecord
from smart_app.pas.claim import Quoted


def numbers(
    prior: Case, decided: Decision | None, records: tuple[UtnRecord, ...]
) -> tuple[Quoted, ...]:
    """Return the numbers that were given to the orders of a request, with their verdicts.

    Only a number that was recorded as one of the program's is quoted.
    """
    known = {one.number for one in records}
    order_refs = {item.trace: item.order_ref for item in prior.items}
    found = []
    for one in decided.items if decided else ():
        if one.number in known and one.trace in order_refs:
            if one.decision in FAVOURABLE:
                found.append(Quoted(order_refs[one.trace], str(one.number), "affirmed"))
            elif one.decision == "non_affirmed":
                found.append(Quoted(order_refs[one.trace], str(one.number), "non_affirmed"))
    return tuple(found)
